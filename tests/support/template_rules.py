"""docs/template-rules.md, made from checklists/template-rules.yaml: `make schemas`."""

from pathlib import Path

from wizard.templates.lint import table

PAGE = Path(__file__).parents[2] / "docs" / "template-rules.md"
_HEAD = """\
# Rules for message templates

What `wa-wizard templates lint` holds against every template file. Each rule comes from a page,
most of them Meta's; an error is what Meta refuses, a warning what it may refuse, a note what
people should know. This page is made from `checklists/template-rules.yaml`; each rule has an
example that keeps it and one that breaks it in `tests/templates/examples.yaml`: its tests.

| rule | severity | number | what it says | source |
|---|---|---|---|---|
"""


def written() -> str:
    """The text of the committed page."""
    rows = []
    for name, rule in table().items():
        says = rule.says.en.replace("{{{{", "{{").replace("}}}}", "}}").replace("|", "\\|")
        number = str(rule.number or "")
        page = rule.source.partition("#")[0].rstrip("/").rpartition("/")[2]
        source = f"[{page}]({rule.source})"
        rows.append(f"| `{name}` | {rule.severity.value} | {number} | {says} | {source} |")
    return _HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
