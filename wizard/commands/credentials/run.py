"""`credentials run`: another program with the secrets in its environment, and nowhere else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from wizard.commands.credentials.export import named, revealable, revealed
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.text.errors import UsageError

#: Signals that are meant for the child where it is waited for.
_PASSED_ON = ("SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH")


def run(chosen: Arguments) -> int:
    """Becomes the program where that is possible, so that signals and exit code are its own."""
    if not chosen.program_words:
        raise UsageError("credentials.no_program")
    with Context(chosen) as context:
        path = shutil.which(chosen.program_words[0])
        if path is None:
            raise UsageError("credentials.program_not_found", program=chosen.program_words[0][:60])
        environ = _environ(context)
        sys.stdout.flush()
        sys.stderr.flush()
        if context.running is None and os.name == "posix":
            _become(path, chosen.program_words, environ)
        return _wait_for(path, chosen.program_words, environ)


def _environ(context: Context) -> dict[str, str]:
    values = revealed(context, revealable(context))
    environ = {**context.environ, **named(values)}
    if context.chosen.program:
        environ |= named(values, context.chosen.program)
    if context.running is not None:
        environ["WA_WIZARD_GRAPH_URL"] = context.running.graph_url
    return environ


def _become(path: str, words: list[str], environ: Mapping[str, str]) -> None:
    """This process is the program from here on.

    Python's own settings do not go along; our limit on core dumps does: they would hold secrets.
    """
    for name in ("SIGPIPE", "SIGXFSZ"):
        with suppress(AttributeError, ValueError):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.execve(path, words, environ)  # noqa: S606 (to run it is the purpose)
    except OSError as error:
        why = error.strerror or type(error).__name__
    raise UsageError("credentials.program_failed", program=path, why=why)


def _wait_for(path: str, words: list[str], environ: Mapping[str, str]) -> int:
    """Where something of ours has to be closed after it: the sandbox, and on Windows."""
    try:
        child = subprocess.Popen(  # noqa: S603 (to run it is the purpose)
            words, executable=path, env=dict(environ), close_fds=True
        )
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise UsageError("credentials.program_failed", program=path, why=why) from None

    def pass_on(number: int, _frame: Any) -> None:
        with suppress(OSError):
            child.send_signal(number)

    before: dict[int, Any] = {}
    for name in _PASSED_ON:
        number = getattr(signal, name, None)
        if number is not None:
            # Ctrl-C reaches the child by itself: it is in the foreground as well.
            how: Any = signal.SIG_IGN if name in ("SIGINT", "SIGQUIT") else pass_on
            before[number] = signal.signal(number, how)
    try:
        code = child.wait()
    finally:
        for number, how in before.items():
            signal.signal(number, how)
    # As a shell says it: 128 and the number of the signal that ended it.
    return code if code >= 0 else 128 - code
