"""Plain data, as it was read from YAML, into msgspec structs and back.

msgspec checks types and refuses unknown keys. What it does not do stands here: the exact path of
what is wrong (it says `[...]` for a key of a mapping), a number where a text is expected, nothing
(`key:`) where there is a default, and the keys of a later version, kept and written back.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import inspect
from msgspec.inspect import DictType, EnumType, ListType, StructType, VarTupleType

Node = dict[str, Any]
Step = str | int
T = TypeVar("T")
_STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")
_UNKNOWN_KEY = re.compile(r"Object contains unknown field `(.*?)`", re.DOTALL)
#: The fields in which a struct keeps what it does not know itself, or why it could not be read;
#: never in a file.
EXTRA = ("extra", "damaged")


type_info = cache(inspect.type_info)


class Misshapen(Exception):
    """Data of another shape than expected; `str()` says so without any value.

    `path` leads to what is wrong, `expected` is its type (None for a key that is not known),
    `known` holds the keys or words that would be right there.
    """

    def __init__(
        self, path: tuple[Step, ...], why: str, expected: inspect.Type | None, known: list[str]
    ) -> None:
        super().__init__(why)
        self.path, self.expected, self.known = path, expected, known

    @property
    def key(self) -> str:
        """The path as people write it."""
        return ".".join(map(str, self.path))


def nearest(given: str, known: list[str]) -> str:
    """The known word that was probably meant, else all of them."""
    return (difflib.get_close_matches(given, known, 1) or [", ".join(known)])[0]


def convert(node: Any, kind: type[T]) -> T:
    """The struct that plain data holds; Misshapen says what is wrong."""
    try:
        return msgspec.convert(node, kind)
    except msgspec.ValidationError as error:
        raise _located(node, kind, str(error)) from None


def lenient(node: Any, kind: Any, numbers: tuple[type, ...] = (int, float)) -> Any:
    """The same data without what a person's editing may do to it.

    A number becomes the text it was written as where a text is expected; None becomes the
    default, or empty where there is none, and so does what is missing.
    """
    return _lenient(node, type_info(kind), numbers)


def _lenient(node: Any, kind: inspect.Type, numbers: tuple[type, ...]) -> Any:
    if node is None:
        return _empty(kind)
    if isinstance(node, list):
        return [_lenient(each, _child(kind, 0), numbers) for each in node]
    if isinstance(node, dict):
        fields = _fields(kind)
        missing = {name: None for name, field in fields.items() if field.required} | node
        return {
            key: _lenient(value, _child(kind, key), numbers)
            for key, value in missing.items()
            if value is not None or key not in fields or fields[key].required
        }
    takes = {type(option) for option in _options(kind)}
    number = inspect.IntType if type(node) is int else inspect.FloatType
    text_only = inspect.StrType in takes and number not in takes
    return str(node) if text_only and type(node) in numbers else node


def unknown_keys(node: Any, kind: Any) -> Node:
    """Every key that a struct does not know, in the place where it stands."""
    return _unknown(node, type_info(kind))


def _unknown(node: Any, kind: inspect.Type) -> Node:
    fields, found = _fields(kind), {}
    for key, value in node.items() if isinstance(node, dict) else ():
        if fields and key not in fields:
            found[key] = value
        elif below := _unknown(value, _child(kind, key)):
            found[key] = below
    return found


def restore(node: Node, extra: Mapping[str, Any], kind: Any) -> Node:
    """`node` with the unknown keys back in their places; what is gone from it stays gone."""
    _restore(node, extra, type_info(kind))
    return node


def _restore(node: Node, extra: Mapping[str, Any], kind: inspect.Type) -> None:
    fields = _fields(kind)
    for key, value in extra.items():
        if fields and key not in fields:
            node.setdefault(key, value)
        elif key in node:
            _restore(node[key], value, _child(kind, key))


def _located(node: Any, kind: Any, message: str) -> Misshapen:
    why, _, place = message.rpartition(" - at `$")
    why, place = (why, place) if why else (message, "")
    path: tuple[Step, ...] = ()
    expected = type_info(kind)
    for name, index in _STEP.findall(place):
        step = name or (_culprit(node, kind, path, message) if index == "..." else int(index))
        path = (*path, step)
        expected = _child(expected, step)
    if unknown := _UNKNOWN_KEY.match(why):
        known = list(_fields(expected))
        return Misshapen((*path, unknown[1]), f"unknown key, one of {known}", None, known)
    # msgspec repeats an invalid word of an enumeration; messages of ours hold no value.
    words = [w for option in _options(expected) if isinstance(option, EnumType) for w in option.cls]
    known = [str(word.value) for word in words]
    return Misshapen(path, f"one of {', '.join(known)}" if known else why, expected, known)


def _culprit(node: Any, kind: Any, path: tuple[Step, ...], message: str) -> str:
    """The key of the mapping at `path` whose value alone gives the same message."""
    found = node
    for step in path:
        found = found[step]
    for key in found:
        try:
            msgspec.convert(_with_only(node, path, key), kind)
        except msgspec.ValidationError as error:
            if str(error) == message:
                return str(key)
    return "?"


def _with_only(node: Any, path: tuple[Step, ...], key: str) -> Any:
    """The same data with nothing but this key in the mapping at `path`."""
    if not path:
        return {key: node[key]}
    first, below = path[0], _with_only(node[path[0]], path[1:], key)
    if isinstance(node, dict):
        return {**node, first: below}
    return [below if index == first else each for index, each in enumerate(node)]


def _options(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)


def _fields(kind: inspect.Type) -> dict[str, inspect.Field]:
    fields = (f for o in _options(kind) if isinstance(o, StructType) for f in o.fields)
    return {field.name: field for field in fields if field.name not in EXTRA}


def _child(kind: inspect.Type, step: Step) -> inspect.Type:
    """The type of what is under a key or an index."""
    for option in _options(kind):
        if isinstance(option, StructType) and step in (fields := _fields(option)):
            return fields[str(step)].type
        if isinstance(option, DictType) and isinstance(step, str):
            return option.value_type
        if isinstance(option, ListType | VarTupleType) and isinstance(step, int):
            return option.item_type
    return inspect.AnyType()


def _empty(kind: inspect.Type) -> Any:
    """What nothing stands for; None where None itself is meant."""
    if isinstance(kind, inspect.StrType | EnumType):
        return ""
    if isinstance(kind, ListType | VarTupleType):
        return []
    return {} if isinstance(kind, StructType | DictType) else None
