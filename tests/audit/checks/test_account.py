"""account.*: the WABA is readable, approved, healthy, paid for, of a verified business."""

from dataclasses import replace

import pytest
from msgspec import structs

from tests.support.healthy import (
    ACCOUNT,
    IDS,
    NOT_VISIBLE,
    PERMISSION,
    SENT,
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
from wizard.facts.models import Account, Arrivals, Health
from wizard.text.errors import ErrorKind, Unavailable

WABA = IDS["waba_id"]


def account(**changes):
    return facts(account=replace(ACCOUNT, **changes))


def instead(name):
    """The id of something else stands where the WABA's belongs."""
    return facts(record=record(ids={**IDS, "waba_id": IDS[name]}))


def sick(*entities):
    return facts(account_health=health(*entities))


NOTHING = Arrivals()


def sent(**changes):
    return record(test_message=structs.replace(SENT, **changes))


def unpaid(**changes):
    return facts(account=replace(ACCOUNT, funding_id=""), arrivals=NOTHING, **changes)


def refused_field(about=None, arrivals=NOTHING):
    """Meta refuses to show the payment method."""
    refused = frozenset({"primary_funding_id"})
    shown = replace(ACCOUNT, funding_id="", refused=refused)
    return facts(account=shown, record=about or record(test_message=None), arrivals=arrivals)


DELIVERED = passed("delivered")
NOT_PAID = failed("last_send", code=131042, date="2026-11-22", message="", details="")
NO_SCOPE = replace(TOKEN, scopes=frozenset({"whatsapp_business_messaging"}), granted={})
PAYMENT = (141006, "There is an error with the payment method.")
SIP = (138024, "SIP is not configured")
LEFT_OUT = Unavailable(ErrorKind.ODD, details="health_status")
UNPAID = {"funding_id": "", "marketing_onboarding": "ELIGIBLE"}

CASES = [
    ("account.visible", facts(), passed()),
    ("account.visible", facts(record=record(ids=without("waba_id"))), failed("not_given")),
    (
        "account.visible",
        facts(account=NOT_VISIBLE),
        failed("not_visible", waba_id=WABA, code=100, subcode=33),
    ),
    (
        "account.visible",
        facts(account=PERMISSION),
        failed("not_visible", waba_id=WABA, code=200, subcode=0),
    ),
    (
        "account.visible",
        facts(account=PERMISSION, token=NO_SCOPE),
        failed("no_scope", scope="whatsapp_business_management", code=200, subcode=0),
    ),
    # The root, before what it causes.
    (
        "account.visible",
        facts(account=NOT_VISIBLE, token=replace(NO_SCOPE, kind="PAGE")),
        failed("page_token", waba_id=WABA, code=100, subcode=33),
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
        passed("limited_unverified", text="Not verified; APP"),
    ),
    (
        "account.health",
        sick(entity("BUSINESS", "LIMITED", (141010, "Not verified", "Get verified"))),
        passed("limited_unverified", text="Not verified (Get verified)"),
    ),
    (
        "account.health",
        sick(entity("BUSINESS", "LIMITED", (141011, "Slow down"))),
        passed("limited", text="Slow down"),
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
    # Read and empty is a sign; refused is none.
    ("account.payment", unpaid(), failed("no_funding")),
    ("account.payment", unpaid(number=NOT_VISIBLE), failed("no_funding")),
    ("account.payment", refused_field(), unknown("not_shown")),
    ("account.payment", refused_field(sent()), unknown("not_shown")),
    ("account.payment", refused_field(sent(), arrivals=Arrivals(test_state="read")), DELIVERED),
    ("account.payment", refused_field(sent(state="delivered")), DELIVERED),
    # A free text within 24 hours is delivered without a card.
    (
        "account.payment",
        refused_field(sent(state="delivered", template="")),
        unknown("not_shown"),
    ),
    ("account.payment", facts(record=sent(state="failed", code=131042)), NOT_PAID),
    ("account.payment", facts(record=sent(state="failed", code=131026)), passed()),
    (
        "account.payment",
        facts(record=sent(state="failed", code=131042, phone_number_id="4")),
        passed(),
    ),
    (
        "account.payment",
        account(funding_id="", marketing_onboarding="PENDING_VALID_PAYMENT_METHOD"),
        failed("no_method"),
    ),
    ("account.payment", account(currency=""), passed()),
    ("account.payment", account(timezone_id=""), passed()),
    ("account.status", facts(), passed()),
    *(
        ("account.status", account(status=state), failed(state.lower()))
        for state in ("DISABLED", "RESTRICTED", "DELETED")
    ),
    ("account.status", account(status="PENDING"), waiting("pending")),
    ("account.status", account(status=""), unknown("not_shown")),
    ("account.status", account(status="ASLEEP"), unknown("other", state="ASLEEP")),
    ("account.terms", facts(), passed()),
    (
        "account.terms",
        facts(record=sent(state="failed", code=131005, details="Terms of Service pending")),
        failed("not_accepted", code=131005, message="", details="Terms of Service pending"),
    ),
    # The same code has other causes.
    ("account.terms", facts(record=sent(state="failed", code=131005, details="Denied")), passed()),
    (
        "account.terms",
        sick(entity("BUSINESS", "BLOCKED", (141009, "Accept the Terms first."))),
        failed("not_accepted", code=141009, message="Accept the Terms first.", details=""),
    ),
    (
        "account.terms",
        facts(number_health=health(entity("PHONE_NUMBER", "BLOCKED", (131005, "Denied")))),
        failed("not_accepted", code=131005, message="Denied", details=""),
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
