"""The file of the inbox: SQLite, private to its owner, every commit on disk before it returns."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

from wizard.state.private_file import UnsafeFile, make_folder, refuse_shared_folder
from wizard.webhook.inbox.models import Event, InboxError

VERSION = 4
#: How long a connection waits for another process to finish its transaction.
BUSY_SECONDS = 5.0
#: Statements that stay compiled: the writer has one for each number of rows (see ROWS).
STATEMENTS = 256

COLUMNS = tuple(one.name for one in fields(Event) if one.name != "row")
_TYPES = {"test": "INTEGER", "key": "BLOB"}
# A delivery is kept as it came: its events are parsed from it, and may be parsed again.
DELIVERIES = """
CREATE TABLE deliveries (
    row INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, received_at TEXT NOT NULL,
    again_at TEXT NOT NULL, repeats INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL);
CREATE INDEX deliveries_by_time ON deliveries (received_at);
CREATE TABLE refusals (
    row INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, reason TEXT NOT NULL,
    phone_number_id TEXT NOT NULL, waba_id TEXT NOT NULL, size INTEGER NOT NULL,
    path TEXT NOT NULL DEFAULT '');
CREATE TABLE knocks (
    row INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, accepted INTEGER NOT NULL,
    reason TEXT NOT NULL, agent TEXT NOT NULL, path TEXT NOT NULL DEFAULT '');
"""
EVENTS = f"""
CREATE TABLE events (
    row INTEGER PRIMARY KEY AUTOINCREMENT, moment INTEGER NOT NULL,
    {", ".join(f"{name} {_TYPES.get(name, 'TEXT')} NOT NULL" for name in COLUMNS)},
    UNIQUE (key));
CREATE INDEX events_by_moment ON events (moment);
CREATE INDEX events_by_id ON events (id);
CREATE INDEX events_by_about ON events (about) WHERE about <> '';
"""
#: What is to be passed on, by route; the body stays where it is.
OUTBOX = """
CREATE TABLE outbox (
    row INTEGER PRIMARY KEY AUTOINCREMENT, route TEXT NOT NULL, delivery INTEGER NOT NULL,
    headers TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX outbox_by_route ON outbox (route, row);
"""
#: What an inbox of version 1 lacks.
SINCE_1 = """
ALTER TABLE refusals ADD COLUMN path TEXT NOT NULL DEFAULT '';
ALTER TABLE knocks ADD COLUMN path TEXT NOT NULL DEFAULT '';
"""
INSERT = f"INSERT INTO events (moment, {', '.join(COLUMNS)}) VALUES"


def connect(path: Path) -> sqlite3.Connection:
    """A connection that may write; makes the file when there is none. InboxError."""
    with as_inbox_error(path):
        _make_private(path)
        connection = sqlite3.connect(
            path,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS,
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
    """Makes the tables, or brings those of an older version up to this one: all of it or nothing.

    A process that is killed meanwhile leaves the inbox as it was.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been first while this one waited for the lock.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version < VERSION:
            steps = {0: DELIVERIES + EVENTS, 1: SINCE_1 + EVENTS, 2: EVENTS}.get(version, "")
            for statement in (steps + OUTBOX).split(";")[:-1]:
                connection.execute(statement)
            if version in (1, 2):
                _parse_again(connection)
            connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _parse_again(connection: sqlite3.Connection) -> None:
    """The events of every delivery that is kept, also those that older versions took for known."""
    from wizard.webhook.payload import NotJson, read  # which needs the models beside this file

    for (row,) in connection.execute("SELECT row FROM deliveries ORDER BY row").fetchall():
        ((body, at),) = connection.execute(
            "SELECT body, received_at FROM deliveries WHERE row = ?", (row,)
        )
        with suppress(NotJson):
            insert(connection, [(event, at) for event in read(bytes(body)).events])
    _keep_alone(connection)
    for table in OLD_TABLES:
        connection.execute(f"DROP TABLE {table}")


#: Tables of versions 1 and 2 → what an event is made of: its array, the person, Meta's JSON.
OLD_TABLES = {
    "messages": "'messages', sender, sender_name",
    "statuses": "'statuses', '', ''",
    "updates": "field, '', ''",
}


def _keep_alone(connection: sqlite3.Connection) -> None:
    """Rows of an older version whose delivery is not there any more."""
    from wizard.webhook.payload import read

    for table, columns in OLD_TABLES.items():
        rows = connection.execute(
            f"SELECT {columns}, phone_number_id, waba_id, raw, received_at FROM {table}"  # noqa: S608
            " WHERE received_at NOT IN (SELECT received_at FROM deliveries)"
        )
        for name, sender, called, number, waba, raw, at in rows.fetchall():
            change = json.loads(raw)
            if table != "updates" or name == "errors":
                value = {"metadata": {"phone_number_id": number}, name: [change]}
                if sender:
                    value["contacts"] = [{"wa_id": sender, "profile": {"name": called}}]
                change = {"field": "messages", "value": value}
            entry = {"id": waba, "changes": [change]}
            events = read(json.dumps({"entry": [entry]}).encode()).events
            insert(connection, [(event, at) for event in events])


def _make_private(path: Path) -> None:
    """SQLite gives its -wal and -shm the mode of the main file: it is made first, as 0600.

    A file that is there is not opened: closing it would drop the locks that SQLite holds on it in
    this process, and another process would then delete the log under its writer.
    """
    make_folder(path.parent)
    try:
        refuse_shared_folder(path.parent)
    except UnsafeFile as error:
        raise InboxError("unsafe", str(error.path), error.kind) from None
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    with suppress(FileExistsError):
        os.close(os.open(path, flags, 0o600))
    about = os.lstat(path)
    if not stat.S_ISREG(about.st_mode):
        raise InboxError("unsafe", str(path), "not a file")
    if hasattr(os, "getuid") and about.st_uid != os.getuid():
        raise InboxError("unsafe", str(path), "owner")
    if hasattr(os, "fchmod") and stat.S_IMODE(about.st_mode) & 0o077:
        path.chmod(0o600)


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


def insert(connection: sqlite3.Connection, events: Sequence[tuple[Event, str]]) -> list[Event]:
    """Those of (event, received at) that are new, with their rows, in their order.

    Within a transaction that holds the lock for writing.
    """
    keyed = {event.key: (event, at) for event, at in reversed(events)}  # the first of each
    known = {key for key, *_ in select(connection, "SELECT key FROM events WHERE key", [*keyed])}
    fresh = [(event, at) for event, at in events if keyed.pop(event.key, None)]
    return insert_new(connection, [(event, at) for event, at in fresh if event.key not in known])


def insert_new(connection: sqlite3.Connection, events: Sequence[tuple[Event, str]]) -> list[Event]:
    """All of (event, received at), with their rows; IntegrityError where one is known."""
    rows = insert_rows(connection, INSERT, [_columns(event, at) for event, at in events])
    return [_with_row(event, at, row) for (event, at), row in zip(events, rows, strict=True)]


def _with_row(event: Event, at: str, row: int) -> Event:
    # dataclasses.replace would look at every field again: a tenth of what a delivery costs.
    made = object.__new__(type(event))
    vars(made).update(vars(event), received_at=at, row=row)
    return made


def _columns(event: Event, at: str) -> list[object]:
    written = event.timestamp or event.entry_time
    return [_moment(written) if written else _seconds(at), *_VALUES(event), at]


#: The columns but the last, which is `received_at`.
_VALUES = attrgetter(*COLUMNS[:-1])


#: Rows per statement. Before and after each the interpreter's lock changes hands, and behind busy
#: threads that takes longer than the statement; the number of variables in one is limited, too.
ROWS = 32


def insert_rows(
    connection: sqlite3.Connection, statement: str, rows: Sequence[Sequence[object]]
) -> list[int]:
    """The numbers of the new rows. `statement` ends in VALUES; no row may conflict."""
    numbers: list[int] = []
    for at in range(0, len(rows), ROWS):
        some = rows[at : at + ROWS]
        marks = ", ".join([f"({', '.join('?' * len(some[0]))})"] * len(some))
        done = connection.execute(f"{statement} {marks}", [value for row in some for value in row])
        last = done.lastrowid or 0
        numbers += range(last - len(some) + 1, last + 1)  # one writer: they follow each other
    return numbers


def select(
    connection: sqlite3.Connection, statement: str, values: Sequence[object]
) -> Iterator[tuple[Any, ...]]:
    """The rows in which what `statement` ends in is one of the values."""
    for at in range(0, len(values), ROWS):
        some = values[at : at + ROWS]
        marks = ", ".join("?" * len(some))
        yield from connection.execute(f"{statement} IN ({marks})", some).fetchall()


def _seconds(at: str) -> int:
    try:
        return int(datetime.fromisoformat(at).timestamp())
    except ValueError:
        return 0


def _moment(timestamp: str) -> int:
    # Sorting needs a number; what is none (or no plausible one) sorts as oldest.
    return (
        int(timestamp) if timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 19 else 0
    )
