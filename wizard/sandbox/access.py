"""Who may do what: tokens become callers, callers reach assets."""

from __future__ import annotations

import hmac

from wizard.sandbox.call import Answer, Call, Caller
from wizard.sandbox.refusals import Refused, no_permission, not_visible
from wizard.sandbox.world import World

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
        return subcode, DEAD.get(subcode, DEAD[467]).format(app=record["app"])
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
