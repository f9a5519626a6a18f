"""A template in one language as rules look at it, and how rules are registered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from wizard.state.typed import Step
from wizard.templates.files import SourceFile
from wizard.templates.model import (
    Button,
    Component,
    Language,
    examples,
)

Path = tuple[Step, ...]
#: Where a rule is broken, and what its words need.
Hit = tuple[Path, dict[str, Any]]


@dataclass(frozen=True)
class Part:
    """One component, and where it stands; `card` tells those of a carousel's cards."""

    at: Path
    itself: Component
    card: bool = False

    @property
    def kind(self) -> str:
        """Its type in capitals."""
        return self.itself.type.upper()

    @property
    def format(self) -> str:
        """The format of a header; that of a text where none is said."""
        return (self.itself.format or "TEXT").upper()

    @property
    def examples(self) -> dict[str, str]:
        """The examples of its variables, in whichever form they are written."""
        return dict(self.itself.variables) or examples(self.kind, self.itself.example)

    @property
    def buttons(self) -> list[tuple[Path, Button, str]]:
        """Its buttons: where, what, and of which type, in capitals."""
        return [
            ((*self.at, "buttons", place), button, button.type.upper())
            for place, button in enumerate(self.itself.buttons)
        ]


@dataclass(frozen=True)
class Draft:
    """A template in one language, as a rule looks at it."""

    file: SourceFile
    code: str
    language: Language

    @property
    def category(self) -> str:
        """In capitals."""
        return (self.language.category or self.file.template.category).upper()

    @property
    def named(self) -> bool:
        """Whether its variables have names; numbers are usual."""
        said = self.language.parameter_format or self.file.template.parameter_format
        return said.upper() == "NAMED"

    @property
    def seconds(self) -> int | None:
        """Its time to live."""
        own = self.language.message_send_ttl_seconds
        return self.file.template.message_send_ttl_seconds if own is None else own

    @property
    def at(self) -> Path:
        """Where it stands in its file."""
        return ("languages", self.code)

    @property
    def top(self) -> list[Part]:
        """Its own components."""
        return self._parts((*self.at, "components"), self.language.components, card=False)

    @property
    def cards(self) -> list[list[Part]]:
        """The components of each card of its carousels."""
        return [
            self._parts((*part.at, "cards", place, "components"), card.components, card=True)
            for part in self.top
            for place, card in enumerate(part.itself.cards)
        ]

    @property
    def parts(self) -> list[Part]:
        """All components, those of cards as well."""
        return self.top + [part for card in self.cards for part in card]

    def of(self, *kinds: str) -> list[Part]:
        """The components of these types."""
        return [part for part in self.parts if part.kind in kinds]

    @property
    def buttons(self) -> list[tuple[Path, Button, str]]:
        """Every button."""
        return [button for part in self.parts for button in part.buttons]

    @staticmethod
    def _parts(at: Path, components: list[Component], *, card: bool) -> list[Part]:
        return [Part((*at, place), one, card) for place, one in enumerate(components)]


#: A rule gets what it looks at and the number it is about (0: none).
Rule = Callable[[Draft, int], Iterator[Hit]]
RULES: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    """Registers a function as this rule."""

    def register(function: Rule) -> Rule:
        RULES[name] = function
        return function

    return register


def lengths(name: str, texts: Callable[[Draft], Iterator[tuple[Path, str]]]) -> None:
    """A rule on the length of texts."""

    def too_long(draft: Draft, most: int) -> Iterator[Hit]:
        for at, text in texts(draft):
            if len(text) > most:
                yield at, {"length": len(text)}

    RULES[name] = too_long


def texts_of(*kinds: str) -> Callable[[Draft], Iterator[tuple[Path, str]]]:
    """The texts of components of these types, for `lengths`."""
    return lambda draft: (((*p.at, "text"), p.itself.text) for p in draft.of(*kinds))


def texts_of_buttons(key: str, *kinds: str) -> Callable[[Draft], Iterator[tuple[Path, str]]]:
    """One key of the buttons of these types (none: of all), for `lengths`."""
    return lambda draft: (
        ((*at, key), str(getattr(button, key)))
        for at, button, kind in draft.buttons
        if not kinds or kind in kinds
    )


def counted(name: str, *kinds: str) -> None:
    """A rule on how many buttons there may be of some types; without types: of any."""

    def too_many(draft: Draft, most: int) -> Iterator[Hit]:
        for part in draft.of("BUTTONS"):
            count = sum(not kinds or kind in kinds for _, _, kind in part.buttons)
            if count > most:
                yield (*part.at, "buttons"), {"count": count}

    RULES[name] = too_many
