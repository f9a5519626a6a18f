"""Is the WhatsApp Business Account readable, approved, healthy and paid for?"""

from __future__ import annotations

from wizard.audit.checks.registry import NO_ACCESS, answer_or_none, check, error_of, from_health
from wizard.audit.results import (
    CheckResult,
    failed,
    passed,
    unknown,
    waiting,
)
from wizard.facts.facts import Facts
from wizard.facts.models import Account, Health, Token

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
        return failed("not_given")
    if other := next((name for name in OTHER_IDS if ids.get(name) == waba_id), ""):
        return failed(OTHER_IDS[other], waba_id=waba_id)
    if error_of(lambda: facts.account, *NO_ACCESS):
        return _no_access(facts.token, waba_id)
    return passed() if _is_account(facts.account) else failed("wrong_kind", waba_id=waba_id)


def _no_access(token: Token, waba_id: str) -> CheckResult:
    """Meta does not say why; two causes show in the token itself."""
    if token.kind == "PAGE":
        return failed("page_token", waba_id=waba_id)
    if READING not in token.scopes | frozenset(token.granted):
        return failed("no_scope", scope=READING)
    return failed("not_visible", waba_id=waba_id)


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


@check("account.health")
def health(facts: Facts) -> CheckResult:
    """Neither account nor business nor app is blocked from sending."""
    return from_health(lambda: facts.account_health, frozenset({"WABA", "BUSINESS", "APP"}))


@check("account.payment")
def payment(facts: Facts) -> CheckResult:
    """Nothing suggests that a payment method is missing. Meta never shows that there is one."""
    account = facts.account
    if _cannot_charge(facts.account_health):
        return failed("refused_by_health")
    if account.marketing_onboarding == "PENDING_VALID_PAYMENT_METHOD":
        return failed("no_method")
    if bool(account.currency) != bool(account.timezone_id):
        return failed("no_currency")
    if account.funding_id:
        return passed()
    if (number := answer_or_none(lambda: facts.number)) and number.is_test_number:
        return passed("test_number")
    return unknown("not_shown")


def _cannot_charge(health: Health) -> bool:
    return any(i.code == PAYMENT_ERROR for entity in health.entities for i in entity.issues)


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
