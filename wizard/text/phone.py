"""The only door to phonenumbers: phone numbers as people write them, and as Meta wants them.

Numbers are judged by `is_possible`, not by `is_valid`: Meta's own test numbers (+1 555 …) are not
valid, and new ranges appear faster than the tables. The library knows them by their length.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wizard.text.localised import Phrase, phrase
from wizard.text.sanitise import clean, unhidden

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber


_LINK = re.compile(
    r"(?:https?://)?(?:wa\.me/|(?:api|web)\.whatsapp\.com/send/?\?(?:.*&)?phone=)\+?(\d{7,15})\b.*",
    re.I,
)
#: A business-scoped user id: CC.digits, or CC.ENT.digits of a parent portfolio.
_USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{5,128}")
_SCHEME = re.compile(r"(?:tel|whatsapp|sms):", re.I)
#: Meta's ids have 15 digits or more; with the country code a number has 15 at the most.
_SHORTEST_ID = 15

# WhatsApp's own id of a number leaves out the mobile digit that some countries write: Brazil's 9
# after the area code, Mexico's 1 and Argentina's 9 after the country code.
_MOBILE_DIGITS = (
    (re.compile(r"(55\d\d)9(\d{8})"), r"\1\2"),
    (re.compile(r"(52)1(\d{10})"), r"\1\2"),
    (re.compile(r"(54)9(\d{10})"), r"\1\2"),
)


def normalise(text: str, region: str = "") -> str | Phrase:
    """A number as +<digits> (E.164), or a Phrase saying what is wrong with it.

    Without a plus it is read as one of `region` ("RU"). Without a region it is asked for again:
    guessing the country would send a code to another person.
    """
    written = unhidden(text).strip().strip("\"'`«»“”")
    if link := _LINK.fullmatch(written):
        written = f"+{link[1]}"
    written = _SCHEME.sub("", written, count=1).strip()
    if written.startswith("00"):
        written = f"+{written[2:]}"
    if _USER_ID.fullmatch(written):
        return phrase("phone.user_id")
    digits = _digits(written)
    if problem := _misplaced(written, digits):
        return problem
    if not written.startswith(("+", "＋")) and not region:
        return _without_plus(digits)
    return _checked(written, region)


def split(e164: str) -> tuple[str, str]:
    """Country code and national number, digits alone: how Meta wants a number that is added."""
    import phonenumbers

    number = _parsed(e164)
    assert number is not None, "an E.164 number"
    return str(number.country_code), phonenumbers.national_significant_number(number)


def pretty(e164: str) -> str:
    """A number with spaces, as people read it; what is no number stays as it is."""
    import phonenumbers

    number = _parsed(e164 if e164.startswith("+") else f"+{_digits(e164)}")
    if number is None:
        return clean(e164)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def same_number(one: str, other: str) -> bool:
    """Whether both mean one phone, however they are written, also as WhatsApp's own id."""
    return _reduced(one) == _reduced(other) != ""


def looks_like_one(digits: str) -> bool:
    """Whether bare digits are someone's phone number with its country code.

    Strict, unlike the rest of this page: it is asked of digits that should be something else.
    """
    import phonenumbers

    number = _parsed(f"+{digits}")
    return number is not None and phonenumbers.is_valid_number(number)


def _misplaced(written: str, digits: str) -> Phrase | None:
    if not digits:
        return phrase("phone.empty" if not written else "phone.not_a_number")
    if any(character.isalpha() for character in written):
        return phrase("phone.not_a_number")
    bare = written.removeprefix("+")
    if len(digits) >= _SHORTEST_ID and bare.isdigit() and not looks_like_one(digits):
        return phrase("phone.is_an_id")
    return None


def _without_plus(digits: str) -> Phrase:
    # Russians write 8 for +7; everybody leaves out the plus.
    if len(digits) == 11 and digits.startswith("89"):
        return phrase("phone.trunk_eight", example=pretty(f"+7{digits[1:]}"))
    if looks_like_one(digits):
        return phrase("phone.no_plus", example=pretty(f"+{digits}"))
    return phrase("phone.no_country")


def _checked(written: str, region: str) -> str | Phrase:
    import phonenumbers
    from phonenumbers import ValidationResult

    number = _parsed(written, region)
    if number is None:
        return phrase("phone.not_a_number")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    judged = phonenumbers.is_possible_number_with_reason(number)
    if judged == ValidationResult.IS_POSSIBLE or _reduced(e164) != _digits(e164):
        return e164
    reasons = {
        ValidationResult.INVALID_COUNTRY_CODE: "phone.unknown_country",
        ValidationResult.TOO_LONG: "phone.too_long",
        ValidationResult.INVALID_LENGTH: "phone.wrong_length",
    }
    return phrase(reasons.get(judged, "phone.too_short"))


def _parsed(written: str, region: str = "") -> PhoneNumber | None:
    import phonenumbers

    try:
        return phonenumbers.parse(written, region.upper() or None)
    except phonenumbers.NumberParseException:
        return None


def _digits(written: str) -> str:
    return "".join(str(int(character)) for character in written if character.isdecimal())


def _reduced(written: str) -> str:
    digits = _digits(written)
    for mobile, without in _MOBILE_DIGITS:
        if mobile.fullmatch(digits):
            return mobile.sub(without, digits)
    return digits
