"""POST /{phone}/messages: what is accepted, what is refused at once, what fails later."""

from __future__ import annotations

import base64
import re
import secrets

from wizard.sandbox.access import MESSAGING, holds_account, need_messaging_account, sees_account
from wizard.sandbox.call import Answer, Call, Kind, plain, read_many, words
from wizard.sandbox.world import (
    DAY,
    Refused,
    bad_parameter,
    missing_parameter,
    no_permission,
    not_visible,
    whatsapp,
)

_VARIABLE = re.compile(r"\{\{\s*\w+\s*\}\}")

TEMPLATE = Kind(
    "WhatsAppMessageTemplate",
    plain(
        "name language status category components quality_score rejected_reason "
        "previous_category parameter_format"
    ),
    ("name", "components", "language", "status", "category", "id"),
    {},
)


def templates(call: Call, account: Answer) -> Answer:
    """GET /{waba}/message_templates, filtered by name, status, category and language."""
    need_messaging_account(call, account)
    found = list(account.get("templates", {}).values())
    for name in ("name", "status", "category", "language"):
        wanted = {value.upper() for value in call.listed(name)}
        found = [t for t in found if not wanted or t[name].upper() in wanted]
    return read_many(call, TEMPLATE, found, TEMPLATE.default)


def create(call: Call, account: Answer) -> Answer:
    """POST /{waba}/message_templates: Meta reviews it before it may be sent."""
    need_messaging_account(call, account)
    made: Answer = {"id": call.world.fresh_id(), "status": "PENDING"}
    for name in ("name", "language", "category"):
        made[name] = call.text(name)
        if not made[name]:
            raise missing_parameter(name)
    there = account.setdefault("templates", {})
    if any((t["name"], t["language"]) == (made["name"], made["language"]) for t in there.values()):
        raise Refused(
            100,
            "(#100) Invalid parameter",
            subcode=2388024,
            title="Content in this language already exists",
            user_message="There is already content of this template in this language.",
        )
    there[made["id"]] = {**made, "components": call.params.get("components", [])}
    return {name: made[name] for name in ("id", "status", "category")}


def delete(call: Call, account: Answer) -> Answer:
    """DELETE /{waba}/message_templates: by name in every language, or one of them by hsm_id."""
    need_messaging_account(call, account)
    name, one = call.text("name"), call.text("hsm_id")
    kept = {
        key: template
        for key, template in account.get("templates", {}).items()
        if template["name"] != name or (one and template["id"] != one)
    }
    if len(kept) == len(account.get("templates", {})):
        raise bad_parameter("Message template not found")
    account["templates"] = kept
    return {"success": True}


def for_sending(account: Answer, number: Answer, asked: Answer) -> Answer:
    """The template a message names, or the refusal that Meta answers with."""
    name = str(asked.get("name", ""))
    language = str((asked.get("language") or {}).get("code", ""))
    for template in account.get("templates", {}).values():
        if (template["name"], template["language"]) != (name, language):
            continue
        _refuse_unusable(template, number)
        _refuse_wrong_count(template, asked)
        found: Answer = template
        return found
    raise whatsapp(
        132001,
        "Template name does not exist in the translation",
        f"template name ({name}) does not exist in {language}",
    )


def _refuse_unusable(template: Answer, number: Answer) -> None:
    if template.get("test_numbers_only") and not number.get("test_number"):
        raise whatsapp(
            131058, "Hello World templates can only be sent from the Public Test Numbers"
        )
    status = template["status"]
    if status == "PAUSED":
        raise whatsapp(132015, "Template is paused", "Template is paused due to low quality")
    if status == "DISABLED":
        raise whatsapp(132016, "Template is disabled", "Template was paused too many times")
    if status != "APPROVED":
        raise whatsapp(
            132001,
            "Template name does not exist in the translation",
            f"template name ({template['name']}) is not approved in {template['language']}",
        )


def _refuse_wrong_count(template: Answer, asked: Answer) -> None:
    expected = sum(
        len(_VARIABLE.findall(part.get("text", ""))) for part in template.get("components", [])
    )
    given = sum(len(part.get("parameters", [])) for part in asked.get("components") or [])
    if expected != given:
        raise whatsapp(
            132000,
            "Number of parameters does not match the expected number of params",
            f"body: number of localizable_params ({given}) does not match the expected number of "
            f"params ({expected})",
        )


#: The customer service window after a person's own message.
WINDOW = DAY
LONGEST_TEXT = 4096
TYPES = frozenset(
    words("text template image audio video document sticker location contacts interactive reaction")
)


def send(call: Call, number: Answer) -> Answer:
    """A message out; HTTP 200 says that Meta accepted it, not that it arrived."""
    account = call.world["accounts"][number["account"]]
    _need_messaging(call, account)
    if call.text("messaging_product") != "whatsapp":
        raise missing_parameter("messaging_product")
    if call.text("status") == "read":
        return _mark_read(call, number)
    _refuse_unready(number, account)
    typed = call.text("to")
    if not typed:
        raise whatsapp(131008, "Required parameter is missing", "The parameter to is required.")
    kind = call.text("type", "text")
    if kind not in TYPES:
        raise whatsapp(131009, "Parameter value is not valid", f"Unsupported type {kind}")
    wa_id = wa_id_of(typed, number)
    _refuse_recipient(number, wa_id)
    _refuse_content(call, account, number, wa_id)
    return _accept(call, number, typed, wa_id)


def wa_id_of(typed: str, number: Answer) -> str:
    """The WhatsApp id of what was typed.

    Without a plus the country code of the *business number* is put before it (WhatsApp: phone
    numbers). Brazil loses its ninth digit and Mexico its 1, as integrators found.
    """
    digits = digits_of(typed)
    if not typed.strip().startswith("+"):
        code = str(number.get("country_dial_code", ""))
        digits = digits if digits.startswith(code) and len(digits) > 10 else code + digits
    if digits.startswith("55") and len(digits) == 13 and digits[4] == "9":
        return digits[:4] + digits[5:]
    if digits.startswith("521") and len(digits) == 13:
        return "52" + digits[3:]
    return digits


def digits_of(text: str) -> str:
    """The digits alone."""
    return "".join(character for character in text if character.isdigit())


def fresh_wamid(wa_id: str) -> str:
    """A message id in Meta's shape."""
    return "wamid." + base64.b64encode(f"{wa_id}:{secrets.token_hex(12)}".encode()).decode()


def open_window(number: Answer, wa_id: str, now: int) -> None:
    """A person wrote: for a day the business may answer without a template."""
    number.setdefault("windows", {})[wa_id] = now + WINDOW


def _need_messaging(call: Call, account: Answer) -> None:
    call.touched.append(account["id"])
    if not sees_account(call, account):
        raise not_visible(call.method, call.parts[0])
    reached = call.caller.reaches(MESSAGING, account["id"]) and holds_account(call, account)
    if not reached or call.caller.kind == "PAGE":
        raise Refused(10, "(#10) Application does not have permission for this action")
    if account.get("messaging_held_by"):
        raise no_permission(
            "You do not have the necessary permissions to send messages on behalf of this "
            "WhatsApp Business Account"
        )


def _mark_read(call: Call, number: Answer) -> Answer:
    if call.text("message_id") not in number.get("arrived", ()):
        raise whatsapp(
            131009, "Parameter value is not valid", "The message_id is not one of this number."
        )
    return {"success": True}


def _refuse_unready(number: Answer, account: Answer) -> None:
    if number.get("platform_type") != "CLOUD_API":
        raise whatsapp(133010, "The account is not registered", "Account not registered")
    if account.get("banned") or number.get("status") in ("BANNED", "RESTRICTED"):
        raise whatsapp(131031, "Business Account locked", "The account has been locked.")
    if number.get("status") != "CONNECTED":
        raise whatsapp(131045, "Incorrect certificate", "The phone number is not connected.")


def _refuse_recipient(number: Answer, wa_id: str) -> None:
    if wa_id == digits_of(number["display_phone_number"]):
        raise whatsapp(131021, "Recipient cannot be sender", "Recipient cannot be sender")
    if number.get("test_number") and wa_id not in number.get("recipients", ()):
        raise whatsapp(
            131030,
            "Recipient phone number not in allowed list",
            "Recipient phone number not in allowed list: Add recipient phone number to recipient "
            "list and try again.",
        )


def _refuse_content(call: Call, account: Answer, number: Answer, wa_id: str) -> None:
    kind = call.text("type", "text")
    content = call.params.get(kind)
    if not isinstance(content, dict):
        raise whatsapp(
            131008, "Required parameter is missing", f"The parameter {kind} is required."
        )
    if kind == "template":
        for_sending(account, number, content)
        return
    if kind == "text" and not 0 < len(str(content.get("body", ""))) <= LONGEST_TEXT:
        raise bad_parameter("Param text['body'] must be between 1 and 4096 characters long")
    if number.get("windows", {}).get(wa_id, 0) < call.world.now():
        raise whatsapp(
            131047,
            "Re-engagement message",
            "Message failed to send because more than 24 hours have passed since the customer "
            "last replied to this number.",
        )


def _accept(call: Call, number: Answer, typed: str, wa_id: str) -> Answer:
    kind = call.text("type", "text")
    message: Answer = {"id": fresh_wamid(wa_id)}
    if kind == "template":
        # An answer inside an open window comes without a message_status.
        message["message_status"] = number.get("message_status", "accepted")
    call.world["sent"][message["id"]] = {
        "number": number["id"],
        "to": wa_id,
        "type": kind,
        "at": call.world.now(),
        "status": "accepted",
        "category": "utility" if kind == "template" else "service",
    }
    if message.get("message_status", "accepted") == "accepted":
        call.delivery.message_accepted(message["id"])
    return {
        "messaging_product": "whatsapp",
        "contacts": [{"input": typed, "wa_id": wa_id}],
        "messages": [message],
    }
