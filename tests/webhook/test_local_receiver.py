"""The receiver of one run: begun once, given new secrets, ended as a whole."""

import contextlib
import socket
import threading
import time

import pytest

from tests.support import deliveries
from wizard.net.connection import Outside
from wizard.text.secret import Secret
from wizard.webhook import local_receiver as listening
from wizard.webhook.endpoint import Address, ReceivedDelivery
from wizard.webhook.inbox import InboxError
from wizard.webhook.inbox import writer as writing
from wizard.webhook.local_receiver import LocalReceiver, SkippedEvents
from wizard.webhook.receiver import Receiver

HERE = Outside(allow_local=True, environ={})


@pytest.fixture
def listener(tmp_path):
    listener = LocalReceiver(tmp_path / "profile" / "inbox.sqlite3", HERE)
    yield listener
    listener.close()


def test_it_makes_nothing_before_it_is_started(listener):
    assert (listener.at, listener.public_url) == (None, "")
    assert not listener.reader.path.parent.exists()


def test_it_is_started_once_and_listens_until_it_is_closed(listener):
    at = listener.start(Address(port=0))
    assert listener.start() == listener.at == at
    assert listener.public_url == at.url
    listener.close()
    assert listener.at is None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((at.host, at.port))


def test_it_takes_another_port_where_its_own_is_taken(listener, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setattr(listening, "DEFAULT_PORT", taken)
        with pytest.raises(OSError, match="in use"):
            listener.start(Address(port=taken))
        assert listener.start().port != taken


def test_secrets_that_come_later_count_at_once(listener):
    at = listener.start(Address(port=0))
    content = deliveries.incoming(deliveries.text())
    assert deliveries.deliver(at.port, content) == 503
    listener.knows(Secret(deliveries.SECRET), Secret("v"))
    assert deliveries.deliver(at.port, content) == 200


def test_waiting_ends_with_the_first_event_that_will_do(listener):
    listener.knows(Secret(deliveries.SECRET), Secret("v"))
    at = listener.start(Address(port=0))
    before = listener.mark()
    for wamid in ("wamid.1", "wamid.2", "wamid.3"):
        deliveries.deliver(at.port, deliveries.incoming(deliveries.text(wamid)))

    def message(wamid):
        def look(event):
            assert isinstance(event, ReceivedDelivery)
            return event if event.new.messages[0].id == wamid else None

        return look

    assert listener.wait(message("wamid.2"), 5, before)
    # A wait from the same mark is offered the same events.
    assert listener.wait(message("wamid.1"), 5, before)
    assert listener.wait(message("wamid.4"), 0.3, before) is None
    assert listener.wait(lambda event: event, 0.3) is None


def test_what_comes_during_a_wait_ends_the_waiting(listener):
    listener.knows(Secret(deliveries.SECRET), Secret("v"))
    at = listener.start(Address(port=0))
    content = deliveries.incoming(deliveries.text())
    later = threading.Timer(0.3, deliveries.deliver, (at.port, content))
    later.start()
    began = time.monotonic()
    try:
        assert listener.wait(lambda event: event.new.messages, 10)
        assert time.monotonic() - began < 5
    finally:
        later.join()


def test_more_events_than_are_remembered_do_not_confuse_it(listener, monkeypatch):
    monkeypatch.setattr(listening, "MOST_REMEMBERED", 10 * listening.EVENT_BYTES)
    before = listener.mark()
    for number in range(15):
        listener._add_event(number)
    seen = []
    listener.wait(seen.append, 0.1, before)
    assert seen == list(range(5, 15))
    taken = consumed(listener, 11)
    assert taken == [SkippedEvents(5), *range(5, 15)]


class Enough(Exception):
    """Ends a consumer that would go on for ever."""


def consumed(listener, count):
    taken = []

    def take(event):
        taken.append(event)
        if len(taken) == count:
            raise Enough

    with contextlib.suppress(Enough):
        listener.consume(take)
    return taken


def test_what_was_consumed_is_forgotten(listener):
    """The body and every parsed row of a delivery go with it."""
    listener.knows(Secret(deliveries.SECRET), Secret("v"))
    at = listener.start(Address(port=0))
    for n in range(3):
        deliveries.deliver(at.port, deliveries.incoming(deliveries.text(f"wamid.{n}")))
    assert [event.new.messages[0].id for event in consumed(listener, 3)] == [
        *("wamid.0", "wamid.1", "wamid.2"),
    ]
    assert (len(listener._events), listener._bytes) == (0, 0)


def test_a_disk_that_does_not_answer_ends_the_receiving(listener, monkeypatch):
    """Else the port would stay open for ever, and no supervisor would notice."""
    listener.knows(Secret(deliveries.SECRET), Secret("v"))
    at, answers = listener.start(Address(port=0)), threading.Event()
    commit = writing.Writer._commit

    def slow(*arguments):
        answers.wait(20)
        commit(*arguments)

    monkeypatch.setattr(writing.Writer, "_commit", slow)
    monkeypatch.setattr(writing, "STUCK", 0.3)
    body, codes = deliveries.incoming(deliveries.text("wamid.1")), []
    sender = threading.Thread(target=lambda: codes.append(deliveries.deliver(at.port, body)))
    sender.start()
    with pytest.raises(InboxError) as ended:
        listener.consume(lambda event: None)
    assert (ended.value.kind, ended.value.exit_code) == ("stuck", 1)  # systemd starts it again
    (writer,) = [one for one in threading.enumerate() if one.name == "inbox-writer"]
    (loop,) = [one for one in threading.enumerate() if one.name == "receiver"]
    began = time.monotonic()
    listener.close()
    assert time.monotonic() - began < 10
    assert codes == []  # and no answer before it is stored
    # A disk that answers after all: the file and the port are closed, and nothing holds them.
    answers.set()
    for thread in (sender, loop, writer):
        thread.join(20)
    assert codes == [200]
    assert [message.id for message in listener.reader.messages()] == ["wamid.1"]
    assert not listener.reader.in_use()
    with pytest.raises(ConnectionRefusedError):
        deliveries.deliver(at.port, body)


def test_a_server_that_ended_ends_the_receiving(listener, monkeypatch):
    listener.start(Address(port=0))
    monkeypatch.setattr(Receiver, "alive", False)
    with pytest.raises(InboxError):
        listener.consume(lambda event: None)
