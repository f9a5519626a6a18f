"""Is the token the right one: its kind, permissions, assets and expiry?"""

from __future__ import annotations

from datetime import datetime, timedelta

from wizard.audit.checks.access import no_access
from wizard.audit.checks.registry import (
    by_this_token,
    check,
    last_send,
    metas_words,
    send_refusal,
    words_about,
)
from wizard.audit.results import (
    NOTICE,
    CheckResult,
    failed,
    passed,
    unknown,
)
from wizard.facts.facts import Facts
from wizard.state.record import write_time
from wizard.text.durations import days_left, hours_left

NEEDED = frozenset({"whatsapp_business_management", "whatsapp_business_messaging"})

#: The panel API Setup makes tokens for a day at most; the hour more is for clocks.
A_DAY = timedelta(hours=25)


@check("token.kind")
def kind(facts: Facts) -> CheckResult:
    """It is a system user's token: not tied to a person, a password or a page."""
    token = facts.token
    if token.kind == "SYSTEM_USER":
        if token.expires_at is None:
            return passed()
        # Some businesses cannot make one that lasts longer.
        return passed("sixty_days", **_left(token.expires_at, facts.now))
    if token.kind == "USER":
        if token.expires_at is not None and token.expires_at - facts.now < A_DAY:
            return failed("temporary", hours=hours_left(token.expires_at, facts.now))
        return failed("user")
    # Meta's pages name user and system-user tokens alone for WhatsApp.
    if token.kind in {"PAGE", "APP"}:
        return failed(token.kind.lower())
    return (
        unknown("other", kind=token.kind)
        if token.kind
        else unknown("not_said", **words_about(token))
    )


@check("token.scopes")
def scopes(facts: Facts) -> CheckResult:
    """It carries both WhatsApp permissions, in either of the two lists that Meta keeps."""
    token = facts.token
    if not token.described:
        return _by_what_it_does(facts)
    missing = NEEDED - token.scopes - frozenset(token.granted)
    if missing:
        # Sorted, so that two runs over the same account read alike.
        return failed("missing", scopes=", ".join(sorted(missing)))
    return passed()


def _by_what_it_does(facts: Facts) -> CheckResult:
    """Meta did not list its permissions: reading shows one of them, a message sent the other."""
    message = last_send(facts, "accepted")
    if message and by_this_token(facts, message):
        return passed("by_use")
    return unknown("not_described", **words_about(facts.token))


@check("token.messaging")
def messaging(facts: Facts) -> CheckResult:
    """It may send for this number: what Meta said to the last message, or its permissions.

    Where a partner holds messaging every read works and every message is refused with code 200.
    """
    refused = last_send(facts, "failed", FORBIDDEN)
    if refused and by_this_token(facts, refused):
        held = "on behalf" in f"{refused.message} {refused.details}".casefold()
        reason = "held_by_another" if held else "refused"
        return failed(reason, date=refused.at, **send_refusal(refused))
    message = last_send(facts, "accepted")
    if message and by_this_token(facts, message):
        return passed("sent", date=message.at)
    if facts.token.described:
        return passed("assumed")
    return unknown("not_shown", **words_about(facts.token))


#: Codes with which Graph refuses to let this caller send: no capability, no permission.
FORBIDDEN = frozenset({3, 10, 200})


@check("token.assets")
def assets(facts: Facts) -> CheckResult:
    """It reaches this account and this number: read, since the lists in a token mislead."""
    ids = facts.record.ids
    if error := no_access(lambda: facts.account):
        return failed("account", waba_id=ids.get("waba_id", ""), **metas_words(error))
    if error := no_access(lambda: facts.number):
        phone = ids.get("phone_number_id", "")
        return failed("number", phone_number_id=phone, **metas_words(error))
    return passed()


@check("token.expiry")
def expiry(facts: Facts) -> CheckResult:
    """It does not end within two weeks."""
    token, now = facts.token, facts.now
    if not token.described:
        return unknown("not_described", **words_about(token))
    if token.expires_at is None:
        return passed()
    ends = write_time(token.expires_at)
    if token.expires_at <= now:
        return failed("expired", ends=ends, date=f"{token.expires_at:%Y-%m-%d}")
    if token.expires_at - now < A_DAY:
        return failed("today", ends=ends, hours=hours_left(token.expires_at, now))
    left = _left(token.expires_at, now)
    if token.expires_at - now >= NOTICE:
        return passed("until", **left)
    # A system user's token of 60 days can be refreshed until it expires.
    return failed("refresh" if token.kind == "SYSTEM_USER" else "soon", **left)


@check("token.data_access")
def data_access(facts: Facts) -> CheckResult:
    """Data access does not lapse within two weeks: it ends independently of the token."""
    until, now = facts.token.data_access_until, facts.now
    if not facts.token.described:
        return unknown("not_described", **words_about(facts.token))
    if until is None:
        return passed()
    if until <= now:
        return failed("lapsed", ends=write_time(until), date=f"{until:%Y-%m-%d}")
    left = _left(until, now)
    return passed("until", **left) if until - now >= NOTICE else failed("soon", **left)


def _left(end: datetime, now: datetime) -> dict[str, str | int]:
    left = days_left(end, now)
    return {"ends": write_time(end), "date": f"{end:%Y-%m-%d}", "days": left}
