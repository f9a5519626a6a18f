"""Looks that may fail: for the few checks whose subject is the look itself.

Everywhere else a fact that cannot be had ends the check, and the audit says UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from wizard.text.errors import ErrorKind, Unavailable

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
