"""Users, system users and portfolios: who holds the token, and what that person may set up."""

from __future__ import annotations

from wizard.sandbox import access, accounts
from wizard.sandbox.access import BUSINESS, businesses_of, need_admin, need_business
from wizard.sandbox.call import Answer, Call, Kind, plain, proof_missing, read_many
from wizard.sandbox.refusals import Refused, bad_parameter, missing_parameter, not_visible
from wizard.sandbox.world import DAY

ROLES = ("ADMIN", "EMPLOYEE")


def businesses(call: Call, person: Answer) -> Answer:
    """GET /{person}/businesses."""
    if BUSINESS not in call.caller.scopes:
        raise Refused(100, "(#100) Missing Permission")
    there = call.world["businesses"]
    return read_many(call, PORTFOLIO, [there[b] for b in person["businesses"]], ("id", "name"))


def permissions(call: Call, person: Answer) -> Answer:
    """GET /{person}/permissions."""
    return call.page([{"permission": s, "status": "granted"} for s in sorted(call.caller.scopes)])


def pages(call: Call, person: Answer) -> Answer:
    """GET /{person}/accounts: Facebook pages, each with a token of its own."""
    page = call.page(list(person.get("pages", [])))
    page["data"] = [
        {**item, "access_token": _page_token(call, item["id"])} for item in page["data"]
    ]
    return page


def _page_token(call: Call, page_id: str) -> str:
    for record in call.world["tokens"].values():
        if record.get("page") == page_id:
            return str(record["value"])
    like = {
        "app": call.caller.app_id,
        "kind": "PAGE",
        "person": call.caller.person_id,
        "scopes": sorted(call.caller.scopes),
    }
    value = access.issue(call.world, like, 0)
    list(call.world["tokens"].values())[-1]["page"] = page_id
    return value


def system_users(call: Call, business: Answer) -> Answer:
    """GET /{business}/system_users."""
    need_business(call, business)
    found = [p for p in call.world["people"].values() if _is_system_user_of(p, business)]
    return read_many(call, SYSTEM_USER, found, ("id", "name", "role"))


def add_system_user(call: Call, business: Answer) -> Answer:
    """POST /{business}/system_users {name, role}."""
    need_admin(call, business)
    name, role = call.text("name"), call.text("role")
    if not name:
        raise missing_parameter("name")
    if role not in ROLES:
        raise bad_parameter("Param role must be one of {ADMIN, EMPLOYEE}")
    person = {
        "id": call.world.fresh_id(),
        "name": name,
        "kind": "system_user",
        "role": role,
        "businesses": [business["id"]],
        "assigned": {},
        "apps": [],
    }
    call.world["people"][person["id"]] = person
    return {"id": person["id"]}


def install_app(call: Call, person: Answer) -> Answer:
    """POST /{system-user}/applications {business_app}: only with a proof."""
    app = _app_for(call, person)
    if app["id"] not in person.setdefault("apps", []):
        person["apps"].append(app["id"])
    return {"success": True}


def make_token(call: Call, person: Answer) -> Answer:
    """POST /{system-user}/access_tokens {business_app, scope}: only with a proof.

    A portfolio with `expiring_tokens_only` refuses to make one that never ends.
    """
    app = _app_for(call, person)
    if app["id"] not in person.get("apps", ()):
        raise bad_parameter("No permissions available: assign an app role to the system user")
    scopes = call.listed("scope")
    if not scopes or set(scopes) - set(app["permissions"]) - {BUSINESS}:
        raise bad_parameter("Invalid Scopes: the app does not have these permissions")
    short = call.text("set_token_expires_in_60_days") in ("true", "1")
    business = call.world["businesses"][person["businesses"][0]]
    if business.get("expiring_tokens_only") and not short:
        raise bad_parameter("The access token must expire: set set_token_expires_in_60_days")
    like = {"app": app["id"], "kind": "SYSTEM_USER", "person": person["id"], "scopes": scopes}
    like["granular"] = {scope: _granted(person, scope) for scope in scopes}
    life = call.world.now() + 60 * DAY if short else 0
    return {"access_token": access.issue(call.world, like, life)}


def forget_tokens(call: Call, person: Answer) -> Answer:
    """DELETE /{system-user}/access_tokens: every one of them is dead."""
    _need_admin_over(call, person)
    for record in call.world["tokens"].values():
        if record["person"] == person["id"]:
            record["dead"] = 467
    return {"success": True}


def _app_for(call: Call, person: Answer) -> Answer:
    _need_admin_over(call, person)
    if "appsecret_proof" not in call.params:
        raise proof_missing()
    app: Answer | None = call.world["apps"].get(call.text("business_app"))
    if app is None:
        raise missing_parameter("business_app")
    if app.get("business") not in person["businesses"]:
        raise bad_parameter("The app must belong to the same business as the system user")
    return app


def _granted(person: Answer, scope: str) -> list[str] | str:
    """An admin's grant covers everything and then names nothing."""
    if person["role"] == "ADMIN" or not scope.startswith("whatsapp"):
        return "all"
    return list(person["assigned"])


def _need_admin_over(call: Call, person: Answer) -> None:
    shared = [b for b in person["businesses"] if b in businesses_of(call)]
    if person["kind"] != "system_user" or not shared:
        raise not_visible(call.method, call.parts[0])
    need_admin(call, call.world["businesses"][shared[0]])


def _is_system_user_of(person: Answer, business: Answer) -> bool:
    return person["kind"] == "system_user" and business["id"] in person["businesses"]


_EDGES = {
    ("GET", "businesses"): businesses,
    ("GET", "permissions"): permissions,
    ("GET", "accounts"): pages,
    ("GET", "assigned_whatsapp_business_accounts"): accounts.assigned,
}
USER = Kind("User", plain("name email"), ("name", "id"), _EDGES)
SYSTEM_USER = Kind(
    "SystemUser",
    plain("name role"),
    ("name", "id"),
    {
        **_EDGES,
        ("POST", "applications"): install_app,
        ("POST", "access_tokens"): make_token,
        ("DELETE", "access_tokens"): forget_tokens,
    },
)
PORTFOLIO = Kind(
    "Business",
    {
        **plain(
            "name verification_status timezone_id vertical created_time two_factor_type is_hidden "
            "payment_account_id link"
        ),
        "whatsapp_business_manager_messaging_limit": lambda _, node: node.get("messaging_limit"),
    },
    ("id", "name"),
    {
        ("GET", "owned_whatsapp_business_accounts"): accounts.owned,
        ("GET", "client_whatsapp_business_accounts"): accounts.client,
        ("GET", "system_users"): system_users,
        ("POST", "system_users"): add_system_user,
    },
)
