"""How a command ends that cannot go on: its exit code, its words, and the signals that end it."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from wizard.text.errors import Exit, Terminated, Unavailable, UsageError, WizardError
from wizard.ui.item_view import ItemView
from wizard.ui.screen import discard, open_screen
from wizard.ui.words import Words, message

_CODES = {"SIGTERM": Exit.TERMINATED, "SIGHUP": Exit.HANGUP}
#: How long the program may clean up after a signal.
LAST_SECONDS = 12.0


@contextmanager
def handling_signals() -> Iterator[None]:
    """Signals unwind the stack like an exception; the terminal's settings come back after all.

    Left alone, SIGTERM at a hidden prompt ends the process and leaves a shell without echo.
    """
    settings = _terminal()
    for name, code in _CODES.items():
        number = getattr(signal, name, None)
        # nohup ignores SIGHUP on purpose.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _stopper(code, settings))
    try:
        yield
    finally:
        _restore(settings)


def _stopper(code: Exit, settings: list[Any] | None) -> Any:
    def stop(_number: int, _frame: FrameType | None) -> None:
        for name in _CODES:
            # Once is enough: a second one must not interrupt the cleaning up.
            with suppress(ValueError, AttributeError):
                signal.signal(getattr(signal, name), signal.SIG_IGN)
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, partial(_end, code, settings))
            signal.setitimer(signal.ITIMER_REAL, LAST_SECONDS)
        # An event loop that was being built complains with a traceback when it is collected.
        sys.unraisablehook = lambda _half_built: None
        raise Terminated(code)

    return stop


def _end(code: Exit, settings: list[Any] | None, *_: object) -> None:
    """The exception was lost, as in a finalizer, or what it ended waits for something for ever."""
    _restore(settings)
    os._exit(code)


def let_next_interrupt_end() -> None:
    """From here on a second Ctrl-C ends the process at once."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _terminal() -> list[Any] | None:
    with suppress(ImportError, OSError, ValueError, AttributeError):
        import termios

        with suppress(termios.error):
            return termios.tcgetattr(sys.stdin.fileno())
    return None


def _restore(settings: list[Any] | None) -> None:
    if settings is None:
        return
    import termios

    with suppress(termios.error, ValueError, OSError):
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, settings)


#: Errors of a write that a person can do something about.
_DISK = frozenset(
    [
        *(errno.ENOSPC, errno.EROFS, errno.EFBIG, errno.EIO, errno.EBADF),
        getattr(errno, "EDQUOT", errno.ENOSPC),
    ]
)
_PACKAGE = Path(__file__).parents[1]


class ErrorReporter:
    """Says why a command ended, in one language. `places` shows lines of ours after a defect."""

    def __init__(self, words: Words, command: str = "", verbose: bool = False) -> None:
        self._words, self._command, self._verbose = words, command, verbose
        self._screen = open_screen(sys.stderr)

    def of(self, error: BaseException) -> Exit:
        """The exit code of an exception that no one caught; its words are printed.

        The code is that of the error also where its words cannot be written.
        """
        try:
            return self._told(error)
        except OSError:
            discard(sys.stderr)
            return described(error)[0]

    def _told(self, error: BaseException) -> Exit:
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
            # A page of help is the same for every profile.
            plain = Words(self._words.language)
            self._screen.line(plain.say("cli.see_help", command=f"{command} --help".strip()))
        if code is Exit.DEFECT and self._verbose:
            for place in _places(error):
                self._screen.line(place, first="  ")
        return code

    def _say(self, key: str, values: Mapping[str, Any]) -> None:
        self._screen.line(self._words.say(key, **values))


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
