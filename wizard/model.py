"""The nouns of this tool.

Pure: no input or output, no third-party imports, nothing of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NoReturn

LANGUAGES = ("ru", "en")

#: What an Outcome may carry: plain data that any format can hold. Never a Secret.
Value = str | int | bool | None


@dataclass(frozen=True)
class Text:
    """One piece of user-facing text in every language we speak."""

    ru: str
    en: str

    def in_language(self, language: str, /, **values: object) -> str:
        """The text in one language, with its {placeholders} filled."""
        template: str = getattr(self, language)
        return template.format(**values)


class Secret:
    """A value that prints as dots; only `reveal` gives it away."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself. Call it at the door where it leaves, never earlier."""
        return self._value

    # Dots only: the last digits of a six-digit PIN would give most of it away.
    def __repr__(self) -> str:
        return "Secret(••••)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not written down")


class Goal(StrEnum):
    """What the number is wanted for; decides which items are required."""

    SENDING = "sending"
    RECEIVING = "receiving"


class Status(StrEnum):
    """The five answers to "is this item in order?"."""

    PASSED = "passed"
    FAILED = "failed"  # seen, and wrong
    UNKNOWN = "unknown"  # could not look: no network, no permission
    SKIPPED = "skipped"  # something it requires has not passed
    WAITING = "waiting"  # no API shows it: a person has to say so, and has not yet


@dataclass(frozen=True)
class Outcome:
    """What was seen. `reason` names a text of the item; `values` fill its placeholders."""

    status: Status
    reason: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)


def passed(reason: str = "", /, **values: Value) -> Outcome:
    """Looked, and it is right; `reason` may name a remark worth saying all the same."""
    return Outcome(Status.PASSED, reason, values)


def failed(reason: str, /, **values: Value) -> Outcome:
    """Looked, and it is wrong."""
    return Outcome(Status.FAILED, reason, values)


def unknown(reason: str, /, **values: Value) -> Outcome:
    """Could not look."""
    return Outcome(Status.UNKNOWN, reason, values)


def skipped(blocker: str) -> Outcome:
    """Did not look, because something it requires has not passed."""
    return Outcome(Status.SKIPPED, "requires", {"item": blocker})


def waiting(reason: str = "confirm", /, **values: Value) -> Outcome:
    """Only a person, or the passing of time, can settle it."""
    return Outcome(Status.WAITING, reason, values)


class Trouble(StrEnum):
    """Why we could not look, in the few kinds a person can act on."""

    NOT_GIVEN = "not_given"  # a secret or an id is missing; values: name
    UNREACHABLE = "unreachable"  # no answer from Meta; values: cause
    REFUSED = "refused"  # the credential is dead or wrong
    PERMISSION = "permission"  # the credential lives, but may not do this
    NOT_VISIBLE = (
        "not_visible"  # wrong id, deleted, or not visible to this token: Meta does not say
    )
    BUSY = "busy"  # throttled, or Meta is down for a moment
    ODD = "odd"  # an answer of a kind we do not know


class CannotLook(Exception):  # noqa: N818 (a sentence, not an "Error": facts say it about themselves)
    """A fact could not be had. Holds no URL and no body: both can carry tokens."""

    def __init__(self, trouble: Trouble, /, **values: Value) -> None:
        super().__init__(trouble.value, values)
        self.trouble, self.values = trouble, values


#: What the words about a trouble may count on, whoever raised it.
_SAID: Mapping[Trouble, Mapping[str, Value]] = {
    Trouble.NOT_GIVEN: {"name": ""},
    Trouble.UNREACHABLE: {"cause": "other"},
}
_SAID_BY_GRAPH: Mapping[str, Value] = {
    "code": 0,
    "subcode": 0,
    "message": "",
    "details": "",
    "trace": "",
}


def could_not(error: CannotLook) -> Outcome:
    """UNKNOWN for this trouble, with every value that its words may use."""
    always = _SAID.get(error.trouble, _SAID_BY_GRAPH)
    return unknown(error.trouble.value, **{**always, **error.values})


@dataclass(frozen=True)
class Reason:
    """One way an item can stand: what was seen and what it means, and the one next thing to do."""

    says: Text
    next: Text | None = None
    link: str = ""


@dataclass(frozen=True)
class Item:
    """One thing that must be true, and everything we say about it."""

    id: str
    title: Text
    why: Text
    needed_for: Goal | None = None  # None: advice, whatever the goals are
    requires: tuple[str, ...] = ()
    steps: tuple[Text, ...] = ()
    links: tuple[str, ...] = ()  # may hold {app_id}, {business_id}, {waba_id}, {phone_number_id}
    confirm: Text | None = None  # set: a person vouches for it; None: a check decides
    reasons: Mapping[str, Reason] = field(default_factory=dict)

    @property
    def section(self) -> str:
        """The part of the id before the dot: the name of its file and of its rooms."""
        return self.id.split(".")[0]

    def required(self, goals: frozenset[Goal]) -> bool:
        """Whether any of these goals needs it. Receiving needs all that sending needs.

        A number that cannot be reached by Meta's own checks receives nothing either, and a
        person who wants to receive will want to answer.
        """
        if self.needed_for is Goal.SENDING:
            return bool(goals)
        return self.needed_for in goals


@dataclass(frozen=True)
class Section:
    """One file of the checklist."""

    id: str
    title: Text
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Checklist:
    """Every section, in the order a person should walk them."""

    sections: tuple[Section, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item, in order."""
        return tuple(item for section in self.sections for item in section.items)

    def item(self, item_id: str) -> Item:
        """One item by its id; KeyError when there is none."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(item_id)


@dataclass(frozen=True)
class Finding:
    """An item together with what was seen of it."""

    item: Item
    outcome: Outcome
