"""The file of the inbox: SQLite, private to its owner, every commit on disk before it returns."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wizard.state.private_file import make_folder
from wizard.webhook.inbox.models import InboxError

VERSION = 1
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
    phone_number_id TEXT NOT NULL, waba_id TEXT NOT NULL, size INTEGER NOT NULL);
CREATE TABLE knocks (
    row INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, accepted INTEGER NOT NULL,
    reason TEXT NOT NULL, agent TEXT NOT NULL);
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
    if version == 0:
        _create(connection)


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    # Another process may have been first while this one waited for the lock.
    if connection.execute("PRAGMA user_version").fetchone() == (0,):
        for statement in SCHEMA.split(";")[:-1]:
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
