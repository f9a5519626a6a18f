"""What Meta's `health_status` says about sending, in words of our own: shared by two checks."""

from __future__ import annotations

from collections.abc import Callable

from wizard.audit.checks.registry import obstacle
from wizard.audit.results import (
    CheckResult,
    failed,
    passed,
    unknown,
)
from wizard.facts.models import Health, HealthEntity
from wizard.text.errors import ErrorKind

#: Codes that have words of their own. Source: Meta's pages and examples on health status.
CODES = {
    141002: "template",
    141006: "payment",
    141010: "business_unverified",
    141014: "banned",
}

#: Calls over SIP are not set up. Meta reports it on numbers that send perfectly well.
SIP_NOISE = frozenset({138024, 138025})


def judged(read: Callable[[], Health], kinds: frozenset[str]) -> CheckResult:
    """The verdict on the entities of these kinds: what blocks goes before what limits.

    The overall `can_send_message` is not used: it counts calls that are not set up as well.
    """
    # health_status is in beta for some, and left out or refused as a field for others.
    if obstacle(read, ErrorKind.ODD):
        return unknown("not_shown")
    # Without a kind: Meta listed no entities, and this is the node as a whole.
    entities = [entity for entity in read().entities if entity.kind in {*kinds, ""}]
    if not entities:
        return unknown("not_shown")
    for entity in entities:
        if entity.can_send == "BLOCKED" and not _only_noise(entity):
            return _blocked(entity)
    limited = [text for entity in entities if (text := _limits(entity))]
    return passed("limited", text="; ".join(limited)) if limited else passed()


def _blocked(entity: HealthEntity) -> CheckResult:
    what = entity.kind or "health_status"
    issues = [issue for issue in entity.issues if issue.code not in SIP_NOISE]
    for issue in issues:
        if reason := CODES.get(issue.code):
            return failed(reason, code=issue.code, entity=what)
    if issues:
        return failed("blocked", code=issues[0].code, entity=what, text=issues[0].text)
    return failed("blocked_silently", entity=what)


def _only_noise(entity: HealthEntity) -> bool:
    return bool(entity.issues) and all(issue.code in SIP_NOISE for issue in entity.issues)


def _limits(entity: HealthEntity) -> str:
    if entity.can_send != "LIMITED":
        return ""
    texts = [issue.text for issue in entity.issues if issue.code not in SIP_NOISE]
    return "; ".join(texts) or entity.kind or "health_status"
