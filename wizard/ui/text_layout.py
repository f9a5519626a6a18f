"""Lays text out in the columns of a terminal; without rich, whose import `status` cannot afford."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable


def cells(text: str) -> int:
    """How many columns a text takes: wide East Asian characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


#: Words that belong to the next one: a command is copied whole.
_GROUPS = "credentials|number|webhook|profiles"
_GLUE = re.compile(rf"(?:^|\s)(?:wa-wizard(?: --\S+)*(?: (?:{_GROUPS}))?|export|unset)$")


def wrap(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """The text in lines of at most `width` columns, led by `first`, then by `rest`.

    A word that is wider than a line stays whole: a broken link cannot be copied.
    """
    return fill(_glued(text.split()), width, first, rest)


def fill(
    pieces: Iterable[str], width: int, first: str = "", rest: str = "", between: str = " "
) -> list[str]:
    """The pieces, each whole, in lines of at most `width` columns."""
    lines: list[str] = []
    line, bare = first, True
    for piece in pieces:
        if not bare and cells(line) + cells(between) + cells(piece) > width:
            lines.append(line)
            line, bare = rest, True
        line += piece if bare else between + piece
        bare = False
    return [*lines, line.rstrip()]


def _glued(words: Iterable[str]) -> list[str]:
    pieces: list[str] = []
    for word in words:
        option = word.startswith("--") and pieces and "wa-wizard" in pieces[-1]
        if option or (pieces and _GLUE.search(pieces[-1])):
            pieces[-1] += f" {word}"
        else:
            pieces.append(word)
    return pieces
