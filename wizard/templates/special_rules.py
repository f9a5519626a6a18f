"""Rules for one-time passwords, limited-time offers, carousels, time to live, and whole files."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping

from msgspec import structs

from wizard.templates.draft import Draft, Hit, counted, lengths, rule, texts_of_buttons
from wizard.templates.model import Language, TemplateFile

lengths("auth.autofill_length", texts_of_buttons("autofill_text", "OTP"))
lengths("auth.package_length", texts_of_buttons("package_name", "OTP"))
counted("auth.one_button", "OTP")


@rule("auth.otp_button")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    if draft.category == "AUTHENTICATION" and not any(k == "OTP" for _, _, k in draft.buttons):
        yield draft.at, {"code": draft.code}


@rule("auth.category")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    if draft.category != "AUTHENTICATION":
        yield from ((at, {}) for at, _, kind in draft.buttons if kind == "OTP")


@rule("auth.content")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    if draft.category != "AUTHENTICATION":
        return
    for part in draft.parts:
        if part.kind == "HEADER" or (part.kind in ("BODY", "FOOTER") and part.itself.text.strip()):
            yield part.at, {"type": part.kind}
    yield from ((at, {"type": kind}) for at, _, kind in draft.buttons if kind != "OTP")


@rule("auth.expiration")
def _(draft: Draft, most: int) -> Iterator[Hit]:
    for part in draft.of("FOOTER"):
        minutes = part.itself.code_expiration_minutes
        if minutes is not None and not 1 <= minutes <= most:
            yield (*part.at, "code_expiration_minutes"), {"minutes": minutes}


@rule("auth.application")
def _(draft: Draft, most: int) -> Iterator[Hit]:
    for at, button, kind in draft.buttons:
        if kind != "OTP":
            continue
        apps = [(one.package_name, one.signature_hash) for one in button.supported_apps]
        if button.package_name or button.signature_hash:
            apps.append((button.package_name, button.signature_hash))
        wanted = button.otp_type.upper() in ("ONE_TAP", "ZERO_TAP")
        if (wanted and not apps) or not all(_is_app(*app, most) for app in apps):
            yield at, {}


#: A package of Java's, of two segments at least.
_PACKAGE = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", re.ASCII)


def _is_app(package: str, signature: str, length: int) -> bool:
    # Some send the hash percent-encoded, as Meta's own specification does.
    plain = re.sub(r"%2[BF]|%3D", "+", signature, flags=re.I)
    hashed = len(plain) == length and bool(re.fullmatch(r"[A-Za-z0-9+/=]+", plain))
    return hashed and bool(_PACKAGE.fullmatch(package))


@rule("auth.applications")
def _(draft: Draft, most: int) -> Iterator[Hit]:
    for at, button, _ in draft.buttons:
        if (count := len(button.supported_apps)) > most:
            yield (*at, "supported_apps"), {"count": count}


#: Seconds, by category: the least and the most. -1 asks for 30 days where that is allowed.
SECONDS = {
    "AUTHENTICATION": (30, 900),
    "UTILITY": (30, 43_200),
    "MARKETING": (43_200, 2_592_000),
}


@rule("ttl.range")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    least, most = SECONDS.get(draft.category, (0, 1 << 40))
    own = draft.language.message_send_ttl_seconds is not None
    at = (*(draft.at if own else ()), "message_send_ttl_seconds")
    if draft.seconds is not None and draft.seconds != -1 and not least <= draft.seconds <= most:
        values = {"seconds": draft.seconds, "least": least, "most": most}
        yield at, {**values, "category": draft.category}


@rule("offer.category")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    if draft.category != "MARKETING":
        yield from ((part.at, {}) for part in draft.of("LIMITED_TIME_OFFER"))


@rule("offer.footer")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    if draft.of("LIMITED_TIME_OFFER"):
        yield from ((part.at, {}) for part in draft.of("FOOTER"))


@rule("offer.text")
def _(draft: Draft, most: int) -> Iterator[Hit]:
    for part in draft.of("LIMITED_TIME_OFFER"):
        text = part.itself.limited_time_offer.text if part.itself.limited_time_offer else ""
        if not 0 < len(text) <= most:
            yield part.at, {"length": len(text)}


@rule("offer.body_length")
def _(draft: Draft, most: int) -> Iterator[Hit]:
    if draft.of("LIMITED_TIME_OFFER"):
        for part in draft.of("BODY"):
            if (length := len(part.itself.text)) > most:
                yield (*part.at, "text"), {"length": length}


@rule("offer.header")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    if draft.of("LIMITED_TIME_OFFER"):
        for part in draft.of("HEADER"):
            if part.format not in ("IMAGE", "VIDEO"):
                yield (*part.at, "format"), {"format": part.format}


@rule("offer.code_length")
def _(draft: Draft, most: int) -> Iterator[Hit]:
    if draft.of("LIMITED_TIME_OFFER"):
        for at, button, kind in draft.buttons:
            example = button.example
            code = str(example[0] if isinstance(example, list) and example else example or "")
            if kind == "COPY_CODE" and len(code) > most:
                yield (*at, "example"), {"length": len(code)}


@rule("carousel.category")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    if draft.category != "MARKETING":
        yield from ((part.at, {}) for part in draft.of("CAROUSEL"))


@rule("carousel.cards")
def _(draft: Draft, most: int) -> Iterator[Hit]:
    for part in draft.of("CAROUSEL"):
        if not 2 <= len(part.itself.cards) <= most:
            yield part.at, {"count": len(part.itself.cards)}


@rule("carousel.same")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    made = [[part.kind for part in card] for card in draft.cards]
    for place, card in enumerate(draft.cards):
        if card and made[place] != made[0]:
            yield card[0].at[:-2], {"card": place + 1}


@rule("carousel.header")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for place, card in enumerate(draft.cards):
        headers = [part.format for part in card if part.kind == "HEADER"]
        if card and not (headers and set(headers) <= {"IMAGE", "VIDEO", "PRODUCT"}):
            yield card[0].at[:-2], {"card": place + 1}


@rule("carousel.buttons")
def _(draft: Draft, most: int) -> Iterator[Hit]:
    for card in draft.cards:
        for part in card:
            if len(part.buttons) > most:
                yield (*part.at, "buttons"), {"count": len(part.buttons)}


#: Keys of a template that are Graph's, beside those that this version has words for.
_GRAPH = frozenset(
    {"sub_category", "display_format", "allow_category_change", "library_template_name"}
    | {"library_template_body_inputs", "library_template_button_inputs", "degrees_of_freedom_spec"}
    | {"cta_url_link_tracking_opted_out", "is_primary_device_delivery_only", "bid_spec"}
    | {"creative_sourcing_spec", "message_send_ttl_seconds"}
)


@rule("file.key")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    shared = {field.name for field in structs.fields(TemplateFile)} | _GRAPH
    own = {field.name for field in structs.fields(Language)} | _GRAPH
    languages = draft.file.node.get("languages")
    language = languages.get(draft.code) if isinstance(languages, Mapping) else None
    for node, known, at in ((draft.file.node, shared, ()), (language or {}, own, draft.at)):
        for key in node:
            close = difflib.get_close_matches(key, known, 1) if key not in known else []
            if close:
                yield (*at, key), {"key": key, "close": close[0]}


@rule("file.name")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    if not draft.file.name.startswith(draft.file.path.stem):
        yield ("name",), {"name": draft.file.name}
