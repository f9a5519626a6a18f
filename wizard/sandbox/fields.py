"""Reads nodes: `fields=` with its braces, default fields, `metadata=1`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from wizard.sandbox.call import Answer, Call
from wizard.sandbox.refusals import bad_parameter, no_such_field

#: Reads one field of a node; None means that Meta leaves it out.
Reader = Callable[[Call, Answer], Any]
Handler = Callable[[Call, Answer], Answer]


@dataclass(frozen=True)
class Kind:
    """One kind of node: its name in Meta's error texts, its fields and its edges."""

    name: str
    readers: Mapping[str, Reader]
    default: tuple[str, ...]
    edges: Mapping[tuple[str, str], Handler]


@dataclass(frozen=True)
class Asked:
    """One field asked for: `phone_numbers.limit(50){id,status}`."""

    name: str
    params: Mapping[str, str]
    inside: str


_FIELD = re.compile(r"(\w+)((?:\.\w+\([^)]*\))*)")
_PARAM = re.compile(r"\.(\w+)\(([^)]*)\)")


def words(text: str) -> list[str]:
    """The words of a line."""
    return text.split()


def plain(names: str) -> dict[str, Reader]:
    """Fields that stand in the record under their own name."""
    return {name: _own(name) for name in words(names)}


def _own(name: str) -> Reader:
    return lambda _, node: node.get(name)


def read_node(call: Call, kind: Kind, node: Answer) -> Answer:
    """GET of a node: the fields asked for, else the default ones; always the id."""
    asked = parse(call.text("fields")) or [Asked(name, {}, "") for name in kind.default]
    answer: Answer = {"id": node["id"]}
    for field in asked:
        value = _value(call, kind, node, field)
        if value is not None:
            answer[field.name] = value
    if call.text("metadata") in ("1", "true"):
        answer["metadata"] = {
            "type": kind.name.lower(),
            "fields": [{"name": name} for name in kind.readers],
        }
    return answer


def read_many(call: Call, kind: Kind, nodes: list[Answer], default: tuple[str, ...]) -> Answer:
    """A page of an edge: each node with the fields asked for, or with the edge's default ones."""
    of_edge = replace(kind, default=default)
    page = call.page(nodes)
    page["data"] = [read_node(call, of_edge, node) for node in page["data"]]
    return page


def parse(text: str) -> list[Asked]:
    """The fields of `a,b.limit(2){c,d},e`; refuses braces that do not close."""
    asked: list[Asked] = []
    place = 0
    while place < len(text):
        if text[place] in ", ":
            place += 1
            continue
        match = _FIELD.match(text, place)
        if match is None:
            raise bad_parameter(f"Syntax error at position {place} in fields")
        place = match.end()
        inside = ""
        if text[place : place + 1] == "{":
            end = _closing(text, place)
            inside, place = text[place + 1 : end], end + 1
        asked.append(Asked(match[1], dict(_PARAM.findall(match[2])), inside))
    return asked


def _closing(text: str, start: int) -> int:
    depth = 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place
    raise bad_parameter("Syntax error: expected } at the end of fields")


def _value(call: Call, kind: Kind, node: Answer, field: Asked) -> Any:
    if field.name == "id":
        return node["id"]
    if field.name in call.world["graph"].get("unknown_fields", ()):
        raise no_such_field(field.name, kind.name)
    if reader := kind.readers.get(field.name):
        return reader(call, node)
    # Field expansion: an edge asked for like a field answers as it would by itself.
    if edge := kind.edges.get(("GET", field.name)):
        params = {**field.params, **({"fields": field.inside} if field.inside else {})}
        inner = replace(call, params=params, parts=[node["id"], field.name])
        return edge(inner, node)
    raise no_such_field(field.name, kind.name)
