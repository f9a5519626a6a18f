"""The file of the inbox: SQLite, private to its owner, every commit on disk before it returns."""

from __future__ import annotations

import errno
import hashlib
import os
import queue
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from wizard.state.private_file import make_folder
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

VERSION = 2
#: How long a connection waits for another process to finish its transaction.
BUSY_SECONDS = 5.0

# A delivery is kept as it came: the columns beside it are parsed from it, and may be parsed again.
SCHEMA = """
CREATE TABLE deliveries (
    row INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, received_at TEXT NOT NULL,
    again_at TEXT NOT NULL, repeats INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL);
CREATE INDEX deliveries_by_time ON deliveries (received_at);
CREATE TABLE messages (
    row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, sender TEXT NOT NULL,
    sender_user_id TEXT NOT NULL, sender_name TEXT NOT NULL, timestamp TEXT NOT NULL,
    moment INTEGER NOT NULL, type TEXT NOT NULL, text TEXT NOT NULL,
    phone_number_id TEXT NOT NULL, waba_id TEXT NOT NULL, raw TEXT NOT NULL,
    test INTEGER NOT NULL, received_at TEXT NOT NULL);
CREATE INDEX messages_by_moment ON messages (moment);
CREATE TABLE statuses (
    row INTEGER PRIMARY KEY AUTOINCREMENT, wamid TEXT NOT NULL, state TEXT NOT NULL,
    timestamp TEXT NOT NULL, moment INTEGER NOT NULL, recipient TEXT NOT NULL,
    recipient_user_id TEXT NOT NULL, phone_number_id TEXT NOT NULL, waba_id TEXT NOT NULL,
    raw TEXT NOT NULL, code INTEGER NOT NULL, title TEXT NOT NULL, details TEXT NOT NULL,
    test INTEGER NOT NULL, received_at TEXT NOT NULL, UNIQUE (wamid, state, timestamp));
CREATE TABLE updates (
    row INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL UNIQUE, field TEXT NOT NULL,
    phone_number_id TEXT NOT NULL, waba_id TEXT NOT NULL, raw TEXT NOT NULL,
    test INTEGER NOT NULL, received_at TEXT NOT NULL);
CREATE TABLE refusals (
    row INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, reason TEXT NOT NULL,
    phone_number_id TEXT NOT NULL, waba_id TEXT NOT NULL, size INTEGER NOT NULL,
    path TEXT NOT NULL DEFAULT '');
CREATE TABLE knocks (
    row INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, accepted INTEGER NOT NULL,
    reason TEXT NOT NULL, agent TEXT NOT NULL, path TEXT NOT NULL DEFAULT '');
"""
#: What an inbox of version 1 lacks.
SINCE_1 = """
ALTER TABLE refusals ADD COLUMN path TEXT NOT NULL DEFAULT '';
ALTER TABLE knocks ADD COLUMN path TEXT NOT NULL DEFAULT '';
"""


def connect(path: Path) -> sqlite3.Connection:
    """A connection that may write; makes the file when there is none. InboxError."""
    with as_inbox_error(path):
        _make_private(path)
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def as_inbox_error(path: Path) -> Iterator[None]:
    """Turns what SQLite and the system raise into InboxError."""
    try:
        yield
    except sqlite3.Error as error:
        raise InboxError(_kind(error), str(path), type(error).__name__) from error
    except OSError as error:
        kind = _ERRNOS.get(error.errno or 0, "unreadable")
        raise InboxError(kind, str(path), type(error).__name__) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise InboxError("newer", str(path), str(version))
    if version == 0:
        # Pages of purged messages are overwritten, then freed.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone leaves it in the drive's cache
    connection.execute("PRAGMA secure_delete = ON")
    if version < VERSION:
        _create(connection)


def _create(connection: sqlite3.Connection) -> None:
    """Makes the tables, or brings those of an older version up to this one."""
    connection.execute("BEGIN IMMEDIATE")
    # Another process may have been first while this one waited for the lock.
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < VERSION:
        for statement in (SINCE_1 if version else SCHEMA).split(";")[:-1]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _make_private(path: Path) -> None:
    """SQLite gives its -wal and -shm the mode of the main file: it is made first, as 0600."""
    make_folder(path.parent)
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        about = os.fstat(descriptor)
        if hasattr(os, "getuid") and about.st_uid != os.getuid():
            raise InboxError("unsafe", str(path), "owner")
        if hasattr(os, "fchmod") and stat.S_IMODE(about.st_mode) & 0o077:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


_ERRNOS = {errno.EROFS: "read_only", errno.ELOOP: "unsafe", errno.ENOSPC: "full"}
_KINDS = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_CORRUPT: "malformed",
    sqlite3.SQLITE_NOTADB: "malformed",
    sqlite3.SQLITE_CANTOPEN: "unreadable",
    sqlite3.SQLITE_IOERR: "unreadable",
}


def _kind(error: sqlite3.Error) -> str:
    # The low byte is the primary code; the rest says where it happened.
    return _KINDS.get((getattr(error, "sqlite_errorcode", None) or 0) & 0xFF, "other")


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
            "INSERT INTO refusals (at, reason, phone_number_id, waba_id, size, path)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (what.at, what.reason, what.phone_number_id, what.waba_id, what.size, what.path),
        )
        connection.execute(
            "DELETE FROM refusals WHERE row <= ?", ((done.lastrowid or 0) - REMEMBERED,)
        )
    elif isinstance(what, HandshakeAttempt):
        done = connection.execute(
            "INSERT INTO knocks (at, accepted, reason, agent, path) VALUES (?, ?, ?, ?, ?)",
            (what.at, what.accepted, what.reason, what.agent, what.path),
        )
        connection.execute(
            "DELETE FROM knocks WHERE row <= ?", ((done.lastrowid or 0) - REMEMBERED,)
        )


def _moment(timestamp: str) -> int:
    # Sorting needs a number; what is none (or no plausible one) sorts as oldest.
    return (
        int(timestamp) if timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 19 else 0
    )
