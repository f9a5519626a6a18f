"""Reads YAML that someone may have edited, damaged or planted.

Two passes over at most 256 KiB. The first looks at the parser's events and refuses what we never
write: tags, anchors, aliases, a second document, deep nesting. Only what passed is composed, since
libyaml composes recursively and would overflow its stack. A plain scalar is a number only when it
is written as `str` would write it, so that `012`, `12:30:45`, `1e5` and `no` stay the strings
someone typed, and ids lose no digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from wizard.text.errors import Exit, WizardError
from wizard.text.paste import NotText, decoded

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
    node = _compose(content)
    if node is None:
        # Never written by us: what was here is lost, and must not be taken for a fresh start.
        raise InvalidYaml("empty")
    document = _value(node)
    if not isinstance(document, dict):
        raise InvalidYaml("not_a_mapping", 1)
    return document


def line_of(content: bytes, path: Iterable[str | int]) -> int:
    """The line of the key or list entry that a path leads to, or of the last that is there."""
    node, line = _compose(content), 1
    for step in path:
        if node is None or node.id == "scalar":
            break
        entries = node.value if node.id == "mapping" else [(each, each) for each in node.value]
        for index, (key, value) in enumerate(entries):
            if (key.value if node.id == "mapping" else index) == step:
                node, line = value, _line(key)
                break
        else:
            break
    return line


def _compose(content: bytes) -> Any:
    """The node of the one document, None when there is none."""
    if len(content) > LARGEST:
        raise InvalidYaml("too_big")
    import yaml

    try:
        _scan(yaml.parse(content, Loader=_loader()))
        return yaml.compose(content, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        # A parser with a limit of its own may fail before it shows the nesting that we refuse.
        _refuse_nesting(content)
        mark = error.problem_mark or error.context_mark
        raise InvalidYaml("syntax", mark.line + 1 if mark else 0) from None
    except (yaml.YAMLError, UnicodeError, RecursionError):
        try:
            decoded(content.strip(b"\0"))  # zeros alone are a damaged disk's
        except NotText as error:
            raise InvalidYaml("not_utf8", error.line) from None
        raise InvalidYaml("syntax") from None


def _loader() -> Any:
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _scan(events: Iterable[Any]) -> None:
    """Refuses whatever we never write."""
    import yaml

    depth = documents = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        refused = {
            "alias": getattr(event, "anchor", None) is not None,
            "tag": getattr(event, "tag", None) is not None,
            "too_deep": depth > DEEPEST,
            "several_documents": documents > 1,
        }
        if True in refused.values():
            why = next(why for why, seen in refused.items() if seen)
            raise InvalidYaml(why, _line(event))


def _refuse_nesting(content: bytes) -> None:
    """Raises too_deep when the text nests deeper than we read, whatever its parser says of it.

    The parser in Python has no limit of its own and stops at the token that passes ours.
    """
    import yaml

    starts: tuple[type, ...] = yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken
    starts += yaml.BlockSequenceStartToken, yaml.BlockMappingStartToken
    ends = yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken
    depth = 0
    with suppress(yaml.YAMLError):
        for token in yaml.scan(content, yaml.SafeLoader):
            depth += isinstance(token, starts) - isinstance(token, ends)
            if depth > DEEPEST:
                raise InvalidYaml("too_deep", _line(token))


def _value(node: Any) -> Any:
    """Plain data for a node; every key of a mapping is a string, and none comes twice."""
    if node.id == "scalar":
        return node.value if node.style else _typed(node.value)  # plain: None, or "" from libyaml
    if node.id == "sequence":
        return [_value(each) for each in node.value]
    mapping: dict[str, Any] = {}
    for key, value in node.value:
        if key.id != "scalar":
            raise InvalidYaml("key_is_no_word", _line(key))
        if key.value in mapping:
            raise InvalidYaml("repeated_key", _line(key))
        mapping[key.value] = _value(value)
    return mapping


def _typed(word: str) -> str | int | float | bool | None:
    """A plain scalar; whatever would not be written back letter for letter stays a string."""
    if word in _WORDS:
        return _WORDS[word]
    if _INTEGER.fullmatch(word):
        return int(word)
    if _FLOAT.fullmatch(word) and repr(float(word)) == word:
        return float(word)
    return word


def _line(marked: Any) -> int:
    line: int = marked.start_mark.line
    return line + 1
