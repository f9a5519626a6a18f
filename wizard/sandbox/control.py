"""The way round Graph: what people and the dashboard do, and a look at the whole world.

Paths below /_sandbox: GET state; POST write {text, from?, name?, phone_number_id?, hides_number?,
message?}; POST test_event {app_id?}; POST change {…} merges into the tree; POST faults [[…]].
"""

from __future__ import annotations

import copy
from typing import Any

from wizard.sandbox.call import Answer
from wizard.sandbox.delivery import Delivery
from wizard.sandbox.scenario import merge
from wizard.sandbox.world import World


def answer(
    world: World, delivery: Delivery, method: str, parts: list[str], params: Answer
) -> tuple[int, Any]:
    """(HTTP status, JSON)."""
    what = "/".join(parts)
    with world.held():
        if (method, what) == ("GET", "state"):
            return 200, copy.deepcopy(world.tree)
        if (method, what) == ("POST", "write"):
            return _write(world, delivery, params)
        if (method, what) == ("POST", "test_event"):
            app_id = params.get("app_id") or next(iter(world["apps"]))
            sent = delivery.test_event(app_id)
            return (200 if sent else 409), {"sent": sent}
        if (method, what) == ("POST", "change"):
            world.tree = merge(world.tree, params)
            return 200, {"changed": True}
        if (method, what) == ("POST", "faults"):
            world.tree["faults"] = params.get("faults", [])
            return 200, {"changed": True}
    return 404, {"error": "no such path"}


def _write(world: World, delivery: Delivery, params: Answer) -> tuple[int, Any]:
    person = world.tree.get("person", {})
    number_id = params.get("phone_number_id") or _first_connected(world)
    number = world["numbers"].get(number_id)
    if number is None or number["status"] != "CONNECTED":
        return 409, {"error": "no such number is connected"}
    sender = dict(person)
    for key, name in (("from", "wa_id"), ("name", "name"), ("hides_number", "hides_number")):
        if key in params:
            sender[name] = params[key]
    text = str(params.get("text", person.get("text", "")))
    wamid = delivery.write(number_id, sender, text, params.get("message") or {})
    return 200, {"id": wamid, "phone_number_id": number_id}


def _first_connected(world: World) -> str:
    for number in world["numbers"].values():
        if number["status"] == "CONNECTED":
            return str(number["id"])
    return ""
