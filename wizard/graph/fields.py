"""The fields of a read, and how one that Graph does not know is taken out of it.

One unknown field fails the whole read; a new Graph version shall cost one fact, not the audit.
"""

from __future__ import annotations

import re

from wizard.graph import Refusal
from wizard.graph.refusals import UNKNOWN_FIELD

_NAME = re.compile(r"[A-Za-z_]\w*")


def names(field: str) -> list[str]:
    """Every field name in `owner_business_info{id,name}` or `templates.limit(1){id}`."""
    return _NAME.findall(re.sub(r"\.\w+\([^)]*\)", "", field))


def unknown_names(refusal: Refusal) -> frozenset[str]:
    """The field names that Graph says it does not know."""
    found = UNKNOWN_FIELD.search(refusal.message) if refusal.code == 100 else None
    return frozenset(_NAME.findall(found[1])) if found else frozenset()


def without(fields: tuple[str, ...], unknown: frozenset[str]) -> tuple[str, ...]:
    """The fields that are left. Equal to `fields` when none of the unknown ones is in there."""
    kept = tuple(field for field in fields if names(field)[:1] and names(field)[0] not in unknown)
    if kept != fields:
        return kept
    # Not one of ours, so one inside the braces of ours.
    inner = (_without_inner(field, unknown) for field in fields)
    return tuple(field for field in inner if field)


def _without_inner(field: str, unknown: frozenset[str]) -> str:
    head, brace, rest = field.partition("{")
    if not brace:
        return field
    inner = without(tuple(_split(rest.rpartition("}")[0])), unknown)
    return f"{head}{{{','.join(inner)}}}" if inner else ""


def _split(fields: str) -> list[str]:
    """At the commas that stand in no brace."""
    parts, depth = [""], 0
    for character in fields:
        depth += {"{": 1, "}": -1, "(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]
