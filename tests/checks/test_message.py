"""message.*: something to write first with, and a test message that went out."""

from dataclasses import replace

import pytest
from healthy import HELLO_WORLD, SENT, TEMPLATE, TEST_NUMBER, facts, record

from wizard.checks import CHECKS
from wizard.model import failed, passed, waiting

PAUSED = replace(TEMPLATE, status="PAUSED")


def told(**changes):
    return facts(record=record(test_message=replace(SENT, **changes)))


CASES = [
    ("message.template", facts(), passed("ready", count=1)),
    (
        "message.template",
        facts(templates=(HELLO_WORLD, TEMPLATE, PAUSED)),
        passed("ready", count=1),
    ),
    ("message.template", facts(templates=()), failed("none")),
    ("message.template", facts(templates=(PAUSED,)), failed("none")),
    ("message.template", facts(templates=(HELLO_WORLD,)), failed("sample_only")),
    (
        "message.template",
        facts(templates=(HELLO_WORLD,), number=TEST_NUMBER),
        passed("ready", count=1),
    ),
    *(
        ("message.sent", told(state=state), passed("accepted", date="2026-11-22"))
        for state in ("accepted", "sent", "delivered", "read")
    ),
    (
        "message.sent",
        told(state="failed", code=131026, details="Undeliverable"),
        failed("failed", code=131026, details="Undeliverable"),
    ),
    ("message.sent", facts(record=record(test_message=None)), waiting("not_sent")),
    ("message.sent", told(phone_number_id="42"), waiting("other_number")),
]


@pytest.mark.parametrize(("item", "given", "expected"), CASES)
def test_message(item, given, expected):
    assert CHECKS[item](given) == expected
