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
    SILENT,
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
REFUSED = Unavailable(ErrorKind.PERMISSION, code=10, message="Not a solution provider", trace="A")
HIDDEN = unknown(
    "not_shown", **{**SILENT, "code": 10, "message": "Not a solution provider", "trace": "A"}
)
GONE = {**SILENT, "code": 100, "subcode": 33}
DENIED = {**SILENT, "code": 200}


def sent(**changes):
    return record(test_message=structs.replace(SENT, **changes))


def unsent(**changes):
    return facts(record=record(test_message=None), **changes)


def granted(*ids, **changes):
    """A token that is limited to these accounts, while none is chosen."""
    limited = replace(TOKEN, granted={"whatsapp_business_management": frozenset(ids)})
    return facts(token=limited, record=record(ids=without("waba_id")), **changes)


def unpaid(**changes):
    return facts(funding="", arrivals=NOTHING, **changes)


def refused_field(about=None, arrivals=NOTHING):
    """Meta refuses to show the payment method."""
    return facts(funding=REFUSED, record=about or record(test_message=None), arrivals=arrivals)


DELIVERED = passed("delivered")
NOT_PAID = failed(
    "last_send", code=131042, subcode=0, date="2026-11-22T19:00:00Z", message="", details=""
)
NO_SCOPE = replace(TOKEN, scopes=frozenset({"whatsapp_business_messaging"}), granted={})
PAYMENT = (141006, "There is an error with the payment method.")
SIP = (138024, "SIP is not configured")
LEFT_OUT = Unavailable(ErrorKind.ODD, details="health_status")
PENDING = "PENDING_VALID_PAYMENT_METHOD"
LEFT = {**SILENT, "details": "health_status"}

CASES = [
    ("account.visible", facts(), passed()),
    ("account.visible", facts(record=record(ids=without("waba_id"))), failed("not_given")),
    ("account.visible", granted("7", "8"), failed("not_chosen", accounts="7, 8")),
    ("account.visible", granted("7"), failed("not_given")),
    (
        "account.visible",
        facts(account=NOT_VISIBLE),
        failed("not_visible", waba_id=WABA, **GONE),
    ),
    (
        "account.visible",
        facts(account=PERMISSION),
        failed("not_visible", waba_id=WABA, **DENIED),
    ),
    (
        "account.visible",
        facts(account=PERMISSION, token=NO_SCOPE),
        failed("no_scope", scope="whatsapp_business_management", **DENIED),
    ),
    # The root, before what it causes.
    (
        "account.visible",
        facts(account=NOT_VISIBLE, token=replace(NO_SCOPE, kind="PAGE")),
        failed("page_token", waba_id=WABA, **GONE),
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
    ("account.health", facts(account_health=Health(())), unknown("not_shown", **SILENT)),
    ("account.health", facts(account_health=LEFT_OUT), unknown("not_shown", **LEFT)),
    # A word that nobody knows, or none, is no "available".
    ("account.health", sick(entity("WABA", "")), unknown("not_shown", **SILENT)),
    (
        "account.health",
        sick(entity("WABA", "PONDERED")),
        unknown("other", state="PONDERED", entity="WABA"),
    ),
    (
        "account.health",
        sick(entity("APP", "PONDERED"), entity("WABA", "BLOCKED")),
        failed("blocked_silently", entity="WABA"),
    ),
    # No entities at all: the node as a whole.
    (
        "account.health",
        facts(account_health=Health((entity("", "BLOCKED"),))),
        failed("blocked_silently", entity="health_status"),
    ),
    ("account.health", facts(account_health=Health((entity("", "AVAILABLE"),))), passed()),
    ("account.payment", facts(), passed()),
    # Read and empty is a sign; refused is none.
    ("account.payment", unpaid(), failed("no_funding", services=0)),
    ("account.payment", unpaid(number=NOT_VISIBLE), failed("no_funding", services=0)),
    # What was delivered, or failed unpaid, to anybody counts; the later of the two.
    *(
        (
            "account.payment",
            facts(funding="", record=sent(template=""), arrivals=Arrivals(**arrivals)),
            result,
        )
        for arrivals, result in (
            ({"services": 12}, failed("no_funding", services=12)),
            ({"charged_at": "2026-11-20T1"}, passed("charged", date="2026-11-20")),
            (
                {"charged_at": "2026-11-20T1", "unpaid_at": "2026-11-19T1"},
                passed("charged", date="2026-11-20"),
            ),
        )
    ),
    (
        "account.payment",
        facts(
            arrivals=Arrivals(
                charged_at="2026-11-20T10:00:00.000Z", unpaid_at="2026-11-21T10:00:00.000Z"
            )
        ),
        failed("unpaid_delivery", date="2026-11-21T10:00:00.000Z", code=131042),
    ),
    ("account.payment", refused_field(), HIDDEN),
    ("account.payment", refused_field(sent()), HIDDEN),
    # A version of Graph that does not know the field.
    (
        "account.payment",
        facts(funding=Unavailable(ErrorKind.ODD, details="f"), arrivals=NOTHING),
        unknown("not_shown", **{**SILENT, "details": "f"}),
    ),
    ("account.payment", refused_field(sent(), arrivals=Arrivals(test_state="read")), DELIVERED),
    ("account.payment", refused_field(sent(state="delivered")), DELIVERED),
    # A free text within 24 hours is delivered without a card.
    (
        "account.payment",
        refused_field(sent(state="delivered", template="")),
        HIDDEN,
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
        facts(account=replace(ACCOUNT, marketing_onboarding=PENDING), funding=REFUSED),
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
    ("account.terms", facts(), passed("sent")),
    ("account.terms", unsent(), passed()),
    ("account.terms", facts(account_health=LEFT_OUT), passed("sent")),
    ("account.terms", unsent(account_health=LEFT_OUT), unknown("not_shown", **LEFT)),
    ("account.terms", unsent(account_health=PERMISSION), unknown("not_shown", **DENIED)),
    # What the number's health says counts without the account's.
    (
        "account.terms",
        unsent(
            account_health=PERMISSION,
            number_health=health(entity("PHONE_NUMBER", "BLOCKED", (131005, "Denied"))),
        ),
        failed("not_accepted", code=131005, subcode=0, message="Denied", details=""),
    ),
    # The word alone is no terms of Meta's.
    (
        "account.terms",
        unsent(account_health=health(entity("WABA", "LIMITED", (1, "Low in terms of quality")))),
        passed(),
    ),
    (
        "account.terms",
        facts(record=sent(state="failed", code=131005, details="Terms of Service pending")),
        failed(
            "not_accepted", code=131005, subcode=0, message="", details="Terms of Service pending"
        ),
    ),
    # The same code has other causes.
    ("account.terms", facts(record=sent(state="failed", code=131005, details="Denied")), passed()),
    (
        "account.terms",
        sick(entity("BUSINESS", "BLOCKED", (141009, "Accept the Terms first."))),
        failed(
            "not_accepted", code=141009, subcode=0, message="Accept the Terms first.", details=""
        ),
    ),
    (
        "account.terms",
        facts(number_health=health(entity("PHONE_NUMBER", "BLOCKED", (131005, "Denied")))),
        failed("not_accepted", code=131005, subcode=0, message="Denied", details=""),
    ),
    ("account.payment", sick(entity("WABA", "LIMITED", PAYMENT)), failed("refused_by_health")),
    (
        "account.payment",
        facts(account=replace(ACCOUNT, marketing_onboarding=PENDING), number=TEST_NUMBER),
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


def test_an_app_that_meta_has_stopped_is_no_missing_access():
    """What refuses everything says nothing of the account: app.restricted says what it is."""
    blocked = Unavailable(ErrorKind.PERMISSION, code=200, message="API access blocked.")
    with pytest.raises(Unavailable):
        CHECKS["account.visible"](facts(account=blocked))
