"""Reads our own YAML, and insists that every text speaks every language."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

from wizard.state import compiled
from wizard.text.errors import Exit, WizardError
from wizard.text.localised import LANGUAGES, Text


class ContentError(WizardError):
    """A YAML file of ours is wrong. The message says which file and where in it."""

    exit_code = Exit.DEFECT

    def __init__(self, message: str) -> None:
        super().__init__("cli.content", message=message)

    def __str__(self) -> str:
        return str(self.values["message"])


def read(path: Path) -> dict[str, Any]:
    """The mapping a YAML file of ours holds."""
    written = path.read_bytes()
    content = compiled.recall(str(path), written)
    if content is None:
        content = _parse(path.name, written)
        compiled.remember(str(path), written, content)
    if not isinstance(content, dict):
        raise ContentError(f"{path.name}: expected a mapping")
    return content


def _parse(name: str, written: bytes) -> Any:
    import yaml

    class UniqueKeys(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """PyYAML keeps the last of two equal keys without a word; we refuse them."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            keys = [self.construct_object(key, deep=True) for key, _ in node.value]
            if repeated := {key for key in keys if keys.count(key) > 1}:
                line = node.start_mark.line + 1
                raise ContentError(f"line {line}: repeated key {repeated.pop()!r}")
            mapping: dict[Any, Any] = super().construct_mapping(node, deep)
            return mapping

    try:
        return yaml.load(written, UniqueKeys)  # noqa: S506 (a SafeLoader)
    except (yaml.YAMLError, ContentError) as error:
        raise ContentError(f"{name}: {error}") from error


_NONE: frozenset[str] = frozenset()


def text(node: object, where: str) -> Text:
    """A Text from {ru: …, en: …}, with the same placeholders in both."""
    if not isinstance(node, dict) or set(node) != set(LANGUAGES):
        raise ContentError(f"{where}: expected exactly the keys {', '.join(LANGUAGES)}")
    # `en: Yes` and `en: 10` are not strings in YAML; quoting is the author's job.
    if not all(isinstance(value, str) and value.strip() for value in node.values()):
        raise ContentError(f"{where}: every language needs a non-empty, quoted text")
    if len({placeholders(value) for value in node.values()}) > 1:
        raise ContentError(f"{where}: the {{placeholders}} differ between languages")
    return Text(**node)


def placeholders(template: str) -> frozenset[str]:
    """The names in a template's {braces}."""
    if "{" not in template:
        return _NONE
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name)
