"""What differs between a template as a file has it and as Meta shows it.

Meta does not show what it was sent: it writes types in capitals, telephone numbers with a plus,
its own copy of a header's sample in the place of the uploaded one, and a one-time password as a
link with preset texts. None of that is a difference. What one side does not show is none either,
but for texts, components and buttons, of which a template has exactly those that are shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wizard.templates.model import Node, Row, authored, examples, kind_of, variables_in

#: Keys whose absence says something: the text is not there.
_TELLING = frozenset(
    {"text", "format", "url", "phone_number", "buttons", "cards", "limited_time_offer"}
    | {"add_security_recommendation"}
)
#: Words of Graph's that it takes in either case.
_WORDS = frozenset({"type", "format", "otp_type", "flow_action"})
#: What Meta replaces or makes up: the sample of a header, of a link and of a code.
_OWN = frozenset({"example", "variables", "file"})
MEDIA = frozenset({"IMAGE", "VIDEO", "GIF", "DOCUMENT"})
#: Buttons whose label Meta fills in where none was sent.
_LABELLED_BY_META = frozenset({"OTP", "COPY_CODE", "MPM", "SPM", "CATALOG", "VOICE_CALL"})


@dataclass(frozen=True)
class Difference:
    """One place, `body.text` or `buttons.2.url`, as the file has it and as Meta has it."""

    at: str
    file: str
    meta: str


def differences(ours: Row, theirs: Row) -> list[Difference]:
    """What differs in the components of two rows; nothing where Meta does not show them."""
    if not isinstance(theirs.get("components"), list):
        return []
    return list(_of_parts(_parts(ours), _parts(theirs), ""))


def same_part(ours: Row, theirs: Row, category: str) -> bool:
    """Whether two components say the same."""
    rows = [{"category": category, "components": [part]} for part in (ours, theirs)]
    return not list(_of_parts(_parts(rows[0]), _parts(rows[1]), ""))


def has_variables(row: Row) -> bool:
    """Whether any text of a template has variables: without them their format means nothing."""
    return "{{" in str(row.get("components"))


def needs_upload(row: Row) -> bool:
    """Whether a header's sample is a link and no uploaded file, which alone Meta takes."""
    parts = row.get("components")
    found = parts if isinstance(parts, list) else []
    cards = [card for part in found for card in _listed(part, "cards")]
    return any(_is_linked(part) for part in found) or any(needs_upload(card) for card in cards)


def _is_linked(part: Any) -> bool:
    example = part.get("example") if isinstance(part, Mapping) and not part.get("file") else None
    handles = example.get("header_handle") if isinstance(example, Mapping) else None
    return isinstance(handles, list) and any(str(one).startswith("http") for one in handles)


def _parts(row: Row) -> list[Node]:
    found = authored(row).get("components")
    return [_part(part) for part in found if isinstance(part, Mapping)] if found else []


def _part(part: Row) -> Node:
    """A component in the form in which two are compared."""
    kind = kind_of(part)
    plain = {key: _plain(key, value) for key, value in part.items() if key not in _OWN}
    if kind == "HEADER":
        plain.setdefault("format", "TEXT")
    if kind == "BODY":
        # Absent and false are the same: the text is not there.
        plain = {k: v for k, v in plain.items() if k != "add_security_recommendation" or v}
    if kind in ("HEADER", "BODY"):
        plain |= _examples(kind, part)
    if kind == "BUTTONS":
        plain["buttons"] = [_button(button) for button in _listed(part, "buttons")]
    if kind == "CAROUSEL":
        plain["cards"] = [_parts(card) for card in _listed(part, "cards")]
    return plain


def _examples(kind: str, part: Row) -> Node:
    """The examples of those variables that the text has: named ones may stand in any order."""
    given = part.get("variables")
    found = given if isinstance(given, Mapping) else examples(kind, part.get("example"))
    names = variables_in(str(part.get("text", "")))
    return {"examples": {name: str(found[name]) for name in names if name in found}}


def _button(button: Row) -> Node:
    plain = {key: _plain(key, value) for key, value in button.items() if key not in _OWN}
    if "phone_number" in plain:
        plain["phone_number"] = re.sub(r"\D", "", str(plain["phone_number"]))
    return plain


def _listed(node: Any, key: str) -> list[Row]:
    found = node.get(key) if isinstance(node, Mapping) else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _plain(key: str, value: Any) -> Any:
    if key in _WORDS:
        return str(value).upper()
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def _of_parts(ours: list[Node], theirs: list[Node], at: str) -> Iterator[Difference]:
    """By type, of which a template has one each; several of one type by their order."""
    left = _by_type(ours), _by_type(theirs)
    for kind in dict.fromkeys([*left[0], *left[1]]):
        place = f"{at}{kind.rstrip('0').lower()}"
        mine, other = left[0].get(kind), left[1].get(kind)
        if mine is None or other is None:
            yield Difference(place, _said(mine), _said(other))
        else:
            yield from _of_keys(mine, other, f"{place}.")


def _by_type(parts: list[Node]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for part in parts:
        name, count = str(part.get("type", "")), 0
        while f"{name}{count or ''}" in found:
            count += 1
        found[f"{name}{count or ''}"] = part
    return found


def _of_keys(mine: Node, other: Node, at: str) -> Iterator[Difference]:
    kind = str(mine.get("type", ""))
    for key in dict.fromkeys([*mine, *other]):
        one, two = mine.get(key), other.get(key)
        if one == two or key == "type":
            continue
        if key == "buttons":
            yield from _of_buttons(one or [], two or [], at.removesuffix("."))
        elif key == "cards":
            yield from _of_cards(one or [], two or [])
        elif key == "examples":
            yield from _of_examples(one or {}, two or {}, at)
        elif _counts(key, kind) or (key in mine and key in other):
            yield Difference(f"{at}{key}", _said(one), _said(two))


def _counts(key: str, kind: str) -> bool:
    return key in _TELLING and not (key == "text" and kind in _LABELLED_BY_META)


def _of_examples(mine: Node, other: Node, at: str) -> Iterator[Difference]:
    for name in mine:
        if name in other and mine[name] != other[name]:
            yield Difference(f"{at}variables.{name}", mine[name], other[name])


def _of_buttons(mine: list[Node], other: list[Node], at: str) -> Iterator[Difference]:
    for place in range(max(len(mine), len(other))):
        one = mine[place] if place < len(mine) else None
        two = other[place] if place < len(other) else None
        where = f"{at}.{place + 1}"
        if one is None or two is None or one.get("type") != two.get("type"):
            yield Difference(where, _said(one), _said(two))
        else:
            yield from _of_keys(one, two, f"{where}.")


def _of_cards(mine: list[list[Node]], other: list[list[Node]]) -> Iterator[Difference]:
    if len(mine) != len(other):
        yield Difference("cards", str(len(mine)), str(len(other)))
    for place, (one, two) in enumerate(zip(mine, other, strict=False), 1):
        yield from _of_parts(one, two, f"cards.{place}.")


def _said(value: Any) -> str:
    """A value in words: the text of a component or button, where it has one."""
    if isinstance(value, Mapping):
        kind = str(value.get("type", ""))
        text = value.get("text") or value.get("format") or ""
        return f"{kind} {text}".strip() if kind else str(text or dict(value))
    return "" if value is None else str(value)
