"""The keyboard of an ordinary terminal, spoken with questionary; lists are in `picking`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import questionary
from prompt_toolkit.application import create_app_session, get_app_session
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input.typeahead import clear_typeahead
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.output import ColorDepth, create_output

from wizard.ui.keyboard import Option, drop_pending, one_line
from wizard.ui.picker import INDENT, Picking
from wizard.ui.screen import Screen
from wizard.ui.text_layout import wrap

#: More dots than this say nothing and would fill a small screen: a token has 200 characters.
MOST_DOTS = 20
_STYLE = questionary.Style(
    [
        ("qmark", "fg:ansicyan bold"),
        ("question", "bold"),
        ("answer", "fg:ansigreen"),
        ("pointer", "fg:ansicyan bold"),
        ("highlighted", "fg:ansicyan bold"),
        ("instruction", "fg:ansibrightblack"),
    ]
)


class FullKeyboard:
    """Keyboard, spoken with questionary."""

    def __init__(self, screen: Screen, mark: str = "?") -> None:
        self._screen, self._mark = screen, mark
        self._depth = ColorDepth.DEPTH_4_BIT if screen.colour else ColorDepth.DEPTH_1_BIT

    def line(self, message: str, *, secret: bool = False, history: Sequence[str] = ()) -> str:
        """See Keyboard."""
        lines = wrap(self._screen.fit(message), self._screen.width, f"{self._mark} ", INDENT)
        with self._session():
            question = questionary.text(
                "\n".join(lines).removeprefix(f"{self._mark} "),
                qmark=self._mark,
                style=_STYLE,
                color_depth=self._depth,
                history=InMemoryHistory(list(history)),
                key_bindings=_one_line_paste(),
                input_processors=[_Dots(self._screen.fit("•"))] if secret else [],
            )
            answer = str(_ask(question))
            if answer:
                # What follows Enter in the same breath is the rest of a paste of several lines.
                self.forget()
        return one_line(answer).strip()

    def pick(self, message: str, hint: str, options: Sequence[Option], default: int) -> str:
        """See Keyboard."""
        rows = [Option(each.value, self._screen.fit(each.label), each.keys) for each in options]
        marks = (self._mark, self._screen.fit("»"))
        picking = Picking(self._screen.fit(message), self._screen.fit(hint), rows, default, marks)
        with self._session():
            return str(_ask(picking.question(_STYLE, self._depth)))

    def forget(self) -> None:
        """See Keyboard."""
        clear_typeahead(get_app_session().input)
        drop_pending()

    @contextmanager
    def _session(self) -> Iterator[None]:
        """Prompts are drawn on our screen; a test that types into a pipe brings its own session."""
        if not self._screen.terminal:
            yield
            return
        output = create_output(self._screen.stream)
        # A terminal that does not answer "where is the cursor?" would be scolded on the screen.
        output.enable_cpr = False  # type: ignore[attr-defined]
        with create_app_session(output=output):
            yield


def _ask(question: questionary.Question) -> Any:
    """The answer; unsafe_ask, because leaving must not look like an empty answer."""
    try:
        return question.unsafe_ask()
    except EOFError:
        raise KeyboardInterrupt from None


class _Dots(Processor):
    """Shows a secret as dots, and beyond some of them as a count: proof that the paste went in."""

    def __init__(self, dot: str) -> None:
        self._dot = dot

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """See Processor."""
        length = sum(len(text) for _, text, *_ in transformation_input.fragments)
        shown = self._dot * min(length, MOST_DOTS)
        if length > MOST_DOTS:
            shown += f" ({length})"
        return Transformation(
            [("class:answer", shown)],
            source_to_display=lambda at: len(shown) if at >= length else min(at, MOST_DOTS),
            display_to_source=lambda at: min(at, length),
        )


def _one_line_paste() -> KeyBindings:
    keys = KeyBindings()

    @keys.add(Keys.BracketedPaste)
    def _(event: KeyPressEvent) -> None:
        pasted = event.data.replace("\r\n", "\n").replace("\r", "\n")
        event.current_buffer.insert_text(one_line(pasted).strip())

    return keys
