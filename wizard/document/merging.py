"""Two runs change one file: what each of them changed stays, whoever writes last."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

_GONE = object()
#: How deep mappings are merged: the file, and the entries under one of its keys. An entry is of
#: one piece: the state of one message must not meet the id of another.
DEPTH = 2


def merged(
    base: Mapping[str, Any],
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    whole: Collection[str] = (),
) -> dict[str, Any]:
    """`theirs`, with everything that we changed since `base`.

    What we added to the end of a list is added to the end of theirs. Where both changed one
    entry, ours wins: it is the later one. The keys in `whole` are of one piece.
    """
    return _mapping(base, ours, theirs, dict.fromkeys(whole, 0))


def _mapping(
    base: Mapping[str, Any],
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    depths: Mapping[str, int],
    depth: int = DEPTH,
) -> dict[str, Any]:
    result = {}
    for key in [*ours, *(key for key in theirs if key not in ours)]:
        was, mine, now = (each.get(key, _GONE) for each in (base, ours, theirs))
        value = _value(was, mine, now, depths.get(key, depth - 1))
        if value is not _GONE:
            result[key] = value
    return result


def _value(base: Any, ours: Any, theirs: Any, depth: int) -> Any:
    if ours == base:
        return theirs
    if depth and isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        return _mapping(base if isinstance(base, Mapping) else {}, ours, theirs, {}, depth)
    lists = isinstance(ours, list) and isinstance(theirs, list) and isinstance(base, list)
    if lists and ours[: len(base)] == base:
        return [*theirs, *ours[len(base) :]]
    return ours
