"""The endpoint over a real socket: who is let in, what is stored, what is only counted."""

import contextlib
import html
import http.client
import json
from types import SimpleNamespace

import pytest

from tests.support import deliveries
from wizard.net.connection import Outside
from wizard.text.secret import Secret
from wizard.webhook import endpoint
from wizard.webhook.endpoint import (
    MOST_BYTES,
    MOST_LOOKS,
    Address,
    Endpoint,
    NotStored,
    ReceivedDelivery,
)
from wizard.webhook.inbox import (
    EventFilter,
    HandshakeAttempt,
    InboxError,
    Reader,
    RejectedDelivery,
    Writer,
)
from wizard.webhook.payload import MOST_UNPROVEN
from wizard.webhook.probe import probe
from wizard.webhook.receiver import Receiver
from wizard.webhook.summary import KINDS

TOKEN = "verify-me ü+/"


@pytest.fixture
def house(tmp_path):
    """A receiver at work, its inbox and what it reported."""
    events = []
    writer = Writer(tmp_path / "inbox.sqlite3")
    secrets = {"app": Secret(deliveries.SECRET), "verify": Secret(TOKEN)}
    app, verify = (lambda: secrets["app"]), (lambda: secrets["verify"])
    receiver = Receiver(writer, app, verify, events.append, Address(port=0))
    with receiver:
        house = SimpleNamespace(
            port=receiver.at.port,
            reader=Reader(writer.path),
            events=events,
            secrets=secrets,
            writer=writer,
            receiver=receiver,
        )
        yield house
    writer.close()


def ask(port, query, path="/webhook", method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, f"{path}{query}", headers={"User-Agent": "facebookplatform/1.0"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def asking(challenge="1158201444", token="verify-me%20%C3%BC%2B%2F", mode="subscribe"):
    return f"?hub.mode={mode}&hub.challenge={challenge}&hub.verify_token={token}"


def finish(house):
    """Ends the receiver, so that everything it had to report is reported."""
    house.receiver.close()
    house.writer.close()
    return house.events


def test_the_handshake_is_answered_with_the_bare_challenge(house):
    assert ask(house.port, asking()) == (200, b"1158201444")
    (knock,) = finish(house)
    assert (knock.accepted, knock.challenge) == (True, "1158201444")
    assert house.reader.handshakes()[0].agent == "facebookplatform/1.0"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (asking(token="wrong"), "token"),
        (asking(token=""), "token"),
        (asking(token="%FF%D8"), "token"),
        (asking(mode="unsubscribe"), "mode"),
        (asking(challenge="<script>alert(1)</script>"), "challenge"),
        (asking(challenge=""), "challenge"),
        (asking(challenge="1" * 300), "challenge"),
        ("", None),
        ("?a=1", None),
        ("?" + "&".join(f"hub.mode{n}=1" for n in range(99)), None),
    ],
)
def test_any_other_handshake_is_refused_and_echoes_nothing(house, query, reason):
    assert ask(house.port, query) == (403, b"")
    assert [event.reason for event in finish(house)] == ([reason] if reason else [])


@pytest.mark.parametrize(
    "token",
    [
        "%20verify-me%20%C3%BC%2B%2F",  # a space before it
        "verify-me%20%C3%BC%2B%2F%0A",  # a line break after it
        "%22verify-me%20%C3%BC%2B%2F%22",  # quotes around it
        "verify-me%20%C3%BC%2B%2F%5Cn",  # a line break written out
        "verify-me%C3%BC%2B%2F",  # the space lost
    ],
)
def test_a_verify_token_that_differs_only_by_its_spelling_is_named(house, token):
    assert ask(house.port, asking(token=token)) == (403, b"")
    assert [event.reason for event in finish(house)] == ["spelling"]
    assert house.reader.handshakes()[0].reason == "spelling"


def test_doubled_backslashes_are_a_matter_of_spelling(house):
    house.secrets["verify"] = Secret("a\\b")
    assert ask(house.port, asking(token="a%5C%5Cb"))[0] == 403
    assert [event.reason for event in finish(house)] == ["spelling"]


def test_a_handshake_at_another_path_is_reported_with_its_path(house):
    assert ask(house.port, asking(), path="/hook%C3%A9") == (404, b"1158201444"[:0])
    assert ask(house.port, "?a=1", path="/favicon.ico")[0] == 404
    assert [(event.reason, event.path) for event in finish(house)] == [("path", "/hooké")]
    assert house.reader.handshakes()[0].path == "/hooké"


def test_a_delivery_to_another_path_is_reported_when_its_signature_is_right(house):
    body = deliveries.incoming(deliveries.text())
    assert deliveries.deliver(house.port, body, path="/hook") == 404
    assert deliveries.deliver(house.port, body, path="/x", secret="another") == 404
    assert deliveries.deliver(house.port, body, path="/y", X_Hub_Signature_256=None) == 404
    assert [(event.reason, event.path) for event in finish(house)] == [("path", "/hook")]
    (refusal,) = house.reader.refusals()
    assert (refusal.reason, refusal.path) == ("path", "/hook")
    assert refusal.phone_number_id == deliveries.NUMBER
    assert house.reader.messages() == []


MESSAGE = deliveries.incoming(deliveries.text(body="https://ромашка.рф/ <a@b> 5%"))


@pytest.mark.parametrize(
    "rewritten",
    [
        json.dumps(MESSAGE).encode(),  # spaces after commas and colons
        json.dumps(MESSAGE, indent=2).encode(),
        # Escaped as for a web page, quotes and all.
        html.escape(json.dumps(MESSAGE, separators=(",", ":"))).encode(),
        json.dumps(MESSAGE, ensure_ascii=False, separators=(",", ":")).encode(),
        json.dumps(MESSAGE, separators=(",", ":")).encode() + b"\n",
        b"\xef\xbb\xbf" + json.dumps(MESSAGE, separators=(",", ":")).encode(),
    ],
)
@pytest.mark.parametrize("slashes", ["/", "\\/"])
@pytest.mark.parametrize("signs", [str.lower, lambda text: text.replace("@", "\\u0040")])
def test_a_body_that_was_written_anew_on_the_way_is_named(house, rewritten, slashes, signs):
    signed = json.dumps(MESSAGE, separators=(",", ":")).replace("/", slashes)
    if signs is not str.lower:
        signed = signs(signed).replace("<", "\\u003c").replace("%", "\\u0025")
    right = deliveries.signature(signed.encode())
    sent = deliveries.deliver(house.port, rewritten, X_Hub_Signature_256=right)
    assert sent == 403
    assert [event.reason for event in finish(house)] == ["rewritten"]
    assert house.reader.refusals()[0].reason == "rewritten"


def test_the_reasons_of_a_flood_of_wrong_signatures_are_not_all_looked_for(house, monkeypatch):
    """It takes longer than the refusal; right deliveries go on, and the next second is another."""
    clock = SimpleNamespace(monotonic=lambda: 7.5)
    monkeypatch.setattr(endpoint, "time", clock)
    compact = json.dumps(MESSAGE, separators=(",", ":")).encode()
    right = deliveries.signature(compact)
    rewritten = json.dumps(MESSAGE).encode()

    def send():
        return deliveries.deliver(house.port, rewritten, X_Hub_Signature_256=right)

    assert {send() for _ in range(MOST_LOOKS + 5)} == {403}
    assert deliveries.deliver(house.port, compact) == 200
    assert deliveries.deliver(house.port, compact, secret=TOKEN) == 403
    assert deliveries.deliver(house.port, compact, X_Hub_Signature_256="sha256=no") == 403
    clock.monotonic = lambda: 8.5
    assert send() == 403
    reasons = [getattr(event, "reason", "stored") for event in finish(house)]
    known, rest = reasons[:MOST_LOOKS], reasons[MOST_LOOKS:]
    assert known == ["rewritten"] * MOST_LOOKS
    several = ["bad_signature"] * 5 + ["stored", "token_signed", "bad_signature", "rewritten"]
    assert rest == several


def test_what_is_signed_with_the_verify_token_is_not_metas(house):
    body = deliveries.incoming(deliveries.text())
    assert deliveries.deliver(house.port, body, secret=TOKEN) == 403
    assert [event.reason for event in finish(house)] == ["token_signed"]


def test_without_a_verify_token_nobody_is_let_in(house):
    house.secrets["verify"] = None
    assert ask(house.port, asking(token=""))[0] == 403
    assert [event.reason for event in finish(house)] == ["no_token"]


def test_only_its_own_path_and_methods_are_answered(house):
    assert ask(house.port, asking(), path="/")[0] == 404
    assert ask(house.port, asking(), path="/webhook/")[0] == 200
    assert ask(house.port, asking(), method="PUT")[0] == 405
    assert deliveries.deliver(house.port, deliveries.incoming(deliveries.text()), path="/x") == 404


def test_a_signed_message_is_stored_before_it_is_acknowledged(house):
    assert deliveries.deliver(house.port, deliveries.incoming(deliveries.text())) == 200
    (message,) = house.reader.messages()
    assert message.as_json() == {
        "id": "wamid.1",
        "about": "",
        "from": "79161234567",
        "from_user_id": "",
        "username": "",
        "name": "Анна",
        "timestamp": "1749416383",
        "type": "text",
        "text": "Здравствуйте!",
        "phone_number_id": deliveries.NUMBER,
        "waba_id": deliveries.WABA,
        "group_id": "",
        "contact": {"profile": {"name": "Анна"}, "wa_id": "79161234567"},
        "errors": [],
        "test": False,
        "received_at": message.received_at,
        "raw": deliveries.text(),
    }
    (event,) = finish(house)
    assert isinstance(event, ReceivedDelivery)
    assert event.new.messages == (message,)


def test_the_signature_is_over_the_bytes_as_they_came(house):
    content = deliveries.incoming(deliveries.text(body="привет 😀 / <b>"))
    for body in (
        json.dumps(content).encode(),
        json.dumps(content, ensure_ascii=False, indent=1).encode(),
        json.dumps(content).replace("/", "\\/").encode(),
    ):
        assert deliveries.deliver(house.port, body) == 200
    (message,) = house.reader.messages()
    assert message.text == "привет 😀 / <b>"
    assert len(list(house.reader.bodies())) == 3


GOOD = deliveries.encode(deliveries.incoming(deliveries.text()))
UNPROVEN = [
    (None, 401, "unsigned"),
    ("", 401, "unsigned"),
    (deliveries.signature(GOOD, "f" * 32), 403, "bad_signature"),
    (deliveries.signature(GOOD + b" "), 403, "bad_signature"),
    (deliveries.signature(GOOD)[:-1], 403, "bad_signature"),
    (deliveries.signature(GOOD).removeprefix("sha256="), 403, "bad_signature"),
    ("sha1=" + "0" * 40, 403, "bad_signature"),
    ("sha256=" + "é" * 64, 403, "bad_signature"),
]


@pytest.mark.parametrize(("signed", "status", "reason"), UNPROVEN)
def test_what_is_not_signed_is_refused_and_counted(house, signed, status, reason):
    signed = signed.encode() if signed else signed
    assert deliveries.deliver(house.port, GOOD, X_Hub_Signature_256=signed) == status
    (event,) = finish(house)
    assert isinstance(event, RejectedDelivery)
    assert house.reader.messages() == []
    (refusal,) = house.reader.refusals()
    assert (refusal.reason, refusal.phone_number_id, refusal.waba_id) == (
        *(reason, deliveries.NUMBER, deliveries.WABA),
    )


def test_upper_case_signatures_are_as_good(house):
    signed = "sha256=" + deliveries.signature(GOOD)[7:].upper()
    assert deliveries.deliver(house.port, GOOD, X_Hub_Signature_256=signed) == 200


def test_metas_own_vector_of_the_signature(house):
    house.secrets["app"] = Secret("test_app_secret")
    body = b'{"object":"whatsapp_business_account","entry":[]}'
    signed = "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"
    assert deliveries.deliver(house.port, body, X_Hub_Signature_256=signed) == 200


def test_while_the_app_secret_is_unknown_meta_is_asked_to_come_again(house):
    house.secrets["app"] = None
    assert deliveries.deliver(house.port, GOOD) == 503
    house.secrets["app"] = Secret(deliveries.SECRET)
    assert deliveries.deliver(house.port, GOOD) == 200
    assert [refusal.reason for refusal in house.reader.refusals()] == ["no_secret"]


def test_signed_nonsense_is_refused_and_does_not_stop_it(house):
    for body in (b"", b"{", b"[]", b"\xff", b"[" * 100_000):
        assert deliveries.deliver(house.port, body) == 400
    assert deliveries.deliver(house.port, GOOD) == 200
    assert {refusal.reason for refusal in house.reader.refusals()} == {"bad_json"}


def test_three_megabytes_are_taken_and_not_one_byte_more(house):
    content = deliveries.encode(deliveries.incoming(deliveries.text()))
    assert deliveries.deliver(house.port, content.ljust(MOST_BYTES)) == 200
    with contextlib.suppress(OSError):  # the answer may come before all of it is sent
        assert deliveries.deliver(house.port, content.ljust(MOST_BYTES + 1)) == 413
    assert len(list(house.reader.bodies())) == 1


def test_a_thousand_updates_in_one_delivery_are_stored(house):
    messages = [deliveries.text(f"wamid.{n}", at=str(1749416383 + n)) for n in range(1000)]
    assert deliveries.deliver(house.port, deliveries.incoming(*messages)) == 200
    found = house.reader.messages()
    assert [message.id for message in found] == [f"wamid.{n}" for n in reversed(range(1000))]


def test_repeated_deliveries_are_stored_once_and_acknowledged_again(house):
    one, two = deliveries.text("wamid.1"), deliveries.text("wamid.2")
    for content in (
        deliveries.incoming(one),
        deliveries.incoming(one),
        deliveries.incoming(one, two),
        deliveries.status(state="sent"),
        deliveries.status(state="delivered"),
        deliveries.status(state="delivered"),
        deliveries.envelope({"event": "X"}, "account_update"),
        deliveries.envelope({"event": "X"}, "account_update"),
    ):
        assert deliveries.deliver(house.port, content) == 200
    assert sorted(message.id for message in house.reader.messages()) == ["wamid.1", "wamid.2"]
    assert [s.state for s in house.reader.statuses("wamid.out")] == ["sent", "delivered"]
    assert len(house.reader.events(EventFilter(kinds=("account",)))) == 1
    new = [len(event.new.messages) for event in finish(house)]
    assert new == [1, 0, 1, 0, 0, 0, 0, 0]


def test_a_listener_that_breaks_does_not_stop_the_receiving(tmp_path):
    writer = Writer(tmp_path / "inbox.sqlite3")

    def breaks(event):
        raise ValueError(event)

    secret = Secret(deliveries.SECRET)
    with Receiver(writer, lambda: secret, lambda: None, breaks, Address(port=0)) as receiver:
        for n in range(3):
            content = deliveries.incoming(deliveries.text(f"wamid.{n}"))
            assert deliveries.deliver(receiver.at.port, content) == 200
    writer.close()


def test_what_cannot_be_stored_is_not_acknowledged(house, monkeypatch):
    def full(delivery, *_):
        raise InboxError("full", "inbox.sqlite3")

    monkeypatch.setattr(house.writer, "_commit", full)
    assert deliveries.deliver(house.port, GOOD) == 503
    large = deliveries.incoming(deliveries.text(body="x" * MOST_UNPROVEN))
    assert deliveries.deliver(house.port, large) == 503
    assert finish(house) == [NotStored("full", "inbox.sqlite3")] * 2


def test_another_server_that_passes_more_than_the_limit_is_stopped_here(tmp_path):
    answers = []
    endpoint = Endpoint(None, lambda: None, lambda: None, lambda event: None)
    stream = SimpleNamespace(read=lambda size: b" " * size)
    environ = {"PATH_INFO": "/webhook", "REQUEST_METHOD": "POST", "wsgi.input": stream}
    endpoint(environ, lambda status, headers: answers.append(status))
    assert answers == ["413 Content Too Large"]


def test_metas_own_examples_go_through_unharmed(house):
    sent = [
        message
        for content in deliveries.specification().values()
        for entry in content["entry"]
        for change in entry["changes"]
        for message in change["value"].get("messages", ())
    ]
    for content in deliveries.specification().values():
        assert deliveries.deliver(house.port, content) == 200
    kept = {one.id: one.as_json() for one in house.reader.messages()}
    assert kept.keys() == {message["id"] for message in sent}
    for message in sent:
        assert kept[message["id"]]["raw"] in sent
    assert len(sent) > 10


def test_no_secret_reaches_the_inbox_file(house):
    ask(house.port, asking())
    ask(house.port, asking(token="wrong-" + TOKEN[:6]))
    deliveries.deliver(house.port, GOOD)
    deliveries.deliver(house.port, GOOD, X_Hub_Signature_256=None)
    finish(house)
    for file in house.writer.path.parent.iterdir():
        content = file.read_bytes()
        assert deliveries.SECRET.encode() not in content
        assert TOKEN.encode() not in content


def test_every_event_is_a_knock_a_refusal_or_an_arrival(house):
    ask(house.port, asking())
    deliveries.deliver(house.port, GOOD, X_Hub_Signature_256=None)
    deliveries.deliver(house.port, GOOD)
    assert [type(event) for event in finish(house)] == [
        HandshakeAttempt,
        RejectedDelivery,
        ReceivedDelivery,
    ]


def test_our_own_receiver_stands_the_probe_and_knows_whose_it_was(house):
    outside = Outside(allow_local=True)
    found = probe(house.receiver.at.url, Secret(TOKEN), outside, Secret(deliveries.SECRET))
    assert found.reason == ""
    right, wrong, _, refused = finish(house)
    assert right.challenge in found.challenges
    assert (wrong.reason, refused.reason) == ("token", "bad_signature")
    # Nothing of it looks like a delivery of Meta's to this number.
    assert refused.phone_number_id == ""
    assert house.reader.messages() == house.reader.events(EventFilter(kinds=KINDS)) == []
