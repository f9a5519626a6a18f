"""What customers see of a number: its public profile, its QR codes; and uploads for its picture.

Sources: Meta's OpenAPI file (profile, message_qrdls) and its page on the resumable upload.
"""

from __future__ import annotations

import base64
import re
import secrets
from typing import Any

from wizard.sandbox.access import need_account
from wizard.sandbox.call import Answer, Call, words
from wizard.sandbox.world import (
    Refused,
    bad_parameter,
    missing_parameter,
    no_such_field,
    not_visible,
)

FIELDS = ("about", "address", "description", "email", "vertical", "websites")
SHOWN = (*FIELDS, "profile_picture_url", "messaging_product")
#: Longest texts. Meta's file says 256 for a description, its page of the profile 512.
LONGEST = {"about": 139, "address": 256, "description": 512, "email": 128}
VERTICALS = frozenset(
    words(
        "UNDEFINED OTHER AUTO BEAUTY APPAREL EDU ENTERTAIN EVENT_PLAN FINANCE GROCERY GOVT HOTEL "
        "HEALTH NONPROFIT PROF_SERVICES RETAIL TRAVEL RESTAURANT ALCOHOL ONLINE_GAMBLING "
        "PHYSICAL_GAMBLING OTC_DRUGS NOT_A_BIZ"
    )
)
UPLOADED = ("application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4")
LONGEST_GREETING = 140


def _own_account(call: Call, number: Answer) -> None:
    need_account(call, call.world["accounts"][number["account"]])


def profile(call: Call, number: Answer) -> Answer:
    """GET /{phone}/whatsapp_business_profile: one row; what is empty is left out."""
    _own_account(call, number)
    asked = call.listed("fields") or list(SHOWN)
    if unknown := [name for name in asked if name not in (*SHOWN, "id")]:
        raise no_such_field(unknown[0], "WhatsAppBusinessProfile")
    kept = {**number.get("profile", {}), "messaging_product": "whatsapp"}
    return {"data": [{name: kept[name] for name in asked if kept.get(name)}]}


def change_profile(call: Call, number: Answer) -> Answer:
    """POST /{phone}/whatsapp_business_profile: what is named is replaced, the rest stays."""
    _own_account(call, number)
    if call.text("messaging_product") != "whatsapp":
        raise missing_parameter("messaging_product")
    given = {name: call.params[name] for name in FIELDS if name in call.params}
    _refuse_fields(given)
    if handle := call.text("profile_picture_handle"):
        if not str(call.world["uploads"].get(handle, {}).get("kind", "")).startswith("image/"):
            raise bad_parameter("Invalid profile picture handle")
        given["profile_picture_url"] = f"https://pps.whatsapp.net/v/t61/{number['id']}_n.jpg"
    number.setdefault("profile", {}).update(given)
    return {"success": True}


def _refuse_fields(given: Answer) -> None:
    for name, most in LONGEST.items():
        if len(str(given.get(name, ""))) > most:
            raise bad_parameter(f"Param {name} must be at most {most} characters long")
    if given.get("about") == "":
        raise bad_parameter("Param about must not be empty")
    if given.get("vertical", "OTHER") not in VERTICALS:
        raise bad_parameter(f"Param vertical must be one of {{{', '.join(sorted(VERTICALS))}}}")
    sites = given.get("websites", [])
    if not isinstance(sites, list) or len(sites) > 2:
        raise bad_parameter("Param websites must be an array of at most 2 elements")
    if not all(re.match(r"https?://", str(site)) for site in sites):
        raise bad_parameter("Param websites must be URLs")


def open_upload(call: Call, app: Answer) -> Answer:
    """POST /{app}/uploads: a session for one file."""
    if call.caller.is_app or app["id"] not in call.person.get("apps", ()):
        raise Refused(200, "(#200) Permissions error")
    length, kind = call.whole("file_length", 0), call.text("file_type")
    if kind not in UPLOADED:
        raise bad_parameter("Param file_type is not a supported type")
    session = "upload:" + base64.urlsafe_b64encode(secrets.token_bytes(30)).decode()
    call.world["uploads"][session] = {"length": length, "kind": kind, "there": 0}
    return {"id": f"{session}?sig={secrets.token_hex(8)}"}


def upload(call: Call) -> Answer:
    """POST /upload:…: bytes from `file_offset` on; GET: how many arrived."""
    session = call.world["uploads"].get(call.parts[0])
    if session is None:
        raise not_visible(call.method, call.parts[0])
    if call.method == "GET":
        return {"id": call.parts[0], "file_offset": session["there"]}
    if call.offset != session["there"]:
        raise bad_parameter("Invalid file_offset")
    session["there"] += len(call.raw)
    if session["there"] != session["length"]:
        raise bad_parameter("The file is not as long as was said")
    name, kind = (base64.b64encode(text.encode()).decode() for text in ("file", session["kind"]))
    handle = f"4:{name}:{kind}:{secrets.token_urlsafe(40)}"
    call.world["uploads"][handle] = {"kind": session["kind"]}
    return {"h": handle}


def codes(call: Call, number: Answer) -> Answer:
    """GET /{phone}/message_qrdls, newest first; `code` leaves one."""
    _own_account(call, number)
    found = list(reversed(number.get("qr_codes", {}).values()))
    wanted = call.text("code")
    return call.page([_shown(call, one) for one in found if wanted in ("", one["code"])])


def change_code(call: Call, number: Answer) -> Answer:
    """POST /{phone}/message_qrdls: a new code, or with `code` another text for one."""
    _own_account(call, number)
    text, code = call.text("prefilled_message"), call.text("code")
    if not text:
        raise missing_parameter("prefilled_message")
    if len(text) > LONGEST_GREETING:
        raise bad_parameter("Invalid prefilled_message length. Maximum 140 characters allowed")
    there: dict[str, Any] = number.setdefault("qr_codes", {})
    if code and code not in there:
        raise _no_such_code()
    code = code or "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(14))
    link = f"https://wa.me/message/{code}"
    there[code] = {"code": code, "prefilled_message": text, "deep_link_url": link}
    return _shown(call, there[code])


def one_code(call: Call, number: Answer) -> Answer:
    """GET or DELETE /{phone}/message_qrdls/{code}."""
    _own_account(call, number)
    found = number.get("qr_codes", {}).get(call.parts[2])
    if found is None:
        raise _no_such_code()
    if call.method == "GET":
        return {"data": [_shown(call, found)]}
    del number["qr_codes"][call.parts[2]]
    return {"success": True}


def _no_such_code() -> Refused:
    return Refused(
        803,
        "QR code not found",
        http=404,
        title="QR Code Not Found",
        user_message="The QR code you're trying to access doesn't exist or has been deleted",
    )


def _shown(call: Call, one: Answer) -> Answer:
    image = call.text("generate_qr_image") or "qr_image_url" in call.text("fields")
    link = f"https://scontent.whatsapp.net/m1/{one['code']}.svg"
    return one | ({"qr_image_url": link} if image else {})


#: Edges of a number; those of one code are found by `of_code`.
EDGES = {
    ("GET", "whatsapp_business_profile"): profile,
    ("POST", "whatsapp_business_profile"): change_profile,
    ("GET", "message_qrdls"): codes,
    ("POST", "message_qrdls"): change_code,
}


def is_code(call: Call) -> bool:
    """Whether a path is about one QR code."""
    one = len(call.parts) == 3 and call.parts[1] == "message_qrdls"
    return one and call.method in ("GET", "DELETE")
