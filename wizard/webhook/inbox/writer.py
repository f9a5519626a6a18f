"""Writes the inbox: one thread; all that wait for a commit at the same time share it."""

from __future__ import annotations

import hashlib
import math
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from wizard.webhook.inbox.file import (
    as_inbox_error,
    connect,
    insert,
    insert_new,
    insert_rows,
    select,
)
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
NOTES = 500
#: How many refusals and handshakes are remembered: anyone can cause them.
REMEMBERED = 1000
#: How long a delivery waits for another process to let go of the inbox; Meta waits for the answer.
PATIENCE = 3.0
#: The same while the inbox is known to be locked: all that wait learn it within PATIENCE and a bit.
IMPATIENCE = 0.05
#: After this the disk itself does not answer; the program ends, so that a supervisor can act.
STUCK = 20.0
#: A commit that took longer leaves the next ones to the thread, for so long (both in seconds).
SLOW, SLOW_FOR = 0.25, 5.0


class _Job:
    """A note, for which no request waits. `until`: how long it may wait for a lock."""

    def __init__(self, what: Delivery | RejectedDelivery | HandshakeAttempt) -> None:
        self.what, self.until = what, 0.0
        self.failed: InboxError | None = None

    def settle(self) -> None:
        """It is on disk, or has failed."""


class Pending(_Job):
    """A delivery that is to be stored, and what is to be called with what became of it.

    `routes`: to which it is to be passed on, with which `headers` (JSON).
    """

    def __init__(
        self,
        delivery: Delivery,
        settled: Callable[[Stored | InboxError], None],
        routes: Sequence[str] = (),
        headers: str = "",
    ) -> None:
        super().__init__(delivery)
        self.delivery, self.at, self.settled = delivery, delivery.received_at, settled
        self.routes, self.headers = routes, headers
        self.digest = hashlib.sha256(delivery.body).digest()
        self.stored = Stored()

    def settle(self) -> None:
        """Tells whom it concerns."""
        self.settled(self.failed or self.stored)


class Writer:
    """The one writer of an inbox in this process. Thread-safe; other processes may write too."""

    def __init__(self, path: Path) -> None:
        """Opens the inbox, making it when there is none. InboxError."""
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._open()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._patience = PATIENCE
        self._writing, self._closing = threading.Lock(), threading.Lock()
        self._closed = False
        self._since = 0.0  # when the commit that is under way began; 0 for none
        self._slow_until = 0.0
        self._thread = threading.Thread(target=self._work, name="inbox-writer", daemon=True)
        self._thread.start()

    def store(self, delivery: Delivery, routes: Sequence[str] = (), headers: str = "") -> Stored:
        """Commits a delivery and returns what of it was new. When it returns, it is on disk.

        With it what is to be passed on: to which routes, with which headers (JSON).

        InboxError when it could not be stored, or not in time; `replaced` when the file was moved,
        replaced or deleted: from then on there is a new one.
        """
        answer = queue.SimpleQueue[Stored | InboxError]()
        self._put([Pending(delivery, answer.put, routes, headers)])
        try:
            outcome = answer.get(timeout=STUCK)
        except queue.Empty:
            raise InboxError("locked", str(self.path), "timeout") from None
        if isinstance(outcome, InboxError):
            raise outcome
        return outcome

    def submit(self, deliveries: Sequence[Pending]) -> None:
        """Stores them together and lets each be settled, on this thread or on the writer's.

        On this one where nothing has to be waited for, neither another writer nor a slow disk:
        to wake the other thread would take longer than to commit.
        """
        self._put(self._write_now(deliveries))

    def _write_now(self, jobs: Sequence[_Job]) -> Sequence[_Job]:
        """Writes them without waiting for a lock; returns those that are not settled."""
        began = time.monotonic()
        if began < self._slow_until or not self._writing.acquire(blocking=False):
            return jobs
        try:
            if self._closed:
                return jobs
            self._since = began
            left = self._settle(jobs, waits=False)
            if time.monotonic() - began > SLOW:
                self._slow_until = began + SLOW_FOR
            return left
        finally:
            self._since = 0.0
            self._writing.release()

    def _put(self, jobs: Sequence[_Job]) -> None:
        until = time.monotonic() + self._patience
        with self._closing:
            if not self._closed:
                for job in jobs:
                    job.until = until
                    self._jobs.put(job)
                return
        for job in jobs:
            job.failed = InboxError("other", str(self.path), "closed")
            job.settle()

    def note(self, what: RejectedDelivery | HandshakeAttempt) -> None:
        """Stores it soon, without waiting; a flood of notes is dropped."""
        if self._jobs.qsize() < NOTES:
            self._put([_Job(what)])

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
        self._connection, self._busy = connect(self.path), -1
        self._file = _identity(self.path)

    def _work(self) -> None:
        open_ = True
        while open_:
            jobs: list[_Job | None] = [self._jobs.get()]
            with self._writing:
                while jobs:
                    with suppress(queue.Empty):
                        while len(jobs) < BATCH and jobs[-1] is not None:
                            jobs.append(self._jobs.get_nowait())
                    open_ &= jobs[-1] is not None
                    self._since = time.monotonic()
                    jobs = [*self._settle([job for job in jobs if job is not None])]
                    self._since = 0.0
        with self._writing, suppress(sqlite3.Error):
            if self._connection is not None:
                self._connection.close()

    def _settle(self, batch: Sequence[_Job], waits: bool = True) -> Sequence[_Job]:
        """Commits them; those that may wait (longer) for a locked inbox come back."""
        later: list[_Job] = []
        try:
            if batch:
                self._commit(batch, waits)
                self._patience = PATIENCE
        except Exception as error:  # noqa: BLE001 (the waiting request gets every error)
            self._roll_back()
            failure = error if isinstance(error, InboxError) else None
            kind = failure.kind if failure else ""
            if kind == "locked" and not waits:
                return batch
            if kind == "locked":
                # No one waits for another process job by job: there is one lock for all of them.
                self._patience = IMPATIENCE
                now = time.monotonic()
                later = [job for job in batch if job.until > now]
                batch = [job for job in batch if job.until <= now]
            elif len(batch) > 1 and kind != "replaced":
                # One that cannot be stored must not take its company with it.
                return [left for job in batch for left in self._settle([job], waits)]
            for job in batch:
                job.failed = failure or InboxError("other", str(self.path), type(error).__name__)
        for job in batch:
            job.settle()
        return later

    def _commit(self, batch: Sequence[_Job], waits: bool) -> None:
        with as_inbox_error(self.path):
            if self._connection is None:
                self._open()
            assert self._connection is not None
            left = max(0.0, min(job.until for job in batch) - time.monotonic()) if waits else 0.0
            # In tenths of a second: SQLite need not compile another statement each time.
            busy = math.ceil(left * 10) * 100
            if busy != self._busy:
                self._connection.execute(f"PRAGMA busy_timeout = {busy}")
                self._busy = busy
            self._write(self._connection, batch)
        # Before anything is acknowledged: what was written to a file that is gone is lost.
        if _identity(self.path) != self._file:
            with suppress(sqlite3.Error):
                # Of a file that was moved SQLite would forget, at closing, what is in the log only.
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._connection.close()
            self._connection = None
            raise InboxError("replaced", str(self.path))

    def _write(self, connection: sqlite3.Connection, batch: Sequence[_Job]) -> None:
        deliveries = [job for job in batch if isinstance(job, Pending)]
        connection.execute("BEGIN IMMEDIATE")
        try:
            deliver(connection, deliveries, asks=False)
        except sqlite3.IntegrityError:  # not all of it is new
            connection.execute("ROLLBACK")
            connection.execute("BEGIN IMMEDIATE")
            deliver(connection, deliveries, asks=True)
        for kind in _NOTES:
            _note(connection, kind, [job.what for job in batch if type(job.what) is kind])
        connection.execute("COMMIT")

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


def deliver(connection: sqlite3.Connection, jobs: Sequence[Pending], *, asks: bool) -> None:
    """Writes deliveries, their events, and what of them is to be passed on.

    Without asking first what is known: IntegrityError where something is. Nearly everything is
    new, and around each statement the interpreter's lock changes hands.
    """
    digests = [job.digest for job in jobs] if asks else []
    found = select(connection, "SELECT digest, row FROM deliveries WHERE digest", digests)
    rows: dict[bytes, int] = dict(found)
    new, again = list[Pending](), list[Pending]()
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
    events = [(event, job.at) for job in new for event in job.delivery.events]
    stored = insert(connection, events) if asks else insert_new(connection, events)
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


def _note(connection: sqlite3.Connection, kind: type, notes: Sequence[object]) -> None:
    if not notes:
        return
    table, columns = _NOTES[kind]
    rows = [[getattr(note, name) for name in columns] for note in notes]
    numbers = insert_rows(
        connection,
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES",
        rows,
    )
    connection.execute(
        f"DELETE FROM {table} WHERE row <= ?",  # noqa: S608
        (numbers[-1] - REMEMBERED,),
    )
