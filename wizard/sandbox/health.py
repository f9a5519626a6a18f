"""health_status of a WABA or a number, worked out from the state of the world.

A node may carry `blocks` ([{error_code, error_description, possible_solution}]) and `remarks`
([text]); what the world itself shows (an unregistered number, an unverified business) is added.
"""

from __future__ import annotations

from wizard.sandbox.access import need_account
from wizard.sandbox.call import Answer, Call

_ORDER = ("AVAILABLE", "LIMITED", "BLOCKED")
NAME_REMARK = (
    "Your display name has not been approved yet. Your message limit will increase after the "
    "display name is approved."
)
BUSINESS_REMARK = "The Business has not passed business verification."


def of_account(call: Call, account: Answer) -> Answer:
    """The WABA, its portfolio and the calling app."""
    need_account(call, account)
    return _judged(_around(call, account))


def of_number(call: Call, number: Answer) -> Answer:
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
    elif number.get("name_status") not in ("APPROVED", "AVAILABLE_WITHOUT_REVIEW"):
        remarks.append(NAME_REMARK)
    entity = _entity("PHONE_NUMBER", number["id"], blocks, remarks)
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
    judged = _judged([entity, *_around(call, account)])
    # Meta's own SIP example says BLOCKED overall while every can_send_message is AVAILABLE.
    return judged | {"can_send_message": "BLOCKED"} if number.get("sip_blocked") else judged


def _around(call: Call, account: Answer) -> list[Answer]:
    business = call.world["businesses"].get(account["business"], {"id": account["business"]})
    remarks = list(business.get("remarks", ()))
    if business.get("verification_status") != "verified":
        remarks.append(BUSINESS_REMARK)
    return [
        _entity("WABA", account["id"], account.get("blocks", []), account.get("remarks", [])),
        _entity("BUSINESS", business["id"], business.get("blocks", []), remarks),
        _entity("APP", call.caller.app_id, call.app.get("blocks", []), []),
    ]


def _entity(kind: str, node: str, blocks: list[Answer], remarks: list[str]) -> Answer:
    state = "BLOCKED" if blocks else "LIMITED" if remarks else "AVAILABLE"
    entity: Answer = {"entity_type": kind, "id": node, "can_send_message": state}
    if blocks:
        entity["errors"] = list(blocks)
    elif remarks:
        entity["additional_info"] = list(remarks)
    return entity


def _judged(entities: list[Answer]) -> Answer:
    worst = max((entity["can_send_message"] for entity in entities), key=_ORDER.index)
    return {"can_send_message": worst, "entities": entities}
