"""Writes the inbox: one thread; all that wait for a commit at the same time share it."""

from __future__ import annotations

import hashlib
import math
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from wizard.webhook.inbox.file import as_inbox_error, connect, insert, insert_rows, select
from wizard.webhook.inbox.models import (
    Delivery,
    HandshakeAttempt,
    InboxError,
    RejectedDelivery,
    Stored,
)

#: Deliveries per transaction. Bounds how long the first of them waits for the last.
BATCH = 256
#: Notes that may wait; a flood of unsigned requests is counted up to here, then dropped.
NOTES = 5000
#: How many refusals and handshakes are remembered: anyone can cause them.
REMEMBERED = 1000
#: How long a delivery waits for another process to let go of the inbox; Meta waits for the answer.
PATIENCE = 3.0
#: The same while the inbox is known to be locked: all that wait learn it within PATIENCE and a bit.
IMPATIENCE = 0.05
#: After this the disk itself does not answer; the program ends, so that a supervisor can act.
STUCK = 20.0


class _Job:
    """A note, for which no request waits."""

    def __init__(
        self, what: Delivery | RejectedDelivery | HandshakeAttempt, patience: float
    ) -> None:
        self.what, self.until = what, time.monotonic() + patience
        self.done = threading.Event()
        self.failed: InboxError | None = None


class _DeliveryJob(_Job):
    """A delivery and the request that waits for it."""

    def __init__(
        self, delivery: Delivery, patience: float, routes: Sequence[str] = (), headers: str = ""
    ) -> None:
        super().__init__(delivery, patience)
        self.delivery, self.at = delivery, delivery.received_at
        self.routes, self.headers = routes, headers
        self.digest = hashlib.sha256(delivery.body).digest()
        self.stored = Stored()


class Writer:
    """The one writer of an inbox in this process. Thread-safe; other processes may write too."""

    def __init__(self, path: Path) -> None:
        """Opens the inbox, making it when there is none. InboxError."""
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._open()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._patience = PATIENCE
        self._closing = threading.Lock()
        self._closed = False
        self._since = 0.0  # when the commit that is under way began; 0 for none
        self._thread = threading.Thread(target=self._work, name="inbox-writer", daemon=True)
        self._thread.start()

    def store(self, delivery: Delivery, routes: Sequence[str] = (), headers: str = "") -> Stored:
        """Commits a delivery and returns what of it was new. When it returns, it is on disk.

        With it what is to be passed on: to which routes, with which headers (JSON).

        InboxError when it could not be stored, or not in time; `replaced` when the file was moved,
        replaced or deleted: from then on there is a new one.
        """
        job = _DeliveryJob(delivery, self._patience, routes, headers)
        with self._closing:
            if self._closed:
                raise InboxError("other", str(self.path), "closed")
            self._jobs.put(job)
        if not job.done.wait(STUCK):
            raise InboxError("locked", str(self.path), "timeout")
        if job.failed:
            raise job.failed
        return job.stored

    def note(self, what: RejectedDelivery | HandshakeAttempt) -> None:
        """Stores it soon, without waiting; a flood of notes is dropped."""
        with self._closing:
            if not self._closed and self._jobs.qsize() < NOTES:
                self._jobs.put(_Job(what, self._patience))

    @property
    def stuck(self) -> bool:
        """Whether nothing is written any more, and nothing will be."""
        since = self._since
        late = bool(since) and time.monotonic() - since > STUCK
        return late or not (self._closed or self._thread.is_alive())

    def close(self) -> None:
        """Writes what waits and closes the file. Calling it again does nothing."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        # A disk that does not answer would hold the end of the program for ever.
        self._thread.join(0 if self.stuck else None)

    def _open(self) -> None:
        self._connection = connect(self.path)
        self._file = _identity(self.path)

    def _work(self) -> None:
        open_, waiting = True, list[_Job]()
        while open_ or waiting:
            jobs: list[_Job | None] = [*waiting] if waiting else [self._jobs.get()]
            with suppress(queue.Empty):
                while len(jobs) < BATCH and jobs[-1] is not None:
                    jobs.append(self._jobs.get_nowait())
            open_ &= jobs[-1] is not None
            self._since = time.monotonic()
            waiting = self._settle([job for job in jobs if job is not None])
            self._since = 0.0
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()

    def _settle(self, batch: list[_Job]) -> list[_Job]:
        """Commits them; those that may wait a little longer for a locked inbox come back."""
        later: list[_Job] = []
        try:
            if batch:
                self._commit(batch)
                self._patience = PATIENCE
        except Exception as error:  # noqa: BLE001 (the waiting request gets every error)
            self._roll_back()
            failure = error if isinstance(error, InboxError) else None
            kind = failure.kind if failure else ""
            if kind == "locked":
                # No one waits for another process job by job: there is one lock for all of them.
                self._patience = IMPATIENCE
                now = time.monotonic()
                later = [job for job in batch if job.until > now]
                batch = [job for job in batch if job.until <= now]
            elif len(batch) > 1 and kind != "replaced":
                # One that cannot be stored must not take its company with it.
                return [left for job in batch for left in self._settle([job])]
            for job in batch:
                job.failed = failure or InboxError("other", str(self.path), type(error).__name__)
        for job in batch:
            job.done.set()
        return later

    def _commit(self, batch: list[_Job]) -> None:
        with as_inbox_error(self.path):
            if self._connection is None:
                self._open()
            assert self._connection is not None
            left = max(0.0, min(job.until for job in batch) - time.monotonic())
            # In tenths of a second: SQLite need not compile another statement each time.
            self._connection.execute(f"PRAGMA busy_timeout = {math.ceil(left * 10) * 100}")
            self._connection.execute("BEGIN IMMEDIATE")
            _deliver(self._connection, [job for job in batch if isinstance(job, _DeliveryJob)])
            for job in batch:
                if not isinstance(job, _DeliveryJob):
                    _note(self._connection, job.what)
            self._connection.execute("COMMIT")
        # Before anything is acknowledged: what was written to a file that is gone is lost.
        if _identity(self.path) != self._file:
            with suppress(sqlite3.Error):
                # Of a file that was moved SQLite would forget, at closing, what is in the log only.
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._connection.close()
            self._connection = None
            raise InboxError("replaced", str(self.path))

    def _roll_back(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells one file from another under the same name; None when there is none."""
    try:
        about = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return about.st_dev, about.st_ino


def _deliver(connection: sqlite3.Connection, jobs: Sequence[_DeliveryJob]) -> None:
    """Writes deliveries, their events, and what of them is to be passed on."""
    known = select(
        connection, "SELECT digest, row FROM deliveries WHERE digest", [job.digest for job in jobs]
    )
    rows: dict[bytes, int] = dict(known)
    new, again = list[_DeliveryJob](), list[_DeliveryJob]()
    for job in jobs:
        (again if job.digest in rows else new).append(job)
        rows.setdefault(job.digest, 0)
    values = [(job.digest, job.at, job.at, job.delivery.body) for job in new]
    numbers = insert_rows(connection, _DELIVERY, values)
    rows.update(zip((job.digest for job in new), numbers, strict=True))
    if again:
        connection.executemany(
            "UPDATE deliveries SET repeats = repeats + 1, again_at = ? WHERE digest = ?",
            [(job.at, job.digest) for job in again],
        )
    # The dashboard's button sends the same sample each time, and a person waits for it.
    passed = new + [job for job in again if any(event.test for event in job.delivery.events)]
    waiting = [(to, rows[job.digest], job.headers, job.at) for job in passed for to in job.routes]
    insert_rows(connection, _OUTBOX, waiting)
    stored = insert(connection, [(event, job.at) for job in new for event in job.delivery.events])
    of_key = {event.key: event for event in stored}
    for job in new:
        mine = [of_key.pop(event.key, None) for event in job.delivery.events]
        job.stored = Stored(tuple(event for event in mine if event is not None))


_DELIVERY = "INSERT INTO deliveries (digest, received_at, again_at, body) VALUES"
_OUTBOX = "INSERT INTO outbox (route, delivery, headers, at) VALUES"
_NOTES = {
    RejectedDelivery: ("refusals", ("at", "reason", "phone_number_id", "waba_id", "size", "path")),
    HandshakeAttempt: ("knocks", ("at", "accepted", "reason", "agent", "path")),
}


def _note(
    connection: sqlite3.Connection, what: Delivery | RejectedDelivery | HandshakeAttempt
) -> None:
    table, columns = _NOTES[type(what)]
    done = connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 (our own names)
        f" VALUES ({', '.join('?' * len(columns))})",
        [getattr(what, name) for name in columns],
    )
    connection.execute(
        f"DELETE FROM {table} WHERE row <= ?",  # noqa: S608
        ((done.lastrowid or 0) - REMEMBERED,),
    )
