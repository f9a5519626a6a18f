"""What the inbox holds, as frozen dataclasses.

`received_at` and `at` are ISO 8601 in UTC with milliseconds and a Z. `timestamp` stays as Meta
writes it: unix seconds, as a string.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from wizard.text.errors import Exit, WizardError


def stamp(moment: datetime | None = None) -> str:
    """A moment (None: this one) as the inbox writes it; sorts as text."""
    moment = (moment or datetime.now(UTC)).astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


@dataclass(frozen=True)
class Message:
    """One message of a person to the number.

    `sender` is the person's phone number in digits and may be empty: since 2026 people with a
    username can be known by `sender_user_id` alone. `text` is the readable part (body, caption,
    chosen answer, emoji …), "" when there is none. `raw` is Meta's object as JSON.
    `test`: sent by the button in Meta's dashboard, proves nothing.
    """

    id: str  # wamid
    sender: str
    sender_user_id: str
    sender_name: str
    timestamp: str
    type: str
    text: str
    phone_number_id: str
    waba_id: str
    raw: str
    test: bool = False
    received_at: str = ""
    row: int = 0

    def as_json(self) -> dict[str, Any]:
        """The message as other programs read it."""
        return {
            "id": self.id,
            "from": self.sender,
            "from_user_id": self.sender_user_id,
            "name": self.sender_name,
            "timestamp": self.timestamp,
            "type": self.type,
            "text": self.text,
            "phone_number_id": self.phone_number_id,
            "waba_id": self.waba_id,
            "test": self.test,
            "received_at": self.received_at,
            "raw": json.loads(self.raw),
        }


@dataclass(frozen=True)
class StatusUpdate:
    """What became of a message we sent: sent, delivered, read, played or failed."""

    wamid: str
    state: str
    timestamp: str
    recipient: str
    recipient_user_id: str
    phone_number_id: str
    waba_id: str
    raw: str
    code: int = 0  # of a failure
    title: str = ""
    details: str = ""
    test: bool = False
    received_at: str = ""
    row: int = 0

    def as_json(self) -> dict[str, Any]:
        """The status as other programs read it."""
        return {
            "id": self.wamid,
            "status": self.state,
            "to": self.recipient,
            "to_user_id": self.recipient_user_id,
            "timestamp": self.timestamp,
            "code": self.code,
            "title": self.title,
            "details": self.details,
            "phone_number_id": self.phone_number_id,
            "waba_id": self.waba_id,
            "test": self.test,
            "received_at": self.received_at,
            "raw": json.loads(self.raw),
        }


@dataclass(frozen=True)
class Update:
    """Anything else Meta reported: a change of the account, an error, a field we do not know."""

    field: str
    phone_number_id: str
    waba_id: str
    raw: str
    test: bool = False
    received_at: str = ""
    row: int = 0

    def as_json(self) -> dict[str, Any]:
        """The update as other programs read it."""
        return {
            "field": self.field,
            "phone_number_id": self.phone_number_id,
            "waba_id": self.waba_id,
            "test": self.test,
            "received_at": self.received_at,
            "raw": json.loads(self.raw),
        }


@dataclass(frozen=True)
class Delivery:
    """One correctly signed POST: its exact bytes, and what was found in them."""

    body: bytes
    messages: tuple[Message, ...] = ()
    statuses: tuple[StatusUpdate, ...] = ()
    updates: tuple[Update, ...] = ()
    received_at: str = field(default_factory=stamp)


@dataclass(frozen=True)
class Stored:
    """What of a delivery was new to the inbox; all empty for one that was there already."""

    messages: tuple[Message, ...] = ()
    statuses: tuple[StatusUpdate, ...] = ()
    updates: tuple[Update, ...] = ()


@dataclass(frozen=True)
class RejectedDelivery:
    """A POST that was turned away.

    `reason`: unsigned, bad_signature, rewritten (the signature fits another spelling of the same
    JSON), token_signed (signed with the verify token), bad_json, no_secret, path (it came to
    `path`, where nothing is received). The ids are what the unproven body claims; they
    distinguish "signed with another app's secret" from noise.
    """

    reason: str
    phone_number_id: str = ""
    waba_id: str = ""
    size: int = 0
    at: str = field(default_factory=stamp)
    path: str = ""


@dataclass(frozen=True)
class HandshakeAttempt:
    """A handshake that arrived. `reason`: "" when accepted, else why it was refused.

    mode, token, spelling (the verify token differs only by spaces, quotes, line breaks or doubled
    backslashes), challenge, no_token, path (it came to `path`). `agent` is the User-Agent;
    `challenge`, which is not kept, shows whether the request was this tool's own probe.
    """

    accepted: bool
    reason: str = ""
    agent: str = ""
    challenge: str = ""
    at: str = field(default_factory=stamp)
    path: str = ""


class InboxError(WizardError):
    """The inbox cannot be used: exit code 6.

    `kind`: unreadable, malformed, newer, unsafe, full, read_only, locked, other; `path` is shown.
    """

    exit_code = Exit.FILE

    def __init__(self, kind: str, path: str, detail: str = "") -> None:
        # A damaged inbox has no copy beside it: it has words of its own.
        words = {"malformed": "inbox.malformed", "other": "files.unreadable"}
        super().__init__(words.get(kind, f"files.{kind}"), path=path, detail=detail or "?")
        self.kind, self.path, self.detail = kind, path, detail


# `delivered` can be skipped when `read` comes, and the order of arrival is not guaranteed.
_FURTHER = {"sent": 1, "failed": 2, "delivered": 3, "read": 4, "played": 5}
#: The states in which a message reached its recipient.
REACHED = frozenset({"delivered", "read", "played"})


def furthest(statuses: Iterable[StatusUpdate]) -> StatusUpdate | None:
    """The status that says most about one message; None when there is none."""
    return max(statuses, key=lambda status: _FURTHER.get(status.state, 0), default=None)
