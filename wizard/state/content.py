"""The tool's own content: checklists, error table and messages, every text in ru and en.

In a checkout it is YAML, and is read as such. A wheel holds no YAML but one JSON file that
`hatch_build.py` compiles from it, so that an installed program starts without a YAML parser.
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from wizard.state import safe_yaml
from wizard.text.errors import Exit, WizardError
from wizard.text.localised import LANGUAGES

PACKAGE = Path(__file__).parents[1]
CHECKLISTS = PACKAGE.parent / "checklists"
MESSAGES = PACKAGE / "ui" / "messages"
#: There only in an installed wheel: {folder: {file: content}}.
COMPILED = PACKAGE / "content.json"

Step = str | int


class ContentError(WizardError):
    """Content of ours is wrong. The message names file, line and key."""

    exit_code = Exit.DEFECT

    def __init__(self, message: str) -> None:
        super().__init__("cli.content", message=message)

    def __str__(self) -> str:
        return str(self.values["message"])


def names(folder: Path) -> tuple[str, ...]:
    """The files of a folder, without their ending."""
    if (compiled := _compiled(folder)) is not None:
        return tuple(compiled)
    return tuple(sorted(path.stem for path in folder.glob("*.yaml")))


def read(folder: Path, name: str) -> dict[str, Any]:
    """The content of one file; every text in it is complete."""
    if (compiled := _compiled(folder)) is not None:
        content: dict[str, Any] = compiled[name]
        return content
    written = (folder / f"{name}.yaml").read_bytes()
    try:
        content = safe_yaml.parse(written)
    except safe_yaml.InvalidYaml as error:
        raise ContentError(f"{name}.yaml, line {error.line}: {error.why}") from None
    for path, why in _wrong_texts(content, ()):
        refuse(folder, name, path, why)
    return content


def refuse(folder: Path, name: str, path: tuple[Step, ...], why: str) -> NoReturn:
    """Raises a ContentError about the key that a path leads to."""
    where, line = f"{name}.yaml", 0
    if _compiled(folder) is None:
        line = safe_yaml.line_of((folder / where).read_bytes(), path)
    raise ContentError(f"{where}, line {line}: {'.'.join(map(str, path))}: {why}")


def compile_all() -> bytes:
    """All content as JSON: what COMPILED holds."""
    folders = {
        folder.name: {name: read(folder, name) for name in names(folder)}
        for folder in (CHECKLISTS, MESSAGES)
    }
    return json.dumps(folders, ensure_ascii=False).encode()


def placeholders(template: str) -> frozenset[str]:
    """The names in a template's {braces}."""
    if "{" not in template:
        return frozenset()
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name)


@cache
def _all_compiled() -> Any:
    try:
        return json.loads(COMPILED.read_bytes())
    except FileNotFoundError:
        return {}


def _compiled(folder: Path) -> dict[str, Any] | None:
    found: dict[str, Any] | None = None
    if folder in (CHECKLISTS, MESSAGES):
        found = _all_compiled().get(folder.name)
    return found


def _wrong_texts(node: Any, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Where a text is not complete, and why."""
    if isinstance(node, dict) and not node.keys().isdisjoint(LANGUAGES):
        if why := _why_wrong(node):
            yield path, why
        return
    below = enumerate(node) if isinstance(node, list) else ()
    for key, each in node.items() if isinstance(node, dict) else below:
        yield from _wrong_texts(each, (*path, key))


def _why_wrong(text: dict[str, Any]) -> str:
    if set(text) - {"link"} != set(LANGUAGES):
        return f"expected exactly the keys {', '.join(LANGUAGES)}"
    # `en: 10` and `en: true` are no texts in YAML; quoting is the author's job.
    if not all(isinstance(each, str) and each.strip() for each in text.values()):
        return "every language needs a non-empty, quoted text"
    same = len({placeholders(text[language]) for language in LANGUAGES}) == 1
    return "" if same else "the {placeholders} differ between languages"
