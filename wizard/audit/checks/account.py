"""Is the WhatsApp Business Account readable, approved, healthy and paid for?"""

from __future__ import annotations

import re

from wizard.audit.checks.access import no_access
from wizard.audit.checks.message import REACHED
from wizard.audit.checks.registry import (
    NO_ACCESS,
    answer_or_none,
    check,
    error_of,
    from_health,
    last_send,
    metas_words,
    send_refusal,
)
from wizard.audit.results import (
    CheckResult,
    failed,
    passed,
    unknown,
    waiting,
)
from wizard.facts.facts import Facts
from wizard.facts.models import Account, Arrivals, Health, Token
from wizard.text.errors import ErrorKind, Unavailable

#: The permission without which no account can be read.
READING = "whatsapp_business_management"

#: Meta's reviews of the account; those of the second set end without action. Open lists.
REJECTIONS = frozenset({"REJECTED", "RESTRICTED"})
REVIEWS = frozenset({"PENDING", "DEFERRED"})

#: States of the verification of the business. An open list.
UNVERIFIED = frozenset(
    {
        "NOT_VERIFIED",
        "PENDING_SUBMISSION",
        "PENDING_NEED_MORE_INFO",
        "REJECTED",
        "FAILED",
        "EXPIRED",
        "REVOKED",
        "INELIGIBLE",
    }
)

#: An id of another kind in the place of the WABA's: the reason to give, by its name.
OTHER_IDS = {
    "phone_number_id": "is_number",
    "business_id": "is_business",
    "app_id": "is_app",
}

#: The error that health_status shows when Meta could not charge: no method, or one that failed.
PAYMENT_ERROR = 141006


@check("account.visible")
def visible(facts: Facts) -> CheckResult:
    """This token can read the account of this profile."""
    ids = facts.record.ids
    if not (waba_id := ids.get("waba_id", "")):
        return _not_chosen(facts)
    if other := next((name for name in OTHER_IDS if ids.get(name) == waba_id), ""):
        return failed(OTHER_IDS[other], waba_id=waba_id)
    if error := no_access(lambda: facts.account):
        return _no_access(facts.token, waba_id, error)
    return passed() if _is_account(facts.account) else failed("wrong_kind", waba_id=waba_id)


def _not_chosen(facts: Facts) -> CheckResult:
    token = answer_or_none(lambda: facts.token)
    reached = (token.granted.get(READING) if token else None) or frozenset()
    if len(reached) > 1:
        return failed("not_chosen", accounts=", ".join(sorted(reached)))
    return failed("not_given")


def _no_access(token: Token, waba_id: str, error: Unavailable) -> CheckResult:
    """Meta does not say why; two causes show in the token itself."""
    said = metas_words(error)
    if token.kind == "PAGE":
        return failed("page_token", waba_id=waba_id, **said)
    if token.described and READING not in token.scopes | frozenset(token.granted):
        return failed("no_scope", scope=READING, **said)
    return failed("not_visible", waba_id=waba_id, **said)


def _is_account(account: Account) -> bool:
    """Graph leaves out fields that a node lacks: a page, for example, has none of these."""
    return bool(account.review or account.status or account.currency or account.timezone_id)


@check("account.review")
def review(facts: Facts) -> CheckResult:
    """Meta approved the account."""
    state = facts.account.review
    if state == "APPROVED":
        return passed()
    if not state:
        return unknown("not_shown")
    if state in REJECTIONS:
        return failed(state.lower())
    if state in REVIEWS:
        return waiting(state.lower())
    return unknown("other", state=state)


@check("account.status")
def status(facts: Facts) -> CheckResult:
    """The account is in use: not disabled, restricted or deleted."""
    state = facts.account.status
    if state == "ACTIVE":
        return passed()
    if not state:
        return unknown("not_shown")
    if state == "PENDING":
        return waiting("pending")
    return failed(state.lower()) if state in CLOSED else unknown("other", state=state)


#: States in which an account sends nothing. An open list.
CLOSED = frozenset({"DISABLED", "RESTRICTED", "DELETED"})


@check("account.terms")
def terms(facts: Facts) -> CheckResult:
    """No sign that someone has to accept terms of Meta's first: no field shows it."""
    refused = last_send(facts, "failed", {TERMS})
    if refused and _names_terms(refused.message, refused.details):
        return failed("not_accepted", **send_refusal(refused))
    reads = (lambda: facts.account_health, lambda: facts.number_health)
    seen = [answer_or_none(read) for read in reads]
    entities = [entity for health in seen if health for entity in health.entities]
    for issue in (issue for entity in entities for issue in entity.issues):
        if issue.code == TERMS or _names_terms(issue.text):
            said = {"message": issue.text, "details": issue.remedy}
            return failed("not_accepted", code=issue.code, subcode=0, **said)
    # A message that Meta took is as good as the account's health without such a remark.
    if last_send(facts, "accepted"):
        return passed("sent")
    hidden = error_of(reads[0], ErrorKind.ODD, *NO_ACCESS)
    return unknown("not_shown", **metas_words(hidden)) if hidden else passed()


def _names_terms(*texts: str) -> bool:
    return any(_TERMS.search(text) for text in texts)


#: "In terms of" is not about terms that someone has to accept.
_TERMS = re.compile(r"(?<!\bin )\bterms\b", re.I)


#: "Access denied": among other causes, terms that wait to be accepted; the text tells.
TERMS = 131005


@check("account.health")
def health(facts: Facts) -> CheckResult:
    """Neither account nor business nor app is blocked from sending."""
    return from_health(lambda: facts.account_health, frozenset({"WABA", "BUSINESS", "APP"}))


@check("account.payment")
def payment(facts: Facts) -> CheckResult:
    """Nothing suggests that a payment method is missing. Meta never shows that there is one."""
    return _not_charged(facts) or _charged(facts)


def _not_charged(facts: Facts) -> CheckResult | None:
    """The signs that Meta cannot charge; None where there is none."""
    health = answer_or_none(lambda: facts.account_health)
    if health and _cannot_charge(health):
        return failed("refused_by_health")
    number = answer_or_none(lambda: facts.number)
    if number and number.is_test_number:
        return passed("test_number")
    if refused := last_send(facts, "failed", {UNPAID}):
        return failed("last_send", date=refused.at, **send_refusal(refused))
    there = answer_or_none(lambda: facts.arrivals) or Arrivals()
    if there.unpaid_at > there.charged_at:
        return failed("unpaid_delivery", date=there.unpaid_at, code=UNPAID)
    pending = facts.account.marketing_onboarding == "PENDING_VALID_PAYMENT_METHOD"
    return failed("no_method") if pending else None


def _charged(facts: Facts) -> CheckResult:
    hidden = error_of(lambda: facts.funding, *NO_ACCESS, ErrorKind.ODD)
    if not hidden and facts.funding:
        return passed()
    if _delivered_template(facts):
        return passed("delivered")
    there = answer_or_none(lambda: facts.arrivals) or Arrivals()
    if there.charged_at:
        return passed("charged", date=there.charged_at[:10])
    # Most developers are refused the field; only where it was read does its absence count.
    if hidden:
        return unknown("not_shown", **metas_words(hidden))
    return failed("no_funding", services=there.services)


#: The code of a message that could not be paid for.
UNPAID = 131042


def _cannot_charge(health: Health) -> bool:
    return any(i.code == PAYMENT_ERROR for entity in health.entities for i in entity.issues)


def _delivered_template(facts: Facts) -> bool:
    """Whether the last template arrived: without a payment method it would not have."""
    message = last_send(facts, "accepted")
    if message is None or not message.template:
        return False
    arrivals = answer_or_none(lambda: facts.arrivals)
    return message.state in REACHED or bool(arrivals and arrivals.test_state in REACHED)


@check("account.business")
def business(facts: Facts) -> CheckResult:
    """Meta verified the business behind the account."""
    state = facts.account.business_verification
    if state == "VERIFIED":
        return passed()
    if not state:
        return unknown("not_shown")
    if state == "PENDING":
        return waiting("pending")
    if state in UNVERIFIED:
        return failed(state.lower())
    return unknown("other", state=state)
