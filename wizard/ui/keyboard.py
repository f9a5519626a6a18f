"""Two ways to answer, a line and a pick from a list: the port, and the plain keyboard.

The plain one serves terminals that cannot move the cursor (TERM=dumb); `keys` has the other.
Both raise KeyboardInterrupt on Ctrl-C, on Ctrl-D and when the terminal is gone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from wizard.text.errors import Back, PutOff
from wizard.ui.screen import Screen, is_terminal

#: Up to here a row of a list is one key away; in a longer list typing looks for a part of a name.
NUMBERED = 9


@dataclass(frozen=True)
class Option:
    """One row of a list. `key` is a letter that points at it, such as y for "yes"."""

    value: str
    label: str
    keys: str = ""


class Keyboard(Protocol):
    """A person at a terminal. Back and PutOff are raised when the person goes back from a question.

    `plain`: that is done by typing a word; elsewhere Esc goes back.
    """

    plain: bool

    def line(self, message: str, *, secret: bool = False, history: Sequence[str] = ()) -> str:
        """What was typed, trimmed; line breaks that were pasted into it have become spaces.

        A secret is not echoed. The rest of a paste that ran on after Enter answers nothing.
        """

    def pick(self, message: str, hint: str, options: Sequence[Option], default: int) -> str:
        """The value of the chosen row; Enter alone takes row number `default`."""

    def forget(self) -> None:
        """Drops keys that were typed before the question was there."""


#: What is typed instead of an answer where there is no Esc, in both languages.
INSTEAD = dict.fromkeys(("back", "назад"), Back) | dict.fromkeys(("later", "позже"), PutOff)


def one_line(text: str) -> str:
    """The text trimmed, every run of white space with a line break in it as one space."""
    return " ".join(part.strip() for part in text.split("\n")).strip() if "\n" in text else text


def drop_pending() -> None:
    """Throws away what the terminal has received and the program has not read."""
    if not is_terminal(sys.stdin):
        return
    if sys.platform == "win32":
        import msvcrt

        while msvcrt.kbhit():
            msvcrt.getwch()
    else:
        import termios

        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def stop_echo() -> Callable[[], None]:
    """Stops the terminal from echoing what is typed between questions; returns what undoes it.

    A token pasted too early would otherwise stand on the screen.
    """
    if sys.platform == "win32" or not is_terminal(sys.stdin):
        return lambda: None
    import termios

    device = sys.stdin.fileno()
    before = termios.tcgetattr(device)
    quiet = termios.tcgetattr(device)
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(device, termios.TCSANOW, quiet)
    return lambda: termios.tcsetattr(device, termios.TCSANOW, before)


@contextmanager
def without_echo(wanted: bool = True) -> Iterator[None]:
    """No echo in here: between a refused secret and the next try a paste must not show either."""
    undo = stop_echo() if wanted else lambda: None
    try:
        yield
    finally:
        undo()


class PlainKeyboard:
    """Keyboard of a terminal that only prints: no colours, no cursor, rows chosen by number."""

    plain = True

    def __init__(self, screen: Screen, mark: str = "?") -> None:
        self._screen, self._mark = screen, mark

    def line(self, message: str, *, secret: bool = False, history: Sequence[str] = ()) -> str:
        """See Keyboard."""
        self._say(message)
        return self._read("> ", secret)

    def pick(self, message: str, hint: str, options: Sequence[Option], default: int) -> str:
        """See Keyboard. There are no arrows here, and the prompt says which numbers there are."""
        while True:
            self._say(f"{message} {hint}")
            for number, option in enumerate(options, start=1):
                self._screen.line(option.label, first=f"  {number}. ")
            answer = self._read(f"1-{len(options)} [{default + 1}] > ")
            row = row_of(answer, options) if answer else default
            if row is not None:
                return options[row].value

    def forget(self) -> None:
        """See Keyboard."""
        drop_pending()

    def _say(self, message: str) -> None:
        self._screen.line(message, first=f"{self._mark} ", rest="  ")

    def _read(self, prompt: str, secret: bool = False) -> str:
        self._screen.flush()
        try:
            answer = self._hidden(prompt) if secret else input(prompt)
        except EOFError:
            raise KeyboardInterrupt from None
        if answer:
            drop_pending()  # lines that follow a typed one at once were pasted with it
        if (word := answer.strip().casefold()) in INSTEAD:
            raise INSTEAD[word]
        return answer.strip()

    def _hidden(self, prompt: str) -> str:
        from getpass import getpass

        return getpass(prompt, stream=self._screen.stream)


def row_of(typed: str, options: Sequence[Option]) -> int | None:
    """The row that a number or one of the rows' own letters names."""
    if typed.isdecimal() and 1 <= int(typed) <= len(options):
        return int(typed) - 1
    letters = (row for row, option in enumerate(options) if typed and typed.lower() in option.keys)
    return next(letters, None)
