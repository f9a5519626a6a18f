"""SIGTERM, SIGHUP and Ctrl-C: what is open is closed, and the terminal is as it was."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from wizard.text.errors import Exit, Terminated

_CODES = {"SIGTERM": Exit.TERMINATED, "SIGHUP": Exit.HANGUP}


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
            signal.signal(number, _stopper(code))
    try:
        yield
    finally:
        _restore(settings)


def _stopper(code: Exit) -> Any:
    def stop(_number: int, _frame: FrameType | None) -> None:
        for name in _CODES:
            # Once is enough: a second one must not interrupt the cleaning up.
            with suppress(ValueError, AttributeError):
                signal.signal(getattr(signal, name), signal.SIG_IGN)
        raise Terminated(code)

    return stop


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
