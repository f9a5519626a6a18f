"""The two facts that do not come from Graph: what the inbox holds, how the callback answers."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support import deliveries
from tests.support.fake_graph import FakeGraph
from tests.support.fake_vault import MemoryVault
from wizard.facts.facts import Facts
from wizard.facts.models import Arrivals
from wizard.graph import Credentials
from wizard.net.connection import Outside
from wizard.state.record import Goal, ProfileRecord, TestMessage
from wizard.text.errors import Unavailable
from wizard.text.secret import Secret
from wizard.webhook.inbox import HandshakeAttempt, Reader, RejectedDelivery, Writer
from wizard.webhook.local_receiver import LocalEvidence
from wizard.webhook.payload import read

TOKEN = Secret("verify-me")
IDS = {"app_id": "1", "waba_id": deliveries.WABA, "phone_number_id": deliveries.NUMBER}
SENT = TestMessage(deliveries.NUMBER, "79161234567", "wamid.out", "2026-11-22T19:00:00Z")


BOTH = (Goal.SENDING, Goal.RECEIVING)


def facts_of(evidence, graph=None, vault=None, **record):
    graph = graph or FakeGraph({}, keys=Credentials(Secret("EAAG")))
    known = ProfileRecord(**{"ids": IDS, "test_message": SENT, **record})
    return Facts(graph, known, vault or MemoryVault(verify_token=TOKEN), evidence=evidence)


@pytest.fixture
def arrivals_after(tmp_path):
    """Arrivals after these deliveries (dicts) and notes (Refusals), in this order."""
    path = tmp_path / "inbox.sqlite3"

    def after(*events):
        writer = Writer(path)
        for event in events:
            if isinstance(event, RejectedDelivery | HandshakeAttempt):
                writer.note(event)
            else:
                writer.store(read(deliveries.encode(event)))
        writer.close()
        return facts_of(LocalEvidence(Reader(path))).arrivals

    return after


def test_without_an_inbox_nothing_has_arrived(tmp_path):
    assert facts_of(None).arrivals == Arrivals()
    assert facts_of(LocalEvidence(Reader(tmp_path / "none.sqlite3"))).arrivals == Arrivals()


def test_a_real_message_of_this_number_counts(arrivals_after):
    found = arrivals_after(deliveries.incoming(deliveries.text()))
    assert found.message_at.startswith("20")
    assert (found.test_event, found.other_number, found.refused_for) == (False, "", "")


def test_the_dashboards_test_is_no_message(arrivals_after):
    assert arrivals_after(deliveries.dashboard_test()) == Arrivals(test_event=True)


def test_a_test_event_that_names_this_number_is_still_no_message(arrivals_after):
    found = arrivals_after(deliveries.incoming(deliveries.text(), waba="0"))
    assert (found.message_at, found.test_event) == ("", True)


def test_a_message_of_another_number_is_said(arrivals_after):
    found = arrivals_after(deliveries.incoming(deliveries.text(), number="42"))
    assert (found.message_at, found.other_number) == ("", "42")


def test_the_furthest_status_of_the_test_message_is_told(arrivals_after):
    error = {"code": 131026, "title": "Undeliverable", "error_data": {"details": "nobody"}}
    failed = deliveries.status(state="failed", at="2", errors=[error])
    found = arrivals_after(deliveries.status(state="sent", at="1"), failed)
    assert (found.test_state, found.test_code, found.test_details) == ("failed", 131026, "nobody")
    assert arrivals_after(deliveries.status(state="delivered", at="3")).test_state == "delivered"


def refused(reason="bad_signature", number=deliveries.NUMBER, waba="", at="2099-01-01T00:00:00Z"):
    return RejectedDelivery(reason, number, waba, 100, at)


@pytest.mark.parametrize(
    ("refusal", "refused_for"),
    [
        (refused(), "bad_signature"),
        (refused(number="", waba=deliveries.WABA), "bad_signature"),
        (refused("no_secret"), "no_secret"),
        (refused("rewritten"), "rewritten"),
        (refused("unsigned"), "unsigned"),
        (refused("token_signed"), ""),  # Meta signs with the app secret alone
        (refused(number="42", waba="43"), ""),  # somebody's noise
        (refused(number=""), ""),
    ],
)
def test_a_refused_delivery_counts_when_it_names_us(arrivals_after, refusal, refused_for):
    assert arrivals_after(refusal).refused_for == refused_for


def test_where_a_refused_delivery_came_to_is_told(arrivals_after):
    lost = RejectedDelivery("path", deliveries.NUMBER, path="/hook")
    assert arrivals_after(lost).refused_path == "/hook"


@pytest.mark.parametrize(
    ("attempts", "told"),
    [
        ([HandshakeAttempt(False, "path", path="/hook")], ("path", "/hook")),
        ([HandshakeAttempt(False, "spelling"), HandshakeAttempt(False, "token")], ("spelling", "")),
        ([HandshakeAttempt(False, "mode")], ("mode", "")),
        ([HandshakeAttempt(False, "token")], ("", "")),  # as this tool's own probe asks
        ([HandshakeAttempt(False, "spelling"), HandshakeAttempt(True)], ("", "")),
    ],
)
def test_the_last_refused_handshake_counts_until_one_is_accepted(arrivals_after, attempts, told):
    found = arrivals_after(*attempts)
    assert (found.handshake_refused, found.handshake_path) == told


def test_a_message_that_came_afterwards_settles_a_refused_delivery(arrivals_after):
    before = refused(at="2001-01-01T00:00:00.000Z")
    assert arrivals_after(before, deliveries.incoming(deliveries.text())).refused_for == ""


def test_an_inbox_that_cannot_be_read_is_said_and_raises_nothing(tmp_path):
    file = tmp_path / "inbox.sqlite3"
    file.write_bytes(b"not a database" * 20)
    assert facts_of(LocalEvidence(Reader(file))).arrivals == Arrivals(inbox_error="malformed")


class Callback(ThreadingHTTPServer):
    """A callback that is right, and counts how often it is asked."""

    daemon_threads = True

    def __init__(self):
        self.asked = []
        super().__init__(("127.0.0.1", 0), _Right)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Right(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self):
        asked = parse_qs(urlsplit(self.path).query)
        self.server.asked.append(asked)
        right = asked["hub.verify_token"] == [TOKEN.reveal()]
        body = asked["hub.challenge"][0].encode() if right else b""
        self.send_response(200 if right else 403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def callback():
    with Callback() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


HERE = LocalEvidence(outside=Outside(allow_local=True, environ={}))


def in_force(url):
    number = {"id": deliveries.NUMBER, "webhook_configuration": {"application": url}}
    return FakeGraph({f"GET {deliveries.NUMBER}": number}, keys=Credentials(Secret("EAAG")))


def test_the_expected_callback_is_asked_and_graph_is_not(callback):
    facts = facts_of(HERE, webhook={"callback_url": callback.url}, goals=BOTH)
    assert facts.handshake.ok
    assert facts.touched() == {"handshake"}


def test_without_an_expectation_the_callback_in_force_is_asked_without_our_token(callback):
    found = facts_of(HERE, in_force(callback.url), goals=BOTH).handshake
    assert (found.reason, found.unsure) == ("not_chosen", True)
    assert [TOKEN.reveal() in str(asked) for asked in callback.asked] == [False]


@pytest.mark.parametrize("chosen", [True, False])
def test_a_profile_that_only_sends_asks_no_callback(callback, chosen):
    webhook = {"callback_url": callback.url} if chosen else {}
    facts = facts_of(HERE, in_force(callback.url), webhook=webhook)
    assert (facts.handshake.reason, callback.asked) == ("not_asked", [])
    facts.forget()
    facts.may_probe = True
    assert facts.handshake.reason in ("", "not_chosen")
    assert callback.asked


def test_without_any_callback_there_is_nothing_to_ask():
    with pytest.raises(Unavailable) as caught:
        _ = facts_of(HERE, in_force("")).handshake
    assert caught.value.values["name"] == "callback_url"


def test_without_a_verify_token_the_rest_is_looked_at(callback):
    facts = facts_of(HERE, vault=MemoryVault(), webhook={"callback_url": callback.url}, goals=BOTH)
    assert (facts.handshake.reason, facts.handshake.unsure) == ("no_token", True)


def test_the_callback_of_people_who_only_send_is_left_in_peace(callback):
    chosen = {"callback_url": callback.url}
    facts_of(HERE, webhook=chosen, goals=(Goal.SENDING,)).gather()
    assert callback.asked == []
    facts = facts_of(HERE, webhook=chosen, goals=(Goal.SENDING, Goal.RECEIVING))
    facts.gather()
    assert facts.handshake.ok
    assert len(callback.asked) == 2  # the right token and a wrong one, once each
