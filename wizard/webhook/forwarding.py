"""Passes deliveries on to other servers: kept until they are taken, in order, as Meta signed them.

What is to go where is written in the same transaction as the delivery itself (see the writer of
the inbox), so an acknowledged delivery is passed on though this process ends in between. A server
may get one twice, as from Meta itself.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from wizard.net.connection import parse_target
from wizard.net.failures import cause
from wizard.webhook.inbox import Delivery, InboxError
from wizard.webhook.inbox.file import as_inbox_error, connect
from wizard.webhook.inbox.models import stamp

#: The route that takes every delivery; the others are phone number IDs.
EVERYTHING = ""
#: How long a server has to answer.
SECONDS = 10.0
#: A delivery that is answered, but never with 2xx, holds up the others for so many attempts.
ATTEMPTS = 6
#: Pauses between attempts, in seconds: doubled each time.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
#: As long as Meta itself goes on trying.
LONGEST_WAIT = timedelta(days=7)
#: Deliveries that may wait for one server; the oldest are given up first.
MOST_WAITING = 100_000
#: Statuses that say "later", or come from what stands before a server that is down.
LATER = frozenset({408, 425, 429, 502, 503, 504})
#: Headers of Meta's request that go along.
HEADERS = {
    "CONTENT_TYPE": "Content-Type",
    "HTTP_USER_AGENT": "User-Agent",
    "HTTP_X_HUB_SIGNATURE": "X-Hub-Signature",
    "HTTP_X_HUB_SIGNATURE_256": "X-Hub-Signature-256",
}


def routes_of(delivery: Delivery, routes: Mapping[str, str]) -> tuple[str, ...]:
    """Which routes a delivery goes to: those of its numbers, and all where it names no number."""
    events = [event for event in delivery.events if event.kind != "probe"]
    if delivery.events and not events:
        return ()  # this tool's own probe
    numbers = {event.phone_number_id for event in events} or {""}
    anyone = "" in numbers
    return tuple(name for name in routes if anyone or name == EVERYTHING or name in numbers)


def kept_headers(environ: Mapping[str, Any]) -> str:
    """The headers of a request that go along, as JSON; one that could not be sent is left out."""
    found = {name: str(environ.get(key, "")).strip() for key, name in HEADERS.items()}
    return json.dumps({k: v for k, v in found.items() if v and v.isascii() and v.isprintable()})


@dataclass(frozen=True)
class ForwardingReport:
    """What became of deliveries on one route.

    `state`: waiting (they are kept and tried again), resumed (the server takes them again), given
    up (`count` deliveries will not be tried any more; they are in the inbox). `http` is 0 for no
    answer; then `cause` says why, by a name of net.failures or a kind of InboxError.
    """

    route: str
    state: str
    http: int = 0
    cause: str = ""
    count: int = 0


class Forwarder:
    """Passes on what waits for one route, on a thread of its own: no answer to Meta waits for it.

    `report` is called on that thread: at the first failure and when it is over, not in between.
    """

    def __init__(
        self, inbox: Path, route: str, url: str, report: Callable[[ForwardingReport], None]
    ) -> None:
        """NetworkFailure when the URL is none; http and this machine are fine here."""
        import requests  # not at the top: `status` needs nothing of it

        parse_target(url, allow_http=True)
        self._inbox, self._route, self._url, self._report = inbox, route, url, report
        self._session = requests.Session()
        self._session.trust_env = False  # the person's proxy is not between her own programs
        self._failures, self._failing = 0, False
        self._work_waits, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True, name="forwarder")
        self._thread.start()

    def wake(self) -> None:
        """Something waits. Returns at once."""
        self._work_waits.set()

    def close(self) -> None:
        """Passes on what waits, for a moment, and ends; the rest is kept for the next run."""
        self._stop.set()
        self.wake()
        self._thread.join(SECONDS)
        self._session.close()

    def _work(self) -> None:
        while True:
            self._work_waits.clear()
            last = self._stop.is_set()
            try:
                if self._inbox.exists():
                    with as_inbox_error(self._inbox), closing(connect(self._inbox)) as connection:
                        # What is deleted and comes back after a crash is sent twice, not lost.
                        connection.execute("PRAGMA synchronous = NORMAL")
                        self._drain(connection)
            except InboxError as error:
                self._fail(0, error.kind)
            if last or (self._stop.is_set() and self._failing):
                return
            pause = min(FIRST_PAUSE * 2 ** (self._failures - 1), LONGEST_PAUSE)
            if self._failing:
                self._stop.wait(pause)
            else:
                self._work_waits.wait()

    def _drain(self, connection: Connection) -> None:
        """Sends until nothing waits, or the server does not take it."""
        end = time.monotonic() + SECONDS
        while not (self._stop.is_set() and time.monotonic() > end):
            self._give_up_old(connection)
            waiting = connection.execute(
                "SELECT outbox.row, body, headers FROM outbox"
                " LEFT JOIN deliveries ON deliveries.row = delivery"
                " WHERE route = ? ORDER BY outbox.row LIMIT 1",
                (self._route,),
            ).fetchone()
            if waiting is None:
                return
            row, body, headers = waiting
            if body is not None and not self._pass_on(bytes(body), json.loads(headers)):
                return
            connection.execute("DELETE FROM outbox WHERE row = ?", (row,))

    def _pass_on(self, body: bytes, headers: dict[str, str]) -> bool:
        """Whether a delivery is done with: taken, or refused so often that others go before."""
        status, why = self._send(body, headers)
        if 200 <= status < 300:
            if self._failing:
                self._report(ForwardingReport(self._route, "resumed"))
            self._failures, self._failing = 0, False
            return True
        self._fail(status, why)
        refused = status and status not in LATER
        if not refused or self._failures < ATTEMPTS:
            return False
        self._report(ForwardingReport(self._route, "given_up", status, count=1))
        self._failures, self._failing = 0, False
        return True

    def _fail(self, status: int, why: str) -> None:
        if not self._failing:
            self._report(ForwardingReport(self._route, "waiting", status, why))
        self._failures, self._failing = self._failures + 1, True

    def _give_up_old(self, connection: Connection) -> None:
        oldest = stamp(datetime.now(UTC) - LONGEST_WAIT)
        dropped = connection.execute(
            "DELETE FROM outbox WHERE route = ? AND (at < ? OR row <= ("
            "SELECT row FROM outbox WHERE route = ? ORDER BY row DESC LIMIT 1 OFFSET ?))",
            (self._route, oldest, self._route, MOST_WAITING),
        ).rowcount
        if dropped:
            self._report(ForwardingReport(self._route, "given_up", count=dropped))

    def _send(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        try:
            with self._session.post(
                self._url,
                body,
                headers=headers,
                timeout=SECONDS,
                allow_redirects=False,
                stream=True,  # the answer is read as far as this wants it
            ) as answer:
                answer.raw.read(1024)
                return answer.status_code, ""
        except (OSError, ValueError) as error:
            return 0, cause(error)
