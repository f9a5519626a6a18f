"""The route of a message, as far as Meta shows it: which apps get it, at which callback URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from wizard.facts.facts import Facts
from wizard.facts.models import AppSubscription, Callbacks, Subscriber
from wizard.text.errors import Unavailable

T = TypeVar("T")

#: The object of the app's subscriptions that is about WhatsApp.
OBJECT = "whatsapp_business_account"
#: From the one that is closest to the number to the one that is farthest.
LEVELS = ("number", "account", "app")


@dataclass(frozen=True)
class WebhookRoute:
    """What `webhook show` prints. None where Meta could not be asked; `missing` says why.

    `fields` and `active` need the app secret: Meta shows them to the app token alone. `missing`
    maps "subscribers", "callbacks" or "fields" to the reason (not_given, permission …).
    """

    number: str
    number_id: str
    waba_id: str
    app_id: str
    subscribers: tuple[Subscriber, ...] | None
    callbacks: Callbacks | None
    fields: frozenset[str] | None
    active: bool | None
    expected: str
    expected_level: str
    missing: Mapping[str, str]

    @property
    def winner(self) -> tuple[str, str]:
        """(level, URL) in force for this number; ("", "") when none is set or shown."""
        return self.callbacks.winner if self.callbacks else ("", "")

    @property
    def subscribed(self) -> bool | None:
        """Whether the app of this profile is among the subscribers."""
        if self.subscribers is None:
            return None
        return any(one.app_id == self.app_id for one in self.subscribers)

    def as_json(self) -> dict[str, Any]:
        """Ids and values for other programs."""
        level, url = self.winner
        return {
            "schema": 1,
            "ids": {
                "app_id": self.app_id,
                "waba_id": self.waba_id,
                "phone_number_id": self.number_id,
                "display_phone_number": self.number,
            },
            "levels": None
            if self.callbacks is None
            else [
                {"level": name, "url": getattr(self.callbacks, name), "wins": name == level}
                for name in LEVELS
            ],
            "effective": {"level": level, "url": url},
            "expected": {"level": self.expected_level, "url": self.expected},
            "as_expected": None if not self.expected else url == self.expected,
            "fields": None if self.fields is None else sorted(self.fields),
            "active": self.active,
            "subscribed": self.subscribed,
            "subscribers": None
            if self.subscribers is None
            else [{**asdict(one), "ours": one.app_id == self.app_id} for one in self.subscribers],
            "missing": dict(self.missing),
        }


def read_webhook_route(facts: Facts) -> WebhookRoute:
    """Everything that can be read; what cannot is None and in `missing`. Raises no Unavailable."""
    missing: dict[str, str] = {}
    facts.gather(("number", "subscribers", "app_subscriptions", "token"))
    number = _read("callbacks", lambda: facts.number, missing)
    rows = _read("fields", lambda: facts.app_subscriptions, missing)
    row = whatsapp(rows) if rows is not None else None
    ids, chosen = facts.record.ids, facts.record.webhook
    return WebhookRoute(
        number=number.display if number else ids.get("display_phone_number", ""),
        number_id=ids.get("phone_number_id", ""),
        waba_id=ids.get("waba_id", ""),
        app_id=ids.get("app_id") or _read("app", lambda: facts.token.app_id, {}) or "",
        subscribers=_read("subscribers", lambda: facts.subscribers, missing),
        callbacks=number.callbacks if number else None,
        fields=None if rows is None else (row.fields if row else frozenset()),
        active=None if row is None else row.active,
        expected=chosen.get("callback_url", ""),
        expected_level=chosen.get("level", "app") if chosen else "",
        missing=missing,
    )


def whatsapp(rows: tuple[AppSubscription, ...]) -> AppSubscription | None:
    """The row of an app's subscriptions that is about WhatsApp."""
    return next((one for one in rows if one.object == OBJECT), None)


def _read(name: str, read: Callable[[], T], missing: dict[str, str]) -> T | None:
    try:
        return read()
    except Unavailable as error:
        missing[name] = error.kind.value
        return None
