"""app.*: the app is there, and WhatsApp was added to it."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.healthy import (
    BUSY,
    HEALTHY,
    IDS,
    NOT_VISIBLE,
    PERMISSION,
    SILENT,
    TEST_NUMBER,
    TOKEN,
    facts,
    unusable,
)
from wizard.audit.checks import CHECKS
from wizard.audit.results import (
    failed,
    passed,
    skipped,
    unknown,
    waiting,
)
from wizard.facts.models import AppSubscription, Arrivals, MetaApp, Subscriber
from wizard.graph import GraphError
from wizard.text.errors import ErrorKind, Unavailable

NO_SECRET = Unavailable(ErrorKind.NOT_GIVEN, name="app_secret")

#: A token and an app that show no sign of WhatsApp.
BARE: dict[str, Any] = {
    "token": replace(TOKEN, scopes=frozenset({"public_profile"}), granted={}),
    "app_permissions": NO_SECRET,
    "app_subscriptions": NO_SECRET,
    "subscribers": NOT_VISIBLE,
    "account": NOT_VISIBLE,
    "number": NOT_VISIBLE,
}


def bare(**changes):
    return facts(**{**BARE, **changes})


def hooked(thing):
    return (AppSubscription(thing, "https://romashka.example/hook", True, frozenset()),)


def refusal(code, subcode=0, message=""):
    said = {"http": 400, "message": message, "details": "", "trace": "Atrace"}
    return GraphError(ErrorKind.PERMISSION, code=code, subcode=subcode, **said)


def closed(answer, **changes):
    return facts(**{**dict.fromkeys(("account", "number", "app"), answer), **changes})


def dead(code, subcode, message):
    said = {"error_code": code, "error_subcode": subcode, "error_message": message}
    return replace(TOKEN, valid=False, **said)


def stopped(reason, code, subcode, message, details=""):
    said = {"code": code, "subcode": subcode, "message": message}
    if details is None:
        return failed(reason, **said, details="", trace="")
    return failed(reason, **said, details=details, trace="Atrace")


#: (reason, code, subcode, message): how Meta says that everything is refused.
STOPPED = [
    ("restricted", 200, 0, "API access blocked."),
    ("restricted", 190, 0, "API access blocked."),
    ("restricted", 200, 0, "API access deactivated. To reactivate, go to the app dashboard."),
    ("deleted", 101, 0, "Error validating application. Application has been deleted."),
    ("deleted", 190, 0, "Error validating application. Application has been deleted."),
    ("ip_not_allowed", 5, 0, "(#5) Unauthorized source IP address"),
    ("owner_checkpoint", 190, 459, "You cannot access the app till you log in"),
    ("owner_checkpoint", 190, 490, "The user is enrolled in a blocking, logged-in checkpoint"),
]
NOT_THERE = GraphError(
    ErrorKind.NOT_VISIBLE, code=100, subcode=33, http=400, message="", details="", trace=""
)
ODD = Unavailable(ErrorKind.UNREACHABLE, cause="html_error")

CASES = [
    ("app.visible", facts(), passed()),
    ("app.visible", facts(app=PERMISSION), passed("named_by_token", app="Romashka")),
    (
        "app.visible",
        facts(app=NOT_VISIBLE, token=replace(TOKEN, app_name="")),
        passed("named_by_token", app=IDS["app_id"]),
    ),
    ("app.restricted", facts(), passed()),
    # A refusal that is about the thing alone shows that the app may ask.
    ("app.restricted", closed(NOT_THERE), passed()),
    # Meta refuses the field of an app to many tokens, and not the app.
    ("app.restricted", facts(app=refusal(200, message="API access blocked.")), passed()),
    *(
        (
            "app.restricted",
            closed(refusal(code, subcode, message)),
            stopped(reason, code, subcode, message),
        )
        for reason, code, subcode, message in STOPPED
    ),
    *(
        (
            "app.restricted",
            closed(ODD, token=dead(code, subcode, message)),
            stopped(reason, code, subcode, message, details=None),
        )
        for reason, code, subcode, message in STOPPED
    ),
    ("app.restricted", closed(ODD), unknown("not_seen")),
    ("app.restricted", closed(ODD, token=dead(190, 463, "Expired")), skipped("access.valid")),
    ("app.whatsapp", facts(), passed("by_token")),
    # Since 2026 Meta may name a scope in one of its two lists only.
    (
        "app.whatsapp",
        bare(token=replace(BARE["token"], granted={"whatsapp_business_messaging": None})),
        passed("by_token"),
    ),
    (
        "app.whatsapp",
        bare(app_permissions=frozenset({"public_profile", "whatsapp_business_management"})),
        passed("by_permissions"),
    ),
    (
        "app.whatsapp",
        bare(app_subscriptions=hooked("whatsapp_business_account")),
        passed("by_webhook"),
    ),
    ("app.whatsapp", bare(subscribers=(Subscriber(IDS["app_id"]),)), passed("by_subscription")),
    ("app.whatsapp", bare(account=HEALTHY["account"]), passed("by_account")),
    ("app.whatsapp", bare(number=HEALTHY["number"]), passed("by_account")),
    ("app.whatsapp", bare(), unknown("not_proven")),
    # What belongs to other products or to other apps proves nothing.
    (
        "app.whatsapp",
        bare(
            app_permissions=frozenset({"public_profile"}),
            app_subscriptions=hooked("page"),
            subscribers=(Subscriber("42"),),
        ),
        unknown("not_proven"),
    ),
    ("app.secret", facts(), passed()),
    ("app.secret", facts(origins={}), failed("not_given")),
    ("app.secret", unusable("app_secret"), failed("unusable", source="VARIABLE")),
    ("app.secret", facts(secret_fits=False), failed("other_app", **SILENT)),
    (
        "app.secret",
        facts(secret_fits=False, app_itself=refusal(101, message="Invalid app")),
        stopped("other_app", 101, 0, "Invalid app"),
    ),
    ("app.published", facts(), passed("proven", date="2026-11-22T18:30:00.000Z")),
    (
        "app.published",
        facts(number=TEST_NUMBER),
        passed("test_number", date="2026-11-22T18:30:00.000Z"),
    ),
    ("app.published", facts(arrivals=Arrivals()), waiting("not_confirmed")),
    ("app.published", facts(arrivals=Arrivals(test_event=True)), waiting("not_confirmed")),
    (
        "app.published",
        facts(arrivals=Arrivals(), app=MetaApp("1", "Romashka", "", ("category",))),
        waiting("partly_filled", filled="✓ Category"),
    ),
]


@pytest.mark.parametrize(("item", "given", "expected"), CASES)
def test_app(item, given, expected):
    assert CHECKS[item](given) == expected


def test_a_busy_moment_is_no_verdict_on_the_app():
    with pytest.raises(Unavailable):
        CHECKS["app.visible"](facts(app=BUSY))


def test_an_app_that_meta_has_stopped_is_not_there_by_the_name_in_its_token():
    """Everything is refused with "API access blocked", while the token is still described."""
    with pytest.raises(GraphError):
        CHECKS["app.visible"](closed(refusal(200, message="API access blocked.")))
