"""Points in time as people write them (`2h`, `30d`, `2026-11-22`), and how long is left."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, now: datetime) -> datetime | None:
    """So long before `now`, or the moment itself (local time unless it says otherwise)."""
    span = re.fullmatch(r"(\d{1,6})\s*([smhdw])", text.strip().lower())
    try:
        if span:
            return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def days_left(end: datetime, now: datetime) -> int:
    """Whole days until then; below zero when it is over."""
    return (end - now).days


def hours_left(end: datetime, now: datetime) -> int:
    """Hours until then, rounded up: the last one counts until it is over."""
    return max(0, -((now - end) // timedelta(hours=1)))
