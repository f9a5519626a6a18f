"""Plain values out of Graph's JSON, whatever shape they came in today.

Meta's own pages disagree about types: "true" beside true, ids and codes as numbers, names in
lists or joined by commas. None of this may stop a parser; text is cleaned here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from wizard.graph import Json
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.sanitise import clean, cut


def text(node: object, longest: int = 300) -> str:
    """A string or a number as clean text; "" for everything else."""
    if isinstance(node, bool) or (isinstance(node, float) and not math.isfinite(node)):
        return ""
    return clean(node if isinstance(node, str) else cut(node), longest).strip()


def ident(node: object) -> str:
    """An id: Meta's are strings of digits, sometimes numbers."""
    if isinstance(node, float):
        # Past this a float has lost digits, and would be the id of something else.
        node = int(node) if node.is_integer() and abs(node) < 2**53 else None
    return text(node, 64)


def link(node: object) -> str:
    """A URL. Longer than other text: Meta allows 200 characters, servers of people more."""
    return text(node, 2000)


def word(node: object) -> str:
    """A value of one of Meta's enums, in upper case: the pages differ in that too."""
    return text(node, 100).upper()


def whole(node: object) -> int:
    """An integer, also out of a string; 0 when there is none, or one beyond all of Meta's."""
    if isinstance(node, bool) or not isinstance(node, str | int | float):
        return 0
    try:
        number = int(node)
    except (ValueError, OverflowError):
        return 0
    return number if abs(number) < 2**63 else 0


def truth(node: object) -> bool | None:
    """A boolean, also written "true" or 1; None when it is not given."""
    given = str(node) if isinstance(node, bool) else text(node)
    return {"true": True, "1": True, "false": False, "0": False}.get(given.lower())


def moment(node: object) -> datetime | None:
    """A Unix time or an ISO time, in UTC; None for 0 ("never"), for nothing and for nonsense."""
    try:
        if seconds := whole(node):
            return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
        at = datetime.fromisoformat(node) if isinstance(node, str) else None
        # Meta's times without an offset are UTC, and not of this machine's zone.
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC) if at else None
    except (ValueError, OverflowError, OSError):
        return None


#: A dict first: asking an abstract class takes ten times as long.
_OBJECT = (dict, Mapping)


def node(value: object) -> Json:
    """An object; an empty one for everything else."""
    return value if isinstance(value, _OBJECT) else {}


def nodes(value: object) -> list[Json]:
    """The objects of a list, also of one wrapped in {"data": …}; a lone object counts as one."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        value = value.get("data", [value])
    return [one for one in value if isinstance(one, _OBJECT)] if isinstance(value, list) else []


def names(value: object) -> tuple[str, ...]:
    """Names from a list of strings, a list of {"name": …}, or one string with commas."""
    listed = value.split(",") if isinstance(value, str) else value
    if not isinstance(listed, list | tuple):
        return ()
    found = (text(node(one).get("name") if isinstance(one, Mapping) else one) for one in listed)
    return tuple(name for name in found if name)


def inner(value: object, key: str) -> object:
    """The value itself, or what stands under `key` when it came wrapped in an object."""
    return value.get(key) if isinstance(value, Mapping) else value


def odd(what: str) -> Unavailable:
    """Graph's answer lacks what it was asked for; `what` names it."""
    return Unavailable(ErrorKind.ODD, details=what)
