"""Is the phone number in the account, its own, registered, connected and in good standing?"""

from __future__ import annotations

from datetime import datetime, timedelta

from wizard.audit.checks.registry import answer_or_none, check, from_health, lacking
from wizard.audit.results import (
    CheckResult,
    failed,
    passed,
    unknown,
    waiting,
)
from wizard.facts.facts import Facts
from wizard.facts.models import Number
from wizard.state.record import ProfileRecord, write_time

#: Meta counts calls of register: 10 in a moving window of 72 hours, then 133016 for
#: 72 hours. Source: the Cloud API's page on registration.
REGISTRATIONS = 10
WINDOW = timedelta(hours=72)


def registrations_left(record: ProfileRecord, number_id: str, now: datetime) -> int:
    """How many registrations are left, as far as this tool knows: others' are not seen.

    0 while Meta refuses to register it, whatever this tool has counted.
    """
    what = f"register:{number_id}"
    if record.closed_until(what, now):
        return 0
    return max(0, REGISTRATIONS - len(record.tries(what, now - WINDOW)))


def registration_opens(record: ProfileRecord, number_id: str, now: datetime) -> datetime:
    """When a number of which no registration is left may be registered again."""
    what = f"register:{number_id}"
    tries = record.tries(what, now - WINDOW)
    counted = tries[-REGISTRATIONS] + WINDOW if len(tries) >= REGISTRATIONS else now
    return max(record.closed_until(what, now) or now, counted)


#: The states of a number that are not CONNECTED and have a text of their own. An open list.
STATES = frozenset(
    {
        "PENDING",
        "BANNED",
        "RESTRICTED",
        "RATE_LIMITED",
        "FLAGGED",
        "DISCONNECTED",
        "UNVERIFIED",
        "MIGRATED",
        "DELETED",
        "OFFLINE",
        "PAUSED",
    }
)
#: Registering does not bring these back.
GONE = frozenset({"BANNED", "MIGRATED", "DELETED"})

APPROVED_NAME = frozenset({"APPROVED", "AVAILABLE_WITHOUT_REVIEW"})

#: How many people a business may write to first within 24 hours. One limit for the portfolio.
LIMITS = {
    "TIER_50": 50,
    "TIER_250": 250,
    "TIER_1K": 1000,
    "TIER_2K": 2000,
    "TIER_10K": 10000,
    "TIER_100K": 100000,
}


@check("number.added")
def added(facts: Facts) -> CheckResult:
    """The number of this profile is among those of the account."""
    chosen = facts.record.ids.get("phone_number_id", "")
    numbers = facts.numbers
    if any(number.id == chosen for number in numbers):
        return passed()
    if not chosen:
        return failed("not_chosen", count=len(numbers)) if numbers else failed("none")
    if chosen == facts.record.ids.get("waba_id"):
        return failed("is_account", phone_number_id=chosen)
    if same := next((number for number in numbers if number.digits == chosen.lstrip("+")), None):
        return failed("is_phone", phone=same.display, phone_number_id=same.id)
    return failed("elsewhere", phone_number_id=chosen, count=len(numbers))


@check("number.kind")
def kind(facts: Facts) -> CheckResult:
    """Own, Meta's test number, one of the phone app, or in both (coexistence)."""
    found = facts.number.kind
    if found == "phone_app":
        return failed("phone_app")
    return passed(found) if found else unknown("not_shown")


@check("number.code_verified")
def code_verified(facts: Facts) -> CheckResult:
    """The number's owner typed the code that Meta sent, or no longer has to."""
    number = facts.number
    state = number.code_verification
    # Once it is registered Meta lets the verification lapse (EXPIRED): it is not needed any more.
    if number.registered or state == "VERIFIED":
        return passed()
    if number.kind == "phone_app":
        return passed("not_asked")
    if not state:
        return unknown("not_shown")
    # Meta's own pages disagree on the word: NOT_VERIFIED, UNVERIFIED.
    reasons = dict.fromkeys(("NOT_VERIFIED", "UNVERIFIED"), "not_verified") | {"EXPIRED": "expired"}
    if state not in reasons:
        return unknown("other", state=state)
    if until := facts.record.closed_until(f"request_code:{number.id}", facts.now):
        return failed("codes_closed", until=write_time(until))
    return failed(reasons[state])


@check("number.registered")
def registered(facts: Facts) -> CheckResult:
    """The number is registered with the Cloud API."""
    number = facts.number
    if number.registered:
        return passed()
    if number.registered is None:
        return unknown("not_shown")
    return failed("phone_app") if number.kind == "phone_app" else _unregistered(facts, number)


def _unregistered(facts: Facts, number: Number) -> CheckResult:
    """Why it is not, and whether trying is of use."""
    if number.status in GONE:
        return failed("gone", state=number.status)
    if number.platform == "ON_PREMISE":
        return failed("on_premises")
    if left := registrations_left(facts.record, number.id, facts.now):
        return failed("not_registered", left=left)
    until = write_time(registration_opens(facts.record, number.id, facts.now))
    if facts.record.closed_until(f"register:{number.id}", facts.now):
        return failed("closed", left=left, until=until)
    tries = facts.record.tries(f"register:{number.id}", facts.now - WINDOW)
    return failed("out_of_tries", tries=len(tries), until=until)


@check("number.connected")
def connected(facts: Facts) -> CheckResult:
    """Its status is CONNECTED: the only one in which a number sends and receives."""
    state = facts.number.status
    if state == "CONNECTED":
        return passed()
    if state in STATES:
        return failed(state.lower())
    return unknown("not_shown") if state in {"", "UNKNOWN"} else unknown("other", state=state)


@check("number.name")
def name(facts: Facts) -> CheckResult:
    """The name that customers see is approved, and so is what became of a change of it."""
    number = facts.number
    if number.name_status in NO_NAME and number.kind == "coexistence":
        return passed("coexistence")
    if number.name_status in {"", *NO_NAME} and number.registered is False:
        return passed("not_yet")
    return _change_of_name(number) or _present_name(number)


#: How Meta says that no name was asked for.
NO_NAME = frozenset({"NONE", "NON_EXISTS"})


def awaits_registration(number: Number) -> bool:
    """Whether a new name was approved: Meta applies it only at the next registration."""
    new = number.new_display_name
    return bool(new) and new != number.verified_name and number.new_name_status in APPROVED_NAME


def _change_of_name(number: Number) -> CheckResult | None:
    """What became of a change of the name; None when there is none, or it is done."""
    new, state = number.new_display_name, number.new_name_status
    if awaits_registration(number):
        return failed("register_again", name=new)
    if not new or new == number.verified_name:
        return None
    if number.name_status not in APPROVED_NAME:
        return None
    changes = {"PENDING_REVIEW": "change_pending", "DECLINED": "change_declined"}
    return passed(changes[state], name=new) if state in changes else None


def _present_name(number: Number) -> CheckResult:
    shown, state = number.verified_name, number.name_status
    if state in APPROVED_NAME:
        return passed()
    if state == "PENDING_REVIEW":
        return waiting("pending", name=shown)
    if state in {"DECLINED", "EXPIRED"}:
        return failed(state.lower(), name=shown)
    if not state or state in NO_NAME:
        if number.is_test_number:
            return passed("test_number")
        return failed("none") if state else unknown("not_shown")
    return unknown("other", state=state)


#: A field of the profile that is not filled in → the option of `number profile set` for it.
FILLED_BY = {
    "profile_picture_url": "--picture FILE",
    "description": "--description TEXT",
    "vertical": "--vertical NAME",
    "email": "--email ADDRESS",
}


@check("number.profile")
def profile(facts: Facts) -> CheckResult:
    """What customers see beside the name is filled in: picture, description, kind, a contact."""
    if facts.number.is_test_number:
        return passed("test_number")
    missing = facts.profile.missing
    if not missing:
        return passed()
    options = " ".join(FILLED_BY[name] for name in missing)
    return failed("empty" if len(missing) == len(FILLED_BY) else "partly", options=options)


@check("number.pin")
def pin(facts: Facts) -> CheckResult:
    """Two-step verification is on, and its PIN is in the vault."""
    number = facts.number
    if number.is_test_number:
        return passed("test_number")
    if number.kind == "coexistence":
        return passed("coexistence")
    if number.pin_enabled is None:
        return unknown("not_shown")
    if not number.pin_enabled:
        # Meta is phasing the PIN out for numbers of the Cloud API.
        return passed("off")
    missing = lacking(facts, "two_step_pin")
    return failed("not_kept") if missing and missing.reason == "not_given" else missing or passed()


@check("number.quality")
def quality(facts: Facts) -> CheckResult:
    """Meta does not rate the number as low. Without traffic there is no rating: UNKNOWN, NA."""
    state = facts.number.quality
    if state in {"YELLOW", "RED"}:
        return failed(state.lower())
    if state in {"UNKNOWN", "NA"}:
        return passed("not_rated")
    if state == "GREEN":
        return passed()
    return unknown("other", state=state) if state else unknown("not_shown")


@check("number.limit")
def limit(facts: Facts) -> CheckResult:
    """How many people may be written to first; advice, whatever it is."""
    account = answer_or_none(lambda: facts.account)
    tier = (account.messaging_limit if account else "") or facts.number.messaging_limit
    if tier == "TIER_UNLIMITED":
        return passed("unlimited")
    if people := LIMITS.get(tier):
        return passed("small" if people < 1000 else "tier", people=people)
    if tier in {"UNTIERED", "TIER_NOT_SET"}:
        return passed("not_set")
    return unknown("other", tier=tier) if tier else unknown("not_shown")


@check("number.health")
def health(facts: Facts) -> CheckResult:
    """Nothing blocks this number from sending."""
    return from_health(lambda: facts.number_health, frozenset({"PHONE_NUMBER"}))
