"""Finds the node behind an id, and the edge behind a path."""

from __future__ import annotations

from wizard.sandbox import access, dialog, public_profile, templates
from wizard.sandbox.accounts import ACCOUNT, library
from wizard.sandbox.call import (
    Answer,
    Call,
    Kind,
    catalogue,
    is_unplayed,
    not_played,
    read_node,
    refuse_unplayed_parameters,
)
from wizard.sandbox.numbers import NUMBER, account_of, change
from wizard.sandbox.people import APPLICATION, PORTFOLIO, SYSTEM_USER, USER
from wizard.sandbox.world import Refused, no_such_field, not_visible


def _exchange(call: Call) -> Answer:
    """GET /oauth/access_token: a code of the sign-in dialog, or another grant."""
    app = access.client_of(call)
    return dialog.for_code(call, app) if call.text("code") else access.exchange(call, app)


KINDS = (ACCOUNT, NUMBER, PORTFOLIO, APPLICATION, USER, SYSTEM_USER, templates.TEMPLATE)
#: Paths that need no token.
OPEN = {"oauth/access_token": _exchange, "oauth/revoke": access.revoke}
#: Paths that are no node's.
ROOTS = {"debug_token": access.debug_token, "message_template_library": library}


def answer(call: Call) -> Answer:
    """What Graph answers to one call."""
    if call.method not in ("GET", "POST", "DELETE"):
        raise not_played(call)
    if not call.parts:
        if call.method == "POST" or "ids" in call.params:
            raise not_played(call, "several calls in one")
        raise Refused(
            100,
            f"Unsupported {call.method.lower()} request. Please read the Graph API documentation "
            "at https://developers.facebook.com/docs/graph-api",
            kind="GraphMethodException",
        )
    path = "/".join(call.parts)
    if handler := OPEN.get(path):
        refuse_unplayed_parameters(call, path)
        return handler(call)
    _authenticate(call)
    if handler := ROOTS.get(path):
        refuse_unplayed_parameters(call, path)
        return handler(call)
    if call.parts[0].startswith("upload:"):
        return public_profile.upload(call)
    if call.parts[0] in catalogue()["roots"].split():
        raise not_played(call)
    return _of_node(call)


def _authenticate(call: Call) -> None:
    if not call.token:
        if call.parts[0] in ("me", "app"):
            raise Refused(
                2500,
                "An active access token must be used to query information about the current user.",
            )
        raise Refused(104, "An access token is required to request this resource.")
    call.caller = access.authenticate(call.world, call.token)
    call.prove()


def _of_node(call: Call) -> Answer:
    kind, node = _find(call, call.parts[0])
    if len(call.parts) == 1:
        return _itself(call, kind, node)
    edge = "/".join(call.parts[1:])
    if handler := kind.edges.get((call.method, edge)):
        refuse_unplayed_parameters(call, f"{kind.name} {call.method} {edge}")
        return handler(call, node)
    if kind is NUMBER and public_profile.is_code(call):
        return public_profile.one_code(call, node)
    _need_to_see(call, kind, node)
    if call.method == "GET" and not is_unplayed(kind.name, call.parts[1]):
        raise no_such_field(edge, kind.name)
    raise not_played(call)


def _itself(call: Call, kind: Kind, node: Answer) -> Answer:
    refuse_unplayed_parameters(call, f"{kind.name} {call.method}")
    if call.method == "GET":
        _need_to_see(call, kind, node)
        return read_node(call, kind, node)
    if call.method == "POST" and kind is NUMBER:
        return change(call, node)
    if call.method == "POST" and kind is templates.TEMPLATE:
        return templates.edit(call, node)
    _need_to_see(call, kind, node)
    raise not_played(call)


def _need_to_see(call: Call, kind: Kind, node: Answer) -> None:
    if kind is ACCOUNT:
        access.need_account(call, node)
    elif kind is NUMBER:
        access.need_account(call, account_of(call, node))
    elif kind is templates.TEMPLATE:
        access.need_messaging_account(call, templates.account_of(call, node))
    elif kind is PORTFOLIO:
        access.need_business(call, node)
    elif kind is APPLICATION and not _app_is_shown(call, node):
        raise not_visible(call.method, call.parts[0])


def _app_is_shown(call: Call, app: Answer) -> bool:
    """To itself, and to people who have a role on it or belong to its portfolio's tokens."""
    if call.caller.is_app:
        return call.caller.app_id == str(app["id"])
    return app["id"] in call.person.get("apps", ())


def _find(call: Call, name: str) -> tuple[Kind, Answer]:
    world = call.world
    if name == "me":
        name = call.caller.person_id or call.caller.app_id
    if name == "app":
        name = call.caller.app_id
    for group, kind in (
        ("accounts", ACCOUNT),
        ("numbers", NUMBER),
        ("businesses", PORTFOLIO),
        ("apps", APPLICATION),
    ):
        if name in world[group]:
            return kind, world[group][name]
    if template := templates.find(world, name):
        return templates.TEMPLATE, template
    if person := world["people"].get(name):
        return _kind_of_person(person), person
    played = {edge for kind in KINDS for _, edge in kind.edges}
    if name.isdecimal() and call.parts[1:] and "/".join(call.parts[1:]) not in played:
        # An edge of a kind that the sandbox has no nodes of: a flow, a group.
        raise not_played(call)
    unknown = not_visible(call.method, name)
    unknown.more["sandbox"] = (
        "No node of this sandbox has this id: it plays no media, flows, groups."
    )
    raise unknown


def _kind_of_person(person: Answer) -> Kind:
    return SYSTEM_USER if person["kind"] == "system_user" else USER
