"""What is one event, and what are two."""

import pytest

from tests.support import deliveries
from wizard.webhook.inbox import Reader, Writer
from wizard.webhook.payload import read


@pytest.fixture
def inbox(tmp_path):
    writer = Writer(tmp_path / "inbox.sqlite3")

    def keep(*contents):
        for content in contents:
            writer.store(read(deliveries.encode(content)))
        return Reader(writer.path).events(after_row=0)

    yield keep
    writer.close()


def participant(number):
    group = {"recipient_id": "Y2Fw", "recipient_type": "group"}
    return deliveries.status(state="read", recipient_participant_id=number, **group)


def message(type_, **part):
    return deliveries.incoming({"id": "wamid.1", "timestamp": "1", "type": type_, **part})


def timed(field, time, **value):
    content = deliveries.envelope(value, field)
    content["entry"][0]["time"] = time
    return content


def failed(*codes):
    errors = [{"code": code} for code in codes]
    return deliveries.status(state="failed", errors=errors)


UNAVAILABLE = message("unsupported", errors=[{"code": 131060}])
TWO = {
    "participants of a group": (participant("491"), participant("492")),
    "restrictions at two times": [
        timed("account_update", at, event="ACCOUNT_RESTRICTION") for at in (1, 2)
    ],
    "flags at two times": [
        timed("phone_number_quality_update", at, event="FLAGGED") for at in (1, 2)
    ],
    "unavailable, then whole": (UNAVAILABLE, message("text", text={"body": "hi"})),
    "two failures of one message": (failed(131026), failed(131049)),
    "the same state at two times": (deliveries.status(at="1"), deliveries.status(at="2")),
    "one call": [
        deliveries.envelope(deliveries.value(calls=[{"id": "wacid.1", "event": event}]), "calls")
        for event in ("connect", "terminate")
    ],
    "errors of two numbers": [
        deliveries.envelope(deliveries.value(number, errors=[{"code": 130429}]))
        for number in ("1", "2")
    ],
}
ONE = {
    "message": deliveries.incoming(deliveries.text()),
    "status": deliveries.status(),
    "failure": failed(131026, 131049),
    "account": timed("account_update", 1, event="ACCOUNT_RESTRICTION"),
    "unavailable": UNAVAILABLE,
    "echo": deliveries.envelope(
        deliveries.value(message_echoes=[{"id": "wamid.e", "type": "text", "to": "1"}]),
        "smb_message_echoes",
    ),
}


@pytest.mark.parametrize("pair", TWO.values(), ids=TWO.keys())
def test_two_events_are_both_kept(inbox, pair):
    assert len(inbox(*pair)) == 2
    assert len(inbox(*pair)) == 2


@pytest.mark.parametrize("content", ONE.values(), ids=ONE.keys())
def test_a_repeat_is_one(inbox, content):
    """The same bytes again, and the same event in other company."""
    more = deliveries.incoming(deliveries.text("wamid.more"))
    together = {**content, "entry": [*more["entry"], *content["entry"]]}
    assert len(inbox(content, content)) == 1
    assert [one.id for one in inbox(together)][1:] == ["wamid.more"]
