"""YAML, remembered as JSON beside it: what `__pycache__` is to Python.

Reading all our words costs a tenth of a second as YAML, and a few milliseconds as JSON. What is
remembered holds the very text it was made from and counts for no other; whatever goes wrong with
it is silent, and costs time alone.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def unpack(kept: bytes, content: bytes) -> Any | None:
    """What this content was parsed to, out of what was kept; None when that is of another."""
    try:
        pair = json.loads(kept)
        return pair["is"] if pair["of"] == content.decode() else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def pack(content: bytes, parsed: Any) -> bytes | None:
    """What to keep; None when JSON would change it (a key that is no string, half a character)."""
    try:
        kept = json.dumps({"of": content.decode(), "is": parsed}, ensure_ascii=False).encode()
    except (ValueError, TypeError, RecursionError):
        return None
    return kept if unpack(kept, content) == parsed else None


def recall(source: str, content: bytes) -> Any | None:
    """What these bytes of a file of the program were parsed to, or None."""
    try:
        with open(_place(source), "rb") as file:
            return unpack(file.read(), content)
    except OSError:
        return None


def remember(source: str, content: bytes, parsed: Any) -> None:
    """Keeps what the bytes were parsed to, where Python may keep its bytecode too."""
    kept = None if sys.dont_write_bytecode else pack(content, parsed)
    if kept is None:
        return
    place = _place(source)
    temporary = f"{place}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(temporary, "xb") as file:
            file.write(kept)
        os.replace(temporary, place)
    except OSError:
        return


def _place(source: str) -> str:
    folder, name = os.path.split(source)
    return os.path.join(folder, "__pycache__", f"{name}.json")
