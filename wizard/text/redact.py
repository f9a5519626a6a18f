"""Takes secrets and personal data out of text that is shown or handed on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from wizard.text import secret_shapes
from wizard.text.sanitise import clean

# Meta's ids are 13 to 19 digits without a plus: they are what its support asks for, and stay.
_PHONE = re.compile(r"\+[\d\s()./-]{6,}\d|(?<![\d.])\d{7,12}(?![\d.])")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_KEPT_DIGITS = 3
DOTS = "••••"


def redacted(value: Any) -> Any:
    """The same data, with every text in it redacted; keys stay as they are."""
    if isinstance(value, Mapping):
        return {key: redacted(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(inner) for inner in value]
    return redacted_text(value) if isinstance(value, str) else value


def redacted_text(text: str) -> str:
    """A text without phone numbers (the last three digits stay), mail addresses and tokens."""
    text = secret_shapes.ANY.sub(DOTS, text)
    text = _MAIL.sub("•@•", text)
    return _PHONE.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    digits = [character for character in found.group() if character.isdigit()]
    plus = "+" if found.group().startswith("+") else ""
    hidden = "•" * (len(digits) - _KEPT_DIGITS)
    return plus + hidden + "".join(digits[-_KEPT_DIGITS:])


def masked(text: object, secrets: Iterable[str] = ()) -> str:
    """One clean line of foreign text without these secrets, nor anything that looks like one."""
    line = str(text)
    # The longest first: an app token contains the app secret. Very short ones would eat words.
    for secret in sorted((s for s in secrets if len(s) > 3), key=len, reverse=True):
        line = line.replace(secret, DOTS)
    return clean(secret_shapes.ANY.sub(DOTS, line))
