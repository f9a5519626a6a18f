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
from collections.abc import Iterator
from typing import Any

from wizard.text.secret import Secret
from wizard.webhook.inbox import (
    Delivery,
    Message,
    StatusUpdate,
    Update,
)

#: What the Test button of Meta's dashboard sends, seen in public logs.
TEST_WABA = "0"
TEST_NUMBER = "123456123"
#: The message whose status this tool's own probe delivers.
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
    changes = [_Change(waba, change) for waba, change in _changes(content)]
    return Delivery(
        body,
        tuple(message for change in changes for message in change.messages()),
        tuple(status for change in changes for status in change.statuses()),
        tuple(update for change in changes for update in change.updates()),
    )


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
        delivery = read(body)
    except NotJson:
        return "", ""
    for part in (delivery.messages, delivery.statuses, delivery.updates):
        for one in part[:1]:
            if one.test:
                return "", ""  # the dashboard's sample, or a probe
            return _id(one.waba_id), _id(one.phone_number_id)
    return "", ""


class _Change:
    """One change of one entry."""

    def __init__(self, waba: str, change: dict[str, Any]) -> None:
        self.change = change
        self.field = _text(change.get("field"))
        self.value = _dict(change.get("value"))
        self.waba = waba
        self.number = _text(_dict(self.value.get("metadata")).get("phone_number_id"))
        self.test = self.number == TEST_NUMBER or waba == TEST_WABA

    def messages(self) -> Iterator[Message]:
        for raw in self._those("messages"):
            contact = self._contact(raw)
            yield Message(
                id=_text(raw.get("id")) or f"no-id:{_digest(raw)}",
                sender=_text(raw.get("from")) or _text(contact.get("wa_id")),
                sender_user_id=_text(raw.get("from_user_id")) or _text(contact.get("user_id")),
                sender_name=_text(_dict(contact.get("profile")).get("name")),
                timestamp=_text(raw.get("timestamp")),
                type=_text(raw.get("type")),
                text=_words(raw),
                phone_number_id=self.number,
                waba_id=self.waba,
                raw=_json(raw),
                test=self.test,
            )

    def statuses(self) -> Iterator[StatusUpdate]:
        for raw in self._those("statuses"):
            error = next(iter(_dicts(raw.get("errors"))), {})
            code = error.get("code")
            yield StatusUpdate(
                wamid=_text(raw.get("id")) or f"no-id:{_digest(raw)}",
                state=_text(raw.get("status")),
                timestamp=_text(raw.get("timestamp")),
                recipient=_text(raw.get("recipient_id")),
                recipient_user_id=_text(raw.get("recipient_user_id")),
                phone_number_id=self.number,
                waba_id=self.waba,
                raw=_json(raw),
                code=code if isinstance(code, int) and abs(code) < 2**62 else 0,
                title=_text(error.get("title")) or _text(error.get("message")),
                details=_text(_dict(error.get("error_data")).get("details")),
                test=self.test,
            )

    def updates(self) -> Iterator[Update]:
        """Errors of the number, and every change that holds no message and no status."""
        for raw in self._those("errors"):
            yield self._update("errors", raw)
        if not any(self._those(name) for name in ("messages", "statuses", "errors")):
            yield self._update(self.field, self.change)

    def _update(self, field: str, raw: dict[str, Any]) -> Update:
        return Update(field, self.number, self.waba, _json(raw), self.test)

    def _those(self, name: str) -> list[dict[str, Any]]:
        # Other fields may use the same words for other things (history, echoes).
        return _dicts(self.value.get(name)) if self.field in ("messages", "") else []

    def _contact(self, raw: dict[str, Any]) -> dict[str, Any]:
        contacts = _dicts(self.value.get("contacts"))
        whose = {_text(raw.get("from")), _text(raw.get("from_user_id"))} - {""}
        for contact in contacts:
            if whose & {_text(contact.get("wa_id")), _text(contact.get("user_id"))}:
                return contact
        # The one contact of the one message: `from` may be written otherwise, or be missing.
        return contacts[0] if len(contacts) == 1 and len(self._those("messages")) == 1 else {}


def _changes(content: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in _dicts(content.get("entry")):
        for change in _dicts(entry.get("changes")):
            yield _text(entry.get("id")), change


def _words(raw: dict[str, Any]) -> str:
    """The readable part of a message."""
    kind = _text(raw.get("type"))
    part = _dict(raw.get(kind))
    if kind == "interactive":
        return _interactive(part)
    if kind == "contacts":
        names = (_dict(contact.get("name")) for contact in _dicts(raw.get(kind)))
        return ", ".join(_text(name.get("formatted_name")) for name in names)
    if kind == "location":
        spot = f"{_text(part.get('latitude'))}, {_text(part.get('longitude'))}"
        return _text(part.get("name")) or _text(part.get("address")) or spot
    words = (part.get(name) for name in ("body", "text", "caption", "emoji", "filename"))
    return next((_text(word) for word in words if word), "")


def _interactive(part: dict[str, Any]) -> str:
    chosen = _dict(part.get(_text(part.get("type"))))
    return _text(chosen.get("title")) or _text(chosen.get("body"))


def _text(value: object) -> str:
    """A value as text that every encoding can hold: `"\\ud800"` is valid JSON and no character."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _json(value: object) -> str:
    # ASCII keeps what is no character as it came: escaped.
    return json.dumps(value, separators=(",", ":"))


def _digest(value: object) -> str:
    return hashlib.sha256(_json(value).encode()).hexdigest()[:32]


def _id(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) <= 32 else ""
