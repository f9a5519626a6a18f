"""What a pasted id really is: people paste a phone number ID for a WABA, a portfolio for both."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.discovery.found import Discovery
from wizard.discovery.search import discover
from wizard.facts import Account
from wizard.facts.accounts import account
from wizard.facts.numbers import number
from wizard.facts.plain import node, text
from wizard.graph import Graph, GraphError, Json
from wizard.text.errors import ErrorKind, Unavailable

#: A field that no node has: Graph's refusal names the kind of node, "(#100) Tried accessing
#: nonexisting field (x) on node type (WhatsAppBusinessAccount)".
_NO_FIELD = "wa_wizard_asks_for_the_kind_of_this_node"
#: Meta does not let this token look, and does not say which of its reasons it has.
_SHUT = frozenset({ErrorKind.NOT_VISIBLE, ErrorKind.PERMISSION})
#: Fields that only one kind has among those a node shows unasked.
_TELLING = {
    "display_phone_number": "number",
    "verified_name": "number",
    "message_template_namespace": "account",
    "timezone_id": "account",
}


@dataclass(frozen=True)
class Node:
    """A node of Graph's. `kind`: account, number, business, app, other, unseen.

    `type` is Meta's own name of the kind. `parent` is the WABA of a number, or the portfolio of a
    WABA; `accounts` are the WABAs of a portfolio. "" and none where Meta does not tell.
    """

    kind: str
    id: str
    name: str = ""
    type: str = ""
    parent: str = ""
    parent_name: str = ""
    accounts: tuple[Account, ...] = ()


def what_is(graph: Graph, node_id: str, found: Discovery | None = None) -> Node:
    """What stands behind an id. Unavailable when Meta cannot be asked, or refuses the token.

    `found` saves a search where one was made already.
    """
    try:
        kind, meta_type = _kind(graph, node_id)
        read = {"account": _account, "number": _number, "business": _business}.get(kind)
        if read:
            return read(graph, node_id, meta_type, found)
        shown = _shown(graph, node_id, ("id", "name"))
    except GraphError as refusal:
        if refusal.kind in _SHUT:
            return Node("unseen", node_id)
        raise
    return Node(kind, node_id, text(shown.get("name")), meta_type)


def _kind(graph: Graph, node_id: str) -> tuple[str, str]:
    """The kind by our names, and by Meta's."""
    meta_type = ""
    try:
        graph.get(node_id, fields=(_NO_FIELD,))
    except GraphError as refusal:
        meta_type = text(refusal.values.get("node_type"))
        if refusal.kind is not ErrorKind.ODD:
            raise
    if kind := _named(meta_type):
        return kind, meta_type
    shown = graph.get(node_id, metadata=1)
    meta_type = meta_type or text(node(shown.get("metadata")).get("type"))
    telling = next((kind for field, kind in _TELLING.items() if field in shown), "")
    return _named(meta_type) or telling or "other", meta_type


def _named(meta_type: str) -> str:
    """Meta renames its types now and then; what they are made of stays."""
    name = meta_type.casefold().replace("_", "")
    if "whatsapp" in name:
        return "number" if "phone" in name or "number" in name else "account"
    return {"business": "business", "application": "app", "app": "app"}.get(name, "")


def _account(graph: Graph, node_id: str, meta_type: str, _found: Discovery | None) -> Node:
    seen = account(_shown(graph, node_id, ("id", "name", "owner_business_info")))
    return Node("account", node_id, seen.name, meta_type, seen.business_id, seen.business_name)


def _number(graph: Graph, node_id: str, meta_type: str, found: Discovery | None) -> Node:
    seen = number(_shown(graph, node_id, ("id", "display_phone_number", "verified_name")))
    parent = _holder(graph, node_id, found)
    name = " ".join(part for part in (seen.display, seen.verified_name) if part)
    return Node("number", node_id, name, meta_type, parent.id, parent.name)


def _holder(graph: Graph, number_id: str, found: Discovery | None) -> Account:
    """The WABA of a number: no field for it is documented, so the WABAs are looked through too."""
    try:
        shown = graph.get(number_id, fields=("whatsapp_business_account",))
        if (direct := account(node(shown.get("whatsapp_business_account")))).id:
            return direct
    except Unavailable:
        pass  # "#100" for system users, by one report
    return (found or discover(graph)).holder(number_id) or Account("", "")


def _business(graph: Graph, node_id: str, meta_type: str, found: Discovery | None) -> Node:
    name = text(_shown(graph, node_id, ("id", "name")).get("name"))
    found = found or discover(graph, {"business_id": node_id})
    inside = tuple(f.account for f in found.accounts if f.account.business_id == node_id)
    return Node("business", node_id, name, meta_type, accounts=inside)


def _shown(graph: Graph, node_id: str, fields: tuple[str, ...]) -> Json:
    return graph.get(node_id, fields=fields)
