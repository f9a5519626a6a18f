"""Secrets: the wrapper that never prints one, their names, and how new ones are generated."""

from __future__ import annotations

import hashlib
import re
import secrets
from itertools import pairwise
from typing import NoReturn

#: The secrets by the names that people, files and the environment use.
SECRET_NAMES = ("access_token", "app_secret", "verify_token", "two_step_pin", "user_token")

#: Page tokens are secrets too: `page_token:<page id>`.
PAGE_TOKEN = "page_token"
#: A PIN is of one number: by this name that of the number in use, `two_step_pin:<phone number id>`
#: of any.
PIN = "two_step_pin"

_NUMBERED = re.compile(rf"(?:{PAGE_TOKEN}|{PIN}):[0-9]{{1,20}}")


def is_secret_name(word: str) -> bool:
    """Whether a secret of ours can be called so."""
    return word in SECRET_NAMES or bool(_NUMBERED.fullmatch(word))


def kind_of(name: str) -> str:
    """The name without the page or the number it is of."""
    return name.partition(":")[0]


#: Never fingerprinted: a PIN is found by trying a million, a chosen word from a list.
GUESSABLE = frozenset({PIN, "verify_token"})
_SHORTEST = 16
_PIN_DIGITS = 6
# Straight lines and corners of a keypad; the rest of the well-known ones follow rules below.
_KEYPAD = frozenset({"147258", "258369", "159753", "753159", "147369", "789456", "456123"})


class Secret:
    """A value that prints as dots; only `reveal` gives it away."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself. Call it at the door where it leaves, never earlier."""
        return self._value

    # Dots only: the last digits of a six-digit PIN would give most of it away.
    def __repr__(self) -> str:
        return "Secret(••••)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not written down")


def fingerprint(secret: Secret, name: str = "") -> str:
    """The first 8 hex digits of the SHA-256, to tell two tokens apart; "" for what is guessable.

    Guessable are PIN and verify token by name, and whatever is short, by length.
    """
    value = secret.reveal()
    if kind_of(name) in GUESSABLE or len(value) < _SHORTEST:
        return ""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def generate_pin() -> str:
    """Six digits from the system's source of randomness; none of those that are tried first."""
    while True:
        pin = f"{secrets.randbelow(10**_PIN_DIGITS):0{_PIN_DIGITS}d}"
        if not trivial(pin):
            return pin


def trivial(pin: str) -> bool:
    """000000, 123456, 987654, 121212, 123123, 112233, a line on the keypad."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    halves, pairs = pin[:3] == pin[3:], pin[:2] == pin[2:4] == pin[4:]
    doubled = pin[::2] == pin[1::2]
    return len(steps) == 1 or len(set(pin)) <= 2 or halves or pairs or doubled or pin in _KEYPAD


def generate_verify_token() -> str:
    """32 characters that a URL carries unchanged."""
    return secrets.token_urlsafe(24)
