"""Foreign text made safe to use: cut, parsed and shown without secrets and control characters."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

#: Control characters; what has no shape of its own (bidirectional overrides and isolates reorder
#: what stands around them); half characters; U+2028 and U+2029, which break lines.
_STEERING = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
#: Joins emoji to one picture; between letters it is dropped like the rest.
_JOINER = "\u200d"
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_BREAKS = frozenset("\n\r\t")
#: Characters of foreign text that any pattern of ours may run over.
LONGEST = 8192
#: More digits than any number has that Meta or a file of ours writes.
_MOST_DIGITS = 20


def cut(text: object) -> str:
    """The beginning of foreign text, before a pattern runs over it; "" for what is no text."""
    if isinstance(text, bool | int | float):
        text = repr(text) if not isinstance(text, int) or abs(text) < 10**_MOST_DIGITS else ""
    return text[:LONGEST] if isinstance(text, str) else ""


def foreign_json(content: str | bytes) -> Any:
    """JSON from outside; ValueError when it is none, or nests too deep to be read.

    A number that is none (NaN, Infinity, 1e400) or has too many digits comes out as None, as if
    it had not been shown.
    """
    try:
        return json.loads(
            content, parse_constant=lambda _: None, parse_float=_finite, parse_int=_whole
        )
    except RecursionError:
        raise ValueError("too deep") from None


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _whole(digits: str) -> int | None:
    number = int(digits)  # ValueError for thousands of digits
    return number if len(digits) <= _MOST_DIGITS else None


def clean(text: object, longest: int = 300) -> str:
    """One line of printable text, at most `longest` characters, ending in … when it was cut."""
    source = str(text)[: longest * 4]
    line = "".join(
        character if character == _JOINER and _joins(source, at) else _printable(character)
        for at, character in enumerate(source)
    )
    line = " ".join(line.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def clean_lines(text: object, longest: int = 4096) -> str:
    """Like `clean`, but keeps line breaks: for the body of a message."""
    lines = str(text)[: longest * 2].splitlines()
    return "\n".join(clean(line, longest) for line in lines)[:longest]


def unhidden(text: str) -> str:
    """What was pasted, without the invisible characters that pages and messengers copy along."""
    return _HIDDEN.sub("", text).replace("\u00a0", " ")


def _printable(character: str) -> str:
    if character in _BREAKS:
        return " "
    return "" if unicodedata.category(character) in _STEERING else character


def _joins(text: str, at: int) -> bool:
    """Whether there is an emoji on both sides."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return all(
        one and (unicodedata.category(one) in ("So", "Sk") or one == "\ufe0f")
        for one in (before, after)
    )


def json_text(content: object, *, indent: int | None = None, ascii_only: bool = False) -> str:
    """JSON that may be printed on a terminal: what could steer it is escaped, as JSON can."""
    text = json.dumps(content, ensure_ascii=ascii_only, indent=indent)
    if text.replace("\n", "").isprintable():
        return text
    return "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    if character == "\n" or unicodedata.category(character) not in _STEERING:
        return character
    pairs = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{pairs[at : at + 2].hex()}" for at in range(0, len(pairs), 2))


#: Access tokens begin with EA and are letters and digits, 100 to 300 of them.
ACCESS_TOKEN = r"EA[A-Za-z0-9]{48,}"
#: The beginning of one, however short it was cut.
ACCESS_TOKEN_START = r"EA[A-Za-z0-9]{6,}"
APP_SECRET = r"[0-9a-fA-F]{32}"
APP_ID = r"\d{6,20}"
#: The app's own token: its id and its secret.
APP_TOKEN = rf"{APP_ID}\|[A-Za-z0-9_-]{{20,}}"

#: Whatever may be a secret within a text, or a proof made of one (64 hex digits); better one word
#: too many than one token.
ANY = re.compile(
    r"EA[A-Za-z0-9]{18,}|\d{5,20}(?:\||%7C)[\w-]{16,}|\b[0-9a-f]{32,}\b", re.IGNORECASE
)
#: A word of a command line that holds a token, or is an app secret (alone, or after NAME=).
TYPED_SECRET = re.compile(
    r"(?<![A-Za-z0-9])(?:EA[A-Z][A-Za-z0-9]{40,}|\d{5,20}\|[\w-]{16,})"
    r"|\A(?:[\w-]{1,40}=)?[0-9a-f]{32}\Z"
)
#: A word of a command line that is long enough to be one: never repeated.
LONG_WORD = re.compile(r"[A-Za-z0-9_|=+-]{20,}")


# Meta's ids are 13 to 19 digits without a plus: they are what its support asks for, and stay.
_PHONE = re.compile(r"\+[\d\s()./-]{6,40}\d|(?<![\d.])\d{7,12}(?![\d.])")
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]{1,253}")
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
    text = ANY.sub(DOTS, cut(text))
    text = _MAIL.sub("•@•", text)
    return _PHONE.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    digits = [character for character in found.group() if character.isdigit()]
    plus = "+" if found.group().startswith("+") else ""
    hidden = "•" * (len(digits) - _KEPT_DIGITS)
    return plus + hidden + "".join(digits[-_KEPT_DIGITS:])


def looks_secret(text: str) -> bool:
    """Whether a word of it has the form of a secret. An address with such a part is none."""
    return any(ANY.fullmatch(word.strip("\"',;:")) for word in text.split())


def masked(text: object, secrets: Iterable[str] = ()) -> str:
    """One clean line of foreign text without these secrets, nor anything that looks like one."""
    line = text if isinstance(text, str) else cut(text)
    # The longest first: an app token contains the app secret. Very short ones would eat words.
    for secret in sorted((s for s in secrets if len(s) > 3), key=len, reverse=True):
        line = line.replace(secret, DOTS)
    return clean(ANY.sub(DOTS, cut(line)))
