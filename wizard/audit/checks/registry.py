"""Maps an item's id to the function that checks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from wizard.audit.results import CheckResult
from wizard.facts.facts import Facts
from wizard.text.errors import ErrorKind, Unavailable

Check = Callable[[Facts], CheckResult]
CHECKS: dict[str, Check] = {}


def check(item_id: str) -> Callable[[Check], Check]:
    """Register the decorated function as the check of one checklist item."""

    def register(function: Check) -> Check:
        if item_id in CHECKS:
            raise ValueError(f"{item_id} already has a check")
        CHECKS[item_id] = function
        return function

    return register


Seen = TypeVar("Seen")

#: Meta answered and refused this token access. Which of the two it is depends on the endpoint.
NO_ACCESS = (ErrorKind.NOT_VISIBLE, ErrorKind.PERMISSION)


def error_of(read: Callable[[], object], *kinds: ErrorKind) -> Unavailable | None:
    """The error of a read if it is of these kinds, None if it works; other errors are raised."""
    try:
        read()
    except Unavailable as error:
        if error.kind in kinds:
            return error
        raise
    return None


def answer_or_none(read: Callable[[], Seen]) -> Seen | None:
    """The answer of a read that is useful but not needed; None when it fails."""
    try:
        return read()
    except Unavailable:
        return None
