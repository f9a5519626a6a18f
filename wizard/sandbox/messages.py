"""POST /{phone}/messages: what is accepted, what is refused at once, what fails later."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterator
from typing import Any

from wizard.sandbox.access import MESSAGING, holds_account, sees_account
from wizard.sandbox.call import Answer, Call, not_played, words
from wizard.sandbox.templates import MEDIA, VARIABLE, kind_of, settle
from wizard.sandbox.world import (
    DAY,
    Refused,
    bad_parameter,
    missing_parameter,
    no_permission,
    not_visible,
    whatsapp,
)


def for_sending(call: Call, account: Answer, number: Answer, asked: Answer) -> Answer:
    """The template a message names, or the refusal that Meta answers with."""
    settle(call.world, account)
    name = str(asked.get("name", ""))
    language = str((asked.get("language") or {}).get("code", ""))
    for template in account.get("templates", {}).values():
        if (template["name"], template["language"]) != (name, language):
            continue
        _refuse_unusable(template, number)
        _refuse_wrong_values(template, asked)
        found: Answer = template
        return found
    raise _no_such(f"template name ({name}) does not exist in {language}")


def _no_such(details: str) -> Refused:
    return whatsapp(132001, "Template name does not exist in the translation", details)


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
        raise _no_such(
            f"template name ({template['name']}) is not approved in {template['language']}"
        )


def _refuse_wrong_values(template: Answer, asked: Answer) -> None:
    """Each part needs as many values as it has variables; a medium, a code or a link one."""
    given = {_place(part): part.get("parameters") or [] for part in asked.get("components") or []}
    for place, names in _wanted(template):
        values = given.pop(place, [])
        if len(values) != len(names):
            raise _wrong_count(place, len(values), len(names))
        named = {value.get("parameter_name") for value in values}
        if template.get("parameter_format") == "NAMED" and place in ("header", "body"):
            missing = [name for name in names if name and name not in named]
            if missing:
                raise bad_parameter(f"Parameter name is missing or empty: {missing[0]}")
    for place, values in given.items():
        if values and not place.startswith("button"):  # a quick reply may carry a payload
            raise _wrong_count(place, len(values), 0)


def _wrong_count(place: str, given: int, expected: int) -> Refused:
    return whatsapp(
        132000,
        "Number of parameters does not match the expected number of params",
        f"{place}: number of localizable_params ({given}) does not match the expected number of "
        f"params ({expected})",
    )


def _place(part: Answer) -> str:
    kind = str(part.get("type", "")).lower()
    return f"button {part.get('index')}" if kind == "button" else kind


def _wanted(template: Answer) -> Iterator[tuple[str, list[str]]]:
    """Place → the names of the values it needs; "" for a medium, a code, a place."""
    for part in template.get("components", []):
        kind = kind_of(part)
        if kind in ("HEADER", "BODY"):
            names = list(dict.fromkeys(VARIABLE.findall(str(part.get("text", "")))))
            sent_whole = part.get("format") in (*MEDIA, "LOCATION")
            yield kind.lower(), names or ([""] if sent_whole else [])
        for place, button in enumerate(part.get("buttons", []) if kind == "BUTTONS" else []):
            if "{{" in str(button.get("url", "")) or button.get("type") == "COPY_CODE":
                yield f"button {place}", [""]


#: The customer service window after a person's own message.
WINDOW = DAY
LONGEST_TEXT = 4096
MEDIA_TYPES = frozenset(words("image video audio document sticker"))
USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]{1,128}")
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
    typed, user_id = call.text("to"), call.text("recipient")
    if not (typed or user_id):
        raise whatsapp(131008, "Required parameter is missing", "The parameter to is required.")
    if call.text("recipient_type", "individual") != "individual":
        raise not_played(call, "messages to groups")
    kind = call.text("type", "text")
    if kind not in TYPES:
        raise whatsapp(131009, "Parameter value is not valid", f"Unsupported type {kind}")
    if not typed and not USER_ID.fullmatch(user_id):
        raise whatsapp(131009, "Parameter value is not valid", "The parameter recipient is no ID.")
    # With both, `to` wins. A user ID stands for the person whose number it is made from here.
    wa_id = wa_id_of(typed, number) if typed else wa_id_of_user(user_id)
    _refuse_recipient(number, wa_id)
    _refuse_content(call, account, number, wa_id)
    return _accept(call, number, {"to": wa_id} if typed else {"to": wa_id, "user_id": user_id})


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


def user_id_of(wa_id: str) -> str:
    """The business-scoped user ID (BSUID) that this world gives a person."""
    return f"US.{wa_id}0001"


def wa_id_of_user(user_id: str) -> str:
    """The WhatsApp id behind a user ID of this world; for others the ID itself."""
    wa_id = user_id.removeprefix("US.").removesuffix("0001")
    return wa_id if user_id == user_id_of(wa_id) else user_id


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
    if not (content and isinstance(content, list if kind == "contacts" else dict)):
        raise whatsapp(
            131008, "Required parameter is missing", f"The parameter {kind} is required."
        )
    if _media_ids({kind: content}):
        raise not_played(call, "media by id (none is kept here: give a link)")
    if kind == "template":
        for_sending(call, account, number, dict(content))
        return
    if kind == "text" and not 0 < len(str(dict(content).get("body", ""))) <= LONGEST_TEXT:
        raise bad_parameter("Param text['body'] must be between 1 and 4096 characters long")
    if number.get("windows", {}).get(wa_id, 0) < call.world.now():
        raise whatsapp(
            131047,
            "Re-engagement message",
            "Message failed to send because more than 24 hours have passed since the customer "
            "last replied to this number.",
        )


def _category(call: Call, number: Answer) -> str:
    """As pricing has it; a template that is sent exists."""
    asked, account = call.params["template"], call.world["accounts"][number["account"]]
    place = asked["name"], asked["language"]["code"]
    every = account.get("templates", {}).values()
    found = (t["category"] for t in every if (t["name"], t["language"]) == place)
    return str(next(found, "UTILITY")).lower()


def _media_ids(node: Any) -> bool:
    """Whether a medium anywhere in a message is named by an id instead of a link."""
    if isinstance(node, list):
        return any(map(_media_ids, node))
    return isinstance(node, dict) and any(
        (kind in MEDIA_TYPES and isinstance(inner, dict) and "id" in inner) or _media_ids(inner)
        for kind, inner in node.items()
    )


def _accept(call: Call, number: Answer, receiver: Answer) -> Answer:
    kind = call.text("type", "text")
    message: Answer = {"id": fresh_wamid(receiver["to"])}
    if kind == "template":
        # An answer inside an open window comes without a message_status.
        message["message_status"] = number.get("message_status", "accepted")
    call.world["sent"][message["id"]] = {
        "number": number["id"],
        **receiver,
        "type": kind,
        "at": call.world.now(),
        "status": "accepted",
        "category": _category(call, number) if kind == "template" else "service",
        "note": call.text("biz_opaque_callback_data"),
    }
    number["last_sent"] = message["id"]
    if message.get("message_status", "accepted") == "accepted":
        call.delivery.message_accepted(message["id"])
    user_id = receiver.get("user_id")
    contact = (
        {"input": user_id, "user_id": user_id}
        if user_id
        else {"input": call.text("to"), "wa_id": receiver["to"]}
    )
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}
