"""What Graph's error codes mean, from checklists/graph-errors.yaml. Knows no answer of Graph's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from wizard.audit.checklist import folder
from wizard.state.content import (
    ContentError,
    placeholders,
    read,
    text,
)
from wizard.text.localised import Text

FILE = "graph-errors.yaml"
#: Numbers like 2388091 come as a code and as a subcode of other codes; they mean the same.
_OWN_MEANING = 1_000_000
_ENTRY_KEYS = {"means", "do", "retry", "link", "subcodes", "variants"}
_DETAIL_KEYS = _ENTRY_KEYS - {"subcodes", "variants"}
_KEY = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
_ASKED = re.compile(r"\(?#?([0-9]{1,9})\)?(?:/([0-9]{1,9}|[a-z_]+))?")


class Retry(StrEnum):
    """Whether the same request may succeed when it is made again."""

    NO = "no"
    LATER = "later"
    YES = "yes"


@dataclass(frozen=True)
class Explanation:
    """One code in words. `key` is "190", "190/463", "200-299" or "100/proof_wrong"."""

    key: str
    means: Text
    do: Text
    retry: Retry
    link: str = ""


@dataclass(frozen=True)
class Entry:
    """A code or a range of codes, with the words for its subcodes and variants."""

    codes: range
    own: Explanation
    details: Mapping[str, Explanation]  # by subcode or variant


def explain(code: int, subcode: int = 0, variant: str = "") -> Explanation | None:
    """The most exact words there are for a code, or None when there are none.

    `variant` tells messages of one code apart; see `variant_of`.
    """
    # A missing or wrong proof comes as 100, and now and then as 1.
    entry = _entry(100 if variant.startswith("proof_") else code)
    details = entry.details if entry else {}
    own = _entry(subcode) if subcode >= _OWN_MEANING else None
    found = details.get(variant) or details.get(str(subcode))
    return found or (own.own if own else None) or (entry.own if entry else None)


def find(asked: str) -> Explanation | None:
    """The words for a code as people write it: `190`, `190/463`, `(#131030)`, `100/proof_wrong`."""
    match = _ASKED.fullmatch(asked.strip())
    if match is None:
        return None
    detail = match[2] or ""
    if detail.isdecimal():
        return explain(int(match[1]), int(detail))
    return explain(int(match[1]), variant=detail)


def related(code: int) -> tuple[Explanation, ...]:
    """The words for the subcodes and variants of a code."""
    entry = _entry(code)
    return tuple(entry.details.values()) if entry else ()


#: (codes, text of the message, variant). Meta tells these apart by their words alone.
_VARIANTS: tuple[tuple[frozenset[int], str, str], ...] = (
    (frozenset({100}), "nonexisting field", "unknown_field"),
    # "Before override the current callback uri, your app must be subscribed to receive messages"
    (frozenset({100}), "must be subscribed", "subscribe_first"),
    (frozenset({190, 200}), "api access blocked", "app_restricted"),
    (frozenset({190, 200}), "api access deactivated", "app_restricted"),
    (frozenset({190}), "application has been deleted", "app_deleted"),
    (frozenset({200}), "provide valid app", "no_token"),
    (frozenset({200}), "send messages on behalf", "messaging_elsewhere"),
    (frozenset({131005}), "terms", "terms"),
)


def variant_of(code: int, message: str, proof: str = "") -> str:
    """Which variant a refusal is, "" for none.

    `message` is Meta's message, with its details where there are any; `proof` as the refusal's
    values have it.
    """
    if proof:
        return f"proof_{proof}"
    said = message.casefold()
    return next((name for codes, text, name in _VARIANTS if code in codes and text in said), "")


@cache
def entries(where: Path | None = None) -> tuple[Entry, ...]:
    """Every entry of the file; ContentError names the one that is malformed."""
    path = (where or folder()) / FILE
    found = tuple(_read_entry(key, node) for key, node in read(path).items())
    for entry in found:
        same = [other.own.key for other in found if other.codes == entry.codes]
        if len(same) > 1:
            raise ContentError(f"{FILE}: {same[0]} and {same[1]} are the same")
    return found


def _entry(code: int) -> Entry | None:
    """The narrowest entry with this code: a code of its own goes before a range."""
    holding = [entry for entry in entries() if code in entry.codes]
    return min(holding, key=lambda entry: len(entry.codes), default=None)


def _read_entry(key: object, node: Any) -> Entry:
    match = _KEY.fullmatch(key) if isinstance(key, str) else None
    where = f"{FILE}: {key}"
    if match is None:
        raise ContentError(f"{where}: a key is a quoted code or a range of codes")
    codes = range(int(match[1]), int(match[2] or match[1]) + 1)
    if not codes:
        raise ContentError(f"{where}: the range is empty")
    own = _explanation(str(key), node, _ENTRY_KEYS)
    details = dict(_details(own, node))
    return Entry(codes, own, details)


def _details(own: Explanation, node: Mapping[str, Any]) -> Iterator[tuple[str, Explanation]]:
    for kind, shape in (("subcodes", r"[0-9]{1,9}"), ("variants", r"[a-z_]+")):
        for name, inner in (node.get(kind) or {}).items():
            where = f"{own.key}/{name}"
            if not isinstance(name, str) or not re.fullmatch(shape, name):
                raise ContentError(f"{FILE}: {where}: not a name for one of {kind}")
            yield name, _explanation(where, inner, _DETAIL_KEYS, own)


def _explanation(
    key: str, node: Any, allowed: set[str], whole: Explanation | None = None
) -> Explanation:
    """One explanation; what it does not say of repetition and link, its code `whole` says."""
    where = f"{FILE}: {key}"
    if not isinstance(node, dict):
        raise ContentError(f"{where}: expected a mapping")
    if strange := set(node) - allowed:
        raise ContentError(f"{where}: unknown key {strange.pop()!r}")
    link = node.get("link", whole.link if whole else "")
    if link and not (isinstance(link, str) and link.startswith("https://")):
        raise ContentError(f"{where}: a link begins with https://")
    try:
        retry = Retry(node.get("retry", whole.retry if whole else ""))
    except ValueError:  # an unquoted no is False in YAML
        raise ContentError(f'{where}: retry is one of "{", ".join(Retry)}", quoted') from None
    means, do = (_plain(node.get(name), f"{where}.{name}") for name in ("means", "do"))
    return Explanation(key, means, do, retry, link)


def _plain(node: object, where: str) -> Text:
    """A text without placeholders: nobody fills them here."""
    found = text(node, where)
    if placeholders(found.ru):
        raise ContentError(f"{where}: no {{placeholders}} here")
    return found
