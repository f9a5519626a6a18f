"""Is there a template to write first with, was a test message sent, was it delivered?"""

from __future__ import annotations

from wizard.audit.checks.registry import check
from wizard.audit.results import (
    CheckResult,
    failed,
    passed,
    waiting,
)
from wizard.facts.facts import Facts

#: Meta puts it into every account, and lets only its own test numbers send it (132001, 131058).
SAMPLE = "hello_world"
#: `delivered` may be left out when `read` comes; `played` is the status of voice messages.
SEEN = frozenset({"read", "played"})
REACHED = SEEN | {"delivered"}


@check("message.template")
def template(facts: Facts) -> CheckResult:
    """An approved template that this number may send."""
    approved = [one for one in facts.templates if one.status == "APPROVED"]
    if not approved:
        return failed("none")
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
        return failed("failed", code=message.code, details=message.details)
    return passed("accepted", date=message.at[:10])


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
        return failed("failed", code=code, details=arrivals.test_details or message.details)
    return waiting("on_the_way", state=state)
