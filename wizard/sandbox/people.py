"""Users, system users, portfolios and apps of the sandbox."""

from __future__ import annotations

from wizard.sandbox import access, accounts, public_profile, webhooks
from wizard.sandbox.access import BUSINESS, businesses_of, need_admin, need_business
from wizard.sandbox.call import Answer, Call, Kind, plain, proof_missing, read_many, words
from wizard.sandbox.world import (
    DAY,
    Refused,
    bad_parameter,
    missing_parameter,
    needs_app_token,
    not_visible,
)

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


WHATSAPP = "whatsapp_business_account"
#: Webhook fields of the object whatsapp_business_account. `message_status` is none of them:
#: statuses come in `messages`. (WhatsApp webhooks overview, calls and groups references.)
FIELDS = frozenset(
    words(
        "account_alerts account_review_update account_update automatic_events "
        "business_capability_update calls flows group_lifecycle_update group_participants_update "
        "group_settings_update group_status_update history message_echoes messages "
        "message_template_components_update message_template_quality_update "
        "message_template_status_update partner_solutions payment_configuration_update "
        "phone_number_name_update phone_number_quality_update security smb_app_state_sync "
        "smb_message_echoes standby template_category_update user_preferences"
    )
)


def app_permissions(call: Call, app: Answer) -> Answer:
    """GET /{app}/permissions: what the use cases of the app brought with them."""
    _need_app_token(call, app)
    names = app.get("permissions", [])
    return call.page([{"permission": name, "status": "live"} for name in names])


def subscriptions(call: Call, app: Answer) -> Answer:
    """GET /{app}/subscriptions. The verify token is never shown."""
    _need_app_token(call, app)
    return {"data": [_shown(row, call) for row in app.get("subscriptions", {}).values()]}


def subscribe(call: Call, app: Answer) -> Answer:
    """POST /{app}/subscriptions: Meta asks the callback at once; known fields are kept."""
    _need_app_token(call, app)
    name = call.text("object")
    if not name:
        raise missing_parameter("object")
    fields = call.listed("fields")
    _refuse_unknown_fields(name, fields)
    if name == WHATSAPP and app.get("webhooks_by_dashboard"):
        # An old reference page of Meta's says so; a newer guide and much practice say otherwise.
        raise bad_parameter("Webhooks of this object must be configured in the App Dashboard")
    row = app.get("subscriptions", {}).get(name, {})
    callback = call.text("callback_url") or row.get("callback_url", "")
    verify_token = call.text("verify_token") or row.get("verify_token", "")
    for parameter, value in (("callback_url", callback), ("verify_token", verify_token)):
        if not value:
            raise missing_parameter(parameter)
    if "callback_url" in call.params or "verify_token" in call.params:
        webhooks.refuse_unusable(callback)
        webhooks.handshake(call, callback, verify_token)
    # Meanwhile the world may have been read anew.
    rows = call.world["apps"][app["id"]].setdefault("subscriptions", {})
    kept = rows.get(name, {}).get("fields", {})
    rows[name] = {
        "object": name,
        "callback_url": callback,
        "verify_token": verify_token,
        "active": True,
        "fields": {**kept, **dict.fromkeys(fields, call.version)},
    }
    call.delivery.route_changed()
    return {"success": True}


def unsubscribe(call: Call, app: Answer) -> Answer:
    """DELETE /{app}/subscriptions: without `object` it wipes every subscription of the app."""
    _need_app_token(call, app)
    rows = app.setdefault("subscriptions", {})
    name, fields = call.text("object"), call.listed("fields")
    for subscribed in [name] if name else list(rows):
        if not fields:
            rows.pop(subscribed, None)
        elif subscribed in rows:
            for field in fields:
                rows[subscribed]["fields"].pop(field, None)
    return {"success": True}


def _need_app_token(call: Call, app: Answer) -> None:
    if not call.caller.is_app or call.caller.app_id != app["id"]:
        raise needs_app_token()


def _refuse_unknown_fields(name: str, fields: list[str]) -> None:
    if name == WHATSAPP and (unknown := set(fields) - FIELDS):
        raise bad_parameter(
            f"Param fields[0] must be one of {{{', '.join(sorted(FIELDS))}}} - got "
            f'"{sorted(unknown)[0]}".'
        )


def _shown(row: Answer, call: Call) -> Answer:
    fields = [
        {"name": name, "version": version or call.version}
        for name, version in row.get("fields", {}).items()
    ]
    return {
        "object": row["object"],
        "callback_url": call.world.here(row["callback_url"]),
        "active": row.get("active", True),
        "fields": fields,
    }


def _business(call: Call, app: Answer) -> Answer | None:
    business = call.world["businesses"].get(app.get("business", ""))
    return {"id": business["id"], "name": business["name"]} if business else None


APPLICATION = Kind(
    "Application",
    {
        **plain(
            "id name app_type category company contact_email created_time icon_url link namespace "
            "privacy_policy_url terms_of_service_url website_url app_domains server_ip_whitelist "
            "restrictions"
        ),
        "business": _business,
        "owner_business": _business,
    },
    ("category", "link", "name", "id"),
    {
        ("GET", "permissions"): app_permissions,
        ("GET", "subscriptions"): subscriptions,
        ("POST", "subscriptions"): subscribe,
        ("DELETE", "subscriptions"): unsubscribe,
        ("POST", "uploads"): public_profile.open_upload,
    },
)
