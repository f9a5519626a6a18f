"""What a folder of template files breaks of Meta's rules, without asking anybody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from wizard.state.content import CHECKLISTS, read, refuse
from wizard.state.safe_yaml import parse
from wizard.state.typed import Misshapen, convert, lenient
from wizard.templates import rules, special_rules
from wizard.templates.draft import RULES, Draft
from wizard.templates.files import BrokenFile, SourceFile, rendered
from wizard.templates.model import TemplateFile, from_rows, sent
from wizard.text.localised import Text

#: They register their rules when they are imported.
REGISTERING = (rules, special_rules)

FILE = "template-rules"
BROKEN, DUPLICATE, EMPTY = "file.broken", "file.duplicate", "file.languages"


class Severity(StrEnum):
    """How grave a finding is: an error Meta refuses, a warning it may, a note it does not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class RuleText(Struct, frozen=True, forbid_unknown_fields=True):
    """A rule in words; `source` is the page that states it, `number` the number it states."""

    severity: Severity
    source: str
    says: Text
    number: int = 0


class RulesFile(Struct, frozen=True, forbid_unknown_fields=True):
    """`checklists/template-rules.yaml`; a source begins with the name of a page."""

    pages: dict[str, str]
    rules: dict[str, RuleText]


@dataclass(frozen=True)
class Finding:
    """One place where a file breaks a rule."""

    rule: str
    path: Path
    line: int
    language: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """That of its rule."""
        return table()[self.rule].severity


@cache
def table() -> dict[str, RuleText]:
    """Every rule by its id, in the order of the table."""
    content = read(CHECKLISTS, FILE)
    try:
        found = convert(content, RulesFile)
    except Misshapen as error:
        refuse(CHECKLISTS, FILE, error.path, str(error))
    return {
        name: structs.replace(rule, source=_page(rule.source, found.pages))
        for name, rule in found.rules.items()
    }


def _page(source: str, pages: dict[str, str]) -> str:
    page, _, section = source.partition("#")
    return pages[page] + (f"#{section}" if section else "")


def lint(files: Sequence[SourceFile | BrokenFile]) -> list[Finding]:
    """Every finding, by file and line."""
    found = [_broken(file) for file in files if isinstance(file, BrokenFile)]
    whole = [file for file in files if isinstance(file, SourceFile)]
    for file in whole:
        found += _of_file(file)
    found += _same_names(whole)
    found += _same_words(whole)
    return sorted(found, key=lambda one: (one.path, one.line, one.rule))


def _broken(file: BrokenFile) -> Finding:
    why = "not UTF-8" if file.why == "not_utf8" else file.why
    return Finding(BROKEN, file.path, file.line, values={"why": why})


def _of_file(file: SourceFile) -> Iterator[Finding]:
    if not file.template.languages:
        yield Finding(EMPTY, file.path, 1)
    seen = set[tuple[str, int, str]]()
    for draft in _drafts(file):
        for name, rule in RULES.items():
            number = table()[name].number
            for at, values in rule(draft, number):
                # What is said once for all languages is found once.
                own = draft.code if at[:1] == ("languages",) else ""
                finding = Finding(name, file.path, file.line(at), own, {**values, "limit": number})
                key = (name, finding.line, str(at))
                if key not in seen:
                    seen.add(key)
                    yield finding


def _drafts(file: SourceFile) -> Iterable[Draft]:
    return [Draft(file, code, language) for code, language in file.template.languages.items()]


def _same_names(files: Sequence[SourceFile]) -> Iterator[Finding]:
    first: dict[str, SourceFile] = {}
    for file in files:
        if other := first.get(file.name):
            values = {"why": f"name: {other.path.name}"}
            yield Finding(BROKEN, file.path, file.line(("name",)), values=values)
        first.setdefault(file.name, file)


def _same_words(files: Sequence[SourceFile]) -> Iterator[Finding]:
    """Templates of the same words in body and footer; Meta exempts one-time passwords."""
    first: dict[tuple[str, str, str], Draft] = {}
    for draft in (draft for file in files for draft in _drafts(file)):
        texts = {part.kind: part.itself.text.strip() for part in draft.top}
        if draft.category == "AUTHENTICATION" or not texts.get("BODY"):
            continue
        key = (draft.code, texts["BODY"], texts.get("FOOTER", ""))
        if (other := first.get(key)) and other.file.name != draft.file.name:
            line = draft.file.line(draft.at)
            values = {"other": other.file.name}
            yield Finding(DUPLICATE, draft.file.path, line, draft.code, values)
        first.setdefault(key, draft)


GALLERY = "template-gallery"


class ReadyLanguage(Struct, frozen=True, forbid_unknown_fields=True):
    """A ready template in one language: its text with examples, or the button of a code."""

    code: str
    body: str = ""
    examples: list[str] = []
    button: str = ""


class ReadyTemplate(Struct, frozen=True, forbid_unknown_fields=True):
    """One template of the gallery."""

    name: str
    category: str
    title: Text
    languages: list[ReadyLanguage]

    def row(self, code: str, business: str, name: str) -> dict[str, Any]:
        """What Graph takes to create it under a name, in one of its languages."""
        own = next(one for one in self.languages if one.code == code)
        top = {"name": name, "category": self.category, "language": code}
        return {**top, "components": [sent(part) for part in _parts(own, business)]}


class GalleryFile(Struct, frozen=True, forbid_unknown_fields=True):
    """`checklists/template-gallery.yaml`."""

    templates: list[ReadyTemplate]


def _parts(own: ReadyLanguage, business: str) -> list[dict[str, Any]]:
    if own.button:
        # Meta itself writes the text of a one-time password.
        return [
            {"type": "BODY", "add_security_recommendation": True},
            {"type": "FOOTER", "code_expiration_minutes": 10},
            {
                "type": "BUTTONS",
                "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": own.button}],
            },
        ]
    examples = {str(place): one for place, one in enumerate(own.examples, 1)}
    text = own.body.replace("[business]", business)
    return [{"type": "BODY", "text": text, "variables": examples}]


@cache
def gallery() -> tuple[ReadyTemplate, ...]:
    """The ready templates, in the order in which they are offered."""
    content = read(CHECKLISTS, GALLERY)
    try:
        return tuple(convert(content, GalleryFile).templates)
    except Misshapen as error:
        refuse(CHECKLISTS, GALLERY, error.path, str(error))


def lint_row(row: dict[str, Any]) -> list[Finding]:
    """What a template that stands in no file yet breaks of the rules."""
    content = rendered(from_rows([row]))
    node = parse(content)
    template = convert(lenient(node, TemplateFile), TemplateFile)
    return lint([SourceFile(Path(f"{row['name']}.yaml"), content, node, template)])
