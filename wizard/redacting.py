"""Takes out of a support report what identifies a person: phone numbers, mail addresses, tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Meta's ids are 13 to 19 digits without a plus: they are what its support asks for, and stay.
_PHONE = re.compile(r"\+[\d\s()./-]{6,}\d|(?<![\d.])\d{7,12}(?![\d.])")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_TOKEN = re.compile(r"EA[A-Za-z0-9]{20,}|\b[0-9a-f]{32,}\b|\d{6,}\|[\w-]{20,}")
_KEPT_DIGITS = 3


def redacted(value: Any) -> Any:
    """The same data, with every text in it redacted; keys stay as they are."""
    if isinstance(value, Mapping):
        return {key: redacted(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(inner) for inner in value]
    return redacted_text(value) if isinstance(value, str) else value


def redacted_text(text: str) -> str:
    """A text without phone numbers (the last three digits stay), mail addresses and tokens."""
    text = _TOKEN.sub("••••", text)
    text = _MAIL.sub("•@•", text)
    return _PHONE.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    digits = [character for character in found.group() if character.isdigit()]
    plus = "+" if found.group().startswith("+") else ""
    hidden = "•" * (len(digits) - _KEPT_DIGITS)
    return plus + hidden + "".join(digits[-_KEPT_DIGITS:])
