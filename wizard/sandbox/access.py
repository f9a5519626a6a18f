"""Who may do what, and how often: tokens become callers, callers reach assets."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import time
from collections import defaultdict, deque

from wizard.sandbox.call import Answer, Call, Caller
from wizard.sandbox.world import (
    DAY,
    HOUR,
    Refused,
    World,
    bad_parameter,
    missing_parameter,
    no_permission,
    not_visible,
)

MANAGEMENT = "whatsapp_business_management"
MESSAGING = "whatsapp_business_messaging"
BUSINESS = "business_management"

#: What Meta says beside each subcode of 190 (Graph API error handling).
DEAD = {
    0: "Invalid OAuth access token - Cannot parse access token",
    458: "Error validating access token: The user has not authorized application {app}.",
    459: "Error validating access token: You cannot access the app till you log in to "
    "www.facebook.com and follow the instructions given.",
    460: "Error validating access token: The session has been invalidated because the user "
    "changed their password or Facebook has changed the session for security reasons.",
    463: "Error validating access token: Session has expired. The current time is later.",
    464: "Error validating access token: Sessions for the user are not allowed because the user "
    "is not a confirmed user.",
    467: "Error validating access token: The session is invalid because the user logged out.",
    492: "Error validating access token: The user no longer has a role on the page.",
}


def record_of(world: World, token: str) -> Answer | None:
    """What the world knows of a token, dead or alive."""
    for record in world["tokens"].values():
        if record.get("value") == token:
            found: Answer = record
            return found
    return None


def death(world: World, record: Answer | None) -> tuple[int, str] | None:
    """(subcode, message) of a token that is not accepted; None for a living one."""
    if record is None:
        return 0, DEAD[0]
    if (subcode := record.get("dead")) is not None:
        said = record.get("says", DEAD.get(subcode, DEAD[467]))
        return subcode, said.format(app=record["app"])
    if 0 < record.get("expires_at", 0) <= world.now():
        return 463, DEAD[463]
    return None


def app_of(world: World, token: str) -> Answer | None:
    """The app whose `id|secret` this is; None for other tokens. Raises when the secret is wrong."""
    app_id, bar, secret = token.partition("|")
    if not bar:
        return None
    app: Answer | None = world["apps"].get(app_id)
    if app is None:
        raise Refused(190, f"Error validating application. Invalid application ID ({app_id}).")
    if not hmac.compare_digest(secret.encode(), app["secret"].encode()):
        raise Refused(190, "Invalid OAuth access token signature.")
    return app


def authenticate(world: World, token: str) -> Caller:
    """The caller behind a token; 190 with its subcode when the token is dead."""
    if app := app_of(world, token):
        return Caller(app_id=app["id"])
    record = record_of(world, token)
    if dead := death(world, record):
        raise Refused(190, dead[1], subcode=dead[0])
    assert record is not None
    limits = {
        scope: None if ids == "all" else frozenset(ids)
        for scope, ids in record.get("granular", {}).items()
    }
    return Caller(
        record["app"], record["person"], frozenset(record["scopes"]), limits, record["kind"]
    )


def sees_account(call: Call, account: Answer) -> bool:
    """Whether the caller's business has to do with this WABA at all; otherwise it is invisible."""
    sides = {account["business"], *account.get("shared_with", ())}
    return not call.caller.is_app and bool(sides & businesses_of(call))


def businesses_of(call: Call) -> set[str]:
    """The portfolios the person belongs to."""
    return set(call.person.get("businesses", ()))


def holds_account(call: Call, account: Answer) -> bool:
    """Whether the WABA was assigned to the person; admins hold what their portfolio owns."""
    if account["id"] in call.person.get("assigned", {}):
        return True
    return call.person.get("role") == "ADMIN" and account["business"] in businesses_of(call)


def need_account(call: Call, account: Answer, scope: str = MANAGEMENT) -> None:
    """Refuses unless scope and assignment reach this WABA."""
    call.touched.append(account["id"])
    if not sees_account(call, account):
        raise not_visible(call.method, call.parts[0])
    # No source shows a page token working here; Meta's pages name user and system user tokens.
    if scope not in call.caller.scopes or call.caller.kind == "PAGE":
        raise no_permission(f"Requires {scope} permission to manage the object")
    if not (call.caller.reaches(scope, account["id"]) and holds_account(call, account)):
        raise no_permission(
            "You do not have the necessary permissions required to access this WhatsApp "
            "Business Account"
        )


def need_messaging_account(call: Call, account: Answer) -> None:
    """Refuses who holds the WhatsApp account but not the Messaging account that Meta split off it.

    Templates, payment and webhook subscriptions belong to the Messaging account.
    """
    need_account(call, account)
    if call.caller.person_id in account.get("messaging_account_closed_to", ()):
        raise no_permission(
            "You do not have the necessary permissions required to access this Messaging Account"
        )


def need_business(call: Call, business: Answer) -> None:
    """Refuses unless the person belongs to the portfolio and granted business_management."""
    if business["id"] not in businesses_of(call):
        raise not_visible(call.method, call.parts[0])
    if BUSINESS not in call.caller.scopes:
        raise no_permission("Requires business_management permission to manage the object")


def need_admin(call: Call, business: Answer) -> None:
    """Refuses unless the person is an admin of the portfolio."""
    need_business(call, business)
    if call.person.get("role") != "ADMIN":
        raise no_permission("You must be an admin of the business to perform this action")


def debug_token(call: Call) -> Answer:
    """GET /debug_token: HTTP 200 for dead tokens too, and then the key is `subcode`."""
    asked = call.text("input_token")
    if not asked:
        raise missing_parameter("input_token")
    if app := app_of(call.world, asked):
        return {"data": {"app_id": app["id"], "type": "APP", **_named(app), "is_valid": True}}
    record = record_of(call.world, asked)
    if record is None:
        return {"data": {"error": _error(0, DEAD[0]), "is_valid": False, "scopes": []}}
    if call.caller.app_id != record["app"]:
        # HTTP 200 as well, and the code of a bad parameter, as integrators saw it.
        mismatch = "(#100) The App_id in the input_token did not match the Viewing App"
        error = {"code": 100, "message": mismatch}
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
    if dead := death(world, record):
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


def exchange(call: Call, app: Answer) -> Answer:
    """GET /oauth/access_token: client_credentials, or a longer life for a token."""
    grant = call.text("grant_type")
    if grant == "client_credentials":
        return {"access_token": f"{app['id']}|{app['secret']}", "token_type": "bearer"}
    if grant != "fb_exchange_token":
        raise Refused(1, "Invalid grant_type: must be client_credentials or fb_exchange_token")
    record = record_of(call.world, call.text("fb_exchange_token"))
    if dead := death(call.world, record):
        raise Refused(190, dead[1], subcode=dead[0])
    assert record is not None
    if record["app"] != app["id"]:
        raise bad_parameter("The access token does not belong to application")
    life = 60 * DAY
    value = issue(call.world, record, call.world.now() + life)
    return {"access_token": value, "token_type": "bearer", "expires_in": life}


def revoke(call: Call) -> Answer:
    """GET /oauth/revoke: the token is dead from now on."""
    app = client_of(call)
    record = record_of(call.world, call.text("revoke_token"))
    if record is None or record["app"] != app["id"]:
        raise bad_parameter("Invalid token to revoke")
    record["dead"] = 467
    return {"success": True}


def client_of(call: Call) -> Answer:
    """The app whose id and secret the call carries; refuses others."""
    for name in ("client_id", "client_secret"):
        if not call.text(name):
            raise Refused(101, f"Missing {name} parameter.")
    app: Answer | None = call.world["apps"].get(call.text("client_id"))
    if app is None:
        raise Refused(101, "Error validating application. Invalid application ID.")
    if call.text("client_secret") != app["secret"]:
        raise Refused(1, "Error validating client secret.")
    return app


#: Calls per hour, app and WABA: without a registered number, and with one.
FRESH, ACTIVE = 200, 5000


class Usage:
    """The calls of the last hour, by WABA."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._guard = threading.Lock()
        self._calls: dict[str, deque[float]] = defaultdict(deque)

    def headers(self, call: Call) -> dict[str, str]:
        """x-app-usage always; x-business-use-case-usage for calls about a WABA."""
        answer = {
            "x-app-usage": json.dumps({"call_count": 0, "total_cputime": 0, "total_time": 0}),
            "x-fb-request-id": secrets.token_hex(8),
            "x-fb-rev": "1030000001",
        }
        if call.touched:
            uses = {account: [self._use(account)] for account in set(call.touched)}
            answer["x-business-use-case-usage"] = json.dumps(uses)
        return answer

    def _use(self, account: str) -> dict[str, str | int]:
        now = time.monotonic()
        with self._guard:
            calls = self._calls[account]
            calls.append(now)
            while calls[0] < now - HOUR:
                calls.popleft()
            made = len(calls)
        return {
            "type": "whatsapp_business_management",
            "call_count": min(100, 100 * made // self._budget(account)),
            "total_cputime": 1,
            "total_time": 1,
            "estimated_time_to_regain_access": 0,
        }

    def _budget(self, account: str) -> int:
        registered = any(
            number["account"] == account and number.get("status") == "CONNECTED"
            for number in self._world["numbers"].values()
        )
        return ACTIVE if registered else FRESH
