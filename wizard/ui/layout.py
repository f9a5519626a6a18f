"""Lays text out in the columns of a terminal; without rich, whose import `status` cannot afford."""

from __future__ import annotations

import unicodedata


def cells(text: str) -> int:
    """How many columns a text takes: wide East Asian characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrap(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """The text in lines of at most `width` columns, led by `first`, then by `rest`.

    A word that is wider than a line stays whole: a broken link cannot be copied.
    """
    lines: list[str] = []
    line, bare = first, True
    for word in text.split():
        if not bare and cells(line) + 1 + cells(word) > width:
            lines.append(line)
            line, bare = rest, True
        line += word if bare else f" {word}"
        bare = False
    return [*lines, line.rstrip()]
