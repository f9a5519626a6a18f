"""Maps an item's id to the function that decides it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from wizard.audit.results import CheckResult
from wizard.facts.facts import Facts
from wizard.text.errors import ErrorKind, Unavailable

Check = Callable[[Facts], CheckResult]
CHECKS: dict[str, Check] = {}


def check(item_id: str) -> Callable[[Check], Check]:
    """Register the decorated function as the judge of one checklist item."""

    def register(function: Check) -> Check:
        if item_id in CHECKS:
            raise ValueError(f"{item_id} already has a check")
        CHECKS[item_id] = function
        return function

    return register


Seen = TypeVar("Seen")

#: Meta answered, and this token is not let in. Which of the two it says depends on the endpoint.
SHUT = (ErrorKind.NOT_VISIBLE, ErrorKind.PERMISSION)


def obstacle(read: Callable[[], object], *kinds: ErrorKind) -> Unavailable | None:
    """What stands in the way of a read, if it is of these kinds; any other is raised."""
    try:
        read()
    except Unavailable as trouble:
        if trouble.kind in kinds:
            return trouble
        raise
    return None


def glimpse(read: Callable[[], Seen]) -> Seen | None:
    """An answer that would help but is not the subject; None when it cannot be had."""
    try:
        return read()
    except Unavailable:
        return None
