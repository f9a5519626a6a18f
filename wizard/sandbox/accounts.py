"""The WABA: its node, who may use it, which apps it is subscribed to, its templates."""

from __future__ import annotations

import json

from wizard.sandbox import numbers, templates, webhooks
from wizard.sandbox.access import (
    BUSINESS,
    MANAGEMENT,
    businesses_of,
    need_account,
    need_admin,
    need_business,
    need_messaging_account,
)
from wizard.sandbox.call import Answer, Call, Kind, plain, read_many, words
from wizard.sandbox.world import (
    Refused,
    bad_parameter,
    missing_parameter,
    no_permission,
)

DEFAULT = ("id", "name", "currency", "timezone_id", "message_template_namespace")
TASKS = frozenset(
    words(
        "DEVELOP FULL_CONTROL MANAGE MANAGE_BILLING MANAGE_EXTENSIONS MANAGE_PHONE "
        "MANAGE_PHONE_ASSETS MANAGE_TEMPLATES MANAGE_USERS MESSAGING RECEIVE_INCOMING_MESSAGES "
        "VIEW_COST VIEW_INSIGHTS VIEW_PHONE_ASSETS VIEW_TEMPLATES"
    )
)


def subscribed_apps(call: Call, account: Answer) -> Answer:
    """GET: each app is wrapped, its override stands beside the wrapping."""
    need_messaging_account(call, account)
    return {"data": [_wrapped(call, *row) for row in account.get("subscribed", {}).items()]}


def subscribe_app(call: Call, account: Answer) -> Answer:
    """POST: always the app of the token. Without a callback it takes an override away."""
    need_messaging_account(call, account)
    callback = call.text("override_callback_uri")
    if callback and call.caller.app_id not in account.get("subscribed", {}):
        raise webhooks.not_subscribed()
    override = webhooks.verified_override(call, callback)
    # Meta asked the callback, and meanwhile the world may have been read anew.
    rows = call.world["accounts"][account["id"]].setdefault("subscribed", {})
    rows[call.caller.app_id] = override
    call.delivery.route_changed()
    return {"success": True}


def unsubscribe_app(call: Call, account: Answer) -> Answer:
    """DELETE: the app of the token."""
    need_messaging_account(call, account)
    account.setdefault("subscribed", {}).pop(call.caller.app_id, None)
    return {"success": True}


def _wrapped(call: Call, app_id: str, override: Answer) -> Answer:
    app = call.world["apps"].get(app_id, {"name": "Another app"})
    data: Answer = {
        "whatsapp_business_api_data": {
            "id": app_id,
            "link": f"https://www.facebook.com/games/?app_id={app_id}",
            "name": app["name"],
        }
    }
    if url := override.get("override_callback_uri"):
        data["override_callback_uri"] = call.world.here(url)
    return data


def library(call: Call) -> Answer:
    """GET /message_template_library: templates that Meta wrote, filtered as its page says."""
    if MANAGEMENT not in call.caller.scopes:
        raise no_permission(f"Requires {MANAGEMENT} permission to manage the object")
    found = call.world.tree.get("template_library", [])
    for name in ("name", "topic", "usecase", "industry", "language"):
        if wanted := call.text(name):
            found = [one for one in found if wanted in (one[name], *one.get("industry", ()))]
    searched = call.text("search").lower()
    return call.page([one for one in found if searched in json.dumps(one).lower()])


def create_template(call: Call, account: Answer) -> Answer:
    """POST /{waba}/message_templates; one of the library is approved at once."""
    name = call.text("library_template_name")
    if not name:
        return templates.create(call, account)
    need_messaging_account(call, account)
    known = call.world.tree.get("template_library", [])
    wanted = (name, call.text("language"))
    entry = next((one for one in known if (one["name"], one["language"]) == wanted), None)
    if entry is None:
        raise bad_parameter("Param library_template_name is no template of the library")
    call.params |= {"components": _of_library(call, entry), "category": entry["category"]}
    made = templates.create(call, account)
    template = account["templates"][made["id"]]
    del template["reviewed_at"]
    template |= {"status": "APPROVED", "library_template_name": name}
    return {**made, "status": "APPROVED"}


def _of_library(call: Call, entry: Answer) -> list[Answer]:
    """The components of a library's template, its buttons filled in by the caller."""
    example = {"example": {"body_text": [entry["body_params"]]}} if entry["body_params"] else {}
    parts: list[Answer] = [{"type": "BODY", "text": entry["body"], **example}]
    if entry.get("header"):
        parts.insert(0, {"type": "HEADER", "format": "TEXT", "text": entry["header"]})
    given = call.params.get("library_template_button_inputs") or []
    types = [button["type"] for button in entry.get("buttons", [])]
    if not isinstance(given, list) or [one.get("type") for one in given] != types:
        raise missing_parameter("library_template_button_inputs")
    buttons = []
    for button, filled in zip(entry.get("buttons", []), given, strict=True):
        url = filled.get("url") or {}
        suffix = url.get("url_suffix_example")
        target = {"url": str(url.get("base_url")) + "{{1}}" * bool(suffix)} if url else {}
        phone = {"phone_number": filled["phone_number"]} if "phone_number" in filled else {}
        buttons.append({**button, **target, **phone, **({"example": [suffix]} if suffix else {})})
    return [*parts, {"type": "BUTTONS", "buttons": buttons}] if buttons else parts


def assigned_users(call: Call, account: Answer) -> Answer:
    """GET /{waba}/assigned_users: the portfolio has to be named."""
    need_account(call, account)
    if not (business := call.text("business")):
        raise missing_parameter("business")
    if business not in call.world["businesses"]:
        raise bad_parameter("Param business must be a valid business ID")
    people = [
        {**person, "tasks": person["assigned"][account["id"]]}
        for person in call.world["people"].values()
        if account["id"] in person.get("assigned", {}) and business in person["businesses"]
    ]
    return read_many(call, ASSIGNED_USER, people, ASSIGNED_USER.default)


def assign_user(call: Call, account: Answer) -> Answer:
    """POST /{waba}/assigned_users?user=&tasks=: an admin assigns the WABA to a person."""
    need_account(call, account)
    if call.person.get("role") != "ADMIN":
        raise no_permission("You must be an admin of the business to perform this action")
    tasks = call.listed("tasks")
    if not tasks or set(tasks) - TASKS:
        raise bad_parameter(f"Param tasks must be some of {{{', '.join(sorted(TASKS))}}}")
    _user(call)["assigned"][account["id"]] = tasks
    return {"success": True}


def remove_user(call: Call, account: Answer) -> Answer:
    """DELETE /{waba}/assigned_users?user=."""
    need_account(call, account)
    _user(call)["assigned"].pop(account["id"], None)
    return {"success": True}


def _user(call: Call) -> Answer:
    person: Answer | None = call.world["people"].get(call.text("user"))
    if person is None or not businesses_of(call) & set(person["businesses"]):
        raise bad_parameter("Param user must be a valid ID of a user of the business")
    person.setdefault("assigned", {})
    return person


def owned(call: Call, business: Answer) -> Answer:
    """GET /{business}/owned_whatsapp_business_accounts."""
    need_business(call, business)
    return _listed(call, [a for a in _all(call) if a["business"] == business["id"]])


def client(call: Call, business: Answer) -> Answer:
    """GET /{business}/client_whatsapp_business_accounts: for an admin of the portfolio."""
    need_admin(call, business)
    return _listed(call, [a for a in _all(call) if business["id"] in a.get("shared_with", ())])


def assigned(call: Call, person: Answer) -> Answer:
    """GET /{person}/assigned_whatsapp_business_accounts."""
    if BUSINESS not in call.caller.scopes:
        # Two reports of this code and subcode for a token without business_management.
        raise Refused(10, "(#10) Application does not have permission for this action",
                      subcode=1752203)  # fmt: skip
    return _listed(call, [a for a in _all(call) if a["id"] in person.get("assigned", {})])


def _all(call: Call) -> list[Answer]:
    return list(call.world["accounts"].values())


def _listed(call: Call, found: list[Answer]) -> Answer:
    if wanted := call.text("find"):
        found = [account for account in found if account["id"] == wanted]
    limit = call.caller.limits.get(MANAGEMENT)
    if limit is not None:
        found = [account for account in found if account["id"] in limit]
    return read_many(call, ACCOUNT, found, DEFAULT)


def _owner(call: Call, account: Answer) -> Answer | None:
    business = call.world["businesses"].get(account["business"])
    return {"id": business["id"], "name": business["name"]} if business else None


def _funding(call: Call, account: Answer) -> str | None:
    need_messaging_account(call, account)
    funding: str | None = account.get("primary_funding_id")
    return funding


def _business_verification(call: Call, account: Answer) -> str | None:
    business = call.world["businesses"].get(account["business"], {})
    status: str | None = business.get("verification_status")
    return status


def _first_business(call: Call, person: Answer) -> Answer:
    business = call.world["businesses"][person["businesses"][0]]
    return {"id": business["id"], "name": business["name"]}


ASSIGNED_USER = Kind(
    "AssignedUser",
    {
        **plain("name tasks"),
        "business": _first_business,
        "user_type": lambda _, person: (
            "SYSTEM_USER" if person["kind"] == "system_user" else "BUSINESS_USER"
        ),
    },
    ("id", "name", "tasks"),
    {},
)
ACCOUNT = Kind(
    "WhatsAppBusinessAccount",
    {
        **plain(
            "name account_review_status country creation_time currency is_enabled_for_insights "
            "is_shared_with_partners marketing_messages_lite_api_status "
            "marketing_messages_onboarding_status message_template_namespace ownership_type "
            "primary_business_location purchase_order_number status "
            "template_auto_archival_enabled timezone_id auth_international_rate_eligibility "
            "disable_marketing_messages_on_cloud_api linked_commerce_account "
            "marketing_messages_ad_account service_pricing_policy "
            "whatsapp_manager_marketing_messages_max_price_enroll_status"
        ),
        "primary_funding_id": _funding,
        "owner_business": _owner,
        "owner_business_info": _owner,
        "on_behalf_of_business_info": _owner,
        "business_verification_status": _business_verification,
        "whatsapp_business_manager_messaging_limit": lambda call, account: (
            numbers.limit_of_portfolio(call, account, "WhatsAppBusinessAccount")
        ),
        "health_status": numbers.health_of_account,
    },
    DEFAULT,
    {
        ("GET", "phone_numbers"): numbers.numbers,
        ("POST", "phone_numbers"): numbers.add,
        ("GET", "subscribed_apps"): subscribed_apps,
        ("POST", "subscribed_apps"): subscribe_app,
        ("DELETE", "subscribed_apps"): unsubscribe_app,
        ("GET", "message_templates"): templates.templates,
        ("POST", "message_templates"): create_template,
        ("DELETE", "message_templates"): templates.delete,
        ("GET", "assigned_users"): assigned_users,
        ("POST", "assigned_users"): assign_user,
        ("DELETE", "assigned_users"): remove_user,
    },
)
