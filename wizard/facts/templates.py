"""GET /{waba}/message_templates → Template."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wizard.facts.nouns import Template
from wizard.facts.plain import inner, nodes, text, word
from wizard.graph import Json

TEMPLATE_FIELDS = ("id", "name", "language", "status", "category", "components")

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
#: Headers and buttons that want something at every sending, without a {{placeholder}}.
_WANTING = frozenset({"IMAGE", "VIDEO", "DOCUMENT", "LOCATION", "COPY_CODE", "OTP"})


def templates(rows: Sequence[Json]) -> tuple[Template, ...]:
    """The templates of a WABA; rows without a name are left out."""
    return tuple(_template(row) for row in rows if text(row.get("name")))


def _template(row: Json) -> Template:
    parts = nodes(row.get("components"))
    bodies = (part.get("text") for part in parts if word(part.get("type")) == "BODY")
    return Template(
        name=text(row.get("name"), 512),
        language=text(inner(row.get("language"), "code")),
        status=word(row.get("status")),
        category=word(row.get("category")),
        variables=sum(map(_variables, parts)),
        text=text(next(bodies, ""), 1100),  # bodies have at most 1024 characters
    )


def _variables(part: Json) -> int:
    own = {*_PLACEHOLDER.findall(f"{text(part.get('text'), 4000)} {text(part.get('url'), 4000)}")}
    wants = word(part.get("format")) in _WANTING or word(part.get("type")) in _WANTING
    below = [*nodes(part.get("buttons")), *nodes(part.get("cards"))]
    if "cards" not in part:
        below += nodes(part.get("components"))  # of one card of a carousel
    return len(own) + wants + sum(map(_variables, below))
