"""Writes the inbox: one thread, one transaction for all that wait at the same moment.

A full sync costs the same for one delivery as for a hundred, so those that arrive while one
commit is under way share the next (group commit). No delivery waits for others to come.
"""

from __future__ import annotations

import hashlib
import queue
import sqlite3
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from wizard.webhook.inbox.file import as_inbox_error, connect
from wizard.webhook.inbox.models import (
    Delivery,
    HandshakeAttempt,
    InboxError,
    Message,
    RejectedDelivery,
    StatusUpdate,
    Stored,
    Update,
)

#: Deliveries per transaction. Bounds how long the first of them waits for the last.
BATCH = 256
#: Notes that may wait; a flood of unsigned requests is counted up to here, then dropped.
NOTES = 5000
#: How many refusals and handshakes are remembered: anyone can cause them.
REMEMBERED = 1000
#: How long a delivery waits for its commit before it counts as failed.
PATIENCE = 20.0


class _Job:
    """A delivery and the request that waits for it; or a note without a waiting request."""

    def __init__(self, what: Delivery | RejectedDelivery | HandshakeAttempt) -> None:
        self.what = what
        self.done = threading.Event()
        self.stored = Stored()
        self.failed: InboxError | None = None


class Writer:
    """The one writer of an inbox in this process. Thread-safe; other processes may write too."""

    def __init__(self, path: Path) -> None:
        """Opens the inbox, making it when there is none. InboxError."""
        self.path = path
        self._connection = connect(path)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="inbox-writer", daemon=True)
        self._thread.start()

    def store(self, delivery: Delivery) -> Stored:
        """Commits a delivery and returns what of it was new. When it returns, it is on disk.

        InboxError when it could not be stored, or not in time.
        """
        job = _Job(delivery)
        with self._closing:
            if self._closed:
                raise InboxError("other", str(self.path), "closed")
            self._jobs.put(job)
        if not job.done.wait(PATIENCE):
            raise InboxError("locked", str(self.path), "timeout")
        if job.failed:
            raise job.failed
        return job.stored

    def note(self, what: RejectedDelivery | HandshakeAttempt) -> None:
        """Stores it soon, without waiting; a flood of notes is dropped."""
        with self._closing:
            if not self._closed and self._jobs.qsize() < NOTES:
                self._jobs.put(_Job(what))

    def close(self) -> None:
        """Writes what waits and closes the file. Calling it again does nothing."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()
        self._connection.close()

    def _work(self) -> None:
        open_ = True
        while open_:
            jobs = [self._jobs.get()]
            with suppress(queue.Empty):
                while len(jobs) < BATCH and jobs[-1] is not None:
                    jobs.append(self._jobs.get_nowait())
            open_ = jobs[-1] is not None
            if batch := [job for job in jobs if job is not None]:
                self._settle(batch)

    def _settle(self, batch: list[_Job]) -> None:
        try:
            self._commit(batch)
        except Exception as error:  # noqa: BLE001 (the waiting request gets every error)
            self._roll_back()
            if len(batch) > 1:
                # One that cannot be stored must not take its company with it.
                for job in batch:
                    self._settle([job])
                return
            kind = InboxError("other", str(self.path), type(error).__name__)
            batch[0].failed = error if isinstance(error, InboxError) else kind
        for job in batch:
            job.done.set()

    def _commit(self, batch: list[_Job]) -> None:
        with as_inbox_error(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            for job in batch:
                if isinstance(job.what, Delivery):
                    job.stored = _deliver(self._connection, job.what)
                else:
                    _note(self._connection, job.what)
            self._connection.execute("COMMIT")

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")


def _deliver(connection: sqlite3.Connection, delivery: Delivery) -> Stored:
    digest, at = hashlib.sha256(delivery.body).digest(), delivery.received_at
    seen = connection.execute(
        "UPDATE deliveries SET repeats = repeats + 1, again_at = ? WHERE digest = ?", (at, digest)
    )
    if seen.rowcount:
        return Stored()
    connection.execute(
        "INSERT INTO deliveries (digest, received_at, again_at, body) VALUES (?, ?, ?, ?)",
        (digest, at, at, delivery.body),
    )
    return Stored(
        tuple(filter(None, (_message(connection, one, at) for one in delivery.messages))),
        tuple(filter(None, (_status(connection, one, at) for one in delivery.statuses))),
        tuple(filter(None, (_update(connection, one, at) for one in delivery.updates))),
    )


def _message(connection: sqlite3.Connection, one: Message, at: str) -> Message | None:
    done = connection.execute(
        "INSERT INTO messages (id, sender, sender_user_id, sender_name, timestamp, moment, type,"
        " text, phone_number_id, waba_id, raw, test, received_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            *(one.id, one.sender, one.sender_user_id, one.sender_name, one.timestamp),
            *(_moment(one.timestamp), one.type, one.text, one.phone_number_id, one.waba_id),
            *(one.raw, one.test, at),
        ),
    )
    return replace(one, received_at=at, row=done.lastrowid or 0) if done.rowcount else None


def _status(connection: sqlite3.Connection, one: StatusUpdate, at: str) -> StatusUpdate | None:
    done = connection.execute(
        "INSERT INTO statuses (wamid, state, timestamp, moment, recipient, recipient_user_id,"
        " phone_number_id, waba_id, raw, code, title, details, test, received_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            *(one.wamid, one.state, one.timestamp, _moment(one.timestamp), one.recipient),
            *(one.recipient_user_id, one.phone_number_id, one.waba_id, one.raw, one.code),
            *(one.title, one.details, one.test, at),
        ),
    )
    return replace(one, received_at=at, row=done.lastrowid or 0) if done.rowcount else None


def _update(connection: sqlite3.Connection, one: Update, at: str) -> Update | None:
    # These have no id of their own: the same words of the same account are the same update.
    digest = hashlib.sha256("\0".join((one.waba_id, one.field, one.raw)).encode()).digest()
    done = connection.execute(
        "INSERT INTO updates (digest, field, phone_number_id, waba_id, raw, test, received_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (digest, one.field, one.phone_number_id, one.waba_id, one.raw, one.test, at),
    )
    return replace(one, received_at=at, row=done.lastrowid or 0) if done.rowcount else None


def _note(
    connection: sqlite3.Connection, what: Delivery | RejectedDelivery | HandshakeAttempt
) -> None:
    if isinstance(what, RejectedDelivery):
        done = connection.execute(
            "INSERT INTO refusals (at, reason, phone_number_id, waba_id, size)"
            " VALUES (?, ?, ?, ?, ?)",
            (what.at, what.reason, what.phone_number_id, what.waba_id, what.size),
        )
        connection.execute(
            "DELETE FROM refusals WHERE row <= ?", ((done.lastrowid or 0) - REMEMBERED,)
        )
    elif isinstance(what, HandshakeAttempt):
        done = connection.execute(
            "INSERT INTO knocks (at, accepted, reason, agent) VALUES (?, ?, ?, ?)",
            (what.at, what.accepted, what.reason, what.agent),
        )
        connection.execute(
            "DELETE FROM knocks WHERE row <= ?", ((done.lastrowid or 0) - REMEMBERED,)
        )


def _moment(timestamp: str) -> int:
    # Sorting needs a number; what is none (or no plausible one) sorts as oldest.
    return (
        int(timestamp) if timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 19 else 0
    )
