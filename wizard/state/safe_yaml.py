"""Reads YAML that somebody may have edited, damaged or planted.

Values are built from the parser's events, never by a YAML constructor: no tags, no aliases, no
merge keys, and libyaml's recursive composer (which overflows its stack on deep nesting) is not
used at all. A plain scalar is a number only when it is written as `str` would write it, so that
`012`, `12:30:45`, `1e5` and `no` stay the strings somebody typed, and ids lose no digit.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from wizard.text.errors import Exit, WizardError

if TYPE_CHECKING:
    from collections.abc import Iterator


#: Bytes. Ours stay below 100 KiB; at this size the slow parser still answers in about a second.
LARGEST = 256 * 1024
DEEPEST = 50

_INTEGER = re.compile(r"-?[1-9][0-9]{0,17}|0")
_FLOAT = re.compile(r"-?[0-9]+\.[0-9]+")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


class InvalidYaml(WizardError):
    """This is not YAML as we write it; `line` counts from one, 0: the file as a whole."""

    exit_code = Exit.FILE

    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__("files.malformed", path="?", detail=f"{line}: {why}" if line else why)
        self.why, self.line = why, line


def parse(content: bytes) -> dict[str, Any]:
    """The mapping that the one document holds."""
    if len(content) > LARGEST:
        raise InvalidYaml("too_big")
    import yaml

    try:
        # CParser and the pure parser emit the same events; the first is ten times as fast.
        events = yaml.parse(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        document = _document(events)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise InvalidYaml("syntax", mark.line + 1 if mark else 0) from None
    except (yaml.YAMLError, UnicodeError, RecursionError):
        raise InvalidYaml("syntax") from None
    if document is None:
        # Never written by us: what was here is lost, and must not be taken for a fresh start.
        raise InvalidYaml("empty")
    if not isinstance(document, dict):
        raise InvalidYaml("not_a_mapping", 1)
    return document


def _document(events: Iterator[Any]) -> Any:
    """The one document of a stream, built from its events."""
    builder = _Builder()
    documents = 0
    for event in events:
        name = type(event).__name__
        if name == "DocumentStartEvent":
            documents += 1
            if documents > 1:
                raise InvalidYaml("several_documents", _line(event))
        step = _STEPS.get(name)
        if step is not None:
            step(builder, event)
    return builder.root


class _Builder:
    """Grows plain dicts, lists and scalars; refuses whatever we never write."""

    def __init__(self) -> None:
        self.root: Any = None
        self.open: list[dict[str, Any] | list[Any]] = []
        self.keys: list[str | None] = []

    def opened(self, event: Any, container: dict[str, Any] | list[Any]) -> None:
        _plain(event)
        if len(self.open) >= DEEPEST:
            raise InvalidYaml("too_deep", _line(event))
        self._place(event, container)
        self.open.append(container)
        self.keys.append(None)

    def mapping(self, event: Any) -> None:
        self.opened(event, {})

    def sequence(self, event: Any) -> None:
        self.opened(event, [])

    def closed(self, _: Any) -> None:
        self.open.pop()
        self.keys.pop()

    def scalar(self, event: Any) -> None:
        _plain(event)
        here = self.open[-1] if self.open else None
        if isinstance(here, dict) and self.keys[-1] is None:
            if event.value in here:
                raise InvalidYaml("repeated_key", _line(event))
            self.keys[-1] = event.value
            return
        self._place(event, _typed(event.value) if event.implicit[0] else event.value)

    def alias(self, event: Any) -> None:
        raise InvalidYaml("alias", _line(event))

    def _place(self, event: Any, value: Any) -> None:
        if not self.open:
            self.root = value
            return
        here = self.open[-1]
        if isinstance(here, list):
            here.append(value)
            return
        key = self.keys[-1]
        if key is None:
            raise InvalidYaml("key_is_no_word", _line(event))
        here[key] = value
        self.keys[-1] = None


_STEPS = {
    "MappingStartEvent": _Builder.mapping,
    "SequenceStartEvent": _Builder.sequence,
    "MappingEndEvent": _Builder.closed,
    "SequenceEndEvent": _Builder.closed,
    "ScalarEvent": _Builder.scalar,
    "AliasEvent": _Builder.alias,
}


def _plain(event: Any) -> None:
    if event.anchor is not None:
        raise InvalidYaml("alias", _line(event))
    if event.tag is not None:
        raise InvalidYaml("tag", _line(event))


def _typed(word: str) -> str | int | float | bool | None:
    """A plain scalar; whatever would not be written back letter for letter stays a string."""
    if word in _WORDS:
        return _WORDS[word]
    if _INTEGER.fullmatch(word):
        return int(word)
    if _FLOAT.fullmatch(word) and repr(float(word)) == word:
        return float(word)
    return word


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1
