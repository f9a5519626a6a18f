"""The route of a message, as far as Meta shows it: which apps get it, at which callback URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, TypeVar

from wizard.facts.discovery import discover
from wizard.facts.facts import Facts
from wizard.facts.json_values import odd
from wizard.facts.models import (
    AppSubscription,
    Callbacks,
    Number,
    SeenCallbacks,
    Subscriber,
    whatsapp,
)
from wizard.facts.parsers import number, subscribers
from wizard.facts.reads import (
    TolerantReader,
    joined_callbacks,
    run_concurrently,
    seen_callbacks,
)
from wizard.graph import Graph, Json
from wizard.text.errors import Unavailable

T = TypeVar("T")

#: From the one that is closest to the number to the one that is farthest.
LEVELS = ("number", "account", "app")
#: The one field that messages and their statuses come in; there is no field `message_status`.
FIELD = "messages"
#: What a number that is also used in the phone app reports by fields of their own.
COEXISTENCE_FIELDS = frozenset({"account_update", "history", "smb_message_echoes"})


@dataclass(frozen=True)
class WebhookRoute:
    """What `webhook show` prints. None where Meta could not be asked; `missing` says why.

    `fields` and `active` need the app secret: Meta shows them to the app token alone. `missing`
    maps "subscribers", "callbacks" or "fields" to the reason (not_given, permission, not_shown …);
    `lacking` names what is not given. `seen` holds the callbacks too, and which levels are known.
    """

    number: str
    number_id: str
    waba_id: str
    app_id: str
    subscribers: tuple[Subscriber, ...] | None
    seen: SeenCallbacks | None
    fields: frozenset[str] | None
    active: bool | None
    expected: str
    expected_level: str
    missing: Mapping[str, str]
    lacking: str = ""
    on_phone_app: bool = False

    @property
    def callbacks(self) -> Callbacks | None:
        """The address of each level."""
        return self.seen.callbacks if self.seen else None

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with the chain, by name; empty when nothing that was seen is."""
        seen, winner = self.seen, self.winner[1]
        found = {
            "not_subscribed": self.subscribed is False,
            "inactive": self.active is False,
            "field_off": self.fields is not None and FIELD not in self.fields,
            "nowhere": seen is not None and seen.none_set,
            "elsewhere": bool(seen and seen.elsewhere(self.expected)),
            "not_expected": bool(winner and self.expected and winner != self.expected),
        }
        return tuple(name for name, wrong in found.items() if wrong)

    @property
    def complete(self) -> bool:
        """Whether everything was seen that needs no app secret."""
        return bool(self.winner[1]) and self.subscribers is not None

    @property
    def advised_fields(self) -> frozenset[str]:
        """Fields that a number of the phone app needs and that are off."""
        wanted = COEXISTENCE_FIELDS if self.on_phone_app else frozenset()
        return wanted - self.fields if self.fields is not None else frozenset()

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
    own = _read("number", lambda: facts.number, {})
    seen = _read("callbacks", lambda: seen_callbacks(facts), missing)
    if seen and not seen.callbacks.winner[1] and not seen.none_set:
        missing["callbacks"] = "not_shown"
    lacking: dict[str, str] = {}
    rows = _read("fields", lambda: facts.app_subscriptions, missing, lacking)
    row = whatsapp(rows) if rows is not None else None
    ids, chosen = facts.record.ids, facts.record.webhook
    return WebhookRoute(
        number=own.display if own else ids.get("display_phone_number", ""),
        number_id=ids.get("phone_number_id", ""),
        waba_id=ids.get("waba_id", ""),
        app_id=ids.get("app_id") or _read("app", lambda: facts.token.app_id, {}) or "",
        subscribers=_read("subscribers", lambda: facts.subscribers, missing),
        seen=seen,
        fields=None if rows is None else (row.fields if row else frozenset()),
        active=None if row is None else row.active,
        expected=chosen.get("callback_url", ""),
        expected_level=chosen.get("level", "app") if chosen else "",
        missing=missing,
        lacking=lacking.get("fields", ""),
        on_phone_app=bool(own and own.on_phone_app),
    )


def _read(
    name: str,
    read: Callable[[], T],
    missing: dict[str, str],
    lacking: dict[str, str] | None = None,
) -> T | None:
    try:
        return read()
    except Unavailable as error:
        missing[name] = error.kind.value
        if lacking is not None:
            lacking[name] = str(error.values.get("name", ""))
        return None


@dataclass(frozen=True)
class NumberRoute:
    """Where the messages of one number go: level and URL, "" where Meta shows none.

    `subscribed`: whether our app is subscribed to the WABA of the number; None where that is not
    shown. `none_set`: it was seen that there is no address.
    """

    waba_id: str
    number_id: str
    display: str
    level: str = ""
    url: str = ""
    subscribed: bool | None = None
    none_set: bool = False

    @property
    def arrives(self) -> bool | None:
        """Whether its messages are delivered to us at all; None where that is not shown."""
        return self.subscribed and (True if self.url else False if self.none_set else None)

    def as_json(self) -> dict[str, Any]:
        """Ids and values for other programs."""
        return {
            "waba_id": self.waba_id,
            "phone_number_id": self.number_id,
            "display_phone_number": self.display,
            "subscribed": self.subscribed,
            "effective": {"level": self.level, "url": self.url},
            "arrives": self.arrives,
        }


_ROUTE_FIELDS = ("id", "webhook_configuration")


def read_number_routes(graph: Graph, facts: Facts) -> tuple[NumberRoute, ...]:
    """The routes of all numbers of every WABA that the token reaches; `facts` of the profile.

    Unavailable when Meta cannot be asked, or shows this token no WABA.
    """
    ids = facts.record.ids
    reader, found = TolerantReader(graph), discover(graph, ids)
    rows = _read("fields", lambda: facts.app_subscriptions, {})
    app_id = ids.get("app_id") or (found.token.app_id if found.token else "")
    if not found.accounts and found.unreadable:
        raise next(iter(found.unreadable.values()))
    wabas = {one.account.id: one.numbers for one in found.accounts}
    ours = run_concurrently({waba: partial(_our_row, reader, waba, app_id) for waba in wabas})
    read = run_concurrently(
        {
            one.id: partial(reader.get, one.id, _ROUTE_FIELDS)
            for numbers in wabas.values()
            for one in numbers
        }
    )
    return tuple(
        _number_route(waba, one, read[one.id], ours[waba], rows)
        for waba, numbers in wabas.items()
        for one in numbers
    )


def _our_row(reader: TolerantReader, waba_id: str, app_id: str) -> Subscriber | None:
    """Our app among those of a WABA; None when it is not there, Unavailable when it may be."""
    there = subscribers(reader.pages(f"{waba_id}/subscribed_apps"))
    ours = next((one for one in there if one.app_id == app_id), None)
    if ours is None and not (app_id and all(one.app_id for one in there)):
        raise odd("data")
    return ours


def _number_route(
    waba_id: str,
    found: Number,
    read: Json | Unavailable,
    ours: Subscriber | Unavailable | None,
    rows: tuple[AppSubscription, ...] | None,
) -> NumberRoute:
    unknown = isinstance(ours, Unavailable)
    override = ours.override if isinstance(ours, Subscriber) else None if unknown else ""
    if isinstance(read, Unavailable):
        # It may have an override of its own: the app's address proves nothing.
        seen = joined_callbacks(Callbacks(), None, override)
    else:
        seen = joined_callbacks(number(read).callbacks, rows, override)
    subscribed = None if unknown else ours is not None
    return NumberRoute(
        waba_id, found.id, found.display, *seen.callbacks.winner, subscribed, seen.none_set
    )
