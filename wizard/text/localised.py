"""Text for people: in every language, or as a phrase that names a text and its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LANGUAGES = ("ru", "en")

#: What a result, an error or a phrase may carry: plain data that any format can hold. Never a
#: Secret.
Value = str | int | bool | None


@dataclass(frozen=True)
class Text:
    """One piece of user-facing text in every language of the tool."""

    ru: str
    en: str

    def in_language(self, language: str, /, **values: object) -> str:
        """The text in one language, with its {placeholders} filled."""
        template: str = getattr(self, language)
        return template.format(**values)


@dataclass(frozen=True)
class Phrase:
    """The key of one of the tool's own texts (`<file>.<name>`) with the values it needs."""

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)


def phrase(key: str, /, **values: Value) -> Phrase:
    """A Phrase, written as a call."""
    return Phrase(key, values)
