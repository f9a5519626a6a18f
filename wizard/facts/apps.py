"""GET /{app}, /{app}/permissions and /{app}/subscriptions → plain values."""

from __future__ import annotations

from collections.abc import Sequence

from wizard.facts.nouns import AppSubscription, MetaApp
from wizard.facts.plain import ident, link, names, node, text, truth
from wizard.graph import Json

FIELDS = ("id", "name")
#: `business` may need more than the app's own token shows.
EXTRAS = ("business",)


def app(json: Json) -> MetaApp:
    """The app node."""
    business = node(json.get("business")) or node(json.get("owner_business"))
    return MetaApp(ident(json.get("id")), text(json.get("name")), ident(business.get("id")))


def permissions(rows: Sequence[Json]) -> frozenset[str]:
    """Names of the permissions the app has, whatever their status."""
    return frozenset(text(row.get("permission")) for row in rows) - {""}


def subscriptions(rows: Sequence[Json]) -> tuple[AppSubscription, ...]:
    """The app's webhook subscriptions, one per object."""
    return tuple(
        AppSubscription(
            object=text(row.get("object")).lower(),
            callback_url=link(row.get("callback_url")),
            active=truth(row.get("active")) is not False,
            # Strings on one page of Meta's, {name, version} on another.
            fields=frozenset(names(row.get("fields"))),
        )
        for row in rows
        if row.get("object")
    )
