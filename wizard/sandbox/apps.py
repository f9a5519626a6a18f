"""The app node, its permissions and its webhook subscriptions."""

from __future__ import annotations

from wizard.sandbox import webhooks
from wizard.sandbox.call import Answer, Call, Kind, plain, words
from wizard.sandbox.refusals import bad_parameter, missing_parameter, needs_app_token

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


def permissions(call: Call, app: Answer) -> Answer:
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
        ("GET", "permissions"): permissions,
        ("GET", "subscriptions"): subscriptions,
        ("POST", "subscriptions"): subscribe,
        ("DELETE", "subscriptions"): unsubscribe,
    },
)
