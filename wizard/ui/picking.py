"""The keys of a list: arrows, numbers, and typing a part of a name.

questionary's own keys know one digit, filter by Latin letters only and let Ctrl-D pass.
"""

from __future__ import annotations

from collections.abc import Sequence

from prompt_toolkit.filters import Always
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from questionary import Question
from questionary.prompts.common import InquirerControl

from wizard.ui.keyboard import Option, row_of

#: Up to here a row is one key away, and typing filters nothing.
NUMBERED = 9
STEPS = {"down": 1, "c-n": 1, "tab": 1, "up": -1, "c-p": -1, "s-tab": -1}
LEAVING = ("c-c", "c-d", "c-q", "<sigint>")


class Rows:
    """The list inside one of questionary's questions."""

    def __init__(self, question: Question, options: Sequence[Option]) -> None:
        self._control, self._options = _wrapped(question), options
        self._typed = ""

    def bindings(self) -> KeyBindings:
        """What every key does; Enter chooses the row that is pointed at."""
        keys = KeyBindings()
        for name, step in STEPS.items():
            keys.add(name, eager=True)(lambda _, step=step: self._move(step))
        for name in LEAVING:
            keys.add(name, eager=True)(lambda event: event.app.exit(exception=KeyboardInterrupt()))
        keys.add("home", eager=True)(lambda _: self._point(0))
        keys.add("end", eager=True)(lambda _: self._point(-1))
        keys.add("enter", eager=True)(self._choose)
        keys.add("backspace", eager=True)(lambda _: self._look_for(self._typed[:-1]))
        keys.add(Keys.Any)(self._type)
        return keys

    def _choose(self, event: KeyPressEvent) -> None:
        self._control.is_answered = True
        event.app.exit(result=self._control.get_pointed_at().value)

    def _type(self, event: KeyPressEvent) -> None:
        # Pastes and control keys come here too, and are nobody's answer.
        if len(event.data) == 1 and event.data.isprintable():
            self._look_for(self._typed + event.data)

    def _move(self, step: int) -> None:
        self._point((self._control.pointed_at + step) % self._control.choice_count)

    def _point(self, place: int) -> None:
        self._control.pointed_at = range(self._control.choice_count)[place]

    def _look_for(self, typed: str) -> None:
        """Points at the row of this number or letter; a long list keeps only what contains it."""
        row = row_of(typed, self._options)
        if len(self._options) <= NUMBERED:
            if row is not None:
                self._point(row)
            return
        self._typed = typed
        self._control.search_filter = typed or None
        left = [self._control.choices.index(choice) for choice in self._control.filtered_choices]
        self._point(left.index(row) if row in left else 0)


def _wrapped(question: Question) -> InquirerControl:
    """The list inside a question, made to wrap: a narrow screen would cut its rows off."""
    for window in question.application.layout.find_all_windows():
        if isinstance(window.content, InquirerControl):
            window.wrap_lines = Always()
            window.get_line_prefix = lambda _, wraps: "      " if wraps else ""
            return window.content
    raise TypeError("questionary has changed: its list is not where it was")
