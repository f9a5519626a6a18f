"""What a summary is made of: texts by their keys, Meta's words, dates, and Meta's errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from wizard.facts.json_values import node, nodes, whole
from wizard.graph import Json


class Word(str):
    """A value of one of Meta's enums."""

    __slots__ = ()


@dataclass(frozen=True)
class Day:
    """A point in time, shown as a date."""

    at: datetime


Shown: TypeAlias = "str | Day | Summary | tuple[Any, ...]"


@dataclass(frozen=True)
class Summary:
    """`event` and `reason` are Meta's own words; `text` is what a person wrote.

    `silent`: the key's words say everything, `text` need not follow them. `bad`: a person has to
    look at it.
    """

    key: str
    values: Mapping[str, Shown] = field(default_factory=dict)
    event: str = ""
    reason: str = ""
    text: str = ""
    silent: bool = False
    bad: bool = False


@dataclass(frozen=True)
class MetaError:
    """One of Meta's `errors`. `code` is 0 where it is none."""

    code: int
    title: str
    details: str

    def as_json(self) -> dict[str, Any]:
        """As other programs read it."""
        return {"code": self.code, "title": self.title, "details": self.details}


def plain(value: object) -> str:
    """A value as text that every encoding can hold: `"\\ud800"` is valid JSON and no character."""
    if value is None:
        return ""
    if isinstance(value, str):
        if value.isascii() and "\0" not in value:
            return value  # nearly everything is
        return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


#: More of one thing than anybody reads.
MOST_ERRORS = 20
#: What is not looked into: the errors themselves, and the conversations of a history.
_NOT_ITS_OWN = ("errors", "error", "threads")
#: Nothing of Meta's nests deeper.
DEEPEST = 8


def errors_of(*contents: object) -> tuple[MetaError, ...]:
    """Every error that stands anywhere in it, once; one object counts as a list of one."""
    found = dict.fromkeys(error for content in contents for error in _errors(content, DEEPEST))
    return tuple(found)[:MOST_ERRORS]


def _errors(content: object, deep: int) -> Iterator[MetaError]:
    inner = content if isinstance(content, list) else ()
    if isinstance(content, Mapping):
        for name in ("errors", "error"):
            yield from map(_error, nodes(content.get(name)))
        inner = [one for name, one in content.items() if name not in _NOT_ITS_OWN]
    for one in inner if deep else ():
        yield from _errors(one, deep - 1)


def _error(raw: Json) -> MetaError:
    title = plain(raw.get("title")) or plain(raw.get("message"))
    details = plain(node(raw.get("error_data")).get("details")) or plain(raw.get("details"))
    return MetaError(whole(raw.get("code")), title, details)
