"""GET /{id}?fields=health_status → Health."""

from __future__ import annotations

from wizard.facts.nouns import Health, HealthEntity, HealthIssue
from wizard.facts.plain import ident, node, nodes, odd, text, whole, word
from wizard.graph import Json


def health(json: Json) -> Health:
    """The entities; ODD when Graph left health_status out (it is in beta for some).

    The overall verdict is not taken over where there are entities: Meta's own example says
    BLOCKED there because SIP is not set up, while every entity is AVAILABLE.
    """
    status = node(json.get("health_status"))
    if not status and "entities" in json:
        status = json
    if not status:
        raise odd("health_status")
    if entities := tuple(map(_entity, nodes(status.get("entities")))):
        return Health(entities)
    return Health((_entity({**status, "id": json.get("id")}),))


def _entity(json: Json) -> HealthEntity:
    return HealthEntity(
        kind=word(json.get("entity_type")),
        id=ident(json.get("id")),
        can_send=word(json.get("can_send_message")),
        issues=(*map(_error, nodes(json.get("errors"))), *_remarks(json.get("additional_info"))),
    )


def _error(json: Json) -> HealthIssue:
    return HealthIssue(
        code=whole(json.get("error_code")) or whole(json.get("code")),
        text=text(json.get("error_description")) or text(json.get("message")),
        remedy=text(json.get("possible_solution")),
    )


def _remarks(value: object) -> list[HealthIssue]:
    remarks = value if isinstance(value, list) else [value]
    return [HealthIssue(0, said) for said in map(text, remarks) if said]
