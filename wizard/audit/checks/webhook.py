"""Does Meta deliver messages to the right server: three callback levels, two subscriptions.

The expected callback is the one the person set with this tool: `record.webhook`. Without one,
any callback that is set counts as right.
"""

from __future__ import annotations

from collections.abc import Iterable

from wizard.audit.checks.registry import answer_or_none, check
from wizard.audit.results import (
    CheckResult,
    failed,
    passed,
    unknown,
    waiting,
)
from wizard.facts.facts import Facts
from wizard.facts.models import Handshake, Subscriber, whatsapp
from wizard.facts.reads import seen_callbacks
from wizard.facts.webhook_route import COEXISTENCE_FIELDS, FIELD
from wizard.text.errors import Unavailable

LEVELS = ("app", "account", "number")


@check("webhook.callback")
def callback(facts: Facts) -> CheckResult:
    """A callback is set on the level that was chosen, and it is the expected one."""
    expected, level = _expected(facts)
    seen = seen_callbacks(facts)
    if not seen.callbacks.winner[1]:
        return _not_set(facts) if seen.none_set else unknown("not_shown")
    if not expected:
        return passed("set", url=seen.callbacks.winner[1])
    actual = getattr(seen.callbacks, level)
    if not actual and level not in seen.known:
        return unknown("not_shown")
    if not actual:
        return failed("not_set_there", expected=expected, level=level)
    if actual != expected:
        return failed("other", url=actual, expected=expected)
    return passed("as_expected", url=actual)


@check("webhook.fields")
def fields(facts: Facts) -> CheckResult:
    """The app is subscribed to `messages`: Meta shows the fields to the app token alone."""
    try:
        rows = facts.app_subscriptions
    except Unavailable:
        arrivals = answer_or_none(lambda: facts.arrivals)
        if arrivals and arrivals.message_at:
            return passed("proven", date=arrivals.message_at)
        raise
    ours = whatsapp(rows)
    if ours is None:
        unclear = any(not one.object for one in rows)
        return unknown("not_shown") if unclear else failed("none")
    if not ours.active:
        return failed("inactive")
    if ours.fields is None:
        return unknown("not_shown")
    return _of_these(facts, ours.fields) if FIELD in ours.fields else failed("missing")


def _of_these(facts: Facts, fields: frozenset[str]) -> CheckResult:
    number = answer_or_none(lambda: facts.number)
    lacking = COEXISTENCE_FIELDS - fields if number and number.on_phone_app else frozenset()
    if lacking:
        return passed("without_coexistence", fields=", ".join(sorted(lacking)))
    return passed("subscribed")


@check("webhook.subscribed")
def subscribed(facts: Facts) -> CheckResult:
    """This app is subscribed to the WABA; other apps there do not count."""
    ours = _app_id(facts)
    others = _others(facts.subscribers, ours)
    if any(one.app_id == ours for one in facts.subscribers):
        return passed("with_others", others=others) if others else passed()
    if any(not one.app_id for one in facts.subscribers):
        return unknown("not_shown")
    return failed("only_others", others=others) if others else failed("nobody")


@check("webhook.effective")
def effective(facts: Facts) -> CheckResult:
    """The callback that wins for this number (number before WABA before app) is the expected."""
    expected, wanted = _expected(facts)
    seen = seen_callbacks(facts)
    level, url = seen.callbacks.winner
    if not url:
        return failed("none") if seen.none_set else unknown("not_shown")
    if lost := seen.elsewhere(expected):
        return failed("override_elsewhere", app=lost, winner=url, level=level)
    if expected and url != expected:
        # A level above the chosen one overrides it for this number.
        above = LEVELS.index(level) > LEVELS.index(wanted)
        return failed(f"overridden_by_{level}" if above else "other", url=url, expected=expected)
    return passed(f"by_{level}", url=url)


@check("webhook.reachable")
def reachable(facts: Facts) -> CheckResult:
    """The callback answers a handshake like Meta's."""
    found = facts.handshake
    if found.reason == "any_token" and facts.record.webhook.get("any_token"):
        return passed("any_token_meant")
    if facts.record.received_here and found.reason in NOBODY_THERE:
        return failed("receiver_ended", url=found.url)
    return judged(found)


#: What a receiver of this computer, or its tunnel, leaves behind when it ends.
NOBODY_THERE = frozenset({"refused", "dns", "tunnel_gone", "behind_tunnel"})
#: Meta gives up after about six seconds.
SLOW_MILLISECONDS = 4000


def judged(found: Handshake) -> CheckResult:
    """What a probe says of `webhook.reachable`."""
    if found.ok:
        slow = found.milliseconds >= SLOW_MILLISECONDS
        return passed("slow" if slow else "answered", milliseconds=found.milliseconds)
    return (unknown if found.unsure else failed)(found.reason, **found.values)


@check("webhook.received")
def received(facts: Facts) -> CheckResult:
    """A real, correctly signed message of this number has arrived."""
    arrivals = facts.arrivals
    if arrivals.message_at:
        return passed("received", date=arrivals.message_at)
    if arrivals.inbox_error:
        return unknown("inbox", kind=arrivals.inbox_error)
    if arrivals.refused_for == "bad_signature":
        return _unfitting_signature(facts)
    if reason := _REFUSED.get(arrivals.refused_for):
        path = {"path": arrivals.refused_path} if reason == "other_path" else {}
        return failed(reason, **path)
    if arrivals.other_number:
        return waiting("other_number", phone_number_id=arrivals.other_number)
    return waiting("test_only") if arrivals.test_event else waiting("nothing_yet")


def _not_set(facts: Facts) -> CheckResult:
    """No callback; a handshake that was refused here shows why Meta did not take one."""
    arrivals = answer_or_none(lambda: facts.arrivals)
    if not arrivals or not arrivals.handshake_refused:
        return failed("not_set")
    path = {"path": arrivals.handshake_path} if arrivals.handshake_path else {}
    return failed(f"asked_{arrivals.handshake_refused}", **path)


#: Why a delivery was refused → what it means here.
_REFUSED = {
    "rewritten": "rewritten",
    "unsigned": "unsigned",
    "no_secret": "secret_not_given",
    "path": "other_path",
}


def _unfitting_signature(facts: Facts) -> CheckResult:
    """A signature that fits no reading of its body: whose it is hangs on what else is known.

    A secret that Graph accepts is the right one, so another app or a change on the way is left.
    """
    if not answer_or_none(lambda: facts.secret_fits):
        return failed("wrong_secret")
    others = _others(answer_or_none(lambda: facts.subscribers) or (), _app_id(facts))
    return failed("other_app", others=others) if others else failed("rewritten")


def _app_id(facts: Facts) -> str:
    return facts.record.ids.get("app_id") or facts.token.app_id


def _others(subscribers: Iterable[Subscriber], ours: str) -> str:
    """Names of the subscribed apps that are not ours."""
    return ", ".join(
        sorted(one.app_name or one.app_id for one in subscribers if one.app_id not in (ours, ""))
    )


def _expected(facts: Facts) -> tuple[str, str]:
    """(URL, level) that were chosen; the URL is "" when nothing was."""
    chosen = facts.record.webhook
    level = chosen.get("level", "app")
    return chosen.get("callback_url", ""), level if level in LEVELS else "app"
