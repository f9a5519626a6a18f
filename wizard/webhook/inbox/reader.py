"""Reads the inbox, waits for what comes, and purges what is too old."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from wizard.webhook.inbox.models import (
    REACHED,
    HandshakeAttempt,
    Message,
    RejectedDelivery,
    StatusUpdate,
    Update,
    furthest,
    stamp,
)
from wizard.webhook.inbox.writer import as_inbox_error, connect

#: How often a waiting reader looks whether the file changed; the look costs microseconds.
LOOK_SECONDS = 0.2
FINAL_STATES = REACHED | {"failed"}

T = TypeVar("T")


class Reader:
    """Reads the inbox. Every call opens the file: no state, usable from any thread.

    An inbox that does not exist yet is empty, and is not made by looking. InboxError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def messages(
        self,
        *,
        sender: str = "",
        since: datetime | None = None,
        limit: int | None = None,
        number: str = "",
        real: bool | None = None,
        after_row: int | None = None,
    ) -> list[Message]:
        """Messages, newest first; with `after_row` those that arrived later, oldest first.

        `sender` is a phone number (digits) or a user id; `number` a phone number id;
        `real` False for the test events of Meta's dashboard alone, True for all but those.
        """
        where, values = ["1"], list[object]()
        if sender:
            where.append("? IN (sender, sender_user_id)")
            values.append(sender)
        if since is not None:
            where.append("moment >= ?")
            values.append(int(since.timestamp()))
        if number:
            where.append("phone_number_id = ?")
            values.append(number)
        if real is not None:
            where.append("test = ?")
            values.append(not real)
        if after_row is not None:
            where.append("row > ?")
            values.append(after_row)
        order = "moment DESC, row DESC" if after_row is None else "row"
        tail = f"WHERE {' AND '.join(where)} ORDER BY {order} LIMIT ?"
        return self._select(Message, "messages", tail, [*values, -1 if limit is None else limit])

    def follow(
        self, stop: Callable[[], bool], *, after_row: int | None = None
    ) -> Iterator[Message]:
        """Messages as they arrive, until `stop` says so; None: from now on."""
        row = self.last_row() if after_row is None else after_row
        with closing(self._changes(stop)) as changes:
            for _ in changes:
                for message in self.messages(after_row=row):
                    row = message.row
                    yield message

    def last_row(self) -> int:
        """The row of the message that arrived last; 0 when there is none."""
        found = self._query("SELECT max(row) FROM messages", ())
        return int(found[0][0] or 0) if found else 0

    def statuses(self, wamid: str) -> list[StatusUpdate]:
        """What is known of one message we sent, in the order of arrival."""
        return self._select(StatusUpdate, "statuses", "WHERE wamid = ? ORDER BY row", [wamid])

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

    def updates(self, limit: int = 100) -> list[Update]:
        """What Meta reported beside messages and statuses, newest first."""
        return self._select(Update, "updates", "ORDER BY row DESC LIMIT ?", [limit])

    def refusals(self, since: datetime | None = None) -> list[RejectedDelivery]:
        """What was turned away, newest first; at most the last thousand are remembered."""
        after = stamp(since) if since else ""
        return self._select(
            RejectedDelivery, "refusals", "WHERE at >= ? ORDER BY row DESC", [after]
        )

    def knocks(self, since: datetime | None = None) -> list[HandshakeAttempt]:
        """Handshakes that arrived, newest first."""
        rows = self._query(
            "SELECT accepted, reason, agent, at, path FROM knocks WHERE at >= ? ORDER BY row DESC",
            (stamp(since) if since else "",),
        )
        return [
            HandshakeAttempt(bool(accepted), reason, agent, "", at, path)
            for accepted, reason, agent, at, path in rows
        ]

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
            gone = connection.execute(
                "DELETE FROM messages WHERE received_at < ?", (stamp(before),)
            )
            for table in ("deliveries", "statuses", "updates"):
                connection.execute(
                    f"DELETE FROM {table} WHERE received_at < ?",  # noqa: S608 (our own names)
                    (stamp(before),),
                )
            connection.execute("COMMIT")
            connection.execute("PRAGMA incremental_vacuum").fetchall()
            # The log still holds the old pages until it is folded in.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return gone.rowcount

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

    def _select(self, kind: type[T], table: str, tail: str, values: list[object]) -> list[T]:
        names = [one.name for one in fields(kind)]  # type: ignore[arg-type]
        found = self._query(f"SELECT {', '.join(names)} FROM {table} {tail}", values)  # noqa: S608
        test = names.index("test") if "test" in names else -1
        return [
            kind(*(bool(value) if index == test else value for index, value in enumerate(row)))
            for row in found
        ]

    def _query(self, sql: str, values: tuple[object, ...] | list[object]) -> list[Any]:
        if not self.path.exists():
            return []
        with as_inbox_error(self.path), closing(connect(self.path)) as connection:
            found: list[Any] = connection.execute(sql, values).fetchall()
            return found
