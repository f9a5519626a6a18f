"""JSON Schemas of our files, generated from the types: `make schemas`."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import msgspec

from wizard.audit.checklist import Section
from wizard.audit.error_codes import CodeEntry
from wizard.state.answers import AnswersFile
from wizard.state.config import Config
from wizard.state.record import ProfileRecord
from wizard.templates.lint import GalleryFile, RulesFile
from wizard.templates.model import TemplateFile

FOLDER = Path(__file__).parents[1] / "docs" / "schemas"
#: Name → the type, and what the program adds to it that is in no file.
KINDS: dict[str, tuple[Any, str]] = {
    "status": (ProfileRecord, "extra"),
    "config": (Config, "extra damaged"),
    "answers": (AnswersFile, ""),
    "checklist": (Section, "id"),
    "error-table": (dict[str, CodeEntry], ""),
    "template": (TemplateFile, ""),
    "template-rules": (RulesFile, ""),
    "template-gallery": (GalleryFile, ""),
}
#: Files of a schema of ours begin with its number.
NUMBERED = {"status", "config"}


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of one kind of file."""
    kind, added = KINDS[name]
    found: dict[str, Any] = msgspec.json.schema(kind)
    whole = found["$defs"].get(getattr(kind, "__name__", ""), {})
    for key in added.split():
        del whole["properties"][key]
        whole["required"] = [other for other in whole["required"] if other != key]
    if name in NUMBERED:
        number = {"type": "integer", "minimum": 1, "description": "The number of the schema."}
        whole["properties"] = {"schema": number, **whole["properties"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_same_everywhere(found)}


def _same_everywhere(node: Any) -> Any:
    """The same schema whatever the versions of Python and msgspec.

    Python 3.13 takes the indentation out of docstrings; the order of `anyOf` depends on msgspec.
    """
    if isinstance(node, list):
        return [_same_everywhere(each) for each in node]
    if not isinstance(node, dict):
        return node
    node = {key: _same_everywhere(value) for key, value in node.items()}
    if isinstance(node.get("description"), str):
        node["description"] = inspect.cleandoc(node["description"])
    if isinstance(node.get("anyOf"), list):
        node["anyOf"].sort(key=lambda kind: (kind == {"type": "null"}, json.dumps(kind)))
    return node


def written(name: str) -> str:
    """The text of the committed file."""
    return json.dumps(schema(name), ensure_ascii=False, indent=2) + "\n"


def main() -> None:
    """Writes every schema."""
    FOLDER.mkdir(exist_ok=True)
    for name in KINDS:
        (FOLDER / f"{name}.json").write_text(written(name), "utf-8")


if __name__ == "__main__":
    main()
