"""Cleans text that others wrote (business names, error messages, messages of customers).

Terminals obey control bytes: a business name could write to the clipboard or repaint the screen.
"""

from __future__ import annotations

import re
import unicodedata

# Bidirectional overrides and isolates reorder what stands around them; U+2028/9 break lines.
_STEERING = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"
)
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_BREAKS = frozenset("\n\r\t")


def clean(text: object, longest: int = 300) -> str:
    """One line of printable text, at most `longest` characters, ending in … when it was cut."""
    line = "".join(_printable(character) for character in str(text)[: longest * 4])
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
    if character in _STEERING or unicodedata.category(character) in ("Cc", "Cs"):
        return ""
    return character
