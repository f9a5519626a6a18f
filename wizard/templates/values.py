"""The values that a message of a template needs, and the message's components made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wizard.templates.model import (
    VARIABLE,
    Node,
    Row,
    authored,
    examples,
    kind_of,
    variables_in,
)

#: Categories whose messages Meta charges. What it charges for one is not for this tool to say.
CHARGED = frozenset({"AUTHENTICATION", "MARKETING", "UTILITY"})
#: Formats of a header that is a file: what Graph calls its value.
FILES = {"IMAGE": "image", "VIDEO": "video", "GIF": "video", "DOCUMENT": "document"}
#: Parts whose values are more than one text or file: this version does not fill them.
STRUCTURED = frozenset({"CAROUSEL", "LIMITED_TIME_OFFER"})
STRUCTURED_BUTTONS = frozenset({"FLOW", "MPM", "SPM", "CATALOG"})


@dataclass(frozen=True)
class Slot:
    """One value. `name` is what a person calls it: 1, first_name, header, header.1, button.2.

    `kind`: text, image, video, document or code. `places` are the parts of the message it goes
    into: body, header, or the index of a button.
    """

    name: str
    kind: str
    places: tuple[str, ...]
    example: str = ""
    named: bool = False


def slots(row: Row) -> list[Slot]:
    """The values that a message of this template needs, in the order of its parts."""
    found: list[Slot] = []
    # A one-time password is one value in two places.
    otp = authored(row) != dict(row)
    for part in _parts(row):
        kind = kind_of(part)
        if kind in ("HEADER", "BODY"):
            found += _of_text(part, kind, row)
        for place, button in enumerate(_buttons(part)):
            if "{{" not in str(button.get("url", "")) and kind_of(button) != "COPY_CODE":
                continue
            if otp and found:
                found[0] = Slot("code", "text", ("body", str(place)), "123456")
                continue
            code = kind_of(button) == "COPY_CODE"
            given = button.get("example")
            sample = str(given[0]) if isinstance(given, list) and given else str(given or "")
            found.append(
                Slot(f"button.{place + 1}", "code" if code else "text", (str(place),), sample)
            )
    return found


def _of_text(part: Row, kind: str, row: Row) -> Iterator[Slot]:
    place = kind.lower()
    if file := FILES.get(str(part.get("format", "")).upper()):
        yield Slot(place, file, (place,))
        return
    given = examples(kind, part.get("example"))
    named = str(row.get("parameter_format", "")).upper() == "NAMED"
    for name in variables_in(str(part.get("text", ""))):
        own = f"header.{name}" if kind == "HEADER" and not named else name
        yield Slot(own, "text", (place,), given.get(name, ""), named)


def structured(row: Row) -> str:
    """The part of a template that this version cannot fill; "" when it can fill all."""
    for part in _parts(row):
        if kind_of(part) in STRUCTURED or str(part.get("format", "")).upper() == "LOCATION":
            return str(part.get("format") or part.get("type"))
        for button in _buttons(part):
            if kind_of(button) in STRUCTURED_BUTTONS:
                return kind_of(button)
    return ""


def components(wanted: Sequence[Slot], values: Mapping[str, str]) -> list[Node]:
    """The components of the message."""
    found: dict[str, Node] = {}
    for slot in wanted:
        for place in slot.places:
            button = {"type": "button", "sub_type": "url", "index": place}
            usual = {"type": place} if place in ("header", "body") else button
            part = found.setdefault(place, {**usual, "parameters": []})
            if slot.kind == "code":
                part["sub_type"] = "copy_code"
            part["parameters"].append(_parameter(slot, values[slot.name]))
    return list(found.values())


def _parameter(slot: Slot, value: str) -> Node:
    if slot.kind == "code":
        return {"type": "coupon_code", "coupon_code": value}
    if slot.kind != "text":
        return {"type": slot.kind, slot.kind: {"id" if value.isdecimal() else "link": value}}
    named = {"parameter_name": slot.name} if slot.named else {}
    return {"type": "text", **named, "text": value}


def filled(row: Row, wanted: Sequence[Slot], values: Mapping[str, str]) -> str:
    """The body as its reader will see it."""
    body = next((part for part in _parts(row) if kind_of(part) == "BODY"), {})
    inside = {slot.name if slot.name != "code" else "1": values[slot.name] for slot in wanted}
    return VARIABLE.sub(
        lambda found: inside.get(found[1].strip(), found[0]), str(body.get("text", ""))
    )


def _parts(row: Row) -> list[Row]:
    found = row.get("components")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _buttons(part: Row) -> list[Row]:
    found = part.get("buttons")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
