"""The inbox: what is read back, waited for, purged; and the files it refuses to touch."""

import os
import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.support import deliveries
from wizard.webhook.inbox import (
    Delivery,
    HandshakeAttempt,
    InboxError,
    Reader,
    RejectedDelivery,
    Writer,
    furthest,
)
from wizard.webhook.inbox.models import stamp
from wizard.webhook.inbox.writer import BATCH, NOTES
from wizard.webhook.payload import read


@pytest.fixture
def writer(tmp_path):
    writer = Writer(tmp_path / "profile" / "inbox.sqlite3")
    yield writer
    writer.close()


@pytest.fixture
def reader(writer):
    return Reader(writer.path)


def keep(writer, *contents):
    for content in contents:
        writer.store(read(deliveries.encode(content)))


def message(wamid, sender="1", at=1_700_000_000, number=deliveries.NUMBER):
    return deliveries.incoming(deliveries.text(wamid, sender=sender, at=str(at)), number=number)


def test_messages_come_newest_first_whatever_the_order_of_arrival(writer, reader):
    keep(writer, message("b", at=20), message("c", at=30), message("a", at=10))
    assert [m.id for m in reader.messages()] == ["c", "b", "a"]
    assert [m.id for m in reader.messages(limit=1)] == ["c"]
    assert [m.id for m in reader.messages(after_row=0)] == ["b", "c", "a"]


def test_messages_are_chosen_by_sender_time_and_number(writer, reader):
    keep(writer, message("a", "1", 10), message("b", "2", 20), message("c", "1", 30, "999"))
    since = datetime.fromtimestamp(20, UTC)
    assert [m.id for m in reader.messages(sender="1")] == ["c", "a"]
    assert [m.id for m in reader.messages(since=since)] == ["c", "b"]
    assert [m.id for m in reader.messages(number="999")] == ["c"]
    assert [m.id for m in reader.messages(sender="1", since=since)] == ["c"]


def test_a_timestamp_that_is_none_sorts_as_oldest(writer, reader):
    keep(writer, message("odd", at="later²"), message("old", at=5), message("huge", at="9" * 40))
    assert reader.messages()[0].id == "old"


def test_an_inbox_that_was_never_made_is_empty_and_is_not_made_by_looking(tmp_path):
    reader = Reader(tmp_path / "none.sqlite3")
    assert reader.messages() == []
    assert reader.wait_for_status("wamid.x", 0) is None
    assert reader.last_row() == 0
    assert reader.purge(datetime.now(UTC)) == 0
    assert list(tmp_path.iterdir()) == []


def test_following_yields_what_arrives_and_nothing_older(writer, reader):
    keep(writer, message("before"))
    stop = threading.Event()
    seen = []

    def follow():
        for one in reader.follow(stop.is_set):
            seen.append(one.id)
            if len(seen) == 2:
                stop.set()

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        time.sleep(0.3)
        keep(writer, message("one"), message("one"), message("two"))
        thread.join(10)
    finally:
        stop.set()
        thread.join(10)
    assert seen == ["one", "two"]


def test_waiting_for_a_status_ends_with_delivered(writer, reader):
    seen = []
    keep(writer, deliveries.status("wamid.out", "sent", "1"))
    later = threading.Timer(0.4, keep, (writer, deliveries.status("wamid.out", "delivered", "2")))
    later.start()
    began = time.monotonic()
    try:
        found = reader.wait_for_status("wamid.out", 10, lambda status: seen.append(status.state))
    finally:
        later.join()
    assert (found.state, seen) == ("delivered", ["sent", "delivered"])
    assert time.monotonic() - began < 5


def test_waiting_for_a_status_that_does_not_come_ends_in_time(writer, reader):
    keep(writer, deliveries.status("wamid.out", "sent"), deliveries.status("other", "read"))
    assert reader.wait_for_status("wamid.out", 0.3).state == "sent"
    assert reader.wait_for_status("wamid.none", 0.3) is None


def test_the_furthest_status_wins_in_any_order(writer, reader):
    for at, state in enumerate(("read", "sent", "delivered")):
        keep(writer, deliveries.status("wamid.out", state, str(at)))
    assert furthest(reader.statuses("wamid.out")).state == "read"


def test_purging_drops_the_old_and_wipes_its_bytes(writer, reader):
    long_ago = stamp(datetime.now(UTC) - timedelta(days=40))
    old = read(deliveries.encode(message("old-and-secret-wamid")))
    writer.store(Delivery(old.body, old.events, received_at=long_ago))
    keep(writer, message("new"))
    assert reader.purge(datetime.now(UTC) - timedelta(days=30)) == 1
    assert [m.id for m in reader.messages()] == ["new"]
    for file in writer.path.parent.iterdir():
        assert b"old-and-secret-wamid" not in file.read_bytes()


def test_refusals_and_handshakes_are_remembered_newest_first_but_not_without_end(writer, reader):
    for n in range(1200):
        writer.note(RejectedDelivery("unsigned", str(n)))
        if n % 100 == 0:
            keep(writer, message(f"wamid.{n}"))  # which waits for all before it
    writer.note(HandshakeAttempt(True, agent="facebookplatform/1.0"))
    writer.close()
    refusals = reader.refusals()
    assert (len(refusals), refusals[0].phone_number_id) == (1000, "1199")
    assert reader.handshakes()[0].accepted
    assert reader.refusals(since=datetime.now(UTC) + timedelta(hours=1)) == []


def test_notes_that_come_faster_than_they_are_written_are_dropped_not_queued(writer, reader):
    """A delivery waits behind them: its answer is due before anything that can be forged."""
    other = sqlite3.connect(writer.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for n in range(NOTES * 3):
        writer.note(RejectedDelivery("unsigned", str(n)))
    other.execute("ROLLBACK")
    other.close()
    keep(writer, message("wamid.behind"))
    assert 0 < len(reader.refusals()) <= NOTES + BATCH
    assert [one.id for one in reader.messages()] == ["wamid.behind"]


def test_the_file_and_its_companions_belong_to_the_owner_alone(writer):
    old = os.umask(0)
    try:
        keep(writer, message("a"))
    finally:
        os.umask(old)
    files = list(writer.path.parent.iterdir())
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert writer.path.parent.stat().st_mode & 0o777 == 0o700


def test_every_commit_is_on_disk_before_it_returns(tmp_path):
    from wizard.webhook.inbox.file import connect

    connection = connect(tmp_path / "inbox.sqlite3")
    settings = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "fullfsync", "secure_delete")
    }
    connection.close()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "fullfsync": 1, "secure_delete": 1}


def test_a_link_in_place_of_the_file_is_refused(tmp_path):
    (tmp_path / "victim").touch()
    (tmp_path / "inbox.sqlite3").symlink_to(tmp_path / "victim")
    with pytest.raises(InboxError) as trouble:
        Writer(tmp_path / "inbox.sqlite3")
    assert trouble.value.kind == "unsafe"


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_a_folder_that_others_may_write_is_refused_by_writer_and_reader(tmp_path, mode):
    folder = tmp_path / "profile"
    folder.mkdir(mode=0o700)
    Writer(folder / "inbox.sqlite3").close()
    folder.chmod(mode)
    for use in (Writer, lambda path: Reader(path).messages()):
        with pytest.raises(InboxError) as trouble:
            use(folder / "inbox.sqlite3")
        assert (trouble.value.kind, trouble.value.path) == ("unsafe", str(folder))


def test_a_file_that_is_no_inbox_is_refused_and_left_alone(tmp_path):
    file = tmp_path / "inbox.sqlite3"
    file.write_bytes(b"not a database, but forty bytes or more" * 4)
    before = file.read_bytes()
    with pytest.raises(InboxError) as trouble:
        Reader(file).messages()
    assert trouble.value.kind == "malformed"
    assert file.read_bytes() == before


def test_an_inbox_of_a_later_version_is_refused(tmp_path):
    file = tmp_path / "inbox.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    with pytest.raises(InboxError) as trouble:
        Writer(file)
    assert (trouble.value.kind, trouble.value.detail) == ("newer", "7")


def test_two_writers_of_one_inbox_do_not_lose_each_others_messages(tmp_path):
    path = tmp_path / "inbox.sqlite3"
    writers = [Writer(path), Writer(path)]
    threads = [
        threading.Thread(target=keep, args=(one, *(message(f"{name}{n}") for n in range(50))))
        for name, one in zip("ab", writers, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in writers:
        one.close()
    assert len(Reader(path).messages()) == 100


def test_one_delivery_that_cannot_be_stored_does_not_take_the_others_with_it(writer, reader):
    """Together in one transaction, and yet each on its own."""
    good = [read(deliveries.encode(message(f"good{n}"))) for n in range(20)]
    (one,) = good[0].messages
    bad = Delivery(b"bad", (type(one)(**(vars(one) | {"id": object(), "key": b"bad"})),))
    failed = []

    def store(delivery):
        try:
            writer.store(delivery)
        except InboxError as trouble:
            failed.append((delivery.body, trouble.kind))

    blocker = sqlite3.connect(writer.path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")  # so that they gather
    threads = [threading.Thread(target=store, args=(d,)) for d in (*good[:10], bad, *good[10:])]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    blocker.execute("ROLLBACK")
    blocker.close()
    for thread in threads:
        thread.join()
    assert failed == [(b"bad", "other")]
    assert len(reader.messages()) == 20


def test_after_closing_nothing_is_taken(writer):
    writer.close()
    writer.close()
    writer.note(RejectedDelivery("unsigned"))
    with pytest.raises(InboxError):
        keep(writer, message("late"))


PRICED = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "service"}
UNPAID = {"code": 131042, "title": "Business eligibility payment issue"}


def told(wamid, state="delivered", at=1_700_000_000, **more):
    return deliveries.status(wamid, state, str(at), **more)


def test_delivered_messages_are_counted_once_by_what_meta_says_of_their_price(writer, reader):
    for wamid in ("a", "b"):
        for state in ("sent", "delivered", "read"):
            keep(writer, told(wamid, state, pricing=PRICED))
    keep(writer, told("c", "sent", pricing=PRICED), told("old", at=10, pricing=PRICED))
    keep(writer, told("d", pricing=PRICED | {"category": "utility"}), told("e"))
    keep(writer, told("f", pricing=PRICED | {"type": "free_entry_point"}))
    since, number = datetime.fromtimestamp(1_600_000_000, UTC), deliveries.NUMBER
    assert reader.priced(number, since, 10, category="service") == 3
    assert reader.priced(number, since, 2, category="service") == 2
    assert reader.priced(number, since, 10) == 5
    assert reader.priced("42", since, 10) == 0
    assert reader.priced(number, since, 10, type="free_entry_point", to="61234567") == 1
    assert reader.priced(number, since, 10, type="free_entry_point", to="00000000") == 0


def test_what_was_charged_and_what_failed_unpaid_is_found(writer, reader, tmp_path):
    assert Reader(tmp_path / "none.sqlite3").money("1") == ("", "")
    assert Reader(tmp_path / "none.sqlite3").priced("1", datetime.now(UTC), 5) == 0
    keep(writer, told("a", pricing=PRICED | {"billable": False}), told("b", "sent", pricing=PRICED))
    assert reader.money(deliveries.NUMBER) == ("", "")
    keep(writer, told("c", pricing=PRICED), told("d", "failed", errors=[UNPAID]))
    charged, unpaid = reader.money(deliveries.NUMBER)
    assert charged.startswith("20")
    assert unpaid >= charged
    assert reader.money("42") == ("", "")
