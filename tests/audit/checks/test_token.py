"""token.*: the kind of the token, its permissions, its reach and its end."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from tests.support.healthy import (
    BUSY,
    IDS,
    NOT_VISIBLE,
    NOW,
    PERMISSION,
    SENT,
    SILENT,
    TOKEN,
    facts,
    record,
)
from wizard.audit.checks import CHECKS
from wizard.audit.results import failed, passed, unknown
from wizard.facts.parsers import undescribed_token
from wizard.state.record import write_time
from wizard.text.errors import ErrorKind, Unavailable


def token(**changes):
    return facts(token=replace(TOKEN, **changes))


def ending(kind="SYSTEM_USER", **left):
    return token(kind=kind, expires_at=NOW + timedelta(**left))


def end(**left):
    return {"ends": write_time(NOW + timedelta(**left))}


def lapsing(**left):
    return token(data_access_until=NOW + timedelta(**left))


def said(code, message="", details=""):
    return {"code": code, "subcode": 0, "message": message, "details": details}


def last(message, **changes):
    return facts(record=record(test_message=message), **changes)


def refused(code, **changes):
    return structs.replace(SENT, state="failed", code=code, **changes)


OLD = structs.replace(SENT, token="0ld")
SAID = {"code": 100, "subcode": 0, "message": "You must provide an app access token"}
UNDESCRIBED = undescribed_token(100, 0, "You must provide an app access token")
ON_BEHALF = "You may not send messages on behalf of this WhatsApp Business Account"
MANAGEMENT, MESSAGING = sorted(TOKEN.scopes)

CASES = [
    ("token.kind", facts(), passed()),
    (
        "token.kind",
        ending(days=45),
        passed("sixty_days", **end(days=45), date="2027-01-06", days=45),
    ),
    ("token.kind", ending("USER", hours=23, minutes=30), failed("temporary", hours=24)),
    ("token.kind", ending("USER", minutes=40), failed("temporary", hours=1)),
    ("token.kind", ending("USER", days=59), failed("user")),
    ("token.kind", token(kind="USER"), failed("user")),
    ("token.kind", token(kind="PAGE"), failed("page")),
    ("token.kind", token(kind="APP"), failed("app")),
    ("token.kind", token(kind="ROBOT"), unknown("other", kind="ROBOT")),
    ("token.kind", token(kind=""), unknown("not_said", code=0, subcode=0, message="")),
    ("token.scopes", facts(), passed()),
    # Since June 2026 Meta may leave a scope out of the finer list, and has it in the other.
    ("token.scopes", token(granted={}), passed()),
    ("token.scopes", token(scopes=frozenset()), passed()),
    (
        "token.scopes",
        token(scopes=frozenset({MESSAGING}), granted={MESSAGING: None}),
        failed("missing", scopes=MANAGEMENT),
    ),
    (
        "token.scopes",
        token(scopes=frozenset({"public_profile"}), granted={}),
        failed("missing", scopes=f"{MANAGEMENT}, {MESSAGING}"),
    ),
    ("token.assets", facts(), passed()),
    # Asked, not believed: what the token says of its reach does not matter.
    ("token.assets", token(granted={MANAGEMENT: frozenset({"42"})}), passed()),
    (
        "token.assets",
        facts(account=NOT_VISIBLE),
        failed("account", waba_id=IDS["waba_id"], **{**SILENT, "code": 100, "subcode": 33}),
    ),
    (
        "token.assets",
        facts(account=PERMISSION),
        failed("account", waba_id=IDS["waba_id"], **{**SILENT, "code": 200}),
    ),
    (
        "token.assets",
        facts(number=PERMISSION),
        failed("number", phone_number_id=IDS["phone_number_id"], **{**SILENT, "code": 200}),
    ),
    ("token.messaging", facts(), passed("sent", date="2026-11-22T19:00:00Z")),
    ("token.messaging", last(None), passed("assumed")),
    ("token.messaging", last(None, token=UNDESCRIBED), unknown("not_shown", **SAID)),
    ("token.messaging", last(SENT, token=UNDESCRIBED), passed("sent", date="2026-11-22T19:00:00Z")),
    ("token.messaging", last(refused(131042)), passed("assumed")),
    ("token.messaging", last(refused(200, phone_number_id="42")), passed("assumed")),
    *(
        (
            "token.messaging",
            last(refused(code, message="Permission denied")),
            failed("refused", date="2026-11-22T19:00:00Z", **said(code, "Permission denied")),
        )
        for code in (3, 10, 200)
    ),
    (
        "token.messaging",
        last(refused(200, details=ON_BEHALF)),
        failed("held_by_another", date="2026-11-22T19:00:00Z", **said(200, details=ON_BEHALF)),
    ),
    # What another token was answered says nothing of this one.
    ("token.messaging", last(refused(200, token="0ld")), passed("assumed")),
    ("token.messaging", last(OLD, token=UNDESCRIBED), unknown("not_shown", **SAID)),
    ("token.scopes", last(OLD, token=UNDESCRIBED), unknown("not_described", **SAID)),
    # What Meta will not describe is not read as missing, and not as lasting either.
    ("token.scopes", last(None, token=UNDESCRIBED), unknown("not_described", **SAID)),
    ("token.scopes", last(SENT, token=UNDESCRIBED), passed("by_use")),
    ("token.kind", facts(token=UNDESCRIBED), unknown("not_said", **SAID)),
    ("token.expiry", facts(token=UNDESCRIBED), unknown("not_described", **SAID)),
    ("token.data_access", facts(token=UNDESCRIBED), unknown("not_described", **SAID)),
    ("token.expiry", facts(), passed()),
    ("token.expiry", ending(days=14), passed("until", **end(days=14), date="2026-12-06", days=14)),
    (
        "token.expiry",
        ending(days=13, hours=23),
        failed("refresh", **end(days=13, hours=23), date="2026-12-06", days=13),
    ),
    (
        "token.expiry",
        ending("USER", days=3),
        failed("soon", **end(days=3), date="2026-11-25", days=3),
    ),
    ("token.expiry", ending("USER", hours=5), failed("today", **end(hours=5), hours=5)),
    ("token.expiry", ending(minutes=1), failed("today", **end(minutes=1), hours=1)),
    ("token.expiry", ending(days=-1), failed("expired", **end(days=-1), date="2026-11-21")),
    ("token.expiry", ending(), failed("expired", **end(), date="2026-11-22")),
    ("token.data_access", facts(), passed()),
    (
        "token.data_access",
        lapsing(days=80),
        passed("until", **end(days=80), date="2027-02-10", days=80),
    ),
    (
        "token.data_access",
        lapsing(days=6),
        failed("soon", **end(days=6), date="2026-11-28", days=6),
    ),
    ("token.data_access", lapsing(days=-9), failed("lapsed", **end(days=-9), date="2026-11-13")),
]


@pytest.mark.parametrize(("item", "given", "expected"), CASES)
def test_token(item, given, expected):
    assert CHECKS[item](given) == expected


@pytest.mark.parametrize("fact", ["account", "number"])
def test_a_busy_moment_is_no_verdict_on_the_reach(fact):
    with pytest.raises(Unavailable):
        CHECKS["token.assets"](facts(**{fact: BUSY}))


def test_an_app_that_meta_has_stopped_is_no_missing_access():
    """What refuses everything says nothing of the account: app.restricted says what it is."""
    blocked = Unavailable(ErrorKind.PERMISSION, code=200, message="API access blocked.")
    with pytest.raises(Unavailable):
        CHECKS["token.assets"](facts(account=blocked))
