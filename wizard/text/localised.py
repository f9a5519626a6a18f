"""Text for people: in every language, or as a phrase that names a text and its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

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
        return template.format_map({name: Shown(value) for name, value in values.items()})


#: The plural rules of our languages by how many forms they have, as gettext writes them.
_PLURALS = {
    2: "n != 1",
    3: "n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2",
}


class Shown(str):
    """A value within a text.

    `{days:day|days}`, `{days:день|дня|дней}` give the form that this number takes, `{ends:day}`
    the day of a time.
    """

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        if spec == "day":
            return self[:10]
        forms = spec.split("|")
        if len(forms) == 1:
            return super().__format__(spec)
        return forms[_plural(len(forms))(int(self)) if self.isdecimal() else -1]


@cache
def _plural(forms: int) -> Callable[[int], int]:
    import gettext  # the standard library's, which argparse has loaded by then

    return gettext.c2py(_PLURALS[forms])


@dataclass(frozen=True)
class Phrase:
    """The key of one of the tool's own texts (`<file>.<name>`) with the values it needs."""

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)


def phrase(key: str, /, **values: Value) -> Phrase:
    """A Phrase, written as a call."""
    return Phrase(key, values)
