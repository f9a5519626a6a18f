"""Turns keys and findings into sentences of one language."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from wizard.audit import checklist
from wizard.audit.checklist import Reason
from wizard.audit.results import ItemResult
from wizard.state.content import MESSAGES, names, read
from wizard.text.durations import local_time
from wizard.text.localised import Shown, Text
from wizard.text.sanitise import clean
from wizard.ui.screen import GLUE

if TYPE_CHECKING:
    from wizard.text.localised import Phrase

#: A value longer than this is no name any more; addresses stay whole.
LONGEST = 500


def messages() -> dict[str, Text]:
    """Every text of the tool itself, by `<file>.<name>`."""
    return {
        f"{file}.{name}": text for file in names(MESSAGES) for name, text in family(file).items()
    }


@cache
def family(file: str) -> Mapping[str, Text]:
    """The texts of one file by name; empty when there is no such file."""
    found = read(MESSAGES, file) if file in names(MESSAGES) else {}
    return {name: Text(**node) for name, node in found.items()}


def message(key: str) -> Text | None:
    """One text by `<file>.<name>`; None when there is none."""
    file, _, name = key.partition(".")
    return family(file).get(name)


#: A command of this tool that concerns one profile, wherever a text names it.
_COMMAND = re.compile(
    r"\bwa-wizard (?=(?:setup|login|audit|status|credentials|number|templates|webhook|send"
    r"|messages|events|bugreport|explain|profiles|config|api)\b)"
)


_PROFILE = re.compile(r"--profile=\S+ ?")

#: Commands that read or write a folder of files.
_OF_A_FOLDER = re.compile(r"\bwa-wizard (?:--\S+ )*templates (?:pull|lint|plan|apply)\b")


#: What speaks of no term: a link, and a command of this tool.
_NOT_PROSE = re.compile(rf"https?://\S+|wa-wizard[\S{GLUE}]*")


class Glossary:
    """Explains Meta's terms, each once: at the first question below a text that names it."""

    def __init__(self, words: Words) -> None:
        self._words, self._explained = words, set[str]()

    def of(self, texts: Iterable[str]) -> list[str]:
        """One short line for every term that these texts name and that was not explained yet."""
        prose, terms = _NOT_PROSE.sub("", "\n".join(texts)), family("terms")
        new = [
            name
            for name in terms
            if f"{name}_named" in terms and name not in self._explained
            if re.search(getattr(terms[f"{name}_named"], self._words.language), prose, re.I)
        ]
        self._explained.update(new)
        return [self._words.say(f"terms.{name}") for name in new]


class Said(str):
    """A sentence of ours, whose values are cleaned: put into another one it stays as it is."""

    __slots__ = ()


class Words:
    """The tool's words in one language. Every value is cleaned: it may be foreign text.

    `same` are the options with which another command speaks of the same profile; every command
    that a text names gets them, so that what is copied does what was meant. `folder` is that of
    template files, where it was named.
    """

    def __init__(self, language: str, same: str = "", folder: str = "") -> None:
        self.language, self.same, self._folder = language, same, folder
        #: Whether Meta's terms are explained: for a newcomer.
        self.explains = False

    def command(self, name: str) -> str:
        """A command of this tool as it is typed for this profile."""
        return self._addressed(f"wa-wizard {name}").replace(" ", GLUE)

    def say(self, key: str, /, **values: object) -> Said:
        """One of the tool's own texts; KeyError when there is none of this key."""
        file, _, name = key.partition(".")
        if "store" in values:
            values["store"] = self.named("store", str(values["store"]))
        return self.text(family(file)[name], **values)

    def phrase(self, phrase: Phrase | str) -> str:
        """A remark in words; a plain string is foreign text, and only cleaned."""
        if isinstance(phrase, str):
            return clean(phrase, LONGEST)
        return self.say(phrase.key, **phrase.values)

    def time(self, written: str) -> str:
        """A time of the status file as the clock on the wall shows it."""
        return clean(_on_the_wall(written))

    def named(self, what: str, name: str) -> str:
        """Our words for a kind of token of Meta's (`kind`) or a store; else the name itself."""
        key = f"essentials.{what}_{name.lower().replace('-', '_')}"
        return self.say(key) if message(key) else clean(name)

    def text(self, text: Text, /, **values: object) -> Said:
        """A text of the checklist; KeyError where it names a value that is not there."""
        return self._filled(text, values)

    def titled(self, result: ItemResult, advice: bool = False) -> str:
        """The title of an item behind its state in a word: not everybody sees the sign."""
        state = "advice" if advice else result.status.value
        return self.say(f"ui.state_{state}", item=self.text(result.item.title))

    def reason(self, result: ItemResult) -> str:
        """What was seen of an item: in its own words if it has them, else in the tool's."""
        reason = reason_of(result)
        return "" if reason is None else self._of_result(reason.says, result)

    def next_step(self, result: ItemResult) -> str:
        """The one next thing to do; "" when nothing is."""
        reason = reason_of(result)
        return "" if reason is None or reason.next is None else self._of_result(reason.next, result)

    def _of_result(self, template: Text, result: ItemResult) -> Said:
        check_result = result.result
        values = {"reason": check_result.reason, **check_result.values}
        if check_result.reason == "requires":
            values["item"] = self._title(str(values.get("item", "")))
        values = {name: "–" if value in (None, "") else value for name, value in values.items()}
        return self._filled(template, _Forgiving(values))

    def _filled(self, template: Text, values: Mapping[str, object]) -> Said:
        """The text in this language. What stands between backticks is a command, never broken.

        The sentence behind a command begins a new line: a full stop would be copied along.
        """
        said, command = "", False
        for part in getattr(template, self.language).split("`"):
            filled = part.format_map(_Shown(values))
            if command:
                filled = self._addressed(filled).replace(" ", GLUE)
            elif said and (filled == "." or filled.startswith((". ", ".\n"))):
                filled = filled[1:].replace(" ", "\n", 1)
            said, command = said + filled, not command
        return Said(said)

    def _addressed(self, said: str) -> str:
        if self.same:
            # A command that names a profile of its own means that one.
            same = _PROFILE.sub("", self.same) if " --profile " in said else self.same
            said = _COMMAND.sub(lambda _: f"wa-wizard {same} ".replace("  ", " "), said)
        if self._folder:
            where = f" --dir={shlex.quote(self._folder)}"
            said = _OF_A_FOLDER.sub(lambda found: found[0] + where, said)
        return said

    def _title(self, item_id: str) -> str:
        try:
            return self.text(checklist.load().item(item_id).title)
        except KeyError:
            return item_id


_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")


def _on_the_wall(value: object) -> object:
    """A moment as the status file writes it: in local time, with its zone. Else the value."""
    if not isinstance(value, str) or not _STAMP.fullmatch(value):
        return value
    try:
        return local_time(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return value


class _Forgiving(dict[str, Any]):
    """What Meta left out of an error, or another version out of a saved result, reads as a dash."""

    def __missing__(self, name: str) -> str:
        return "–"


class _Shown(dict[str, str]):
    """Values as they are shown."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def __missing__(self, name: str) -> str:
        value = self._values[name]
        return value if isinstance(value, Said) else Shown(clean(_on_the_wall(value), LONGEST))


def reason_of(result: ItemResult) -> Reason | None:
    """The words of an outcome's reason; None when the outcome gives none."""
    key, values = result.reason, result.values
    if not key:
        return None
    if own := result.item.reasons.get(key):
        return _with_metas_words(own, values)
    if exact := _explained(values):
        return exact
    ours = family("reason")
    # Why Meta was not reached has a text for each cause, since what to do differs.
    key = f"{key}_{values['cause']}" if "cause" in values else key
    if key not in ours:
        key = result.reason
    # A status file can hold a reason that only another version knows.
    says = ours.get(key) or family("report")["reason_unworded"]
    return Reason(says, ours.get(f"{key}_next"))


def _with_metas_words(own: Reason, values: Mapping[str, object]) -> Reason:
    """An item's own words, and Meta's after them where it said something they do not quote."""
    if not values.get("message") or "{message}" in own.says.en:
        return own
    said = family("reason")["meta_said_more" if values.get("details") else "meta_said"]
    says = Text(f"{own.says.ru} {said.ru}", f"{own.says.en} {said.en}")
    return Reason(says, own.next, own.link)


def _explained(values: Mapping[str, object]) -> Reason | None:
    """The words for the very code that Graph refused with, if there are any; Meta's own follow."""
    code, subcode, message = (values.get(name) or "" for name in ("code", "subcode", "message"))
    if not (str(code).isdecimal() and int(str(code))):
        return None
    from wizard.audit.error_codes import explain, variant_of

    whole = f"{message} {values.get('details') or ''}"
    variant = variant_of(int(str(code)), whole, str(values.get("proof") or ""))
    found = explain(int(str(code)), int(f"0{subcode}") if f"0{subcode}".isdecimal() else 0, variant)
    if found is None:
        return None
    # Meta's own words may hold more than the code does: how long to wait, which field it was.
    name = "meta_said_more" if values.get("details") else "meta_said"
    said = family("reason")[name]
    says = Text(f"{found.means.ru} {said.ru}", f"{found.means.en} {said.en}")
    return Reason(says if message else found.means, found.do, found.link)
