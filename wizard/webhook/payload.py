"""Parses one delivery of Meta. Unknown content is kept, and nothing but NotJson is raised.

Shape: {"object", "entry": [{"id": WABA, "changes": [{"field", "value": {"metadata", "contacts",
"messages", "statuses", "errors"}}]}]}. Every array may be missing, every key may be new.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from wizard.facts.json_values import node, nodes
from wizard.graph import Json
from wizard.text.secret import Secret
from wizard.webhook.inbox.models import Delivery, Event, class_of
from wizard.webhook.summary import kind_of, plain

#: What the Test button of Meta's dashboard sends, seen in public logs.
TEST_WABA = "0"
TEST_NUMBER = "123456123"
#: The message whose status this tool's own probe delivers: no event of Meta's.
PROBE_WAMID = "wamid.wa-wizard-probe"


class NotJson(Exception):
    """The body is not a JSON object."""


def read(body: bytes) -> Delivery:
    """The delivery in this body; NotJson."""
    try:
        content = json.loads(body.decode("utf-8"))
    # A number of 5,000 digits is a ValueError, brackets 10,000 deep a RecursionError.
    except (ValueError, RecursionError) as error:
        raise NotJson from error
    if not isinstance(content, dict):
        raise NotJson
    # Whatever it is, it came, and it can be read.
    events = tuple(_events(content)) or (_Change({}, {}).whole("other", content),)
    return Delivery(body, events)


#: A longer body that nothing proves is not parsed: it may come from anyone.
MOST_UNPROVEN = 65_536


def signs(secret: Secret, body: bytes, signature: str) -> bool:
    """Whether the secret gives this signature to the body."""
    ours = hmac.new(secret.reveal().encode("utf-8"), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature.lower(), ours)


def readings(body: bytes) -> Iterator[bytes]:
    """Other spellings of the same JSON: what Meta may have signed before something rewrote it.

    Meta sends compact JSON with characters and slashes escaped. Whatever parses it and writes it
    again changes spaces and escapes; what it did to the order of keys cannot be undone.
    """
    yield from _spellings(body)
    plain = html.unescape(body.decode("utf-8", "replace")).encode("utf-8", "replace")
    if plain != body:  # escaped as for a web page
        yield plain
        yield from _spellings(plain)


def _spellings(body: bytes) -> Iterator[bytes]:
    yield body.strip()
    yield body.replace(b"\r\n", b"\n")
    try:
        content = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return
    for separators in ((",", ":"), (", ", ": ")):
        for ascii_only in (True, False):
            text = json.dumps(content, separators=separators, ensure_ascii=ascii_only)
            for spelt in (text, text.replace("/", "\\/")):
                yield spelt.encode("utf-8", "surrogatepass")
                # As Meta documents it for some of its webhooks.
                yield re.sub("[<%@]", _escaped, spelt).encode("utf-8", "surrogatepass")


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def claimed(body: bytes) -> tuple[str, str]:
    """(WABA id, phone number id) that an unproven body claims to be about; "" for none."""
    if len(body) > MOST_UNPROVEN:
        return "", ""
    try:
        events = read(body).events
    except NotJson:
        return "", ""
    if not events or events[0].test:
        return "", ""  # also the dashboard's sample, or a probe
    return _id(events[0].waba_id), _id(events[0].phone_number_id)


WHATSAPP = "whatsapp_business_account"
#: Field → the arrays in it that hold events of their own, and of which kind. What has none of them
#: is one event as a whole.
_ARRAYS = {
    "messages": {"messages": "message", "statuses": "status", "errors": "error"},
    "calls": {"calls": "call", "statuses": "call", "errors": "error"},
    "history": {"history": "history"},
    "user_preferences": {"user_preferences": "preference"},
    "smb_message_echoes": {"message_echoes": "echo"},
    "message_echoes": {"message_echoes": "echo"},
}


def _events(content: dict[str, Any]) -> Iterator[Event]:
    named = plain(content.get("object"))
    for entry in nodes(content.get("entry")):
        if named not in ("", WHATSAPP):
            # A Page's or Instagram's: another product of the app has this callback too.
            yield _Change(entry, {}, named).whole("object", entry)
            continue
        for change in nodes(entry.get("changes")):
            yield from _Change(entry, change).events()


class _Change:
    """One change of one entry."""

    def __init__(self, entry: Json, change: Json, named: str = "") -> None:
        self.change, self.value = change, node(change.get("value"))
        self.field = named or plain(change.get("field"))
        self.waba, self.time = plain(entry.get("id")), plain(entry.get("time"))
        about = node(self.value.get("metadata"))
        self.number = plain(about.get("phone_number_id"))
        self.display = plain(about.get("display_phone_number"))
        self.test = self.number == TEST_NUMBER or self.waba == TEST_WABA
        self.contacts = self._those("contacts")
        # The one contact of the one message: `from` may be written otherwise, or be missing.
        people = [self._those(name) for name in _PEOPLE if name in self.value]
        alone = len(self.contacts) == 1 and sum(map(len, people)) == 1
        self.lone_contact: Json = self.contacts[0] if alone else {}

    def events(self) -> Iterator[Event]:
        """Each item of the field's arrays; the whole change where there is none."""
        is_group = self.field.startswith("group_")
        arrays = {"groups": "group"} if is_group else _ARRAYS.get(self.field or "messages", {})
        # Other fields may use the same words for other things.
        named = [(name, kind) for name, kind in arrays.items() if name in self.value]
        items = [(kind, raw) for name, kind in named for raw in self._those(name)]
        if not items:
            yield self.whole(kind_of(self.field), self.change)
        # Errors that stand beside one message are that message's.
        lone = sum(kind != "error" for kind, _ in items) == 1
        for kind, raw in items:
            errors = self._those("errors") if lone and kind != "error" else []
            yield self._made(kind, raw, self._identity(kind, raw), errors)

    def whole(self, kind: str, raw: Json) -> Event:
        """What has no part with an id of its own: Meta's words at Meta's time."""
        return self._made(kind, raw, ())

    def _identity(self, kind: str, raw: Json) -> tuple[str, ...]:
        """What Meta says it is; empty where it says nothing.

        One message may come unavailable first and whole later, fail for two reasons, or be read by
        two people in the same second.
        """
        named = {name: plain(raw.get(name)) for name in _IDENTITY.get(kind, ())}
        if not named.get("id"):
            return ()
        codes = sorted(plain(one.get("code")) for one in nodes(raw.get("errors")))
        paid = node(node(raw["payment"]).get("transaction")) if "payment" in raw else {}
        return (kind, *named.values(), ",".join(codes), plain(paid.get("id")))

    def _made(
        self, kind: str, raw: Json, identity: tuple[str, ...], errors: Sequence[Json] = ()
    ) -> Event:
        person = self._person(kind, raw)
        contact = self._contact(person)
        kind = "probe" if raw.get("id") == PROBE_WAMID else kind
        identity = identity or (self.waba, self.time, self.field, _json(raw))
        digits, user_id = person
        more = {"contact": contact, "display": self.display, "errors": list(errors)}
        beside = _json({name: one for name, one in more.items() if one})
        return class_of(kind)(
            kind=kind,
            field="errors" if kind == "error" else self.field,
            id=plain(raw.get("id")) if kind in _IDENTITY or kind == "probe" else "",
            about=_about(raw),
            sender=(digits or plain(contact.get("wa_id"))).lstrip("+"),
            user_id=user_id or plain(contact.get("user_id")),
            timestamp=plain(raw.get("timestamp")),
            entry_time=self.time,
            phone_number_id=self.number,
            waba_id=self.waba,
            raw=_json(raw),
            beside=beside,
            test=self.test,
            key=hashlib.sha256(
                "\0".join((self.number, *identity)).encode("utf-8", "replace")
            ).digest(),
        )

    def _person(self, kind: str, raw: Json) -> tuple[str, str]:
        """(phone number, user id) of the person it is from, or about; "" for what is not said."""
        ours = kind == "echo" or plain(raw.get("direction")) == "BUSINESS_INITIATED"
        start = "to" if ours else "from"
        names: tuple[str, ...] = (start, "wa_id")
        ids: tuple[str, ...] = (f"{start}_user_id", "user_id")
        if "system" in raw:
            raw = {**node(raw["system"]), **raw}  # which alone names a person whose id changed
        if "recipient_id" in raw or "recipient_user_id" in raw or kind == "status":
            names, ids = ("recipient_participant_id", "recipient_id"), _RECIPIENT_IDS
        if raw.get("recipient_type") == "group":
            names = names[:1]
        return tuple(  # type: ignore[return-value]
            next((plain(raw[name]) for name in group if raw.get(name)), "")
            for group in (names, ids)
        )

    def _those(self, name: str) -> list[Json]:
        return nodes(self.value.get(name))

    def _contact(self, person: tuple[str, str]) -> Json:
        for contact in self.contacts:
            if {*person} & {plain(contact.get("wa_id")), plain(contact.get("user_id"))} - {""}:
                return contact
        return self.lone_contact


#: Kind → what tells its events apart, the id first; what follows may differ for the same id.
_IDENTITY = {
    "message": ("id", "type"),
    "echo": ("id", "type"),
    "status": (
        *("id", "status", "timestamp", "type", "recipient_id", "recipient_user_id"),
        *("recipient_participant_id", "recipient_participant_user_id"),
    ),
    "call": ("id", "event", "status", "timestamp"),
}
_RECIPIENT_IDS = ("recipient_participant_user_id", "recipient_user_id")
#: The arrays whose items are of one person each.
_PEOPLE = ("messages", "message_echoes", "statuses", "calls", "user_preferences")
#: Where a message names the one it is about.
_ABOUT = (
    ("edit", "original_message_id"),
    ("revoke", "original_message_id"),
    ("reaction", "message_id"),
    ("context", "id"),
)


def _about(raw: Json) -> str:
    found = (plain(node(raw[part]).get(name)) for part, name in _ABOUT if part in raw)
    return next(filter(None, found), "")


def _json(value: object) -> str:
    # ASCII keeps what is no character as it came: escaped.
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(separators=(",", ":"))


def _id(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) <= 32 else ""
