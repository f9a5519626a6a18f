"""A locked, moved or replaced inbox: nothing is acknowledged that is not kept."""

import http.client
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from tests.support import deliveries
from wizard.text.secret import Secret
from wizard.webhook.endpoint import Address, NotStored
from wizard.webhook.inbox import Delivery, InboxError, Reader, Writer
from wizard.webhook.payload import read
from wizard.webhook.receiver import THREADS, Receiver

TOKEN = "verify-me"
#: A sender of deliveries waits no longer for an answer, and neither for a handshake's.
LONGEST = 4.0


@pytest.fixture
def house(tmp_path):
    writer = Writer(tmp_path / "profile" / "inbox.sqlite3")
    secret, token, events = Secret(deliveries.SECRET), Secret(TOKEN), []
    at = Address(port=0)
    with Receiver(writer, lambda: secret, lambda: token, events.append, at) as receiver:
        yield SimpleNamespace(port=receiver.at.port, path=writer.path, events=events)
    writer.close()


def send(house, wamid):
    return deliveries.deliver(house.port, deliveries.incoming(deliveries.text(wamid)))


def shake(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(
        "GET", f"/webhook?hub.mode=subscribe&hub.challenge=42&hub.verify_token={TOKEN}"
    )
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def ids(path):
    return sorted(message.id for message in Reader(path).messages())


def deleted(path):
    path.unlink()


def renamed(path):
    path.rename(path.with_suffix(".moved"))


def replaced(path):
    copy = path.with_suffix(".copy")
    shutil.copy(path, copy)
    copy.replace(path)


def replaced_by_nothing(path):
    path.unlink()
    path.touch()


def emptied(path):
    for file in path.parent.iterdir():
        file.unlink()


def folder_moved(path):
    path.parent.rename(path.parent.with_suffix(".away"))


@pytest.mark.parametrize(
    "happens", [deleted, renamed, replaced, replaced_by_nothing, emptied, folder_moved]
)
def test_a_file_that_goes_away_is_noticed_before_the_answer(house, happens):
    assert send(house, "wamid.before") == 200
    happens(house.path)
    assert send(house, "wamid.after") == 503
    assert [one.kind for one in house.events if isinstance(one, NotStored)] == ["replaced"]
    # Meta sends it again; what was acknowledged from then on is in the file of this name.
    assert [send(house, "wamid.after"), send(house, "wamid.more")] == [200, 200]
    assert {"wamid.after", "wamid.more"} <= set(ids(house.path))


def test_what_was_acknowledged_goes_along_with_a_file_that_is_moved(house):
    assert send(house, "wamid.before") == 200
    renamed(house.path)
    assert [send(house, "wamid.after"), send(house, "wamid.after")] == [503, 200]
    assert "wamid.before" in ids(house.path.with_suffix(".moved"))


def test_a_link_in_its_place_is_not_written_through(house, tmp_path):
    assert send(house, "wamid.1") == 200
    renamed(house.path)
    house.path.symlink_to(tmp_path / "elsewhere")
    assert [send(house, "wamid.2") for _ in range(2)] == [503, 503]
    assert [one.kind for one in house.events if isinstance(one, NotStored)] == [
        *("replaced", "unsafe"),
    ]
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_cannot_be_written_costs_no_more_than_503(house, monkeypatch):
    assert send(house, "wamid.1") == 200
    renamed(house.path)
    house.path.mkdir()  # something else of this name
    assert [send(house, "wamid.2") for _ in range(3)] == [503, 503, 503]
    house.path.rmdir()
    assert send(house, "wamid.2") == 200
    assert ids(house.path) == ["wamid.2"]


@pytest.fixture
def lock(house):
    other = sqlite3.connect(house.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    yield other
    if other.in_transaction:
        other.execute("ROLLBACK")
    other.close()


def timed(act, *args):
    began = time.monotonic()
    return act(*args), time.monotonic() - began


def test_a_locked_inbox_answers_in_time_and_holds_no_handshake(house, lock):
    """Twice as many deliveries as there are threads, all waiting for the same lock."""
    answers = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(timed(send, house, f"wamid.{n}")))
        for n in range(THREADS * 2)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    handshake, took = timed(shake, house.port)
    assert (handshake, took < 1) == ((200, b"42"), True)
    for thread in threads:
        thread.join()
    assert {status for status, _ in answers} == {503}
    assert max(took for _, took in answers) < LONGEST
    # While it is known to be locked nobody waits long; afterwards everything is as before.
    status, took = timed(send, house, "wamid.late")
    assert (status, took < 1) == (503, True)
    lock.execute("ROLLBACK")
    assert send(house, "wamid.late") == 200
    assert ids(house.path) == ["wamid.late"]


def test_a_short_lock_costs_nothing(house, lock):
    release = threading.Timer(1.0, lock.execute, ("ROLLBACK",))
    release.start()
    assert send(house, "wamid.1") == 200
    release.join()
    assert ids(house.path) == ["wamid.1"]


def test_what_was_answered_503_is_new_when_it_comes_again(house, lock):
    """It was not kept in secret meanwhile: it would never be shown."""
    assert send(house, "wamid.1") == 503
    lock.execute("ROLLBACK")
    assert send(house, "wamid.1") == 200
    shown = [event.new.messages for event in house.events if hasattr(event, "new")]
    assert [[message.id for message in new] for new in shown] == [["wamid.1"]]


def test_what_cannot_be_written_fails_for_its_own_reason(tmp_path):
    writer = Writer(tmp_path / "inbox.sqlite3")
    (event,) = read(deliveries.encode(deliveries.status())).events
    with pytest.raises(InboxError) as trouble:
        writer.store(Delivery(b"x", (type(event)(kind=object()),)))
    assert trouble.value.kind == "other"
    writer.close()


LIST = """
import sys
from pathlib import Path
from wizard.webhook.inbox import Reader
reader = Reader(Path(sys.argv[1]))
print(reader.in_use(), *sorted(message.id for message in reader.messages()))
"""


def listed_elsewhere(path):
    """Whether the inbox is in use, and its messages, as another process sees them."""
    command = [sys.executable, "-c", LIST, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_reading_beside_the_writer_does_not_let_go_of_its_locks(tmp_path):
    """Else the next process that closes the inbox deletes its log, and what comes then is lost."""
    writer = Writer(tmp_path / "inbox.sqlite3")
    for wamid, known in (("wamid.1", ["wamid.1"]), ("wamid.2", ["wamid.1", "wamid.2"])):
        writer.store(read(deliveries.encode(deliveries.incoming(deliveries.text(wamid)))))
        assert ids(writer.path) == known
        assert listed_elsewhere(writer.path) == ["True", *known]
    writer.close()
    assert listed_elsewhere(writer.path) == ["False", "wamid.1", "wamid.2"]
