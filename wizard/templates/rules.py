"""Meta's rules for templates, each a function that names the places where it is broken.

Words, number, severity and source of a rule stand in `checklists/template-rules.yaml`; a rule
without a source is none. What concerns one-time passwords, offers, carousels and the time to live
stands in `special_rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path as FilePath

from wizard.templates.compare import MEDIA
from wizard.templates.draft import (
    Draft,
    Hit,
    Part,
    counted,
    lengths,
    rule,
    texts_of,
    texts_of_buttons,
)
from wizard.templates.files import LARGEST_SAMPLE, MEGABYTE, kind_of_file, sample_path
from wizard.templates.model import VARIABLE, variables_in

CATEGORIES = ("AUTHENTICATION", "MARKETING", "UTILITY")

lengths("name.length", lambda draft: iter([(("name",), draft.file.name)]))
lengths("header.length", texts_of("HEADER"))
lengths("footer.length", texts_of("FOOTER"))
lengths("button.text_length", texts_of_buttons("text"))
lengths("button.url_length", texts_of_buttons("url"))
lengths("button.phone_length", texts_of_buttons("phone_number"))
counted("buttons.total")
counted("buttons.url_count", "URL")
counted("buttons.phone_count", "PHONE_NUMBER")
counted("buttons.copy_code_count", "COPY_CODE")
counted("buttons.quick_reply_count", "QUICK_REPLY")


@rule("name.characters")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    if not re.fullmatch(r"[a-z0-9_]+", draft.file.name):
        yield ("name",), {"name": draft.file.name}


@rule("category.known")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    if draft.category not in CATEGORIES:
        at = (*draft.at, "category") if draft.language.category else ("category",)
        yield at, {"category": draft.category or "–", "known": ", ".join(CATEGORIES)}


@rule("language.code")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    if not re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", draft.code):
        yield draft.at, {"code": draft.code}


@rule("component.known")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part in draft.parts:
        if part.kind not in KINDS:
            yield part.at, {"type": part.kind or "–"}


#: Types of components that Meta's pages name.
KINDS = frozenset(
    {"HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER"}
    | {"CALL_PERMISSION_REQUEST", "TAP_TARGET_CONFIGURATION"}
)
FORMATS = frozenset({"TEXT", "LOCATION", "PRODUCT", *MEDIA})


@rule("component.once")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for parts in [draft.top, *draft.cards]:
        seen = set[str]()
        for part in parts:
            if part.kind in seen:
                yield part.at, {"type": part.kind}
            seen.add(part.kind)


@rule("body.required")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    body = next((part for part in draft.top if part.kind == "BODY"), None)
    preset = draft.category == "AUTHENTICATION"
    if body is None or not (body.itself.text.strip() or preset):
        yield (body.at if body else draft.at), {"code": draft.code}


@rule("body.length")
def _(draft: Draft, most: int) -> Iterator[Hit]:
    if not draft.of("LIMITED_TIME_OFFER"):  # which has a limit of its own
        yield from _longer(draft, most)


def _longer(draft: Draft, most: int) -> Iterator[Hit]:
    for part in draft.of("BODY"):
        if len(part.itself.text) > most:
            yield (*part.at, "text"), {"length": len(part.itself.text)}


@rule("header.format")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part in draft.of("HEADER"):
        if part.format not in FORMATS:
            yield (*part.at, "format"), {"format": part.format}


@rule("header.text")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part in _text_headers(draft):
        if not part.itself.text.strip():
            yield part.at, {}


def _text_headers(draft: Draft) -> list[Part]:
    return [part for part in draft.of("HEADER") if part.format == "TEXT"]


@rule("header.variables")
def _(draft: Draft, most: int) -> Iterator[Hit]:
    for part in _text_headers(draft):
        if (count := len(VARIABLE.findall(part.itself.text))) > most:
            yield (*part.at, "text"), {"count": count}


@rule("header.markup")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part in _text_headers(draft):
        plain = VARIABLE.sub("", part.itself.text)
        if "\n" in plain or re.search(r"[*_~`]", plain) or _has_emoji(plain):
            yield (*part.at, "text"), {}


def _has_emoji(text: str) -> bool:
    """Pictures, and the sign that turns a letter into one; № and © are none."""
    return bool(re.search("[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]", text))


@rule("header.location_category")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part in draft.of("HEADER"):
        if part.format == "LOCATION" and draft.category not in ("UTILITY", "MARKETING"):
            yield (*part.at, "format"), {"category": draft.category}


def _handles(part: Part) -> list[str]:
    example = part.itself.example
    found = example.get("header_handle") if isinstance(example, dict) else None
    return [str(one) for one in found if one] if isinstance(found, list) else []


@rule("header.media_sample")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part in draft.of("HEADER"):
        if part.format in MEDIA and not (_handles(part) or part.itself.file):
            yield part.at, {"format": part.format}


@rule("header.media_handle")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part in draft.of("HEADER"):
        if part.format in MEDIA and any(one.startswith("http") for one in _handles(part)):
            yield (*part.at, "example"), {}


#: What a sample of each format has to be. Source: the same page.
SAMPLES = {
    "IMAGE": ("image/jpeg", "image/png"),
    "VIDEO": ("video/mp4",),
    "GIF": ("video/mp4",),
    "DOCUMENT": ("application/pdf",),
}


def _with_samples(draft: Draft) -> Iterator[tuple[Part, FilePath | None]]:
    """Headers whose sample is a file, and where it stands."""
    for part in draft.of("HEADER"):
        if part.itself.file:
            yield part, sample_path(draft.file.path.parent, part.itself.file)


@rule("header.file_missing")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part, path in _with_samples(draft):
        if path is None:
            yield (*part.at, "file"), {"file": part.itself.file}


@rule("header.file_kind")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part, path in _with_samples(draft):
        if path is not None and _kind(path) not in SAMPLES.get(part.format, ()):
            yield (*part.at, "file"), {"file": part.itself.file, "format": part.format}


@rule("header.file_size")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part, path in _with_samples(draft):
        most = LARGEST_SAMPLE.get(_kind(path), 0) if path else 0
        if path and most and path.stat().st_size > most * MEGABYTE:
            yield (*part.at, "file"), {"file": part.itself.file, "most": most}


def _kind(path: FilePath) -> str:
    with path.open("rb") as file:
        return kind_of_file(file.read(32))


@rule("footer.text")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part in draft.of("FOOTER"):
        if VARIABLE.search(part.itself.text):
            yield (*part.at, "text"), {}


@rule("footer.markup")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part in draft.of("FOOTER"):
        if re.search(r"(?<!\w)([*_~`])[^\s*_~`][^*_~`]*\1(?!\w)", part.itself.text):
            yield (*part.at, "text"), {}


def _with_variables(draft: Draft) -> Iterator[tuple[Part, str]]:
    """The texts in which variables may stand."""
    for part in draft.of("HEADER", "BODY"):
        yield part, part.itself.text


@rule("variables.braces")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part, text in _with_variables(draft):
        if re.search(r"\{\{|\}\}|\{\w*\}", VARIABLE.sub("", text)) or "" in variables_in(text):
            yield (*part.at, "text"), {}


@rule("variables.characters")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part, text in _with_variables(draft):
        wrong = [
            n for n in variables_in(text) if n and not re.fullmatch(r"[a-z_][a-z0-9_]*|\d+", n)
        ]
        if wrong:
            yield (*part.at, "text"), {"names": ", ".join(wrong)}


@rule("variables.format")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part, text in _with_variables(draft):
        wrong = [name for name in variables_in(text) if name.isdecimal() is draft.named]
        if wrong:
            style = "NAMED" if draft.named else "POSITIONAL"
            yield (*part.at, "text"), {"names": ", ".join(wrong), "format": style}


@rule("variables.sequence")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part, text in _with_variables(draft):
        numbers = {int(name) for name in variables_in(text) if name.isdecimal()}
        missing = sorted(set(range(1, max(numbers, default=0) + 1)) - numbers)
        if missing or 0 in numbers:
            named = ", ".join(f"{{{{{number}}}}}" for number in missing) or "{{1}}"
            yield (*part.at, "text"), {"names": named}


@rule("variables.edge")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part in draft.of("BODY"):
        text = part.itself.text.strip()
        if re.match(r"\{\{[^{}]*\}\}", text) or re.search(r"\{\{[^{}]*\}\}$", text):
            yield (*part.at, "text"), {}


@rule("variables.adjacent")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part, text in _with_variables(draft):
        if re.search(r"\}\}\s*\{\{", text):
            yield (*part.at, "text"), {}


@rule("variables.example")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part, text in _with_variables(draft):
        names, given = variables_in(text), part.examples
        wrong = [name for name in names if not given.get(name, "").strip()]
        wrong += [name for name in given if name not in names]
        if wrong:
            yield part.at, {"names": ", ".join(wrong)}


@rule("buttons.grouping")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for part in draft.of("BUTTONS"):
        quick = [kind == "QUICK_REPLY" for _, _, kind in part.buttons]
        if sum(one != two for one, two in pairwise(quick)) > 1:
            yield (*part.at, "buttons"), {}


@rule("buttons.desktop")
def _(draft: Draft, most: int) -> Iterator[Hit]:
    for part in draft.of("BUTTONS"):
        kinds = [kind for _, _, kind in part.buttons]
        mixed = "QUICK_REPLY" in kinds and len(set(kinds)) > 1
        if len(kinds) > most or mixed:
            yield (*part.at, "buttons"), {}


@rule("button.text_required")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for at, button, kind in draft.buttons:
        if kind in ("QUICK_REPLY", "URL", "PHONE_NUMBER") and not button.text.strip():
            yield at, {"type": kind}


@rule("button.target_required")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for at, button, kind in draft.buttons:
        key = {"URL": "url", "PHONE_NUMBER": "phone_number"}.get(kind)
        if key and not getattr(button, key).strip():
            yield at, {"key": key}


@rule("button.url_variable")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for at, button, kind in draft.buttons:
        found = VARIABLE.findall(button.url) if kind == "URL" else []
        if len(found) > 1 or (found and not button.url.rstrip().endswith("}}")):
            yield (*at, "url"), {}


@rule("button.url_example")
def _(draft: Draft, _most: int) -> Iterator[Hit]:
    for at, button, kind in draft.buttons:
        if kind == "URL" and VARIABLE.search(button.url) and not button.example:
            yield at, {}


@rule("button.code_example")
def _(draft: Draft, most: int) -> Iterator[Hit]:
    for at, button, kind in draft.buttons:
        if kind != "COPY_CODE":
            continue
        example = button.example
        code = str(example[0] if isinstance(example, list) and example else example or "")
        if not 0 < len(code) <= most:
            yield at, {"length": len(code)}
