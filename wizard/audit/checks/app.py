"""Is the app there, was WhatsApp added to it, is its secret known, is it published?"""

from __future__ import annotations

from wizard.audit.checks.access import no_access, restriction, stopped_by
from wizard.audit.checks.registry import (
    answer_or_none,
    check,
    lacking,
    metas_words,
    words_about,
)
from wizard.audit.results import (
    SAID_BY_GRAPH,
    CheckResult,
    failed,
    passed,
    skipped,
    unknown,
    waiting,
)
from wizard.facts.facts import Facts
from wizard.facts.models import Token
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import Value


@check("app.visible")
def visible(facts: Facts) -> CheckResult:
    """The app can be read, or at least the token names it as its own.

    Not every system user may read the app's page, and sending does not need it; that the token
    belongs to this app is proven by access.app.
    """
    if error := no_access(lambda: facts.app):
        if not facts.token.app_id:
            raise error
        return passed("named_by_token", app=facts.token.app_name or facts.token.app_id)
    return passed()


@check("app.restricted")
def restricted(facts: Facts) -> CheckResult:
    """Meta has stopped neither the app nor the one its token was made for.

    An answer that only a caller in good standing gets proves it, and so does a refusal that is
    about the thing that was asked for.
    """
    for read in (lambda: facts.account, lambda: facts.number, lambda: facts.app):
        try:
            read()
        except Unavailable as error:
            if reason := stopped_by(error):
                return failed(reason, **metas_words(error))
            if error.kind is not ErrorKind.NOT_VISIBLE:
                continue
        return passed()
    return _by_the_token(facts.token)


def _by_the_token(token: Token) -> CheckResult:
    """Nothing could be read: what Meta says of the token is left."""
    said = words_about(token)
    if reason := restriction(token.error_code, token.error_subcode, token.error_message):
        return failed(reason, **said, details="", trace="")
    return unknown("not_seen") if token.valid else skipped("access.valid")


@check("app.whatsapp")
def whatsapp(facts: Facts) -> CheckResult:
    """WhatsApp was added to the app. No field shows it; any one of five signs proves it."""
    if _names_whatsapp(facts.token.scopes | frozenset(facts.token.granted)):
        return passed("by_token")
    if _has_webhook(facts):
        return passed("by_webhook")
    if _subscribed(facts):
        return passed("by_subscription")
    if answer_or_none(lambda: facts.account) or answer_or_none(lambda: facts.number):
        return passed("by_account")
    # The only sign that needs a request of its own.
    if _names_whatsapp(answer_or_none(lambda: facts.app_permissions) or frozenset()):
        return passed("by_permissions")
    # None of the signs has to be there: their absence proves nothing.
    return unknown("not_proven")


@check("app.secret")
def secret(facts: Facts) -> CheckResult:
    """The app secret is known, and Graph accepts it as this app's."""
    if missing := lacking(facts, "app_secret"):
        return missing
    return passed() if facts.secret_fits else failed("other_app", **_why_refused(facts))


def _why_refused(facts: Facts) -> dict[str, Value]:
    try:
        facts.app_itself  # noqa: B018 (asked for its refusal alone)
    except Unavailable as error:
        return metas_words(error)
    return dict(SAID_BY_GRAPH)


@check("app.published")
def published(facts: Facts) -> CheckResult:
    """The app is published: no field shows it, but a real message of a person proves it."""
    arrivals = answer_or_none(lambda: facts.arrivals)
    if arrivals and arrivals.message_at:
        number = answer_or_none(lambda: facts.number)
        # What a recipient on the list of a test number writes reaches an unpublished app as well.
        reason = "test_number" if number and number.is_test_number else "proven"
        return passed(reason, date=arrivals.message_at)
    app = answer_or_none(lambda: facts.app)
    ticked = [ON_THE_SCREEN[name] for name in app.filled] if app else []
    return (
        waiting("partly_filled", filled=", ".join(ticked)) if ticked else waiting("not_confirmed")
    )


#: The fields that publishing wants, as Meta's screen App settings > Basic calls them.
ON_THE_SCREEN = {
    "privacy_policy_url": "✓ Privacy policy URL",
    "icon_url": "✓ App icon",
    "category": "✓ Category",
}


def _names_whatsapp(permissions: frozenset[str]) -> bool:
    return any(name.startswith("whatsapp_business_") for name in permissions)


def _has_webhook(facts: Facts) -> bool:
    subscriptions = answer_or_none(lambda: facts.app_subscriptions) or ()
    return any(one.object == "whatsapp_business_account" for one in subscriptions)


def _subscribed(facts: Facts) -> bool:
    subscribers = answer_or_none(lambda: facts.subscribers) or ()
    return any(one.app_id and one.app_id == facts.token.app_id for one in subscribers)
