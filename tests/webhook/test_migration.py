"""An inbox of version 0.1.0 becomes one of this version: nothing lost, nothing doubled."""

import contextlib
import json
import random
import sqlite3
import subprocess
import sys
import time

import pytest

from tests.support import deliveries
from wizard.webhook.inbox import EventFilter, Reader, Writer
from wizard.webhook.payload import read

#: The tables as version 0.1.0 made them.
SCHEMA = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
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
PRAGMA user_version = 1;
"""
AT = "2026-11-23T10:00:00.{:03d}Z"


def removed(time):
    content = deliveries.envelope({"event": "PARTNER_REMOVED"}, "account_update")
    content["entry"][0]["time"] = time
    return content


def old_inbox(path, bodies):
    """As version 0.1.0 left it: of two events that it took for one, only the first has a row."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(SCHEMA)
        connection.execute("BEGIN")
        for n, body in enumerate(bodies):
            at = AT.format(n % 1000)
            connection.execute(
                "INSERT INTO deliveries (digest, received_at, again_at, body) VALUES (?, ?, ?, ?)",
                (str(n).encode(), at, at, body),
            )
            for message in read(body).messages:
                add_message(connection, message, at)
        connection.execute(
            "INSERT INTO knocks (at, accepted, reason, agent) VALUES ('', 1, '', '')"
        )
        connection.execute("COMMIT")


def add_message(connection, message, at):
    connection.execute(
        "INSERT INTO messages (id, sender, sender_user_id, sender_name, timestamp, moment, type,"
        " text, phone_number_id, waba_id, raw, test, received_at)"
        " VALUES (?, ?, '', 'Анна', ?, 0, 'text', '', ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING",
        (
            *(message.id, message.sender, message.timestamp, message.phone_number_id),
            *(message.waba_id, message.raw, at),
        ),
    )


def add_alone(path):
    """Rows whose delivery is not there: a message, a status, an update."""
    (message,) = read(deliveries.encode(deliveries.incoming(deliveries.text("wamid.old")))).messages
    status = {"id": "wamid.out", "status": "failed", "errors": [{"code": 131026}]}
    change = {"field": "account_update", "value": {"event": "ACCOUNT_DELETED"}}
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        add_message(connection, message, "2026-11-20T10:00:00.000Z")
        connection.execute(
            "INSERT INTO statuses (wamid, state, timestamp, moment, recipient, recipient_user_id,"
            " phone_number_id, waba_id, raw, code, title, details, test, received_at)"
            " VALUES ('wamid.out', 'failed', '', 0, '', '', '1', '2', ?, 0, '', '', 0, 'then')",
            (json.dumps(status),),
        )
        connection.execute(
            "INSERT INTO updates (digest, field, phone_number_id, waba_id, raw, test, received_at)"
            " VALUES ('x', 'account_update', '', '7', ?, 0, 'then')",
            (json.dumps(change),),
        )


def test_an_old_inbox_is_read_anew_where_it_stands(tmp_path):
    path = tmp_path / "inbox.sqlite3"
    contents = [deliveries.incoming(deliveries.text("wamid.1")), removed(1), removed(2)]
    old_inbox(path, [deliveries.encode(content) for content in contents])
    add_alone(path)
    reader = Reader(path)
    names = {(m.id, m.name, m.text, m.phone_number_id) for m in reader.messages()}
    assert names == {
        ("wamid.1", "Анна", "Здравствуйте!", deliveries.NUMBER),
        ("wamid.old", "Анна", "Здравствуйте!", deliveries.NUMBER),
    }
    (status,) = reader.statuses("wamid.out")
    assert (status.state, status.code) == ("failed", 131026)
    # The second of two was dropped by that version; its delivery was not.
    accounts = reader.events(EventFilter(kinds=("account",)))
    assert sorted((one.waba_id, one.entry_time) for one in accounts) == [
        *((deliveries.WABA, "1"), (deliveries.WABA, "2"), ("7", "")),
    ]
    assert [knock.path for knock in reader.handshakes()] == [""]
    assert len(list(reader.bodies())) == 3
    # What comes again afterwards is known.
    writer = Writer(path)
    again = read(deliveries.encode(contents[0]) + b" ")
    assert writer.store(again).events == ()
    writer.close()


def test_a_kill_in_the_middle_leaves_the_old_inbox_or_the_new_one(tmp_path):
    """Killed again and again while it is migrated, then opened: every event is there once."""
    path, count = tmp_path / "inbox.sqlite3", 3000
    bodies = [
        deliveries.encode(deliveries.incoming(deliveries.text(f"wamid.{n}"))) for n in range(count)
    ]
    old_inbox(path, bodies)
    chance = random.Random(20261127)
    code = "import sys; print('go', flush=True); from pathlib import Path;"
    code += "from wizard.webhook.inbox import Writer; Writer(Path(sys.argv[1])).close()"
    interrupted = 0
    for _ in range(8):
        arguments = [sys.executable, "-c", code, str(path)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE) as child:
            child.stdout.readline()
            time.sleep(chance.uniform(0.1, 0.9))
            child.kill()
        interrupted += child.returncode != 0
        with contextlib.closing(sqlite3.connect(path)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        assert ("events" in tables, "messages" in tables) == (version == 4, version == 1)
        if version == 4:
            break
    assert interrupted
    found = [message.id for message in Reader(path).messages()]
    assert sorted(found) == sorted(f"wamid.{n}" for n in range(count))


def test_a_migration_that_fails_changes_nothing(tmp_path, monkeypatch):
    path = tmp_path / "inbox.sqlite3"
    old_inbox(path, [deliveries.encode(deliveries.incoming(deliveries.text()))])
    monkeypatch.setattr("wizard.webhook.inbox.file.OLD_TABLES", {"nothing": "1"})
    with pytest.raises(Exception, match="unreadable"):
        Writer(path)
    monkeypatch.undo()
    assert len(Reader(path).messages()) == 1


def test_an_inbox_without_anything_to_pass_on_gets_a_place_for_it(tmp_path):
    path = tmp_path / "inbox.sqlite3"
    writer = Writer(path)
    writer.store(read(deliveries.encode(deliveries.incoming(deliveries.text()))))
    writer.close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript("DROP TABLE outbox; PRAGMA user_version = 3;")
    writer = Writer(path)
    other = deliveries.encode(deliveries.incoming(deliveries.text("wamid.2")))
    writer.store(read(other), ["1"], "{}")
    writer.close()
    assert [one.id for one in Reader(path).messages()] == ["wamid.2", "wamid.1"]
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT route, delivery FROM outbox").fetchall() == [("1", 2)]
