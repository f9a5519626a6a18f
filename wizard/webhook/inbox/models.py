"""What the inbox holds, as frozen dataclasses.

`received_at` and `at` are ISO 8601 in UTC with milliseconds and a Z. `timestamp` and `entry_time`
stay as Meta writes them: unix seconds, as strings.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, ClassVar

from wizard.facts.json_values import node
from wizard.graph import Json
from wizard.text.errors import Exit, WizardError
from wizard.webhook.summary import MetaError, Summary, errors_of, plain, summarise


def stamp(moment: datetime | None = None) -> str:
    """A moment (None: this one) as the inbox writes it; sorts as text."""
    moment = datetime.now(UTC) if moment is None else moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"  # without +00:00


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that Meta delivered. The fields but `row` are the columns of the inbox.

    `raw` is Meta's object as JSON, and `beside` what stood beside it in the delivery: the contact,
    the display number, errors. `sender` and `user_id` are the person's, who wrote or who was
    written to; since 2026 people with a username can be known by their user id alone. `about` is
    the message that it refers to. `key` tells two events apart (see payload).
    `test`: sent by the button in Meta's dashboard, proves nothing.
    """

    KEYS: ClassVar[tuple[str, ...]] = ("field",)

    kind: str
    field: str = ""
    id: str = ""  # wamid, or the id of a call
    about: str = ""
    sender: str = ""
    user_id: str = ""
    timestamp: str = ""
    entry_time: str = ""
    phone_number_id: str = ""
    waba_id: str = ""
    raw: str = "{}"
    beside: str = "{}"
    test: bool = False
    key: bytes = b""
    received_at: str = ""
    row: int = 0

    @cached_property
    def content(self) -> Json:
        """Meta's object."""
        return node(json.loads(self.raw))

    @cached_property
    def _beside(self) -> Json:
        return node(json.loads(self.beside))

    @cached_property
    def summary(self) -> Summary:
        """What it says."""
        return summarise(self.kind, self.field, self.content)

    @cached_property
    def errors(self) -> tuple[MetaError, ...]:
        """Every error in it or beside it."""
        whole = {"errors": [self.content]} if self.kind == "error" else self.content
        return errors_of(whole, {"errors": self._beside.get("errors")})

    @property
    def contact(self) -> Json:
        """The person, as Meta describes them beside it."""
        return node(self._beside.get("contact"))

    @property
    def name(self) -> str:
        """What the person calls themselves."""
        return plain(node(self.contact.get("profile")).get("name"))

    @property
    def username(self) -> str:
        """The person's username, without an @."""
        found = node(self.contact.get("profile")).get("username") or self.contact.get("username")
        return plain(found).removeprefix("@")

    @property
    def display_number(self) -> str:
        """The number it was delivered for, as Meta writes it; "" when it says none."""
        return plain(self._beside.get("display"))

    @property
    def advertisement(self) -> str:
        """What the person clicked on before writing; "" for none."""
        source = node(self.content.get("referral"))
        return next((plain(source[k]) for k in ("headline", "source_url") if source.get(k)), "")

    @property
    def group_id(self) -> str:
        """The group it belongs to; "" for a person's own conversation."""
        in_group = self.content.get("recipient_type") == "group"
        return plain(self.content.get("group_id")) or (
            plain(self.content.get("recipient_id")) if in_group else ""
        )

    @property
    def outward(self) -> bool:
        """Whether the person is whom something of ours went to, not who wrote or called."""
        ours = self.content.get("direction") == "BUSINESS_INITIATED"
        return ours or self.kind in ("status", "echo") or "recipient_id" in self.content

    def as_json(self) -> dict[str, Any]:
        """As other programs read it, with the keys of its class."""
        whole = self.as_event()
        keys = [key for key in whole if key not in _EVENT_KEYS - set(self.KEYS)]
        return {key: whole[key] for key in keys}

    def as_event(self) -> dict[str, Any]:
        """The same keys for everything that was delivered."""
        person = (self.sender, self.user_id)
        theirs, to = (("", ""), person) if self.outward else (person, ("", ""))
        return {
            "kind": self.kind,
            "event": self.summary.event,
            "reason": self.summary.reason,
            "field": self.field,
            "id": self.id,
            "about": self.about,
            "from": theirs[0],
            "from_user_id": theirs[1],
            "to": to[0],
            "to_user_id": to[1],
            "username": self.username,
            "name": self.name,
            "timestamp": self.timestamp,
            "entry_time": self.entry_time,
            "type": plain(self.content.get("type")),
            "text": self.summary.text,
            "phone_number_id": self.phone_number_id,
            "waba_id": self.waba_id,
            "group_id": self.group_id,
            "contact": dict(self.contact),
            "errors": [error.as_json() for error in self.errors],
            "test": self.test,
            "received_at": self.received_at,
            "raw": self.content,
        }


#: Keys that not every class has.
_EVENT_KEYS = {"kind", "event", "reason", "field", "about", "entry_time", "type", "text"}
_EVENT_KEYS |= {"from", "from_user_id", "to", "to_user_id"}


class Message(Event):
    """One message of a person to the number."""

    KEYS = ("from", "from_user_id", "type", "text", "about")

    @property
    def type(self) -> str:
        """As Meta names it: text, image, interactive …"""
        return self.summary.event

    @property
    def text(self) -> str:
        """The readable part (body, caption, chosen answer, emoji …); "" when there is none."""
        return self.summary.text


class StatusUpdate(Event):
    """What became of a message we sent: sent, delivered, read, played or failed."""

    KEYS = ("to", "to_user_id")

    @property
    def state(self) -> str:
        """As Meta writes it."""
        return self.summary.event

    @property
    def code(self) -> int:
        """Of a failure; 0 for none."""
        return self.errors[0].code if self.errors else 0

    @property
    def title(self) -> str:
        """What Meta calls the failure."""
        return self.errors[0].title if self.errors else ""

    @property
    def details(self) -> str:
        """What Meta says about the failure: of every one, if there are several."""
        return "; ".join(filter(None, (error.details for error in self.errors)))

    def as_json(self) -> dict[str, Any]:
        """Also the failure in keys of its own."""
        cause = {"code": self.code, "title": self.title, "details": self.details}
        return {"status": self.state, **super().as_json(), **cause}


class Update(Event):
    """Anything else Meta reported: a change of the account, an error, a field we do not know."""


def class_of(kind: str) -> type[Event]:
    """The class of the events of one kind."""
    return {"message": Message, "status": StatusUpdate, "probe": StatusUpdate}.get(kind, Update)


class _Sorted:
    """Events by their class."""

    events: tuple[Event, ...]

    @property
    def messages(self) -> tuple[Message, ...]:
        """Those of people."""
        return tuple(one for one in self.events if isinstance(one, Message))

    @property
    def statuses(self) -> tuple[StatusUpdate, ...]:
        """What became of ours."""
        return tuple(one for one in self.events if isinstance(one, StatusUpdate))

    @property
    def updates(self) -> tuple[Update, ...]:
        """Everything else."""
        return tuple(one for one in self.events if isinstance(one, Update))


@dataclass(frozen=True)
class Delivery(_Sorted):
    """One correctly signed POST: its exact bytes, and what was found in them."""

    body: bytes
    events: tuple[Event, ...] = ()
    received_at: str = field(default_factory=stamp)


@dataclass(frozen=True)
class Stored(_Sorted):
    """What of a delivery was new to the inbox; empty for one that was there already."""

    events: tuple[Event, ...] = ()


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
    """The inbox cannot be used: exit code 6 (`stuck`: 1).

    `kind`: unreadable, malformed, newer, unsafe, full, read_only, locked, other; replaced when it
    was moved or deleted while it was in use; in_use by another process; stuck when writing does
    not come to an end; `path` is shown.
    """

    exit_code = Exit.FILE

    def __init__(self, kind: str, path: str, detail: str = "") -> None:
        # A damaged inbox has no copy beside it: it has words of its own.
        words = {"other": "files.unreadable"}
        words |= {own: f"inbox.{own}" for own in ("malformed", "replaced", "in_use", "stuck")}
        super().__init__(words.get(kind, f"files.{kind}"), path=path, detail=detail or "?")
        if kind == "stuck":
            self.exit_code = Exit.NOT_IN_ORDER  # a supervisor starts it again, unlike after 6
        self.kind, self.path, self.detail = kind, path, detail


# `delivered` can be skipped when `read` comes, and the order of arrival is not guaranteed.
_FURTHER = {"sent": 1, "failed": 2, "delivered": 3, "read": 4, "played": 5}
#: The states in which a message reached its recipient.
REACHED = frozenset({"delivered", "read", "played"})


def furthest(statuses: Iterable[StatusUpdate]) -> StatusUpdate | None:
    """The status that says most about one message; None when there is none."""
    return max(statuses, key=lambda status: _FURTHER.get(status.state, 0), default=None)
