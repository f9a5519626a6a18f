"""Is there a template to write first with, was a test message sent, was it delivered?"""

from __future__ import annotations

from wizard.audit.checks.registry import check, send_refusal
from wizard.audit.results import (
    CheckResult,
    failed,
    passed,
    unknown,
    waiting,
)
from wizard.facts.facts import Facts

#: Meta puts it into every account, and lets only its own test numbers send it (132001, 131058).
SAMPLE = "hello_world"
#: `delivered` may be left out when `read` comes; `played` is the status of voice messages.
SEEN = frozenset({"read", "played"})
REACHED = SEEN | {"delivered"}


#: States of a template that may not be sent. An open list.
NOT_SENDABLE = frozenset(
    {
        "PENDING",
        "REJECTED",
        "PAUSED",
        "DISABLED",
        "IN_APPEAL",
        "PENDING_DELETION",
        "DELETED",
        "LIMIT_EXCEEDED",
        "ARCHIVED",
    }
)
#: Refusals that are about the recipient alone, and say nothing of this number.
#: Source: Meta's table of error codes.
RECIPIENT = frozenset({130497, 131021, 131026, 131030, 131047, 131049, 131050})


@check("message.template")
def template(facts: Facts) -> CheckResult:
    """An approved template that this number may send."""
    approved = [one for one in facts.templates if one.name and one.status == "APPROVED"]
    if not approved:
        # A template of which not all was shown, or in a state we do not know, may be one.
        unclear = any(one.status not in NOT_SENDABLE for one in facts.templates)
        return unknown("not_shown") if unclear else failed("none")
    if facts.number.is_test_number:
        return passed("ready", count=len(approved))
    own = [one for one in approved if one.name != SAMPLE]
    return passed("ready", count=len(own)) if own else failed("sample_only")


@check("message.sent")
def sent(facts: Facts) -> CheckResult:
    """Meta accepted a test message from this number. Whether it arrived is another question."""
    message = facts.record.test_message
    if message is None:
        return waiting("not_sent")
    if message.phone_number_id != facts.record.ids.get("phone_number_id"):
        return waiting("other_number")
    if message.state == "failed":
        about_the_recipient = message.code in RECIPIENT
        result, reason = (waiting, "recipient") if about_the_recipient else (failed, "failed")
        return result(reason, **send_refusal(message))
    result, reason = ANSWERS.get(message.state, (passed, "accepted"))
    return result(reason, date=message.at[:10])


#: Answers without an error that promise no delivery → how the item stands, and why.
ANSWERS = {
    "held": (unknown, "held"),
    "paused": (failed, "paused"),
    "no_message": (failed, "no_message"),
}


@check("message.delivered")
def delivered(facts: Facts) -> CheckResult:
    """The test message was delivered: only the statuses that Meta delivers show it."""
    message = facts.record.test_message
    if message is None or message.phone_number_id != facts.record.ids.get("phone_number_id"):
        return waiting("not_sent")
    arrivals = facts.arrivals
    state = arrivals.test_state or message.state
    if state in REACHED:
        return passed("read" if state in SEEN else "delivered")
    if state == "failed":
        code = arrivals.test_code or message.code
        details = arrivals.test_details or message.details
        return failed("failed", code=code, message=message.message, details=details)
    return waiting("on_the_way", state=state)
