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

from wizard.commands.credentials.common import credential_name, value_of
from wizard.commands.credentials.export import PROGRAMS, named, revealable
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.text.errors import Exit, UsageError, WizardError
from wizard.text.sanitise import DOTS, LONG_WORD
from wizard.vault.environment import Environment, without_secrets

#: Signals that are meant for the child where it is waited for.
_PASSED_ON = ("SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH")


class NotStarted(WizardError):
    """The program is not there, or cannot be executed: the exit codes are those of a shell."""

    def __init__(self, code: Exit, key: str, **values: str) -> None:
        super().__init__(f"credentials.{key}", **values)
        self.exit_code = code


def run(chosen: Arguments) -> int:
    """Becomes the program where that is possible, so that signals and exit code are its own."""
    if not chosen.program_words:
        raise UsageError("credentials.no_program")
    path = _path_of(chosen.program_words[0])
    with Context(chosen) as context:
        environ = _environ(context)
        sys.stdout.flush()
        sys.stderr.flush()
        if context.running is None and os.name == "posix":
            _become(path, chosen.program_words, environ)
        return _wait_for(path, chosen.program_words, environ)


def _path_of(program: str) -> str:
    if path := shutil.which(program):
        return path
    shown = LONG_WORD.sub(DOTS, program)[:60]
    if shutil.which(program, mode=os.F_OK) or os.path.isdir(program):
        raise NotStarted(Exit.NOT_STARTED, "program_failed", program=shown, why="Permission denied")
    raise NotStarted(Exit.NO_PROGRAM, "program_not_found", program=shown)


def _environ(context: Context) -> dict[str, str]:
    """What the program gets: our own environment, its secrets apart, and what is handed over."""
    given = Environment(context.environ, context.profile)
    files = {given.source(name) for name in given.names}
    plain = without_secrets(context.environ)
    environ = {name: value for name, value in plain.items() if name not in files}
    environ |= _handed_over(context)
    if context.running is not None:
        environ["WA_WIZARD_GRAPH_URL"] = context.running.graph_url
    return environ


def _handed_over(context: Context) -> dict[str, str]:
    """Exactly what `--only` names; else everything but the PIN, and not without a token.

    With `--for` what the program has no name for goes along only when it was named.
    """
    words = (context.chosen.only or "").replace(",", " ").split()
    asked = [credential_name(word) for word in words]
    program = context.chosen.program or ""
    theirs = PROGRAMS[program].json if program else {}
    names = asked or [name for name in revealable(context) if name != "two_step_pin"]
    if not asked:
        value_of(context, "access_token")  # raises: there is nothing to run with
        names = [name for name in names if not program or name in theirs]
    values = {name: value_of(context, name) for name in names}
    ours = {name: value for name, value in values.items() if name not in theirs}
    return named(ours) | (named(values, program) if program else {})


def _become(path: str, words: list[str], environ: Mapping[str, str]) -> None:
    """This process is the program from here on.

    Python's own settings do not go along; our limit on core dumps does: they would hold secrets.
    """
    before: dict[int, Any] = {}
    for name in ("SIGPIPE", "SIGXFSZ"):
        with suppress(AttributeError, ValueError):
            number = getattr(signal, name)
            before[number] = signal.signal(number, signal.SIG_DFL)
    try:
        os.execve(path, words, environ)  # noqa: S606 (to run it is the purpose)
    except OSError as error:
        why = error.strerror or type(error).__name__
        for number, how in before.items():
            signal.signal(number, how)
    raise NotStarted(Exit.NOT_STARTED, "program_failed", program=path, why=why)


def _wait_for(path: str, words: list[str], environ: Mapping[str, str]) -> int:
    """Where something of ours has to be closed after it: the sandbox, and on Windows."""
    try:
        child = subprocess.Popen(  # noqa: S603 (to run it is the purpose)
            words, executable=path, env=dict(environ), close_fds=True
        )
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise NotStarted(Exit.NOT_STARTED, "program_failed", program=path, why=why) from None

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
