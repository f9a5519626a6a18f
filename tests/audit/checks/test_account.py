"""account.*: the WABA is readable, approved, healthy, paid for, of a verified business."""

from dataclasses import replace

import pytest

from tests.support.healthy import (
    ACCOUNT,
    IDS,
    NOT_VISIBLE,
    PERMISSION,
    TEST_NUMBER,
    TOKEN,
    entity,
    facts,
    health,
    record,
    without,
)
from wizard.audit.checks import CHECKS
from wizard.audit.checks.account import UNVERIFIED
from wizard.audit.results import (
    failed,
    passed,
    unknown,
    waiting,
)
from wizard.facts.models import Account, Health
from wizard.text.errors import ErrorKind, Unavailable

WABA = IDS["waba_id"]


def account(**changes):
    return facts(account=replace(ACCOUNT, **changes))


def instead(name):
    """The id of something else stands where the WABA's belongs."""
    return facts(record=record(ids={**IDS, "waba_id": IDS[name]}))


def sick(*entities):
    return facts(account_health=health(*entities))


NO_SCOPE = replace(TOKEN, scopes=frozenset({"whatsapp_business_messaging"}), granted={})
PAYMENT = (141006, "There is an error with the payment method.")
SIP = (138024, "SIP is not configured")
LEFT_OUT = Unavailable(ErrorKind.ODD, details="health_status")
UNPAID = {"funding_id": "", "marketing_onboarding": "ELIGIBLE"}

CASES = [
    ("account.visible", facts(), passed()),
    ("account.visible", facts(record=record(ids=without("waba_id"))), failed("not_given")),
    ("account.visible", facts(account=NOT_VISIBLE), failed("not_visible", waba_id=WABA)),
    ("account.visible", facts(account=PERMISSION), failed("not_visible", waba_id=WABA)),
    (
        "account.visible",
        facts(account=PERMISSION, token=NO_SCOPE),
        failed("no_scope", scope="whatsapp_business_management"),
    ),
    # The root, before what it causes.
    (
        "account.visible",
        facts(account=NOT_VISIBLE, token=replace(NO_SCOPE, kind="PAGE")),
        failed("page_token", waba_id=WABA),
    ),
    ("account.visible", facts(token=replace(TOKEN, kind="PAGE")), passed()),
    # What can be read needs no permission on paper.
    ("account.visible", facts(token=NO_SCOPE), passed()),
    (
        "account.visible",
        instead("phone_number_id"),
        failed("is_number", waba_id=IDS["phone_number_id"]),
    ),
    ("account.visible", instead("business_id"), failed("is_business", waba_id=IDS["business_id"])),
    ("account.visible", instead("app_id"), failed("is_app", waba_id=IDS["app_id"])),
    (
        "account.visible",
        facts(account=Account(WABA, "A page")),
        failed("wrong_kind", waba_id=WABA),
    ),
    ("account.review", facts(), passed()),
    ("account.review", account(review="PENDING"), waiting("pending")),
    ("account.review", account(review="DEFERRED"), waiting("deferred")),
    ("account.review", account(review="REJECTED"), failed("rejected")),
    ("account.review", account(review="RESTRICTED"), failed("restricted")),
    ("account.review", account(review="PONDERED"), unknown("other", state="PONDERED")),
    ("account.review", account(review=""), unknown("not_shown")),
    ("account.health", facts(), passed()),
    # Calls over SIP that nobody set up block nothing.
    ("account.health", sick(entity("WABA", "BLOCKED", SIP)), passed()),
    (
        "account.health",
        sick(entity("WABA", "BLOCKED", SIP, PAYMENT)),
        failed("payment", code=141006, entity="WABA", text=PAYMENT[1], remedy=""),
    ),
    (
        "account.health",
        sick(entity("BUSINESS", "BLOCKED", (141010, "Not verified"))),
        failed(
            "business_unverified", code=141010, entity="BUSINESS", text="Not verified", remedy=""
        ),
    ),
    (
        "account.health",
        sick(entity("WABA", "BLOCKED", (141014, "Banned", "Appeal"))),
        failed("banned", code=141014, entity="WABA", text="Banned", remedy="Appeal"),
    ),
    (
        "account.health",
        sick(entity("APP", "BLOCKED", (141002, "Template"))),
        failed("template", code=141002, entity="APP", text="Template", remedy=""),
    ),
    (
        "account.health",
        sick(
            entity(
                "APP",
                "BLOCKED",
                (141999, "Something new", "Do something new"),
                (141998, "And more"),
            )
        ),
        failed(
            "blocked", code=141999, entity="APP", text="Something new", remedy="Do something new"
        ),
    ),
    # Of several causes, one that we have words for.
    (
        "account.health",
        sick(entity("WABA", "BLOCKED", (141999, "Something new"), PAYMENT)),
        failed("payment", code=141006, entity="WABA", text=PAYMENT[1], remedy=""),
    ),
    ("account.health", sick(entity("WABA", "BLOCKED")), failed("blocked_silently", entity="WABA")),
    (
        "account.health",
        sick(entity("BUSINESS", "LIMITED", (141010, "Not verified")), entity("APP", "LIMITED")),
        passed("limited", text="Not verified; APP"),
    ),
    (
        "account.health",
        sick(entity("BUSINESS", "LIMITED", (141010, "Not verified", "Get verified"))),
        passed("limited", text="Not verified (Get verified)"),
    ),
    # A block goes before a limit, whatever the order.
    (
        "account.health",
        sick(entity("APP", "LIMITED"), entity("WABA", "BLOCKED", PAYMENT)),
        failed("payment", code=141006, entity="WABA", text=PAYMENT[1], remedy=""),
    ),
    # The number has an item of its own.
    ("account.health", sick(entity("PHONE_NUMBER", "BLOCKED", (141000, "Not ready"))), passed()),
    ("account.health", facts(account_health=Health(())), unknown("not_shown")),
    ("account.health", facts(account_health=LEFT_OUT), unknown("not_shown")),
    # No entities at all: the node as a whole.
    (
        "account.health",
        facts(account_health=Health((entity("", "BLOCKED"),))),
        failed("blocked_silently", entity="health_status"),
    ),
    ("account.health", facts(account_health=Health((entity("", "AVAILABLE"),))), passed()),
    ("account.payment", facts(), passed()),
    ("account.payment", account(funding_id=""), unknown("not_shown")),
    (
        "account.payment",
        facts(account=replace(ACCOUNT, funding_id=""), number=NOT_VISIBLE),
        unknown("not_shown"),
    ),
    (
        "account.payment",
        account(funding_id="", marketing_onboarding="PENDING_VALID_PAYMENT_METHOD"),
        failed("no_method"),
    ),
    ("account.payment", account(currency=""), failed("no_currency")),
    (
        "account.payment",
        account(**UNPAID, currency="", timezone_id=""),
        unknown("not_shown"),
    ),
    ("account.payment", sick(entity("WABA", "LIMITED", PAYMENT)), failed("refused_by_health")),
    (
        "account.payment",
        facts(account=replace(ACCOUNT, **UNPAID), number=TEST_NUMBER),
        passed("test_number"),
    ),
    ("account.business", facts(), passed()),
    ("account.business", account(business_verification="PENDING"), waiting("pending")),
    *(
        ("account.business", account(business_verification=state), failed(state.lower()))
        for state in sorted(UNVERIFIED)
    ),
    ("account.business", account(business_verification="ODD"), unknown("other", state="ODD")),
    ("account.business", account(business_verification=""), unknown("not_shown")),
]


@pytest.mark.parametrize(("item", "given", "expected"), CASES)
def test_account(item, given, expected):
    assert CHECKS[item](given) == expected
