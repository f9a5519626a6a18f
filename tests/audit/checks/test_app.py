"""app.*: the app is there, and WhatsApp was added to it."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.healthy import BUSY, HEALTHY, IDS, NOT_VISIBLE, PERMISSION, TOKEN, facts
from wizard.audit.checks import CHECKS
from wizard.audit.results import (
    failed,
    passed,
    unknown,
    waiting,
)
from wizard.facts.models import AppSubscription, Arrivals, Subscriber
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


CASES = [
    ("app.visible", facts(), passed()),
    ("app.visible", facts(app=PERMISSION), passed("named_by_token", app="Romashka")),
    (
        "app.visible",
        facts(app=NOT_VISIBLE, token=replace(TOKEN, app_name="")),
        passed("named_by_token", app=IDS["app_id"]),
    ),
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
    ("app.secret", facts(secret_fits=False), failed("other_app")),
    ("app.published", facts(), passed("proven", date="2026-11-22")),
    ("app.published", facts(arrivals=Arrivals()), waiting("not_confirmed")),
    ("app.published", facts(arrivals=Arrivals(test_event=True)), waiting("not_confirmed")),
]


@pytest.mark.parametrize(("item", "given", "expected"), CASES)
def test_app(item, given, expected):
    assert CHECKS[item](given) == expected


def test_a_busy_moment_is_no_verdict_on_the_app():
    with pytest.raises(Unavailable):
        CHECKS["app.visible"](facts(app=BUSY))
