"""Phone numbers: reading, adding, and what may be set on them."""

from __future__ import annotations

import json

from wizard.sandbox import messages, public_profile, registration, webhooks
from wizard.sandbox.access import need_account
from wizard.sandbox.call import Answer, Call, Kind, plain, read_many
from wizard.sandbox.world import (
    Refused,
    bad_parameter,
    missing_parameter,
    no_such_field,
)

_HEALTH_ORDER = ("AVAILABLE", "LIMITED", "BLOCKED")
NAME_REMARK = (
    "Your display name has not been approved yet. Your message limit will increase after the "
    "display name is approved."
)
BUSINESS_REMARK = "The Business has not passed business verification."


def health_of_account(call: Call, account: Answer) -> Answer:
    """The WABA, its portfolio and the calling app."""
    need_account(call, account)
    return _summarised(_around(call, account))


def health_of_number(call: Call, number: Answer) -> Answer:
    """The number, and everything above it."""
    account = call.world["accounts"][number["account"]]
    blocks, remarks = list(number.get("blocks", ())), list(number.get("remarks", ()))
    if number.get("platform_type") != "CLOUD_API":
        blocks.append(
            {
                "error_code": 133010,
                "error_description": "The phone number is not registered.",
                "possible_solution": "Register the phone number with the Cloud API.",
            }
        )
    elif not (
        number.get("is_on_biz_app")
        or number.get("name_status") in ("APPROVED", "AVAILABLE_WITHOUT_REVIEW")
    ):
        remarks.append(NAME_REMARK)
    entity = _entity("PHONE_NUMBER", number, blocks, remarks)
    # Reads BLOCKED on numbers that send well: SIP calling is simply not set up.
    if number.get("sip_blocked"):
        entity |= {"can_receive_call_sip": "BLOCKED"}
        entity.setdefault("errors", []).append(
            {
                "error_code": 138025,
                "error_description": "SIP is not configured for this phone number.",
                "possible_solution": "Configure SIP servers in the call settings.",
            }
        )
    judged = _summarised([entity, *_around(call, account)])
    # Meta's own SIP example says BLOCKED overall while every can_send_message is AVAILABLE.
    return judged | {"can_send_message": "BLOCKED"} if number.get("sip_blocked") else judged


def _around(call: Call, account: Answer) -> list[Answer]:
    business = call.world["businesses"].get(account["business"], {"id": account["business"]})
    remarks = list(business.get("remarks", ()))
    if business.get("verification_status") != "verified":
        remarks.append(BUSINESS_REMARK)
    return [
        _entity("WABA", account, account.get("blocks", []), account.get("remarks", [])),
        _entity("BUSINESS", business, business.get("blocks", []), remarks),
        _entity("APP", {"id": call.caller.app_id}, call.app.get("blocks", []), []),
    ]


def _entity(kind: str, node: Answer, blocks: list[Answer], remarks: list[str]) -> Answer:
    """One entity. `limits` of the node are errors that stand beside LIMITED."""
    limits = node.get("limits", [])
    state = "BLOCKED" if blocks else "LIMITED" if remarks or limits else "AVAILABLE"
    entity: Answer = {"entity_type": kind, "id": node["id"], "can_send_message": state}
    if blocks or limits:
        entity["errors"] = [*blocks, *limits]
    elif remarks:
        entity["additional_info"] = list(remarks)
    return entity


def _summarised(entities: list[Answer]) -> Answer:
    worst = max((entity["can_send_message"] for entity in entities), key=_HEALTH_ORDER.index)
    return {"can_send_message": worst, "entities": entities}


DEFAULT = (
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
    "platform_type",
    "throughput",
    "webhook_configuration",
    "id",
)
#: Registered numbers of a new portfolio, and of a verified one.
FEW, MANY = 2, 20


def account_of(call: Call, number: Answer) -> Answer:
    """The WABA a number belongs to."""
    account: Answer = call.world["accounts"][number["account"]]
    return account


def numbers(call: Call, account: Answer) -> Answer:
    """GET /{waba}/phone_numbers, most recently onboarded first."""
    need_account(call, account)
    found = [n for n in call.world["numbers"].values() if n["account"] == account["id"]]
    # The guide writes last_onboarded_time_ascending, the specification last_onboarded_time.asc.
    rising = call.text("sort").strip("[]'\"").endswith(("asc", "ascending"))
    found.sort(key=lambda number: number.get("last_onboarded_time", ""), reverse=not rising)
    found = [number for number in found if _wanted(call, number)]
    return read_many(call, NUMBER, found, DEFAULT)


def _wanted(call: Call, number: Answer) -> bool:
    """`filtering=[{"field": …, "operator": "EQUAL"|"IN", "value": …}]`."""
    filters = call.params.get("filtering") or "[]"
    try:
        conditions = json.loads(filters) if isinstance(filters, str) else filters
        return all(
            number.get(row["field"]) in (v if isinstance(v := row["value"], list) else [v])
            for row in conditions
        )
    except (ValueError, KeyError, TypeError):
        raise bad_parameter("Param filtering must be a list of filters") from None


def add(call: Call, account: Answer) -> Answer:
    """POST /{waba}/phone_numbers {cc, phone_number, verified_name}."""
    need_account(call, account)
    digits, name = _new_number(call)
    world = call.world
    if any(_digits(n["display_phone_number"]) == digits for n in world["numbers"].values()):
        raise _taken("This phone number is already in your list of phone numbers.", subcode=2388012)
    if digits in world.tree.get("used_elsewhere", ()):
        raise _taken("This number is registered to an existing WhatsApp account.")
    _refuse_beyond_cap(call, account)
    number = {
        "id": world.fresh_id(),
        "account": account["id"],
        "display_phone_number": f"+{digits}",
        "verified_name": name,
        "status": "UNVERIFIED",
        "code_verification_status": "NOT_VERIFIED",
        "platform_type": "NOT_APPLICABLE",
        "name_status": "NONE",
        "quality_rating": "UNKNOWN",
        "account_mode": "LIVE",
        "throughput": {"level": "NOT_APPLICABLE"},
    }
    world["numbers"][number["id"]] = number
    return {"id": number["id"]}


def _new_number(call: Call) -> tuple[str, str]:
    country, phone, name = (call.text(key) for key in ("cc", "phone_number", "verified_name"))
    for key, value in (("cc", country), ("phone_number", phone), ("verified_name", name)):
        if not value:
            raise missing_parameter(key)
    # Meta's pages disagree on whether the country code is repeated: both are taken, a plus is not.
    if not (country.isdigit() and phone.isdigit() and 4 <= len(phone) <= 15):
        raise bad_parameter("Param phone_number must be digits, without plus sign and spaces")
    if not 2 <= len(name) <= 75:
        raise bad_parameter("Param verified_name must be between 2 and 75 characters long")
    return (phone if phone.startswith(country) and len(phone) > 10 else country + phone), name


def _refuse_beyond_cap(call: Call, account: Answer) -> None:
    business = call.world["businesses"][account["business"]]
    siblings = {a["id"] for a in call.world["accounts"].values() if a["business"] == business["id"]}
    there = [
        number
        for number in call.world["numbers"].values()
        if number["account"] in siblings and not number.get("test_number")
    ]
    most = MANY if business.get("verification_status") == "verified" else FEW
    if len(there) >= business.get("number_cap", most):
        raise Refused(
            100,
            "(#100) Invalid parameter",
            title="Phone number limit reached",
            user_message=f"You can only add up to {most} phone numbers to this business.",
        )


def _taken(text: str, subcode: int = 0) -> Refused:
    return Refused(
        100,
        "(#100) Invalid parameter",
        subcode=subcode,
        title="Phone number already in use",
        user_message=text,
    )


def change(call: Call, number: Answer) -> Answer:
    """POST /{phone}: the PIN (without the old one), a webhook override, a new display name."""
    need_account(call, account_of(call, number))
    if "pin" in call.params:
        number["pin"] = registration.six_digits(call.text("pin"))
    if name := call.text("new_display_name"):
        number |= {"new_display_name": name, "new_name_status": "PENDING_REVIEW"}
    if "webhook_configuration" in call.params:
        _override(call, number)
    return {"success": True}


def _override(call: Call, number: Answer) -> None:
    asked = call.params["webhook_configuration"]
    if not isinstance(asked, dict):
        raise bad_parameter("Param webhook_configuration must be a JSON object")
    app_id, number_id = call.caller.app_id, number["id"]
    account = account_of(call, number)
    if asked.get("override_callback_uri") and app_id not in account.get("subscribed", {}):
        raise webhooks.not_subscribed()
    # Meta asks the callback first, and meanwhile the world may have been read anew.
    call.params = asked
    override = webhooks.verified_override(call, str(asked.get("override_callback_uri", "")))
    overrides = call.world["numbers"][number_id].setdefault("overrides", {})
    overrides.pop(app_id, None)
    if override:
        overrides[app_id] = override
    call.delivery.route_changed()


def settings(call: Call, number: Answer) -> Answer:
    """GET /{phone}/settings: where messages are stored."""
    need_account(call, account_of(call, number))
    return {"storage_configuration": number.get("storage", {"status": "default"})}


def change_settings(call: Call, number: Answer) -> Answer:
    """POST /{phone}/settings: since v21 the place of storage is set here, before registering."""
    need_account(call, account_of(call, number))
    if "storage_configuration" in call.params:
        number["storage"] = call.params["storage_configuration"]
    return {"success": True}


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def limit_of_portfolio(call: Call, account: Answer, kind: str) -> str | None:
    """whatsapp_business_manager_messaging_limit: of the whole portfolio, and new in v24."""
    if not call.at_least_v24:
        raise no_such_field("whatsapp_business_manager_messaging_limit", kind)
    business = call.world["businesses"].get(account["business"], {})
    limit: str | None = business.get("messaging_limit")
    return limit


NUMBER = Kind(
    "WhatsAppBusinessPhoneNumber",
    {
        **plain(
            "display_phone_number verified_name status name_status new_name_status "
            "new_display_name quality_rating quality_score platform_type host_platform throughput "
            "account_mode messaging_limit_tier is_official_business_account is_on_biz_app "
            "is_preverified_number last_onboarded_time search_visibility unified_cert_status "
            "country_code country_dial_code username certificate new_certificate "
            "conversational_automation eligibility_for_api_business_global_search"
        ),
        "is_pin_enabled": lambda _, number: bool(number.get("pin")),
        "code_verification_status": registration.code_verification,
        "webhook_configuration": webhooks.configuration,
        "whatsapp_business_manager_messaging_limit": lambda call, number: limit_of_portfolio(
            call, account_of(call, number), "WhatsAppBusinessPhoneNumber"
        ),
        "health_status": health_of_number,
        "whatsapp_business_account": lambda _, number: {"id": number["account"]},
    },
    DEFAULT,
    {
        ("POST", "request_code"): registration.request_code,
        ("POST", "verify_code"): registration.verify_code,
        ("POST", "register"): registration.register,
        ("POST", "deregister"): registration.deregister,
        ("POST", "messages"): messages.send,
        ("GET", "settings"): settings,
        ("POST", "settings"): change_settings,
        **public_profile.EDGES,
    },
)
