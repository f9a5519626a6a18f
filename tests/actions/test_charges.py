"""Before a message goes it is said whether Meta charges it, in which category, and why."""

import time
from dataclasses import replace

import pytest

from tests.support import deliveries
from tests.support.fake_prompter import FakePrompter
from tests.support.healthy import NUMBER, TEST_NUMBER
from wizard.actions import message
from wizard.actions.attempts import SERVICE, Charge, charge_of, window_open
from wizard.webhook.inbox import Writer
from wizard.webhook.local_receiver import FREE_A_MONTH
from wizard.webhook.payload import read

OURS = replace(NUMBER, id=deliveries.NUMBER)
TO = "+79161234567"
PRICED = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "service"}


@pytest.fixture
def session(open_session):
    """A session without anything received yet, and what receives into its inbox."""
    with open_session("healthy", FakePrompter(), knows=True) as (session, _):

        def receive(*contents):
            writer = Writer(session.listener.reader.path)
            for content in contents:
                writer.store(read(deliveries.encode(content)))
            writer.close()

        yield session, receive


def now():
    return str(int(time.time()))


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("MARKETING", Charge("MARKETING", True, "marketing")),
        ("UTILITY", Charge("UTILITY", True, "utility")),
        ("AUTHENTICATION", Charge("AUTHENTICATION", True, "authentication")),
        ("", Charge("", None, "unknown")),
        ("NEW_ONE", Charge("NEW_ONE", None, "unknown")),
        (SERVICE, Charge(SERVICE, None, "service_unseen")),
    ],
)
def test_without_an_inbox_the_category_decides(session, category, expected):
    assert charge_of(session[0], OURS, TO, category) == expected
    free = charge_of(session[0], TEST_NUMBER, TO, category)
    assert (free.charged, free.reason) == (False, "test_number")


def test_service_messages_are_counted_by_what_is_known(session, monkeypatch):
    session, receive = session
    receive(*(deliveries.status(w, at=now(), pricing=PRICED) for w in ("a", "b")))
    assert charge_of(session, OURS, TO, SERVICE) == Charge(SERVICE, None, "service", 2)
    monkeypatch.setattr("wizard.actions.attempts.FREE_A_MONTH", 2)
    assert charge_of(session, OURS, TO, SERVICE) == Charge(SERVICE, True, "service_over", 2)
    assert FREE_A_MONTH == 1000


def test_after_a_free_entry_point_everything_is_free_for_this_person(session):
    session, receive = session
    free = PRICED | {"type": "free_entry_point"}
    receive(deliveries.status(at=now(), pricing=free))
    assert charge_of(session, OURS, TO, "MARKETING").charged is False
    assert charge_of(session, OURS, "+447700900456", "MARKETING").charged is True


def test_the_window_is_open_after_a_message_of_this_very_person(session):
    session, receive = session
    assert not window_open(session, OURS, TO)
    receive(deliveries.incoming(deliveries.text("old", sender=TO[1:], at="1700000000")))
    assert not window_open(session, OURS, TO)
    receive(deliveries.incoming(deliveries.text("new", sender=TO[1:], at=now())))
    assert window_open(session, OURS, TO)
    assert not window_open(session, OURS, "+447700900456")
    assert not window_open(session, replace(OURS, id="42"), TO)


@pytest.mark.parametrize("kind", ["template", "text"])
def test_it_is_said_before_the_consent_is_asked(open_session, kind):
    first = dict.fromkeys(("test_message.template", "test_message.language"), "")
    answers, consents = {"test_message.to": "+447700900999"}, {"message.sent": False}
    prompter = FakePrompter(answers, consents=consents, suggestions=first)
    with open_session("healthy", prompter, knows=True) as (session, _):
        if kind == "text":
            message.send_text(session, session.facts().number, "Hello")
        else:
            message.send_test(session, session.facts())
    said = "charge_service_unseen" if kind == "text" else "charge_utility"
    order = [event[1] for event in prompter.events if event[0] in ("say", "consent")]
    assert order.index(f"message.{said}") < order.index("message.sent")
