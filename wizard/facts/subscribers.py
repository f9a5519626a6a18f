"""GET /{waba}/subscribed_apps → Subscriber."""

from __future__ import annotations

from collections.abc import Sequence

from wizard.facts.nouns import Subscriber
from wizard.facts.plain import ident, link, node, text
from wizard.graph import Json


def subscribers(rows: Sequence[Json]) -> tuple[Subscriber, ...]:
    """The apps subscribed to a WABA; rows that name none are left out."""
    return tuple(one for one in map(_subscriber, rows) if one.app_id)


def _subscriber(row: Json) -> Subscriber:
    # Wrapped in Meta's examples and in practice, flat in Meta's schema.
    app = node(row.get("whatsapp_business_api_data")) or row
    override = row.get("override_callback_uri") or app.get("override_callback_uri")
    return Subscriber(ident(app.get("id")), text(app.get("name")), link(override))
