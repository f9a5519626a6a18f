"""What was heard on this machine, and how the callback answers: the two facts Graph has no part in.

Meta shows neither whether a callback works nor whether a message ever arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from wizard.facts.nouns import Arrivals
from wizard.inbox import InboxTrouble, Message, Reader, RejectedDelivery, furthest
from wizard.probe import Handshake, Outside, probe
from wizard.state.record import ProfileRecord
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.secret import Secret

#: How far back refused deliveries are still worth a word.
LOOKED_AT = 200


@dataclass(frozen=True)
class Ears:
    """How this machine hears: its inbox (None: it has none), and the way a probe goes out."""

    inbox: Reader | None = None
    outside: Outside = field(default_factory=Outside)


def handshake(ears: Ears, record: ProfileRecord, token: Secret | None, winner: str) -> Handshake:
    """Asks the expected callback, or the one in force, as Meta would.

    NOT_GIVEN (values: name) when there is no callback to ask.
    """
    url = record.webhook.get("callback_url") or winner
    if not url:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="callback_url")
    return probe(url, token, ears.outside)


def arrivals(ears: Ears, record: ProfileRecord) -> Arrivals:
    """What the inbox knows of this number and of the test message."""
    if ears.inbox is None:
        return Arrivals()
    try:
        return _arrivals(ears.inbox, record)
    except InboxTrouble as trouble:
        return Arrivals(trouble=trouble.kind)


def _arrivals(inbox: Reader, record: ProfileRecord) -> Arrivals:
    number = record.ids.get("phone_number_id", "")
    ours = inbox.messages(number=number, real=True, limit=1) if number else []
    others = [] if ours else inbox.messages(real=True, limit=1)
    tests = [] if ours else inbox.messages(real=False, limit=1)
    test = record.test_message
    status = furthest(inbox.statuses(test.wamid)) if test else None
    return Arrivals(
        message_at=ours[0].received_at if ours else "",
        other_number=others[0].phone_number_id if others else "",
        test_event=bool(tests),
        misfit=_misfit(inbox.refusals()[:LOOKED_AT], ours, record),
        test_state=status.state if status else "",
        test_code=status.code if status else 0,
        test_details=(status.details or status.title) if status else "",
    )


def _misfit(
    refusals: Sequence[RejectedDelivery], ours: Sequence[Message], record: ProfileRecord
) -> str:
    """Why a delivery that says it is for us was refused, when none was taken after it."""
    ids = {record.ids.get("phone_number_id"), record.ids.get("waba_id")} - {"", None}
    after = ours[0].received_at if ours else ""
    for refusal in refusals:
        if refusal.at > after and ids & {refusal.phone_number_id, refusal.waba_id}:
            return refusal.reason
    return ""
