"""Walks the pages of an edge by cursor.

`paging.next` is looked at, never followed: it is a whole address and can hold the token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wizard.graph import Json, Refusal

#: Cursors that never end are cut off, whatever they say.
MOST_PAGES = 100
#: From v24 on: the cursor has become worthless; the edge is to be read from its beginning.
BAD_CURSOR = 131059


def every_item(read: Callable[[str], Json], limit: int, most: int) -> list[Json]:
    """The items of all pages; `read` gets the cursor of a page, "" for the first one."""
    items: list[Json] = []
    cursor, seen, began_anew = "", set[str](), False
    for _ in range(MOST_PAGES):
        try:
            page = read(cursor)
        except Refusal as refused:
            if refused.code != BAD_CURSOR or not cursor or began_anew:
                raise
            items, cursor, seen, began_anew = [], "", set(), True
            continue
        rows = _rows(page)
        items += [row for row in rows if isinstance(row, Mapping)]
        cursor = _next_cursor(page, full=len(rows) >= limit)
        if not cursor or cursor in seen or len(items) >= most:
            break
        seen.add(cursor)
    return items[:most]


def _rows(page: Json) -> Sequence[Any]:
    rows = page.get("data")
    return rows if isinstance(rows, list) else []


def _next_cursor(page: Json, *, full: bool) -> str:
    """Where the next page begins. The last page has cursors as well, but no `next`."""
    paging = page.get("paging")
    if not isinstance(paging, Mapping) or not (paging.get("next") or full):
        return ""
    cursors = paging.get("cursors")
    return str(cursors.get("after") or "") if isinstance(cursors, Mapping) else ""
