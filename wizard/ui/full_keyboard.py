"""The keyboard of an ordinary terminal, implemented with questionary; lists are this file's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import questionary
from prompt_toolkit.application import Application, create_app_session, get_app, get_app_session
from prompt_toolkit.filters import is_done
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input.typeahead import clear_typeahead
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import (
    ConditionalContainer,
    FormattedTextControl,
    HSplit,
    Layout,
    ScrollOffsets,
    Window,
)
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.output import ColorDepth, create_output
from prompt_toolkit.styles import Style
from questionary import Question

from wizard.text.errors import Back
from wizard.text.sanitise import looks_secret
from wizard.ui.keyboard import NUMBERED, Option, drop_pending, one_line, row_of
from wizard.ui.screen import Screen, cells, wrap

INDENT = "  "
STEPS = {"down": 1, "c-n": 1, "tab": 1, "up": -1, "c-p": -1, "s-tab": -1}
LEAVING = ("c-c", "c-d", "c-q", "<sigint>")


class Picker:
    """One question with its rows; `marks` are the sign of a question and the pointer."""

    def __init__(
        self, text: str, hint: str, options: Sequence[Option], default: int, marks: tuple[str, str]
    ) -> None:
        self._text, self._hint, self._options = text, hint, options
        self._mark, self._pointer = marks
        self._rows = list(range(len(options)))  # those that the filter leaves
        self._at = default  # a place in _rows
        self._typed, self._chosen = "", False

    def question(self, style: Style, depth: ColorDepth) -> Question:
        """As one of questionary's questions; its answer is the value of the chosen row."""
        # The cursor has to be somewhere for a long list to scroll: it stands at the pointer.
        control = FormattedTextControl(self._list, focusable=True, show_cursor=False)
        rows = Window(control, scroll_offsets=ScrollOffsets(top=1, bottom=1))
        head = Window(FormattedTextControl(self._head), dont_extend_height=True)
        layout = Layout(HSplit([head, ConditionalContainer(rows, ~is_done)]), focused_element=rows)
        keys = self._bindings()
        app: Application[str] = Application(
            layout=layout, key_bindings=keys, style=style, color_depth=depth
        )
        return Question(app)

    # What is seen.

    def _head(self) -> StyleAndTextTuples:
        width = get_app().output.get_size().columns
        question = "\n".join(wrap(self._text, width, f"{self._mark} ", INDENT))
        shown: StyleAndTextTuples = [("class:qmark", self._mark)]
        shown.append(("class:question", question.removeprefix(self._mark)))
        style, text = "class:instruction", f"/{self._typed}" if self._typed else self._hint
        if get_app().is_done:
            # UserAbort is no answer, and must not look like one.
            style, text = "class:answer", self._label() if self._chosen else ""
        last = question.rpartition("\n")[2]
        if cells(last) + 1 + cells(text) <= width:
            shown.append((style, f" {text}"))
        else:
            shown.append((style, "\n" + "\n".join(wrap(text, width, INDENT, INDENT))))
        return shown

    def _label(self) -> str:
        return self._options[self._rows[self._at]].label

    def _list(self) -> StyleAndTextTuples:
        width = get_app().output.get_size().columns
        shown: StyleAndTextTuples = []
        for place, row in enumerate(self._rows):
            here = place == self._at
            pointer = self._pointer if here else " " * len(self._pointer)
            lead = f" {pointer} {row + 1}. "
            lines = wrap(self._options[row].label, width, lead, " " * len(lead))
            if here:
                shown.append(("[SetCursorPosition]", ""))
            shown.append(("class:highlighted" if here else "", "\n".join(lines)))
            shown.append(("", "\n"))
        return shown[:-1]

    # What is pressed.

    def _bindings(self) -> KeyBindings:
        keys = KeyBindings()
        for name, step in STEPS.items():
            keys.add(name)(lambda _, step=step: self._point(self._at + step))
        for name in LEAVING:
            keys.add(name)(lambda event: event.app.exit(exception=KeyboardInterrupt()))
        keys.add("escape", eager=True)(_go_back)
        keys.add("home")(lambda _: self._point(0))
        keys.add("end")(lambda _: self._point(-1))
        for name in ("enter", "c-j"):
            keys.add(name)(self._choose)
        keys.add("backspace")(lambda _: self._look_for(self._typed[:-1]))
        keys.add(Keys.Any)(self._type)
        return keys

    def _choose(self, event: KeyPressEvent) -> None:
        self._chosen = True
        event.app.exit(result=self._options[self._rows[self._at]].value)

    def _point(self, place: int) -> None:
        self._at = place % len(self._rows)

    def _type(self, event: KeyPressEvent) -> None:
        # Pastes and control keys come here too, and are no answer.
        if len(event.data) == 1 and event.data.isprintable():
            self._look_for(self._typed + event.data)

    def _look_for(self, typed: str) -> None:
        """Points at the row of this number or letter; a long list keeps only what contains it."""
        row = row_of(typed, self._options)
        if len(self._options) <= NUMBERED:
            self._at = self._at if row is None else row
            return
        every = range(len(self._options))
        left = [at for at in every if at == row or typed.lower() in self._options[at].label.lower()]
        if left:  # a letter too many changes nothing
            self._typed, self._rows = typed, left
            self._point(left.index(row) if row in left else 0)


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
    """Keyboard, implemented with questionary."""

    plain = False

    def __init__(self, screen: Screen, mark: str = "?") -> None:
        self._screen, self._mark = screen, mark
        self._depth = ColorDepth.DEPTH_4_BIT if screen.colour else ColorDepth.DEPTH_1_BIT

    def line(self, message: str, *, secret: bool = False, history: Sequence[str] = ()) -> str:
        """See Keyboard."""
        lines = wrap(self._screen.tied(message), self._screen.width, f"{self._mark} ", INDENT)
        with self._session():
            question = questionary.text(
                "\n".join(lines).removeprefix(f"{self._mark} "),
                qmark=self._mark,
                style=_STYLE,
                color_depth=self._depth,
                history=InMemoryHistory(list(history)),
                key_bindings=_keys_of_a_line(),
                input_processors=[_Dots(self._screen.fit("•"), always=secret)],
            )
            answer = str(_ask(question))
            if answer:
                # What follows Enter in the same breath is the rest of a paste of several lines.
                self.forget()
        return one_line(answer).strip()

    def pick(self, message: str, hint: str, options: Sequence[Option], default: int) -> str:
        """See Keyboard."""
        rows = [Option(each.value, self._screen.fit(each.label), each.keys) for each in options]
        marks = (self._mark, "»" if self._screen.fit("»") == "»" else ">")
        picking = Picker(self._screen.fit(message), self._screen.fit(hint), rows, default, marks)
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
    """Shows a secret as dots, and beyond some of them as a count: proof that the paste went in.

    Unless `always`, only what looks like a secret: one was pasted where another thing is asked.
    """

    def __init__(self, dot: str, always: bool) -> None:
        self._dot, self._always = dot, always

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """See Processor."""
        fragments = transformation_input.fragments
        if not (self._always or looks_secret("".join(text for _, text, *_ in fragments))):
            return Transformation(fragments)
        length = sum(len(text) for _, text, *_ in fragments)
        shown = self._dot * min(length, MOST_DOTS)
        if length > MOST_DOTS:
            shown += f" ({length})"
        return Transformation(
            [("class:answer", shown)],
            source_to_display=lambda at: len(shown) if at >= length else min(at, MOST_DOTS),
            display_to_source=lambda at: min(at, length),
        )


def _go_back(event: KeyPressEvent) -> None:
    event.app.exit(exception=Back())


def _keys_of_a_line() -> KeyBindings:
    keys = KeyBindings()
    keys.add("escape", eager=True)(_go_back)

    @keys.add(Keys.BracketedPaste)
    def _(event: KeyPressEvent) -> None:
        pasted = event.data.replace("\r\n", "\n").replace("\r", "\n")
        event.current_buffer.insert_text(one_line(pasted).strip())

    return keys
