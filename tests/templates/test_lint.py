"""Every rule has a source, an example that keeps it and one that breaks it; lint tells which."""

import re
from pathlib import Path

import pytest
import yaml

from tests.support.template_rules import PAGE, written
from wizard.state.safe_yaml import parse
from wizard.templates.draft import RULES
from wizard.templates.files import look_into
from wizard.templates.lint import BROKEN, DUPLICATE, EMPTY, Severity, lint, table

EXAMPLES = parse(Path(__file__).with_name("examples.yaml").read_bytes())
PAIRS = [(name, kind) for name in EXAMPLES for kind in ("passes", "fails")]


def full(node):
    """The same data with `x*3` as xxx and `many: 2` as two."""
    if isinstance(node, str) and (found := re.fullmatch(r"(.)\*(\d+)", node)):
        return found[1] * int(found[2])
    if isinstance(node, list):
        several = []
        for one in node:
            count = one.pop("many", 1) if isinstance(one, dict) else 1
            several += [full(one) for _ in range(count)]
        return several
    return {key: full(value) for key, value in node.items()} if isinstance(node, dict) else node


def card(given):
    reply = {"type": "QUICK_REPLY", "text": "More"}
    parts = [
        {
            "type": "HEADER",
            "format": given.get("format", "IMAGE"),
            "example": {"header_handle": ["4::a"]},
        }
    ]
    parts += [{"type": "BODY", "text": given["body"]}] if "body" in given else []
    return {
        "components": [
            *parts,
            {"type": "BUTTONS", "buttons": [dict(reply) for _ in range(given.get("buttons", 1))]},
        ]
    }


def components(given):
    body = given.get("body", "Hello there.")
    body = {"text": body} if isinstance(body, str) else body
    footer = given.get("footer")
    footer = {"text": footer} if isinstance(footer, str) else footer
    extra = {key: given[key] for key in ("variables", "example") if key in given}
    parts = [("HEADER", given.get("header")), ("FOOTER", footer)]
    parts.append(("BODY", None if body is None else body | extra))
    found = [{"type": kind, **part} for kind, part in parts if part is not None]
    if "buttons" in given:
        found.append({"type": "BUTTONS", "buttons": given["buttons"]})
    if "cards" in given:
        found.append({"type": "CAROUSEL", "cards": [card(one) for one in given["cards"]]})
    return found + given.get("more", [])


#: What stands in a file beside an example, by its name there.
CONTENTS = {
    "PNG": b"\x89PNG\r\n\x1a\n",
    "PDF": b"%PDF-1.7",
    "LARGE": b"\x89PNG\r\n\x1a\n" + b"\0" * (5 << 20),
}


def write(folder, given):
    given = full(given)
    for name, content in given.get("files", {}).items():
        (folder / name).write_bytes(CONTENTS[content])
    path = folder / f"{given.get('path', given['name'] if 'beside' in given else 'example')}.yaml"
    if "raw" in given:
        path.write_text(given["raw"])
        return
    node = {"name": given["name"], "category": given.get("category", "UTILITY")}
    node |= {k: given[k] for k in ("parameter_format", "message_send_ttl_seconds") if k in given}
    node |= given.get("file", {})
    node["languages"] = {given.get("code", "en"): {"components": components(given)}}
    path.write_text(yaml.safe_dump(node, sort_keys=False, allow_unicode=True))


def findings(folder, given):
    given = {"name": "example"} | given
    if "beside" in given:
        write(folder, {"beside": {}} | given["beside"])
    write(folder, given)
    return lint(look_into(folder))


def test_every_rule_has_words_a_function_and_examples():
    assert set(table()) == {*RULES, BROKEN, DUPLICATE, EMPTY} == set(EXAMPLES)
    assert all(rule.source.startswith("https://") for rule in table().values())


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_examples(tmp_path, name, kind):
    found = findings(tmp_path, EXAMPLES[name][kind])
    assert (name in {one.rule for one in found}) is (kind == "fails")
    for one in found:
        words = {text.format(**one.values) for text in vars_of(table()[one.rule].says)}
        assert len(words) == 2
        assert one.line >= 1
    if kind == "passes":
        assert not [one for one in found if one.severity is Severity.ERROR]


def vars_of(text):
    return text.ru, text.en


def test_a_finding_names_the_line_of_what_is_wrong(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "name: a\ncategory: UTILITY\nlanguages:\n  en:\n    components:\n"
        "      - type: BODY\n        text: Hello {{1}}\n        variables: {1: Ann}\n"
    )
    (found,) = lint(look_into(tmp_path))
    assert (found.rule, found.line, found.language) == ("variables.edge", 7, "en")


def test_what_is_wrong_once_is_found_once(tmp_path):
    part = "    components: [{type: BODY, text: Hello.}]\n"
    languages = "".join(f"  {code}:\n{part}" for code in ("en", "ru", "de"))
    (tmp_path / "a.yaml").write_text(f"name: A\ncategory: UTILITY\nlanguages:\n{languages}")
    assert [one.rule for one in lint(look_into(tmp_path))].count("name.characters") == 1


def test_the_table_of_the_documents_is_that_of_the_program():
    assert PAGE.read_text("utf-8") == written(), "make schemas writes it anew"
