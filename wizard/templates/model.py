"""The form of a template file, and the way between it and what Graph takes and shows.

    name: order_ready
    category: UTILITY
    languages:
      en_US:
        components:
          - type: BODY
            text: Hello {{1}}, your order {{2}} is ready.
            variables: {1: Ann, 2: A-17}

A file holds what is the same in all languages once; a language may say otherwise. Components stand
in Graph's own terms, but for the examples of variables, which Graph nests. Keys that this version
does not know are kept and sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

Row = Mapping[str, Any]
Node = dict[str, Any]

#: What Meta says of a template and no one can send.
READ_ONLY = frozenset(
    {"id", "status", "quality_score", "rejected_reason", "previous_category", "correct_category"}
    | {"health_status", "last_updated_time", "rejection_info"}
)
VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")


class Application(Struct, frozen=True, kw_only=True):
    """An Android app that a one-time password is handed to."""

    package_name: str = ""
    signature_hash: str = ""


class Button(Struct, frozen=True, kw_only=True):
    """One button; which keys it has depends on its type."""

    type: str = ""
    text: str = ""
    url: str = ""
    phone_number: str = ""
    example: Any = None
    otp_type: str = ""
    autofill_text: str = ""
    package_name: str = ""
    signature_hash: str = ""
    supported_apps: list[Application] = []
    flow_id: str = ""
    flow_name: str = ""
    flow_json: str = ""
    flow_action: str = ""
    navigate_screen: str = ""


class Offer(Struct, frozen=True, kw_only=True):
    """What a limited-time offer shows."""

    text: str = ""
    has_expiration: bool | None = None


class Card(Struct, frozen=True, kw_only=True):
    """One card of a carousel."""

    components: list[Component] = []


class Component(Struct, frozen=True, kw_only=True):
    """One component; which keys it has depends on its type."""

    type: str = ""
    format: str = ""
    text: str = ""
    variables: dict[str, str] = {}
    example: Any = None
    file: str = ""  # the sample of a header, beside the template file; uploaded when it is sent
    buttons: list[Button] = []
    cards: list[Card] = []
    limited_time_offer: Offer | None = None
    add_security_recommendation: bool | None = None
    code_expiration_minutes: int | None = None


class Language(Struct, frozen=True, kw_only=True):
    """A template in one language, and what is said of this language alone."""

    components: list[Component] = []
    category: str = ""
    parameter_format: str = ""
    message_send_ttl_seconds: int | None = None


class TemplateFile(Struct, frozen=True, kw_only=True):
    """A template in all its languages."""

    name: str = ""
    category: str = ""
    parameter_format: str = ""
    message_send_ttl_seconds: int | None = None
    languages: dict[str, Language] = {}


def variables_in(text: str) -> list[str]:
    """The names of the {{variables}} of a text, each once, in their order."""
    return list(dict.fromkeys(name.strip() for name in VARIABLE.findall(text)))


#: Type of a component → the key under which Graph has its positional examples, its named ones.
_EXAMPLES = {
    "HEADER": ("header_text", "header_text_named_params"),
    "BODY": ("body_text", "body_text_named_params"),
}


def example_of(kind: str, variables: Mapping[str, Any]) -> Node:
    """Graph's `example` for the variables of a header or body."""
    positional, named = _EXAMPLES[kind]
    if all(name.isdecimal() for name in variables):
        values = [_text(variables[name]) for name in sorted(variables, key=int)]
        return {positional: values if kind == "HEADER" else [values]}
    rows = [{"param_name": name, "example": _text(value)} for name, value in variables.items()]
    return {named: rows}


def examples(kind: str, example: Any) -> dict[str, str]:
    """The examples of variables in whichever form Graph has them: a text, a list, a list in one."""
    positional, named = _EXAMPLES[kind]
    if not isinstance(example, Mapping):
        return {}
    if isinstance(rows := example.get(named), list):
        pairs = [row for row in rows if isinstance(row, Mapping)]
        return {_text(row.get("param_name")): _text(row.get("example")) for row in pairs}
    values = example.get(positional)
    while isinstance(values, list) and values and isinstance(values[0], list):
        values = values[0]
    values = [values] if isinstance(values, str) else values
    given = enumerate(values if isinstance(values, list) else (), 1)
    return {str(place): _text(value) for place, value in given}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def kind_of(component: Row) -> str:
    """The type of a component or button, in capitals: Graph takes both and shows capitals."""
    return str(component.get("type", "")).upper()


def written(row: Row) -> Node:
    """A component as files have it: `variables` in the place of `example` where nothing is lost."""
    kind, example = kind_of(row), row.get("example")
    found = dict(row)
    if kind in _EXAMPLES and "variables" not in row and (given := examples(kind, example)):
        in_order = not all(map(str.isdecimal, given)) or list(given) == _count(len(given))
        if in_order and example_of(kind, given) == example:
            found = {
                "variables" if key == "example" else key: given if key == "example" else value
                for key, value in row.items()
            }
    return _with_cards(found, written)


def sent(node: Row) -> Node:
    """A component as Graph takes it; the other way of `written`."""
    kind, given = kind_of(node), node.get("variables")
    found = dict(node)
    if kind in _EXAMPLES and isinstance(given, Mapping):
        found = {
            "example" if key == "variables" else key: example_of(kind, given)
            if key == "variables"
            else value
            for key, value in node.items()
        }
    return _with_cards(found, sent)


def _count(length: int) -> list[str]:
    return [str(place) for place in range(1, length + 1)]


def _with_cards(component: Node, turn: Any) -> Node:
    cards = component.get("cards")
    if not isinstance(cards, list):
        return component
    return component | {"cards": [_card(card, turn) for card in cards]}


def _card(card: Any, turn: Any) -> Any:
    parts = card.get("components") if isinstance(card, Mapping) else None
    return {**card, "components": turned(parts, turn)} if isinstance(parts, list) else card


def turned(parts: Any, turn: Any) -> Any:
    """A list of components, each turned; whatever else it is stays."""
    if not isinstance(parts, list):
        return parts
    return [turn(part) if isinstance(part, Mapping) else part for part in parts]


def from_rows(rows: Sequence[Row]) -> Node:
    """The content of the file of one template, from its rows at Meta, one for each language."""
    kept = [{key: value for key, value in row.items() if key not in READ_ONLY} for row in rows]
    shared = {
        key: value
        for key, value in kept[0].items()
        if key not in ("language", "components")
        and all(key in row and row[key] == value for row in kept)
    }
    languages = {
        str(row["language"]): {
            key: turned(value, written) if key == "components" else value
            for key, value in row.items()
            if key not in shared and key != "language"
        }
        for row in kept
    }
    first = {key: shared[key] for key in _FIRST if key in shared}
    return {**first, **shared, "languages": languages}


_FIRST = ("name", "category", "parameter_format", "message_send_ttl_seconds")


def to_rows(node: Row) -> Iterator[Node]:
    """What Graph takes to create the template of a file, one row for each language."""
    shared = {key: value for key, value in node.items() if key != "languages"}
    languages = node.get("languages")
    for code, own in languages.items() if isinstance(languages, Mapping) else ():
        given = own if isinstance(own, Mapping) else {}
        row = {**shared, **given, "language": code}
        yield row | {"components": turned(row.get("components", []), sent)}


#: Where Meta shows the button of a one-time password as a link, with its kind in the query.
_OTP_LINK = re.compile(r"https://(?:www\.)?whatsapp\.com/otp/.*?otp_type=(\w+)", re.I)


def authored(row: Row) -> Node:
    """What Meta shows of a template, as its author would have sent it.

    Meta turns the button of a one-time password into a link and fills in preset texts, neither of
    which it takes back.
    """
    parts = row.get("components")
    if str(row.get("category", "")).upper() != "AUTHENTICATION" or not isinstance(parts, list):
        return dict(row)
    if not any(_otp(button) for part in parts for button in _buttons(part)):
        return dict(row)
    return {**row, "components": [_without_presets(part) for part in parts]}


def _buttons(part: Any) -> Iterable[Row]:
    found = part.get("buttons") if isinstance(part, Mapping) else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _otp(button: Row) -> str:
    """The kind of one-time password of a button, in capitals; "" for other buttons."""
    if kind_of(button) == "OTP":
        return str(button.get("otp_type", "")).upper()
    found = _OTP_LINK.match(str(button.get("url", "")))
    return found[1].upper() if found else ""


def _without_presets(part: Any) -> Any:
    kind = kind_of(part) if isinstance(part, Mapping) else ""
    if kind in ("BODY", "FOOTER"):
        return {k: v for k, v in part.items() if k not in ("text", "example", "variables")}
    if kind != "BUTTONS":
        return part
    return {**part, "buttons": [_as_sent(button) for button in _buttons(part)]}


def _as_sent(button: Row) -> Row:
    otp = _otp(button)
    if not otp:
        return button
    kept = {k: v for k, v in button.items() if k not in ("type", "otp_type", "url", "example")}
    return {"type": "OTP", "otp_type": otp, **kept}
