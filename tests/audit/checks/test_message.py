"""message.*: something to write first with, and a test message that went out."""

from dataclasses import replace

import pytest
from msgspec import structs

from tests.support.healthy import HEALTHY, HELLO_WORLD, SENT, TEMPLATE, TEST_NUMBER, facts, record
from wizard.audit.checks import CHECKS
from wizard.audit.checks.message import CONTENT, PASSING, RECIPIENT
from wizard.audit.results import failed, not_used, passed, unknown, waiting
from wizard.facts.models import Arrivals
from wizard.templates.plan import Change, Plan

MARK = HEALTHY["token_mark"]
PAUSED = replace(TEMPLATE, status="PAUSED")


def told(arrivals=HEALTHY["arrivals"], **changes):
    return facts(record=record(test_message=structs.replace(SENT, **changes)), arrivals=arrivals)


def with_arrivals(state, code=0, details=""):
    return facts(arrivals=Arrivals(test_state=state, test_code=code, test_details=details))


def said(code, subcode=0, message="", details=""):
    return {"code": code, "subcode": subcode, "message": message, "details": details}


def drifted(*changes):
    found = tuple(Change(action, "a", "ru", reason) for action, reason in changes)
    return facts(template_plan=Plan(found))


CASES = [
    ("message.template", facts(), passed("ready", count=1)),
    (
        "message.template",
        facts(templates=(HELLO_WORLD, TEMPLATE, PAUSED)),
        passed("ready", count=1),
    ),
    ("message.template", facts(templates=()), failed("none")),
    ("message.template", facts(templates=(PAUSED,)), failed("none")),
    # One that was not shown whole, or stands in a state we do not know, may be approved.
    ("message.template", facts(templates=(replace(TEMPLATE, name=""),)), unknown("not_shown")),
    ("message.template", facts(templates=(replace(TEMPLATE, status=""),)), unknown("not_shown")),
    ("message.template", facts(templates=(replace(PAUSED, status="NEW"),)), unknown("not_shown")),
    ("message.template", facts(templates=(HELLO_WORLD,)), failed("sample_only")),
    (
        "message.template",
        facts(templates=(HELLO_WORLD,), number=TEST_NUMBER),
        passed("ready", count=1),
    ),
    ("message.template_drift", facts(), passed("agrees", count=1)),
    ("message.template_drift", facts(template_plan=None), not_used("no_files")),
    ("message.template_drift", facts(template_plan=Plan(unchanged=3)), passed("agrees", count=3)),
    ("message.template_drift", facts(template_plan=Plan(broken="x")), unknown("broken", path="x")),
    *(
        ("message.template_drift", drifted(*changes), failed(reason, count=count, names=names))
        for changes, reason, count, names in (
            ([("create", "")], "missing", 1, "a (ru)"),
            ([("create", ""), ("edit", "")], "differs", 1, "a (ru)"),
            *(([("blocked", why)], "differs", 1, "a (ru)") for why in ("status", "sample")),
            ([("blocked", "parameter_format")], "differs", 1, "a (ru)"),
            ([("blocked", "deleting")], "differs", 1, "a (ru)"),
            ([("edit", ""), ("blocked", "category")], "category", 1, "a (ru)"),
            (
                [("blocked", "category_by_meta")] * 6,
                "category",
                6,
                ", ".join(["a (ru)"] * 5) + " …",
            ),
        )
    ),
    *(
        ("message.sent", told(state=state), passed("accepted", date="2026-11-22T19:00:00Z"))
        for state in ("accepted", "sent", "delivered", "read")
    ),
    (
        "message.sent",
        told(state="failed", code=131042, message="Unpaid", details="No payment method"),
        failed("failed", **said(131042, message="Unpaid", details="No payment method")),
    ),
    # Taken, and reported as failed afterwards.
    (
        "message.sent",
        with_arrivals("failed", 131042, "No payment method"),
        failed("failed", **said(131042, details="No payment method")),
    ),
    # Of the token, the account, the number, the app: these count.
    *(
        (
            "message.sent",
            told(state="failed", code=code, subcode=subcode, token=token),
            failed("failed", **said(code, subcode)),
        )
        for code, subcode, token in [
            *((190, 463, MARK), (200, 0, ""), (10, 0, MARK), (368, 0, MARK), (100, 33, MARK)),
            *((131005, 0, MARK), (131031, 0, MARK), (131037, 0, MARK), (131048, 0, MARK)),
            *((133010, 0, MARK), (141006, 0, MARK), (131000, 2494002, MARK), (5, 0, MARK)),
        ]
    ),
    (
        "message.sent",
        told(state="failed", code=190, token="0ld"),
        waiting("other_token", **said(190)),
    ),
    ("message.sent", told(token="0ld"), passed("accepted", date="2026-11-22T19:00:00Z")),
    # A template that does not fit, and a trouble of a moment, are no reason not to be ready.
    *(
        ("message.sent", told(state="failed", code=code), failed("content", **said(code)))
        for code in sorted(CONTENT)[::9]
    ),
    *(
        ("message.sent", told(state="failed", code=code), unknown("passing", **said(code)))
        for code in sorted(PASSING)
    ),
    # What is about the recipient alone says nothing of this number.
    *(
        (
            "message.sent",
            told(state="failed", code=code, details="Undeliverable"),
            waiting("recipient", **said(code, details="Undeliverable")),
        )
        for code in sorted(RECIPIENT)
    ),
    ("message.sent", told(state="held"), unknown("held", date="2026-11-22T19:00:00Z")),
    ("message.sent", told(state="paused"), failed("paused", date="2026-11-22T19:00:00Z")),
    ("message.sent", told(state="no_message"), failed("no_message", date="2026-11-22T19:00:00Z")),
    ("message.sent", facts(record=record(test_message=None)), waiting("not_sent")),
    ("message.sent", told(phone_number_id="42"), waiting("other_number")),
    ("message.delivered", facts(), passed("delivered")),
    ("message.delivered", with_arrivals("read"), passed("read")),
    ("message.delivered", with_arrivals("played"), passed("read")),
    ("message.delivered", with_arrivals("sent"), waiting("on_the_way", state="sent")),
    ("message.delivered", with_arrivals(""), waiting("on_the_way", state="accepted")),
    (
        "message.delivered",
        with_arrivals("failed", 131042, "No payment method"),
        failed("failed", code=131042, message="", details="No payment method"),
    ),
    # What was seen when it was sent counts where the inbox knows nothing.
    ("message.delivered", told(state="delivered", arrivals=Arrivals()), passed("delivered")),
    (
        "message.delivered",
        told(state="failed", code=131026, details="Undeliverable", arrivals=Arrivals()),
        failed("failed", code=131026, message="", details="Undeliverable"),
    ),
    ("message.delivered", told(phone_number_id="42"), waiting("not_sent")),
    ("message.delivered", facts(record=record(test_message=None)), waiting("not_sent")),
]


@pytest.mark.parametrize(("item", "given", "expected"), CASES)
def test_message(item, given, expected):
    assert CHECKS[item](given) == expected
