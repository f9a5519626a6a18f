"""Reads the inbox, waits for what comes, and purges what is too old."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from wizard.webhook.inbox.file import COLUMNS, as_inbox_error, connect
from wizard.webhook.inbox.models import (
    REACHED,
    Event,
    HandshakeAttempt,
    Message,
    RejectedDelivery,
    StatusUpdate,
    class_of,
    furthest,
    stamp,
)

#: How often a waiting reader looks whether the file changed; the look costs microseconds.
LOOK_SECONDS = 0.2
FINAL_STATES = REACHED | {"failed"}


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    """Which events; what is left out does not matter.

    `kinds`: of these alone; `of` a wamid: about this message; `sender` is a phone number (digits)
    or a user id; `since` by Meta's time, `received_since` by ours; `number` a phone number id;
    `real` False for the test events of Meta's dashboard alone, True for all but those.
    """

    kinds: Sequence[str] = ()
    of: str = ""
    sender: str = ""
    since: datetime | None = None
    received_since: datetime | None = None
    number: str = ""
    real: bool | None = None

    def where(self) -> tuple[list[str], list[object]]:
        """The conditions in SQL, and their values."""
        tests: list[tuple[str, object]] = [
            (_OF, self.of or None),
            ("? IN (sender, user_id)", self.sender or None),
            ("moment >= ?", int(self.since.timestamp()) if self.since else None),
            ("received_at >= ?", stamp(self.received_since) if self.received_since else None),
            ("phone_number_id = ?", self.number or None),
            ("test = ?", None if self.real is None else not self.real),
        ]
        given = [(test, value) for test, value in tests if value is not None]
        kinds = [f"kind IN ({', '.join('?' * len(self.kinds))})"] if self.kinds else ["1"]
        values = [value for test, value in given for _ in range(test.count("?"))]
        return [*kinds, *(test for test, _ in given)], [*self.kinds, *values]


#: In halves, so that each is found by an index.
_OF = """row IN (SELECT row FROM events WHERE id = ?
    UNION ALL SELECT row FROM events WHERE about = ? AND about <> '')"""


#: A status that says that a message arrived; one that says that it could not be paid for.
_DELIVERED = "kind = 'status' AND json_extract(raw, '$.status') IN ('delivered', 'read', 'played')"
_UNPAID = "kind = 'status' AND json_extract(raw, '$.errors[0].code') = 131042"


class Reader:
    """Reads the inbox. Every call opens the file: no state, usable from any thread.

    An inbox that does not exist yet is empty, and is not made by looking. InboxError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def events(
        self,
        which: EventFilter | None = None,
        *,
        limit: int | None = None,
        after_row: int | None = None,
    ) -> list[Event]:
        """What Meta delivered, newest first; with `after_row` what arrived later, oldest first."""
        where, values = (which or EventFilter()).where()
        if after_row is not None:
            where, values = [*where, "row > ?"], [*values, after_row]
        order = "moment DESC, row DESC" if after_row is None else "row"
        sql = f"SELECT row, {', '.join(COLUMNS)} FROM events"  # noqa: S608 (our own names)
        sql += f" WHERE {' AND '.join(where)} ORDER BY {order} LIMIT ?"
        names = ("row", *COLUMNS)
        rows = self._query(sql, [*values, -1 if limit is None else limit])
        return [_event(dict(zip(names, row, strict=True))) for row in rows]

    def messages(
        self, *, limit: int | None = None, after_row: int | None = None, **which: Any
    ) -> list[Message]:
        """Messages of people, chosen by the fields of an EventFilter."""
        chosen = EventFilter(kinds=("message",), **which)
        found = self.events(chosen, limit=limit, after_row=after_row)
        return [one for one in found if isinstance(one, Message)]

    def follow(
        self,
        stop: Callable[[], bool],
        which: EventFilter | None = None,
        *,
        after_row: int | None = None,
    ) -> Iterator[Event]:
        """Events as they arrive, until `stop` says so; None: from now on."""
        row = self.last_row() if after_row is None else after_row
        with closing(self._changes(stop)) as changes:
            for _ in changes:
                for event in self.events(which, after_row=row):
                    row = event.row
                    yield event

    def last_row(self) -> int:
        """The row of the event that arrived last; 0 when there is none."""
        found = self._query("SELECT max(row) FROM events", ())
        return int(found[0][0] or 0) if found else 0

    def numbers(self) -> set[str]:
        """The ids of the numbers that anything was delivered for."""
        found = self._query("SELECT DISTINCT phone_number_id FROM events WHERE NOT test", ())
        return {number for (number,) in found if number}

    def statuses(self, wamid: str) -> list[StatusUpdate]:
        """What is known of one message we sent, in the order of arrival."""
        found = self.events(EventFilter(kinds=("status",), of=wamid), after_row=0)
        return [one for one in found if isinstance(one, StatusUpdate)]

    def wait_for_status(
        self,
        wamid: str,
        timeout: float,
        on_status: Callable[[StatusUpdate], None] = lambda status: None,
    ) -> StatusUpdate | None:
        """Waits until the message reached its person or failed; the furthest status seen.

        None when nothing at all came within `timeout` seconds. `on_status` is called for each.
        """
        end, seen = time.monotonic() + timeout, 0
        with closing(self._changes(lambda: time.monotonic() >= end)) as changes:
            for _ in changes:
                statuses = self.statuses(wamid)
                for status in statuses[seen:]:
                    on_status(status)
                seen = len(statuses)
                if FINAL_STATES & {status.state for status in statuses}:
                    break
        return furthest(self.statuses(wamid))

    def priced(self, number: str, since: datetime, most: int, **pricing: str) -> int:
        """How many messages of a number were delivered since, by Meta's `pricing` of them.

        `pricing` are its keys and their values, `to` the last digits of the recipient; counted up
        to `most`.
        """
        tests = [_DELIVERED, "phone_number_id = ?", "moment >= ?", "NOT test"]
        values: list[object] = [number, int(since.timestamp())]
        for name, value in pricing.items():
            field = (
                "substr(sender, -8)" if name == "to" else f"json_extract(raw, '$.pricing.{name}')"
            )
            tests.append(f"{field} = ?")
            values.append(value)
        sql = f"SELECT DISTINCT id FROM events WHERE {' AND '.join(tests)}"  # noqa: S608
        found = self._query(f"SELECT count(*) FROM ({sql} LIMIT ?)", [*values, most])  # noqa: S608
        return int(found[0][0]) if found else 0

    def money(self, number: str) -> tuple[str, str]:
        """When a message that Meta charges was last delivered, and one last failed unpaid (ISO)."""
        tests = f"{_DELIVERED} AND json_extract(raw, '$.pricing.billable')", _UNPAID
        sql = "SELECT max(received_at) FROM events WHERE phone_number_id = ? AND NOT test AND "
        rows = [self._query(f"{sql}{test}", [number]) for test in tests]
        charged, unpaid = (str(found[0][0] or "") if found else "" for found in rows)
        return charged, unpaid

    def refusals(self, since: datetime | None = None) -> list[RejectedDelivery]:
        """What was turned away, newest first; at most the last thousand are remembered."""
        columns = "reason, phone_number_id, waba_id, size, at, path"
        return [RejectedDelivery(*row) for row in self._notes("refusals", columns, since)]

    def handshakes(self, since: datetime | None = None) -> list[HandshakeAttempt]:
        """Handshakes that arrived, newest first."""
        rows = self._notes("knocks", "accepted, reason, agent, '', at, path", since)
        return [HandshakeAttempt(bool(accepted), *rest) for accepted, *rest in rows]

    def _notes(self, table: str, columns: str, since: datetime | None) -> list[Any]:
        sql = f"SELECT {columns} FROM {table} WHERE at >= ? ORDER BY row DESC"  # noqa: S608
        return self._query(sql, (stamp(since) if since else "",))

    def bodies(self) -> Iterator[bytes]:
        """Every delivery, byte for byte as it came, oldest first."""
        for (row,) in self._query("SELECT row FROM deliveries ORDER BY row", ()):
            yield from (
                bytes(body)
                for (body,) in self._query("SELECT body FROM deliveries WHERE row = ?", (row,))
            )

    def purge(self, before: datetime) -> int:
        """Drops what was received before; how many messages that were. Their bytes are wiped."""
        if not self.path.exists():
            return 0
        with as_inbox_error(self.path), closing(connect(self.path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            old = "received_at < ?"
            (messages,) = connection.execute(
                f"SELECT count(*) FROM events WHERE kind = 'message' AND {old}",  # noqa: S608
                (stamp(before),),
            ).fetchone()
            for table in ("deliveries", "events"):
                connection.execute(f"DELETE FROM {table} WHERE {old}", (stamp(before),))  # noqa: S608
            connection.execute("COMMIT")
            connection.execute("PRAGMA incremental_vacuum").fetchall()
            # The log still holds the old pages until it is folded in.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return int(messages)

    def try_writing(self) -> None:
        """InboxError when nothing could be stored now; leaves everything as it is."""
        with as_inbox_error(self.path), closing(connect(self.path)) as connection:
            connection.execute("PRAGMA busy_timeout = 1000")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")

    def in_use(self) -> bool:
        """Whether another process has the inbox open: a receiver, or someone who follows it."""
        if not self.path.exists():
            return False
        with as_inbox_error(self.path), closing(connect(self.path)) as connection:
            connection.execute("PRAGMA busy_timeout = 0")
            try:
                # Only who is alone may leave the log.
                connection.execute("PRAGMA journal_mode = DELETE").fetchall()
            except sqlite3.OperationalError:
                return True
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            return False

    def _changes(self, stop: Callable[[], bool]) -> Generator[None]:
        """Yields at once, then whenever the file changed, until `stop`."""
        connection, seen = None, None
        try:
            while True:
                if connection is None and self.path.exists():
                    connection = connect(self.path)
                now = connection.execute("PRAGMA data_version").fetchone() if connection else ()
                if now != seen:
                    seen = now
                    yield
                if stop():
                    return
                time.sleep(LOOK_SECONDS)
        finally:
            if connection is not None:
                connection.close()

    def _query(self, sql: str, values: tuple[object, ...] | list[object]) -> list[Any]:
        if not self.path.exists():
            return []
        with as_inbox_error(self.path), closing(connect(self.path)) as connection:
            found: list[Any] = connection.execute(sql, values).fetchall()
            return found


def _event(row: dict[str, Any]) -> Event:
    return class_of(row["kind"])(**row | {"test": bool(row["test"])})
