"""What Graph's error codes mean, from checklists/graph-errors.yaml. Knows no answer of Graph's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from msgspec import Struct

from wizard.state.content import CHECKLISTS, placeholders, read, refuse
from wizard.state.typed import Misshapen, convert
from wizard.text.localised import Text
from wizard.text.sanitise import cut

FILE = "graph-errors"
#: Numbers like 2388091 come as a code and as a subcode of other codes; they mean the same.
_OWN_MEANING = 1_000_000
_KEY = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
#: Within a message or the JSON of an answer: (#200) …, "code": 190, "error_subcode": 463.
_CODE = re.compile(
    r"\(#([0-9]{1,9})\)"
    r"|(?:(?:\b|_)code|\berror|\bexception|oauthexception|\bкод|\bошибка)\W{1,4}([0-9]{1,9})\b",
    re.IGNORECASE,
)
#: Numbers of this length are codes wherever they stand, when they are codes at all.
_LONG = re.compile(r"(?<![0-9])[0-9]{6,7}(?![0-9])")
_SUBCODE = re.compile(r"subcode\W{1,4}([0-9]{1,9})\b", re.IGNORECASE)
_ASKED = re.compile(r"\(?#?([0-9]{1,9})\)?(?:[ ]?[ /:,-][ ]?([0-9]{1,9}|[a-z_]+))?\)?[.,;:]?")


class Retry(StrEnum):
    """Whether the same request may succeed when it is made again."""

    NO = "no"
    LATER = "later"
    YES = "yes"


class Detail(Struct, frozen=True, forbid_unknown_fields=True):
    """What the file says of a subcode or variant; what it leaves out, its code says."""

    means: Text
    do: Text
    retry: Retry | None = None
    link: str = ""
    wait_minutes: int = 0

    def __post_init__(self) -> None:
        """No one fills placeholders here."""
        if placeholders(self.means.ru) | placeholders(self.do.ru):
            raise ValueError("no {placeholders} here")
        if self.link and not self.link.startswith("https://"):
            raise ValueError("a link begins with https://")


class CodeEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """What the file says of a code or a range of codes."""

    means: Text
    do: Text
    retry: Retry
    link: str = ""
    #: How long Meta refuses after it, where its answer does not say.
    wait_minutes: int = 0
    subcodes: Mapping[str, Detail] = {}
    variants: Mapping[str, Detail] = {}

    def __post_init__(self) -> None:
        """As in every Detail."""
        Detail(self.means, self.do, self.retry, self.link)


@dataclass(frozen=True)
class Explanation:
    """One code in words. `key` is "190", "190/463", "200-299" or "100/proof_wrong".

    `wait_minutes`: how long Meta refuses after it, 0 where that is not known.
    """

    key: str
    means: Text
    do: Text
    retry: Retry
    link: str = ""
    wait_minutes: int = 0


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
    """The words for a code as people write it: `190`, `190/463`, `(#131030)`, `100/proof_wrong`.

    Also for the subcode alone (`463`), and for the message or the JSON that it stands in.
    """
    match = _ASKED.fullmatch(asked.strip())
    if match is None:
        return _in_message(cut(asked))
    code, detail = int(match[1]), match[2] or ""
    if detail.isdecimal():
        return explain(code, int(detail))
    return explain(code, variant=detail) or _of_subcode(match[1])


def _in_message(said: str) -> Explanation | None:
    """The words for the code that a message of Meta's holds, or that such a message comes with."""
    code, subcode = _CODE.search(said), _SUBCODE.search(said)
    if code is not None:
        number = int(code[1] or code[2])
        return explain(number, int(subcode[1]) if subcode else 0, variant_of(number, said))
    if subcode is not None:
        return _of_subcode(subcode[1])
    named = {int(one) for one in _LONG.findall(said)} & {entry.codes[0] for entry in entries()}
    if len(named) == 1:
        return explain(named.pop())
    whole = said.casefold()
    texts = ((codes, name) for codes, text, name in _VARIANTS if " " in text and text in whole)
    return next((explain(min(codes), variant=name) for codes, name in texts), None)


def _of_subcode(name: str) -> Explanation | None:
    """The words for a subcode whose code is not given; None where several codes have it."""
    found = [entry.details[name] for entry in entries() if name in entry.details]
    return found[0] if len(found) == 1 else None


def related(code: int) -> tuple[Explanation, ...]:
    """The words for the subcodes and variants of a code."""
    entry = _entry(code)
    return tuple(entry.details.values()) if entry else ()


#: (codes, text of the message, variant). Meta tells these apart by their words alone.
_VARIANTS: tuple[tuple[frozenset[int], str, str], ...] = (
    (frozenset({1, 100}), "client secret", "proof_secret"),
    (frozenset({803}), "qr code", "qr_code"),
    (frozenset({100}), "nonexisting field", "unknown_field"),
    # "Before override the current callback uri, your app must be subscribed to receive messages"
    (frozenset({100}), "must be subscribed", "subscribe_first"),
    (frozenset({100, 136025}), "smb ", "phone_app"),
    (frozenset({100}), "your display name", "display_name"),
    (frozenset({100}), "two-factor", "two_step"),
    (frozenset({100}), "two-step", "two_step"),
    # WhatsApp Manager's words; which subcode they come with is not known.
    (frozenset({100}), "existing whatsapp account", "number_elsewhere"),
    (frozenset({100}), "phone number limit", "number_limit"),
    (frozenset({100}), "partner_ids is required", "partner_account"),
    (frozenset({100}), "did not match the viewing app", "another_app"),
    (frozenset({100}), "missing permission", "missing_permission"),
    (frozenset({200}), "requires business_management", "cannot_list"),
    (frozenset({2500}), "unknown path components", "no_such_path"),
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
def entries(folder: Path = CHECKLISTS) -> tuple[Entry, ...]:
    """Every entry of the file; ContentError names the one that is malformed."""
    try:
        table = convert(read(folder, FILE), dict[str, CodeEntry])
    except Misshapen as error:
        refuse(folder, FILE, error.path, str(error))
    found: dict[range, Entry] = {}
    for key, node in table.items():
        for path, why in _wrong_keys(key, node, found):
            refuse(folder, FILE, path, why)
        own = Explanation(key, node.means, node.do, node.retry, node.link, node.wait_minutes)
        details = {
            name: Explanation(
                f"{key}/{name}",
                d.means,
                d.do,
                d.retry or own.retry,
                d.link or own.link,
                d.wait_minutes,
            )
            for name, d in (*node.subcodes.items(), *node.variants.items())
        }
        found[_range(key)] = Entry(_range(key), own, details)
    return tuple(found.values())


def _range(key: str) -> range:
    """The codes that a key names; empty when it is malformed."""
    match = _KEY.fullmatch(key)
    return range(int(match[1]), int(match[2] or match[1]) + 1) if match else range(0)


def _wrong_keys(
    key: str, node: CodeEntry, before: Mapping[range, Entry]
) -> Iterator[tuple[tuple[str, ...], str]]:
    codes = _range(key)
    if not codes:
        yield (key,), "a key is a code, or a range of codes that is not empty"
    if codes in before:
        yield (key,), f"the same as {before[codes].own.key}"
    for kind, shape in (("subcodes", r"[0-9]{1,9}"), ("variants", r"[a-z_]+")):
        for name in getattr(node, kind):
            if not re.fullmatch(shape, name):
                yield (key, kind, name), f"not a name for one of {kind}"


def _entry(code: int) -> Entry | None:
    """The narrowest entry with this code: a code of its own goes before a range."""
    holding = [entry for entry in entries() if code in entry.codes]
    return min(holding, key=lambda entry: len(entry.codes), default=None)
