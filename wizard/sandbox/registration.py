"""From an added number to a registered one: code, PIN, the budget of registrations."""

from __future__ import annotations

import re
import time

from wizard.sandbox.access import MESSAGING, need_account
from wizard.sandbox.call import Answer, Call
from wizard.sandbox.world import (
    DAY,
    HOUR,
    Refused,
    bad_parameter,
    missing_parameter,
    whatsapp,
)

#: The code that the sandbox's SMS shows as 123-830.
CODE = "123830"
CODE_LIVES = 10 * 60
#: How long a verified number waits for its registration (WhatsApp: manage phone numbers).
VERIFIED_FOR = 14 * DAY
#: Registrations (and deregistrations) of one number in a moving window; WhatsApp: registration.
BUDGET, WINDOW = 10, 72 * HOUR
#: Wrong PINs before Meta refuses further ones for a while. Its real number is not published.
GUESSES = 5
CODES_PER_HOUR = 5

_LANGUAGE = re.compile(r"[a-z]{2}(_[A-Z]{2})?")


def request_code(call: Call, number: Answer) -> Answer:
    """POST /{phone}/request_code: an SMS or a call with six digits."""
    _need(call, number)
    if call.text("code_method") not in ("SMS", "VOICE"):
        raise bad_parameter("Param code_method must be one of {SMS, VOICE}")
    if not _LANGUAGE.fullmatch(call.text("language")):
        raise bad_parameter("Param language must be a valid locale, such as en_US")
    if number.get("is_on_biz_app"):
        raise _code_trouble(
            136025, "Verify code error", "Registration is not available for SMB accounts."
        )
    if number.get("code_verification_status") == "VERIFIED":
        raise _code_trouble(136024, "Request code error", "The phone number is already verified.")
    now = call.world.now()
    asked = [moment for moment in number.get("codes_requested", []) if moment > now - HOUR]
    if len(asked) >= CODES_PER_HOUR:
        raise _code_trouble(
            136024,
            "Request code error",
            "Too many verification codes were requested. Try again later.",
        )
    number["codes_requested"] = [*asked, now]
    number["code"] = {"digits": CODE, "until": now + CODE_LIVES, "by": call.text("code_method")}
    return {"success": True}


def verify_code(call: Call, number: Answer) -> Answer:
    """POST /{phone}/verify_code: digits alone, the hyphen of the SMS is not taken."""
    _need(call, number)
    code = number.get("code")
    if not code or code["until"] < call.world.now():
        raise _code_trouble(
            136025, "Verify code error", "The code has expired or was never requested."
        )
    if call.text("code") != code["digits"]:
        raise _code_trouble(136025, "Verify code error", "The code you entered is incorrect.")
    del number["code"]
    number |= {
        "code_verification_status": "VERIFIED",
        "code_verified_at": call.world.now(),
        "status": "PENDING",
    }
    return {"success": True, "id": number["id"]}


def register(call: Call, number: Answer) -> Answer:
    """POST /{phone}/register: sets the PIN when two-step verification is off, else compares it."""
    _need(call, number, MESSAGING)
    _need_product(call)
    pin = six_digits(call.text("pin"))
    if "data_localization_region" in call.params:
        # Moved to /settings with v21.
        raise bad_parameter("Param data_localization_region is not supported")
    if number.get("is_on_biz_app"):
        raise Refused(100, "Register endpoint is not available for SMB businesses.")
    _spend(call, number)
    _refuse_name(number)
    if _code_is_missing(call, number):
        raise whatsapp(133006, "Phone number re-verification needed", "Verify the number first.")
    _compare_pin(number, pin)
    if number.get("platform_type") != "CLOUD_API":
        number["pin"] = pin  # registered again, it keeps the PIN it has, or has none
    number |= {
        "wrong_pins": 0,
        "status": "CONNECTED",
        "platform_type": "CLOUD_API",
        "code_verification_status": "VERIFIED",
        "throughput": {"level": "STANDARD"},
        "last_onboarded_time": time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime()),
    }
    if number.get("new_name_status") == "APPROVED":
        number["verified_name"] = number.pop("new_display_name")
        number |= {"name_status": "APPROVED", "new_name_status": "NONE"}
    elif number.get("name_status") in ("NONE", None):
        number["name_status"] = "AVAILABLE_WITHOUT_REVIEW"
    call.delivery.route_changed()
    return {"success": True}


def deregister(call: Call, number: Answer) -> Answer:
    """POST /{phone}/deregister: counts against the same budget."""
    _need(call, number, MESSAGING)
    _spend(call, number)
    if number.get("platform_type") != "CLOUD_API":
        raise Refused(100, "(#100) The phone number is not registered", subcode=2207051)
    number |= {"status": "DISCONNECTED", "platform_type": "NOT_APPLICABLE"}
    number["code_verified_at"] = call.world.now()
    return {"success": True}


def code_verification(call: Call, number: Answer) -> str | None:
    """code_verification_status: VERIFIED lapses when no registration follows."""
    status: str | None = number.get("code_verification_status")
    if status == "VERIFIED" and number.get("platform_type") != "CLOUD_API":
        verified_at = number.get("code_verified_at", call.world.now())
        return "EXPIRED" if verified_at + VERIFIED_FOR < call.world.now() else status
    return status


def six_digits(pin: str) -> str:
    """The PIN, or Meta's refusal."""
    if not re.fullmatch(r"\d{6}", pin):
        raise bad_parameter("Param pin must be 6 digits")
    return pin


def _need(call: Call, number: Answer, *scopes: str) -> None:
    account = call.world["accounts"][number["account"]]
    need_account(call, account)
    for scope in scopes:
        need_account(call, account, scope)


def _need_product(call: Call) -> None:
    if call.text("messaging_product") != "whatsapp":
        raise missing_parameter("messaging_product")


def _spend(call: Call, number: Answer) -> None:
    now = call.world.now()
    spent = [moment for moment in number.get("registrations", []) if moment > now - WINDOW]
    if len(spent) >= BUDGET:
        opens = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(min(spent) + WINDOW))
        raise whatsapp(
            133016,
            "Account register/deregister rate limit exceeded",
            "There were too many registration attempts for this phone number in the last 72 hours. "
            f"Try again after {opens}.",
        )
    number["registrations"] = [*spent, now]


def _code_is_missing(call: Call, number: Answer) -> bool:
    if number.get("platform_type") == "CLOUD_API" or number.get("test_number"):
        return False
    return code_verification(call, number) != "VERIFIED"


def _refuse_name(number: Answer) -> None:
    """A declined name stands in the way of the certificate that registration makes."""
    if number.get("platform_type") != "CLOUD_API" and number.get("name_status") == "DECLINED":
        raise Refused(
            100,
            "Invalid parameter",
            subcode=2388001,
            title="Cannot Create Certificate",
            user_message="Your display name could not be processed.",
        )


def _compare_pin(number: Answer, pin: str) -> None:
    if not number.get("pin") or number["pin"] == pin:
        return
    number["wrong_pins"] = number.get("wrong_pins", 0) + 1
    if number["wrong_pins"] > GUESSES:
        raise whatsapp(
            133008,
            "Too many two-step verification PIN guesses",
            "Too many PIN guesses. Try again in 12 hours.",
        )
    raise whatsapp(133005, "Two-step verification PIN mismatch", "The PIN is not the one set.")


def _code_trouble(code: int, title: str, text: str) -> Refused:
    return Refused(code, f"(#{code}) {title}", title=title, user_message=text, details=text)
