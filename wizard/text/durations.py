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


#: "Try again in 12 hours", "Подождите 5 минут"; never "… in the last 72 hours".
_WAIT = re.compile(
    r"(?:again|retry|wait|через|подожд\w*|повтор\w*)[^\d.]{0,40}(\d{1,4})\s*"
    r"(sec|min|hour|day|сек|мин|час|д(?:н|ень))",
    re.IGNORECASE,
)
_WAIT_UNITS = {"s": 1, "с": 1, "m": 60, "м": 60, "h": 3600, "ч": 3600, "d": 86400, "д": 86400}
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?)\s?(?:UTC|GMT|Z)\b")


def wait_in(said: str, now: datetime) -> timedelta | None:
    """How long a text of Meta's says to wait, as a span or until a moment; None: it does not."""
    if found := _WAIT.search(said):
        return timedelta(seconds=int(found[1]) * _WAIT_UNITS[found[2][0].lower()])
    try:
        if found := _MOMENT.search(said):
            return datetime.fromisoformat(found[1]).replace(tzinfo=UTC) - now
    except ValueError:
        pass
    return None


def local_time(moment: datetime) -> str:
    """A moment as a person reads it: the time of this machine, with its zone."""
    local = moment.astimezone()
    zone = re.sub(r"([+-])0?(\d+?)(\d\d)$", r"\1\2:\3", f"{local:%z}")
    return f"{local:%Y-%m-%d %H:%M} (UTC{'' if zone == '+0:00' else zone.removesuffix(':00')})"


def days_left(end: datetime, now: datetime) -> int:
    """Whole days until then; below zero when it is over."""
    return (end - now).days


def hours_left(end: datetime, now: datetime) -> int:
    """Hours until then, rounded up: the last one counts until it is over."""
    return max(0, -((now - end) // timedelta(hours=1)))
