"""Is the app there, was WhatsApp added to it, is its secret known, is it published?"""

from __future__ import annotations

from wizard.audit.checks.registry import SHUT, check, glimpse, obstacle
from wizard.audit.results import (
    CheckResult,
    failed,
    passed,
    unknown,
    waiting,
)
from wizard.facts.facts import Facts
from wizard.text.errors import ErrorKind


@check("app.visible")
def visible(facts: Facts) -> CheckResult:
    """The app can be read, or at least the token names it as its own.

    Not every system user may read the app's page, and sending does not need it; that the token
    belongs to this app is proven by access.app.
    """
    if obstacle(lambda: facts.app, *SHUT):
        return passed("named_by_token", app=facts.token.app_name or facts.token.app_id)
    return passed()


@check("app.whatsapp")
def whatsapp(facts: Facts) -> CheckResult:
    """WhatsApp was added to the app. No field says so; any one of five signs proves it."""
    if _speaks_of_whatsapp(facts.token.scopes | frozenset(facts.token.granted)):
        return passed("by_token")
    if _speaks_of_whatsapp(glimpse(lambda: facts.app_permissions) or frozenset()):
        return passed("by_permissions")
    if _hooked(facts):
        return passed("by_webhook")
    if _subscribed(facts):
        return passed("by_subscription")
    if glimpse(lambda: facts.account) or glimpse(lambda: facts.number):
        return passed("by_account")
    # None of the signs has to be there: their absence proves nothing.
    return unknown("not_proven")


@check("app.secret")
def secret(facts: Facts) -> CheckResult:
    """The app secret is known, and Graph takes it as this app's."""
    if obstacle(lambda: facts.origin("app_secret"), ErrorKind.NOT_GIVEN):
        return failed("not_given")
    return passed() if facts.secret_fits else failed("other_app")


@check("app.published")
def published(facts: Facts) -> CheckResult:
    """The app is published: no field says so, but a real message of a person proves it."""
    heard = glimpse(lambda: facts.arrivals)
    if heard and heard.message_at:
        return passed("proven", date=heard.message_at[:10])
    return waiting("not_confirmed")


def _speaks_of_whatsapp(permissions: frozenset[str]) -> bool:
    return any(name.startswith("whatsapp_business_") for name in permissions)


def _hooked(facts: Facts) -> bool:
    subscriptions = glimpse(lambda: facts.app_subscriptions) or ()
    return any(one.object == "whatsapp_business_account" for one in subscriptions)


def _subscribed(facts: Facts) -> bool:
    subscribers = glimpse(lambda: facts.subscribers) or ()
    return any(one.app_id == facts.token.app_id for one in subscribers)
