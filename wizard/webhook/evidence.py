"""Evidence of this machine: how the callback answers, and what its receiver stored.

Meta shows neither whether a callback works nor whether a message ever arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from wizard.facts.models import Arrivals, Handshake
from wizard.net.connection import Outside
from wizard.state.record import ProfileRecord
from wizard.text.secret import Secret
from wizard.webhook.inbox import (
    InboxError,
    Message,
    Reader,
    RejectedDelivery,
    furthest,
)
from wizard.webhook.probe import probe

#: How many of the last refused deliveries are looked at.
LOOKED_AT = 200


@dataclass(frozen=True)
class LocalEvidence:
    """The inbox of this machine (None: it has none), and how a probe connects."""

    inbox: Reader | None = None
    outside: Outside = field(default_factory=Outside)

    def handshake(self, url: str, verify_token: Secret | None) -> Handshake:
        """Sends a callback a handshake like Meta's."""
        return probe(url, verify_token, self.outside)

    def arrivals(self, record: ProfileRecord) -> Arrivals:
        """What the inbox knows of this number and of the test message."""
        if self.inbox is None:
            return Arrivals()
        try:
            return _arrivals(self.inbox, record)
        except InboxError as error:
            return Arrivals(inbox_error=error.kind)


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
        refused_for=_refused_for(inbox.refusals()[:LOOKED_AT], ours, record),
        test_state=status.state if status else "",
        test_code=status.code if status else 0,
        test_details=(status.details or status.title) if status else "",
    )


def _refused_for(
    refusals: Sequence[RejectedDelivery], ours: Sequence[Message], record: ProfileRecord
) -> str:
    """Why a delivery that names this number or WABA was refused, when none was taken after it."""
    ids = {record.ids.get("phone_number_id"), record.ids.get("waba_id")} - {"", None}
    after = ours[0].received_at if ours else ""
    for refusal in refusals:
        if refusal.at > after and ids & {refusal.phone_number_id, refusal.waba_id}:
            return refusal.reason
    return ""
