"""Deliveries that are passed on: none is lost while a server is down, and their order stays."""

import json
import sqlite3
import threading
import time
from contextlib import closing

import pytest

from tests.support import deliveries, loopback
from tests.support.loopback import Reply, web
from wizard.net.connection import Outside
from wizard.net.failures import NetworkFailure
from wizard.text.secret import Secret
from wizard.webhook import forwarding
from wizard.webhook.endpoint import Address
from wizard.webhook.forwarding import (
    EVERYTHING,
    Forwarder,
    ForwardingReport,
    kept_headers,
    routes_of,
)
from wizard.webhook.inbox import Writer
from wizard.webhook.local_receiver import LocalReceiver
from wizard.webhook.payload import read

OTHER = "222222222222222"
ACCOUNT_EVENT = deliveries.envelope({"event": "DISABLED_UPDATE"}, "account_update")


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(forwarding, "FIRST_PAUSE", 0.01)


@pytest.fixture
def inbox(tmp_path):
    return tmp_path / "inbox.sqlite3"


class Reports(list[ForwardingReport]):
    """What was reported; `until` waits for one of a state."""

    def __init__(self):
        super().__init__()
        self._changed = threading.Condition()

    def __call__(self, report):
        with self._changed:
            self.append(report)
            self._changed.notify_all()

    def until(self, state):
        with self._changed:
            assert self._changed.wait_for(lambda: state in [one.state for one in self], 10), self


def incoming(n, number=deliveries.NUMBER):
    return deliveries.encode(deliveries.incoming(deliveries.text(f"wamid.{n}"), number=number))


def keep(inbox, *bodies, route=EVERYTHING, headers="{}"):
    writer = Writer(inbox)
    for body in bodies:
        writer.store(read(body), [route], headers)
    writer.close()


def waiting(inbox):
    with closing(sqlite3.connect(inbox)) as connection:
        return [route for (route,) in connection.execute("SELECT route FROM outbox ORDER BY row")]


def until(condition):
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (deliveries.incoming(deliveries.text()), {deliveries.NUMBER, EVERYTHING}),
        (deliveries.incoming(deliveries.text(), number=OTHER), {OTHER, EVERYTHING}),
        (deliveries.incoming(deliveries.text(), number="3"), {EVERYTHING}),
        (ACCOUNT_EVENT, {deliveries.NUMBER, OTHER, EVERYTHING}),
        ({"something": "new"}, {deliveries.NUMBER, OTHER, EVERYTHING}),
        (
            {
                "entry": deliveries.incoming(deliveries.text())["entry"]
                + deliveries.incoming(deliveries.text("wamid.2"), number=OTHER)["entry"]
            },
            {deliveries.NUMBER, OTHER, EVERYTHING},
        ),
    ],
)
def test_where_a_delivery_goes(content, expected):
    routes = {deliveries.NUMBER: "a", OTHER: "b", EVERYTHING: "c"}
    assert set(routes_of(read(deliveries.encode(content)), routes)) == expected


def test_every_number_gets_its_own_as_meta_signed_them(inbox):
    first, second, both = incoming(1), incoming(2, OTHER), deliveries.encode(ACCOUNT_EVENT)
    with web(lambda request: Reply(b"ok")) as ours, web(lambda request: Reply(b"ok")) as theirs:
        listener = LocalReceiver(inbox, Outside(allow_local=True, environ={}))
        listener.knows(Secret(deliveries.SECRET), Secret("v"))
        listener.forward({deliveries.NUMBER: ours.url, OTHER: theirs.url}, Reports())
        at = listener.start(Address(port=0))
        for body in (first, second, both, first):
            assert deliveries.deliver(at.port, body) == 200
        listener.close()
        assert [request.body for request in ours.requests] == [first, both]
        assert [request.body for request in theirs.requests] == [second, both]
        headers = ours.requests[0].headers
    assert headers["x-hub-signature-256"] == deliveries.signature(first)
    assert waiting(inbox) == []


def test_the_test_button_is_passed_on_each_time(inbox):
    body = deliveries.encode(deliveries.dashboard_test())
    keep(inbox, body, body)
    assert waiting(inbox) == [EVERYTHING] * 2


def test_a_server_that_comes_back_gets_everything_in_order(inbox):
    down, reports = threading.Event(), Reports()
    down.set()

    def answer(request):
        return Reply(b"", 503) if down.is_set() else Reply(b"ok")

    bodies = [incoming(n) for n in range(20)]
    keep(inbox, *bodies)
    with web(answer) as server:
        forwarder = Forwarder(inbox, EVERYTHING, server.url, reports)
        reports.until("waiting")
        assert len(waiting(inbox)) == 20
        down.clear()
        reports.until("resumed")
        until(lambda: not waiting(inbox))
        forwarder.close()
        taken = [request.body for request in server.requests][-20:]
    assert taken == bodies
    assert reports == [
        ForwardingReport(EVERYTHING, "waiting", 503),
        ForwardingReport(EVERYTHING, "resumed"),
    ]


def test_what_waits_outlives_the_program(inbox):
    keep(inbox, incoming(1), incoming(2), headers=json.dumps({"X-Hub-Signature-256": "sha256=1"}))
    reports = Reports()
    forwarder = Forwarder(inbox, EVERYTHING, f"http://127.0.0.1:{loopback.closed_port()}", reports)
    reports.until("waiting")
    forwarder.close()
    assert len(waiting(inbox)) == 2
    with web(lambda request: Reply(b"ok")) as server:
        Forwarder(inbox, EVERYTHING, server.url, reports).close()
        assert [request.body for request in server.requests] == [incoming(1), incoming(2)]
        assert server.requests[0].headers["x-hub-signature-256"] == "sha256=1"


def test_one_that_is_always_refused_does_not_hold_up_the_others(inbox):
    poison, fine, reports = incoming(1), incoming(2), Reports()
    keep(inbox, poison, fine)
    with web(lambda request: Reply(b"", 500 if request.body == poison else 200)) as server:
        forwarder = Forwarder(inbox, EVERYTHING, server.url, reports)
        reports.until("given_up")
        until(lambda: not waiting(inbox))
        forwarder.close()
        asked = [request.body for request in server.requests]
    assert asked == [poison] * forwarding.ATTEMPTS + [fine]
    assert [one.state for one in reports] == ["waiting", "given_up"]


def test_what_waits_is_bounded_by_number_and_time(inbox, monkeypatch):
    keep(inbox, *(incoming(n) for n in range(5)), incoming(9))
    with closing(sqlite3.connect(inbox)) as connection:
        connection.execute("UPDATE outbox SET at = '2020-01-01T00:00:00.000Z' WHERE row = 1")
        connection.commit()
    monkeypatch.setattr(forwarding, "MOST_WAITING", 3)
    reports = Reports()
    with web(lambda request: Reply(b"ok")) as server:
        Forwarder(inbox, EVERYTHING, server.url, reports).close()
        assert [one.body for one in server.requests] == [incoming(3), incoming(4), incoming(9)]
    assert reports == [ForwardingReport(EVERYTHING, "given_up", count=3)]


def test_a_purged_delivery_is_not_waited_for(inbox):
    keep(inbox, incoming(1), incoming(2))
    with closing(sqlite3.connect(inbox)) as connection:
        connection.execute("DELETE FROM deliveries WHERE row = 1")
        connection.commit()
    with web(lambda request: Reply(b"ok")) as server:
        Forwarder(inbox, EVERYTHING, server.url, Reports()).close()
        assert [one.body for one in server.requests] == [incoming(2)]


def test_any_address_can_be_forwarded_to(inbox):
    """Letters that are no ASCII are sent as UTF-8; what is no header ends nothing."""
    odd = kept_headers({"HTTP_USER_AGENT": "\u0430", "CONTENT_TYPE": "a\n", "OTHER": "b"})
    assert odd == '{"Content-Type": "a"}'
    keep(inbox, incoming(1), headers=odd)
    with web(lambda request: Reply(b"ok")) as server:
        forwarder = Forwarder(inbox, EVERYTHING, f"{server.url}/путь?a=%20я", Reports())
        forwarder.close()
        assert [one.path for one in server.requests] == ["/%D0%BF%D1%83%D1%82%D1%8C"]
    with pytest.raises(NetworkFailure):
        Forwarder(inbox, EVERYTHING, "not an address", Reports())
