"""Maps an item's id to the function that checks it."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import TypeVar

from msgspec import structs

from wizard.audit.results import (
    SAID_BY_GRAPH,
    CheckResult,
    failed,
    passed,
    unknown,
)
from wizard.facts.facts import Facts
from wizard.facts.models import Health, HealthEntity, HealthIssue, Token
from wizard.state.record import TestMessage
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import Value
from wizard.vault import VaultProblem

Check = Callable[[Facts], CheckResult]
CHECKS: dict[str, Check] = {}


def check(item_id: str) -> Callable[[Check], Check]:
    """Register the decorated function as the check of one checklist item."""

    def register(function: Check) -> Check:
        if item_id in CHECKS:
            raise ValueError(f"{item_id} already has a check")
        CHECKS[item_id] = function
        return function

    return register


Seen = TypeVar("Seen")

#: Meta answered and refused this token access. Which of the two it is depends on the endpoint.
NO_ACCESS = (ErrorKind.NOT_VISIBLE, ErrorKind.PERMISSION)


def error_of(read: Callable[[], object], *kinds: ErrorKind) -> Unavailable | None:
    """The error of a read if it is of these kinds, None if it works; other errors are raised."""
    try:
        read()
    except Unavailable as error:
        if error.kind in kinds:
            return error
        raise
    return None


def lacking(facts: Facts, name: str) -> CheckResult | None:
    """Why a secret cannot be used: there is none, or its variable holds what cannot be one."""
    error = error_of(lambda: facts.origin(name), ErrorKind.NOT_GIVEN)
    if error and error.values.get("closed") == VaultProblem.INVALID:
        return failed("unusable", source=error.values["source"])
    return failed("not_given") if error else None


def send_refusal(message: TestMessage) -> dict[str, Value]:
    """What Meta said when it refused a message."""
    names = ("code", "subcode", "message", "details")
    return {name: getattr(message, name) for name in names}


def metas_words(error: Unavailable) -> dict[str, Value]:
    """What Meta said with a refusal: the values that stand beside every reason made from it."""
    return {name: error.values.get(name, nothing) for name, nothing in SAID_BY_GRAPH.items()}


def words_about(token: Token) -> dict[str, Value]:
    """What Meta said of a token that it refused or would not describe; empty where nothing."""
    said = {"code": token.error_code, "subcode": token.error_subcode}
    return {**said, "message": token.error_message}


def answer_or_none(read: Callable[[], Seen]) -> Seen | None:
    """The answer of a read that is useful but not needed; None when it fails."""
    try:
        return read()
    except Unavailable:
        return None


#: Codes that have a text of their own. Source: Meta's pages and examples on health status.
CODES = {
    141002: "template",
    141006: "payment",
    141010: "business_unverified",
    141014: "banned",
}

#: On an entity that is only LIMITED too: volume is capped, and two reports say that messages are
#: then accepted and not delivered.
UNVERIFIED_BUSINESS = 141010

#: The values of can_send_message. An open list.
CAN_SEND = frozenset({"AVAILABLE", "LIMITED", "BLOCKED"})

#: Calls over SIP are not set up. Meta reports it on numbers that send perfectly well.
SIP_CODES = frozenset({138024, 138025})


def from_health(read: Callable[[], Health], kinds: frozenset[str]) -> CheckResult:
    """The result for the entities of these kinds: what blocks goes before what limits.

    The overall `can_send_message` is not used: it counts calls that are not set up as well.
    """
    # health_status is in beta for some, and left out or refused as a field for others.
    if hidden := error_of(read, ErrorKind.ODD):
        return unknown("not_shown", **metas_words(hidden))
    # Without a kind: Meta listed no entities, and this is the node as a whole.
    entities = [entity for entity in read().entities if entity.kind in {*kinds, ""}]
    if not entities:
        return unknown("not_shown", **SAID_BY_GRAPH)
    return _blocking(entities) or _limiting(entities)


def _blocking(entities: Sequence[HealthEntity]) -> CheckResult | None:
    for entity in entities:
        if entity.can_send == "BLOCKED" and not _only_sip(entity):
            return _blocked(entity)
    for entity in entities:
        if not entity.can_send:
            return unknown("not_shown", **SAID_BY_GRAPH)
        if entity.can_send not in CAN_SEND:
            return unknown("other", state=entity.can_send, entity=entity.kind or "health_status")
    return None


def _limiting(entities: Sequence[HealthEntity]) -> CheckResult:
    limited = [text for entity in entities if (text := _limits(entity))]
    if not limited:
        return passed()
    codes = {issue.code for entity in entities for issue in entity.issues}
    reason = "limited_unverified" if UNVERIFIED_BUSINESS in codes else "limited"
    return passed(reason, text="; ".join(limited))


def _blocked(entity: HealthEntity) -> CheckResult:
    what = entity.kind or "health_status"
    issues = [issue for issue in entity.issues if issue.code not in SIP_CODES]
    if not issues:
        return failed("blocked_silently", entity=what)
    # Of several causes, one that has a text of its own.
    issue = next((issue for issue in issues if issue.code in CODES), issues[0])
    reason = CODES.get(issue.code, "blocked")
    return failed(reason, code=issue.code, entity=what, text=issue.text, remedy=issue.remedy)


def _only_sip(entity: HealthEntity) -> bool:
    return bool(entity.issues) and all(issue.code in SIP_CODES for issue in entity.issues)


def _limits(entity: HealthEntity) -> str:
    if entity.can_send != "LIMITED":
        return ""
    texts = [_in_meta_words(issue) for issue in entity.issues if issue.code not in SIP_CODES]
    return "; ".join(texts) or entity.kind or "health_status"


def _in_meta_words(issue: HealthIssue) -> str:
    return f"{issue.text} ({issue.remedy})" if issue.remedy else issue.text


#: States of a message that Meta took.
TAKEN = frozenset({"accepted", "sent", "delivered", "read", "played"})


def last_message(facts: Facts) -> TestMessage | None:
    """The last message of this number, as far as it is known to have come; None for none."""
    message = facts.record.test_message
    if message is None or message.phone_number_id != facts.record.ids.get("phone_number_id"):
        return None
    later = answer_or_none(lambda: facts.arrivals)
    if message.state == "failed" or later is None or later.test_state != "failed":
        return message
    # Meta took it, and reported afterwards that it failed.
    return structs.replace(
        message, state="failed", code=later.test_code, details=later.test_details
    )


def by_this_token(facts: Facts, message: TestMessage) -> bool:
    """Whether the token in use sent it; of what an earlier version kept it is not known."""
    return message.token in ("", facts.token_mark)


def last_send(facts: Facts, state: str, codes: Container[int] = ()) -> TestMessage | None:
    """The last message of this number if it was "accepted", or "failed" with one of these codes."""
    message = last_message(facts)
    if message is None:
        return None
    if state == "accepted":
        return message if message.state in TAKEN else None
    return message if message.state == state and message.code in codes else None
