"""Whether and how long to wait before a read is made again, and what the usage headers say.

Meta answers throttling with HTTP 400 and a code, not with 429; how long it lasts stands in
X-Business-Use-Case-Usage, in minutes.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from wizard.graph import GraphError
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.sanitise import cut, foreign_json

T = TypeVar("T")

#: A person waits in front of the screen: a read may take this long with all its repetitions.
BUDGET_SECONDS = 15.0
LONGEST_RETRY_AFTER = 60.0
#: Meta closes nothing for longer than a week: more is no time to show anybody.
LONGEST_WAIT = 7 * 86400.0
#: From this share of the allowance on, in percent, requests are spaced.
NEARLY_USED_UP = 95.0
SPACING_SECONDS = 1.0

_ONCE = frozenset({"reset", "timeout", "cut", "html_error"})
#: Codes that rarely get better: "unknown error". One repetition less than for the others.
_VAGUE = frozenset({1, 131000})


class Retry:
    """The repetitions of one read."""

    def __init__(self, pause: Callable[[float], None], budget: float = BUDGET_SECONDS) -> None:
        self._pause, self._budget = pause, budget
        self._began = time.monotonic()
        self._paused = 0.0
        self._tries = 0

    def wait(self, error: Unavailable) -> bool:
        """Whether the read should be repeated; if so, it has waited already."""
        self._tries += 1
        seconds = self._delay(error)
        # With a real clock the pauses are part of the time that went by.
        spent = max(self._paused, time.monotonic() - self._began)
        if seconds is None or spent + seconds > self._budget:
            return False
        self._paused += seconds
        self._pause(seconds)
        return True

    def _delay(self, error: Unavailable) -> float | None:
        if error.kind is ErrorKind.UNREACHABLE:
            once = self._tries == 1 and error.values.get("cause") in _ONCE
            return self._back_off() if once else None
        if error.kind is not ErrorKind.BUSY or not isinstance(error, GraphError):
            return None
        if announced := error.announced:
            # Longer than a minute is for the person to decide.
            return announced if announced <= LONGEST_RETRY_AFTER and self._tries == 1 else None
        return self._back_off() if self._tries <= (2 if error.code in _VAGUE else 3) else None

    def _back_off(self) -> float:
        # Half of it by chance, so that reads that failed together do not return together.
        step = float(2 ** (self._tries - 1))
        return step * random.uniform(0.5, 1.0)  # noqa: S311 (no secret depends on it)


#: The limits of requests: of the app, a user, a page, an action, a business use case, a number.
THROTTLES = frozenset({4, 17, 32, 613, *range(80000, 80015), 130429})
#: How long a throttle is believed in when Meta does not say how long it lasts.
THROTTLED_SECONDS = 15.0


class Throttle:
    """The one throttle of all reads of a client: each request more only makes it longer.

    The first read that is throttled is repeated, the others wait for what becomes of it. When its
    patience ends, every read is refused at once, without a request, for as long as Meta says, but
    for a minute at most: a person who asks again then wants to know.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends, self._refusal = 0.0, GraphError(ErrorKind.BUSY)
        self._ended = 0

    def mark(self) -> int:
        """How many throttles have ended so far; the refusal when one stands."""
        if self._lock.locked():
            with self._lock:  # a read is being repeated; this one waits for its answer
                pass
        self._refuse()
        return self._ended

    def repeat(self, error: GraphError, mark: int, retry: Retry, send: Callable[[], T]) -> T:
        """What `send` gives once it is not throttled any more; the last refusal when it stays.

        `mark` is that of before the request which was refused with `error`.
        """
        with self._lock:
            self._refuse()
            # Another read got through meanwhile: this one needs no pause.
            while mark != self._ended or retry.wait(error):
                mark = self._ended
                try:
                    answer = send()
                except GraphError as again:
                    if again.code not in THROTTLES:
                        raise
                    error = again
                else:
                    self._ended += 1
                    return answer
            seconds = min(error.announced or THROTTLED_SECONDS, LONGEST_RETRY_AFTER)
            self._ends, self._refusal = time.monotonic() + seconds, error
        raise error

    def _refuse(self) -> None:
        if time.monotonic() < self._ends:
            # Raised in several threads, one exception would gather all their tracebacks.
            raise GraphError(self._refusal.kind, **self._refusal.values)


def wait_seconds(headers: Mapping[str, str]) -> float:
    """How long Meta says it will refuse; 0.0 when it does not say."""
    minutes = max(_positive(row.get("estimated_time_to_regain_access")) for row in _rows(headers))
    return min(LONGEST_WAIT, max(minutes * 60, _retry_after(headers.get("Retry-After", ""))))


def percent_used(headers: Mapping[str, str]) -> float:
    """The largest share of any allowance that is used up; 0.0 when the headers are missing."""
    shares = ("call_count", "total_cputime", "total_time")
    return max(_positive(row.get(share)) for row in _rows(headers) for share in shares)


def _rows(headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """Every usage in the headers, in whatever nesting; at least an empty one."""
    yield {}
    for name in ("X-App-Usage", "X-Business-Use-Case-Usage"):
        try:
            usage = foreign_json(headers.get(name) or "{}")
        except ValueError:
            continue
        if not isinstance(usage, dict):
            continue
        yield usage
        # {"<business object id>": [{"type": "whatsapp_business_management", …}]}
        for rows in usage.values():
            yield from (row for row in _as_list(rows) if isinstance(row, dict))


def _as_list(node: object) -> list[Any]:
    return node if isinstance(node, list) else [node]


def _positive(value: object) -> float:
    try:
        number = float(cut(value))
    except ValueError:
        return 0.0
    return number if 0 < number < math.inf else 0.0


def _retry_after(header: str) -> float:
    """Seconds, or a date."""
    if seconds := _positive(header.strip()):
        return seconds
    date = http_date(header)
    return max(0.0, date.timestamp() - time.time()) if date else 0.0


def http_date(header: str) -> datetime | None:
    """The moment of a header such as Date, in UTC; None for what is none."""
    try:
        moment = parsedate_to_datetime(cut(header))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
