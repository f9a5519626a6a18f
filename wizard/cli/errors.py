"""How a command that could not go on ends: one exit code, its words on standard error."""

from __future__ import annotations

import errno
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wizard.cli.signals import let_next_interrupt_end
from wizard.text.errors import Exit, Terminated, Unavailable, UsageError, WizardError
from wizard.ui.item_view import ItemView
from wizard.ui.screen import open_screen
from wizard.ui.words import Words, message

#: Errors of a write that a person can do something about.
_DISK = frozenset(
    [errno.ENOSPC, errno.EROFS, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)]
)
_PACKAGE = Path(__file__).parents[1]


class ErrorReporter:
    """Says why a command ended, in one language. `places` shows lines of ours after a defect."""

    def __init__(self, words: Words, command: str = "", verbose: bool = False) -> None:
        self._words, self._command, self._verbose = words, command, verbose
        self._screen = open_screen(sys.stderr)

    def of(self, error: BaseException) -> Exit:
        """The exit code of an exception that nobody caught; its words are printed."""
        if isinstance(error, BrokenPipeError):
            return Exit.PIPE
        if isinstance(error, KeyboardInterrupt):
            let_next_interrupt_end()
            self._screen.line()  # ^C stands where the prompt was
        if isinstance(error, Unavailable):
            ItemView(self._screen, self._words).show_error(error)
            return error.exit_code
        code, key, values = described(error)
        self._say(key, values)
        if message(f"{key}_next"):
            self._say(f"{key}_next", values)
        if isinstance(error, UsageError):
            command = self._command or values.get("of", "")
            self._say("cli.see_help", {"command": f"{command} --help".strip()})
        if code is Exit.DEFECT and self._verbose:
            for place in _places(error):
                self._screen.line(place, first="  ")
        return code

    def _say(self, key: str, values: Mapping[str, Any]) -> None:
        for line in self._words.say(key, **values).splitlines():
            self._screen.line(line)


def described(error: BaseException) -> tuple[Exit, str, Mapping[str, Any]]:
    """Exit code, key of the words, and values of any exception. Holds no message of Python's."""
    if isinstance(error, WizardError | Terminated):
        return error.exit_code, error.key, error.values
    if isinstance(error, KeyboardInterrupt):
        return Exit.INTERRUPTED, "cli.interrupted", {}
    if isinstance(error, OSError) and error.errno in _DISK:
        path = str(error.filename or "-")
        return Exit.FILE, "cli.cannot_write", {"path": path, "why": error.strerror or ""}
    values = {"kind": type(error).__name__, "place": _places(error)[-1]}
    return Exit.DEFECT, "cli.defect", values


def _places(error: BaseException) -> list[str]:
    """Files and lines of ours, outermost first; no message and no value: they may be secret."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(_PACKAGE):
            places.append(f"wizard/{path.relative_to(_PACKAGE).as_posix()}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places or ["?"]
