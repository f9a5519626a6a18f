"""/debug_token and /oauth: what a token is, and how one becomes another."""

from __future__ import annotations

import secrets

from wizard.sandbox import access
from wizard.sandbox.call import Answer, Call
from wizard.sandbox.refusals import Refused, bad_parameter, missing_parameter
from wizard.sandbox.world import DAY, World


def debug_token(call: Call) -> Answer:
    """GET /debug_token: HTTP 200 for dead tokens too, and then the key is `subcode`."""
    asked = call.text("input_token")
    if not asked:
        raise missing_parameter("input_token")
    if app := access.app_of(call.world, asked):
        return {"data": {"app_id": app["id"], "type": "APP", **_named(app), "is_valid": True}}
    record = access.record_of(call.world, asked)
    if record is None:
        return {"data": {"error": _error(0, access.DEAD[0]), "is_valid": False, "scopes": []}}
    if call.caller.app_id != record["app"]:
        # HTTP 200 as well, and the code of a bad parameter, as integrators saw it.
        strange = "(#100) The App_id in the input_token did not match the Viewing App"
        error = {"code": 100, "message": strange}
        return {"data": {"error": error, "is_valid": False, "scopes": []}}
    _need_right_to_look(call, asked)
    return {"data": _described(call.world, record)}


def _need_right_to_look(call: Call, asked: str) -> None:
    """An app token of the issuing app, a developer of that app, or the token itself."""
    caller = call.caller
    if not (caller.is_app or asked == call.token or caller.app_id in call.person.get("apps", ())):
        raise bad_parameter(
            "You must provide an app access token, or a user access token that is an owner or "
            "developer of the app"
        )


def _described(world: World, record: Answer) -> Answer:
    app = world["apps"][record["app"]]
    data: Answer = {"app_id": app["id"], "type": record["kind"], **_named(app)}
    for name in ("data_access_expires_at", "expires_at"):
        data[name] = record.get(name, 0)
    if dead := access.death(world, record):
        return {**data, "error": _error(*dead), "is_valid": False, "scopes": []}
    data |= {"is_valid": True, "scopes": record["scopes"], "user_id": record["person"]}
    if record.get("issued_at"):
        data["issued_at"] = record["issued_at"]
    if record.get("page"):
        data["profile_id"] = record["page"]
    data["granular_scopes"] = [
        {"scope": scope} if ids == "all" else {"scope": scope, "target_ids": ids}
        for scope, ids in record.get("granular", {}).items()
    ]
    return data


def _named(app: Answer) -> Answer:
    return {"application": app["name"]}


def _error(subcode: int, message: str) -> Answer:
    return {"code": 190, "message": message, **({"subcode": subcode} if subcode else {})}


def issue(world: World, like: Answer, expires_at: int) -> str:
    """A new token; `like` has app, kind, person, scopes and granular."""
    value = "EAA" + secrets.token_hex(90)
    world["tokens"][f"issued-{len(world['tokens'])}"] = {
        **{key: like[key] for key in ("app", "kind", "person", "scopes")},
        "granular": like.get("granular", {}),
        "value": value,
        "issued_at": world.now(),
        "expires_at": expires_at,
        "data_access_expires_at": like.get("data_access_expires_at", 0),
    }
    return value


def exchange(call: Call) -> Answer:
    """GET /oauth/access_token: client_credentials, or a longer life for a token."""
    app = _client(call)
    grant = call.text("grant_type")
    if grant == "client_credentials":
        return {"access_token": f"{app['id']}|{app['secret']}", "token_type": "bearer"}
    if grant != "fb_exchange_token":
        raise Refused(1, "Invalid grant_type: must be client_credentials or fb_exchange_token")
    record = access.record_of(call.world, call.text("fb_exchange_token"))
    if dead := access.death(call.world, record):
        raise Refused(190, dead[1], subcode=dead[0])
    assert record is not None
    if record["app"] != app["id"]:
        raise bad_parameter("The access token does not belong to application")
    life = 60 * DAY
    value = issue(call.world, record, call.world.now() + life)
    return {"access_token": value, "token_type": "bearer", "expires_in": life}


def revoke(call: Call) -> Answer:
    """GET /oauth/revoke: the token is dead from now on."""
    app = _client(call)
    record = access.record_of(call.world, call.text("revoke_token"))
    if record is None or record["app"] != app["id"]:
        raise bad_parameter("Invalid token to revoke")
    record["dead"] = 467
    return {"success": True}


def _client(call: Call) -> Answer:
    for name in ("client_id", "client_secret"):
        if not call.text(name):
            raise Refused(101, f"Missing {name} parameter.")
    app: Answer | None = call.world["apps"].get(call.text("client_id"))
    if app is None:
        raise Refused(101, "Error validating application. Invalid application ID.")
    if call.text("client_secret") != app["secret"]:
        raise Refused(1, "Error validating client secret.")
    return app
