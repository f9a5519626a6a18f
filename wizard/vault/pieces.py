"""Values longer than one entry of a back end, kept in pieces.

The entry itself then holds a head that names the pieces and the SHA-256 of the whole. Pieces are
written under one of two letters in turn and the head last: whoever is killed in between leaves the
old value or the new one, never a half.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple, Protocol

_MARK = "wa-wizard-pieces"
_LETTERS = ("a", "b")


class Entries(Protocol):
    """A back end, by entry."""

    def get(self, entry: str) -> str | None:
        """The value of an entry."""

    def set(self, entry: str, value: str) -> None:
        """Write an entry."""

    def delete(self, entry: str) -> None:
        """Drop an entry that is there."""


class Torn(Exception):
    """The pieces are not all there, or are not those of this head."""


class _Head(NamedTuple):
    letter: str
    pieces: int
    digest: str

    def __str__(self) -> str:
        return f"{_MARK}:{self.letter}:{self.pieces}:{self.digest}"


class Pieces:
    """Entries of any length over entries of at most `longest` UTF-16 units (None: any)."""

    def __init__(self, entries: Entries, longest: int | None) -> None:
        self._entries, self._longest = entries, longest

    def get(self, entry: str) -> str | None:
        """The whole value; None when there is none; Torn when it cannot be put together."""
        value = self._entries.get(entry)
        head = _head(value)
        if head is None:
            return value
        pieces = [self._entries.get(_piece(entry, head.letter, n)) for n in range(head.pieces)]
        whole = "".join(piece or "" for piece in pieces)
        if None in pieces or _digest(whole) != head.digest:
            raise Torn
        return whole

    def set(self, entry: str, value: str) -> None:
        """Write the whole value, then drop the pieces of the one before."""
        if not self._long(value):
            self._entries.set(entry, value)
            letter = ""
        else:
            before = _head(self._entries.get(entry))
            letter = _LETTERS[1] if before and before.letter == _LETTERS[0] else _LETTERS[0]
            pieces = list(_cut(value, self._longest or len(value)))
            for number, piece in enumerate(pieces):
                self._entries.set(_piece(entry, letter, number), piece)
            self._entries.set(entry, str(_Head(letter, len(pieces), _digest(value))))
        self._sweep(entry, keep=letter)

    def delete(self, entry: str) -> None:
        """Drop the entry, then its pieces."""
        self._entries.delete(entry)
        self._sweep(entry, keep="")

    def _long(self, value: str) -> bool:
        if _head(value):
            return True  # a value that looks like a head must not be taken for one
        return self._longest is not None and _units(value) > self._longest

    def _sweep(self, entry: str, keep: str) -> None:
        if self._longest is None:
            return
        for letter in _LETTERS:
            if letter == keep:
                continue
            count = 0
            while self._entries.get(_piece(entry, letter, count)) is not None:
                count += 1
            # The last first: whoever is killed here leaves a row that is found again.
            for number in reversed(range(count)):
                self._entries.delete(_piece(entry, letter, number))


def _piece(entry: str, letter: str, number: int) -> str:
    return f"{entry}#{letter}{number}"


def _head(value: str | None) -> _Head | None:
    parts = (value or "").split(":")
    if len(parts) != 4 or parts[0] != _MARK or not parts[2].isascii() or not parts[2].isdigit():
        return None
    return _Head(parts[1], int(parts[2]), parts[3])


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cut(value: str, longest: int) -> Iterator[str]:
    """The value in pieces of at most `longest` units; no character is cut in two."""
    piece: list[str] = []
    units = 0
    for character in value:
        width = 2 if ord(character) > 0xFFFF else 1
        if units + width > longest:
            yield "".join(piece)
            piece, units = [], 0
        piece.append(character)
        units += width
    yield "".join(piece)
