"""Is there an access token, does Meta accept it, and is it a token of this app?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from wizard.audit.checks.registry import (
    NO_ACCESS,
    check,
    error_of,
    lacking,
    metas_words,
    words_about,
)
from wizard.audit.results import (
    CheckResult,
    failed,
    passed,
    unknown,
)
from wizard.facts.facts import Facts
from wizard.facts.models import Token
from wizard.text.errors import Unavailable

#: Why a token is not valid any more, by the subcode of error 190.
#: Source: developers.facebook.com/docs/graph-api/guides/error-handling
INVALID_REASONS = {
    458: "app_removed",
    459: "checkpoint",
    460: "password_changed",
    463: "expired",
    464: "unconfirmed",
    467: "revoked",
    492: "role_lost",
}

#: Sources of a token that have a text of their own.
SOURCES = {
    "os-keyring": "from_keyring",
    "encrypted-file": "from_file",
    "command": "from_command",
    "sandbox": "from_sandbox",
}


#: What Graph writes in the message of a refusal → what has been stopped. It answers so to
#: everything, with code 200 or 190. Source: reports of people whose apps were stopped.
RESTRICTIONS = {
    "application has been deleted": "deleted",
    "api access blocked": "restricted",
    "api access deactivated": "restricted",
    "unauthorized source ip": "ip_not_allowed",
    "checkpoint": "owner_checkpoint",
}
#: The app takes requests from listed addresses alone.
IP_NOT_ALLOWED = 5
#: Subcodes of 190: the owner of the token has to pass a check of Facebook's.
CHECKPOINT = frozenset({459, 490})


def restriction(code: int, subcode: int, message: str) -> str:
    """What stopped the app by this refusal, as a reason of app.restricted; "" when nothing did."""
    said = message.casefold()
    for words, reason in RESTRICTIONS.items():
        if words in said:
            return reason
    if code == IP_NOT_ALLOWED:
        return "ip_not_allowed"
    return "owner_checkpoint" if code == 190 and subcode in CHECKPOINT else ""


def stopped_by(error: Unavailable) -> str:
    """What stopped the app by this error of a read; "" when nothing did."""
    said = metas_words(error)
    return restriction(int(said["code"] or 0), int(said["subcode"] or 0), str(said["message"]))


def no_access(read: Callable[[], object]) -> Unavailable | None:
    """The refusal of what was asked for; a refusal of everything, as of any error, is raised."""
    error = error_of(read, *NO_ACCESS)
    if error and stopped_by(error):
        raise error
    return error


@check("access.present")
def present(facts: Facts) -> CheckResult:
    """There is a token; the reason names where it comes from."""
    if missing := lacking(facts, "access_token"):
        return missing
    origin = facts.origin("access_token")
    if origin.source == "environment":
        return passed("from_environment", name=origin.detail)
    return passed(SOURCES.get(origin.source, "from_elsewhere"), source=origin.source)


@check("access.valid")
def valid(facts: Facts) -> CheckResult:
    """Meta accepts the token. A dead one is answered with HTTP 200, so only `valid` counts."""
    token = facts.token
    if token.valid:
        return passed() if token.described else passed("by_use")
    return failed(_why_invalid(token, facts.now), **words_about(token))


def _why_invalid(token: Token, now: datetime) -> str:
    if reason := INVALID_REASONS.get(token.error_subcode) or _proof(token):
        return reason
    if restriction(token.error_code, token.error_subcode, token.error_message):
        # The token may be as good as ever; app.restricted says what it is.
        return "other"
    if token.expires_at is not None and token.expires_at <= now:
        return "expired"
    return "dead" if token.error_code in (0, 190) else "other"


def _proof(token: Token) -> str:
    """The two errors of `appsecret_proof` (code 100, at times 1) differ in their text alone."""
    message = token.error_message.casefold()
    if "appsecret_proof" not in message:
        return ""
    return "wrong_proof" if "invalid" in message else "proof_required"


def _without_its_app(token: Token, ours: str) -> CheckResult:
    """Meta did not name the app; that it is another one may stand in what it said instead."""
    if ours and "did not match the viewing app" in token.error_message.casefold():
        return failed("mismatch", app_id=ours, **words_about(token))
    return unknown("not_said", **words_about(token))


@check("access.app")
def app(facts: Facts) -> CheckResult:
    """The token was made by the app of this profile."""
    ours, token = facts.record.ids.get("app_id", ""), facts.token
    if not token.app_id:
        return _without_its_app(token, ours)
    if ours and token.app_id != ours:
        return failed("other_app", app_id=ours, token_app_id=token.app_id, token_app=token.app_name)
    if not token.described:
        return passed("by_proof", app=token.app_id)
    return passed("made_by", app=token.app_name or token.app_id)


#: The pinned ids, in the order they are compared, with the reason where one differs.
PINNED = {
    "app_id": "other_app",
    "waba_id": "other_account",
    "phone_number_id": "other_number",
}


@check("access.expected")
def expected(facts: Facts) -> CheckResult:
    """The token leads to what this profile is pinned to; a profile without pins takes any."""
    pins = {name: facts.expected[name] for name in PINNED if facts.expected.get(name)}
    if not pins:
        return passed("not_pinned")
    found = {**facts.record.ids, "app_id": facts.token.app_id}
    for name, pin in pins.items():
        if found.get(name) and found[name] != pin:
            return failed(PINNED[name], expected=pin, actual=found[name])
    hidden = ", ".join(name for name in pins if not found.get(name))
    return unknown("not_shown", names=hidden) if hidden else passed()
