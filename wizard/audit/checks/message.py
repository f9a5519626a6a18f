"""Is there a template to write first with, was a test message sent, was it delivered?"""

from __future__ import annotations

from wizard.audit.checks.registry import by_this_token, check, last_message, send_refusal
from wizard.audit.results import (
    CheckResult,
    failed,
    not_used,
    passed,
    unknown,
    waiting,
)
from wizard.facts.facts import Facts
from wizard.state.record import TestMessage

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
#: Refusals that say nothing of this number, its account, its token or its app: they are about the
#: recipient, about the message itself, or Meta could not do it just then. Every other one counts.
#: Source: Meta's table of error codes.
RECIPIENT = frozenset(
    {
        *(130403, 130472, 130497, 131021, 131026, 131030, 131047, 131049, 131050, 131056, 131062),
        137000,
    }
)
CONTENT = frozenset(
    {
        *(130501, 131008, 131051, 131053, 131055, 131058, 134100, 134101, 134102),
        *range(132000, 133000),
    }
)
PASSING = frozenset(
    {
        *(1, 2, 4, 17, 613, 80007, 80008, 80014, 130429, 131000, 131016, 131057),
        *(2494055, 2494100),
    }
)
#: With it, 131000 is about the display name: no trouble that passes by itself.
DISPLAY_NAME = 2494002


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


#: Why a template is not what its file says → the reason of the item; the gravest comes first.
DRIFT = {
    "category_by_meta": "category",
    "category": "category",
    **dict.fromkeys(("edit", "status", "sample", "parameter_format", "deleting"), "differs"),
    "create": "missing",
}
#: So many names are shown.
NAMED = 5


@check("message.template_drift")
def template_drift(facts: Facts) -> CheckResult:
    """The templates at Meta say what the files say; without files there is nothing to compare."""
    found = facts.template_plan
    if found is None:
        return not_used("no_files")
    if found.broken:
        return unknown("broken", path=found.broken)
    by_reason: dict[str, list[str]] = {}
    for change in found.changes:
        reason = DRIFT[change.reason or change.action]
        by_reason.setdefault(reason, []).append(f"{change.name} ({change.language})")
    for reason in dict.fromkeys(DRIFT.values()):
        if names := by_reason.get(reason):
            more = " …" if len(names) > NAMED else ""
            return failed(reason, count=len(names), names=", ".join(names[:NAMED]) + more)
    return passed("agrees", count=found.unchanged)


@check("message.sent")
def sent(facts: Facts) -> CheckResult:
    """Meta accepted a test message from this number. Whether it arrived is another question."""
    message = last_message(facts)
    if message is None:
        return waiting("other_number" if facts.record.test_message else "not_sent")
    if message.state == "failed":
        return _refused(facts, message)
    result, reason = ANSWERS.get(message.state, (passed, "accepted"))
    return result(reason, date=message.at)


def _refused(facts: Facts, message: TestMessage) -> CheckResult:
    """Whose fault it is: only what is about this number or account counts against it."""
    said = send_refusal(message)
    if message.code in RECIPIENT:
        return waiting("recipient", **said)
    if message.code in CONTENT:
        return failed("content", **said)
    if message.code in PASSING and message.subcode != DISPLAY_NAME:
        return unknown("passing", **said)
    if not by_this_token(facts, message):
        return waiting("other_token", **said)
    return failed("failed", **said)


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
