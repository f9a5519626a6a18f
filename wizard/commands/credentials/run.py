"""`credentials run`: another program with the secrets in its environment, and nowhere else."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any
from urllib.parse import quote

from wizard.commands.credentials.common import IDS, credential_name, value_of
from wizard.commands.credentials.export import PROGRAMS, named, revealable
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.text.errors import Exit, UsageError, WizardError
from wizard.text.sanitise import DOTS, LONG_WORD
from wizard.text.secret import PIN, kind_of
from wizard.ui.screen import is_terminal
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
        values = _values(context)
        environ = _environ(context, values)
        masks = _masks(values) if chosen.mask else None
        if masks and any(map(is_terminal, (sys.stdout, sys.stderr))):
            context.notes.line(context.words.say("credentials.no_terminal"))
        sys.stdout.flush()
        sys.stderr.flush()
        if context.running is None and os.name == "posix" and masks is None:
            _become(path, chosen.program_words, environ)
        return _wait_for(path, chosen.program_words, environ, masks)


def _path_of(program: str) -> str:
    if path := shutil.which(program):
        return path
    shown = LONG_WORD.sub(DOTS, program)[:60]
    if shutil.which(program, mode=os.F_OK) or os.path.isdir(program):
        raise NotStarted(Exit.NOT_STARTED, "program_failed", program=shown, why="Permission denied")
    raise NotStarted(Exit.NO_PROGRAM, "program_not_found", program=shown)


def _environ(context: Context, values: Mapping[str, str]) -> dict[str, str]:
    """What the program gets: our own environment, its secrets apart, and what is handed over."""
    given = Environment(context.environ, context.profile)
    files = {given.source(name) for name in given.names}
    plain = without_secrets(context.environ)
    environ = {name: value for name, value in plain.items() if name not in files}
    program = context.chosen.program or ""
    theirs = PROGRAMS[program].json if program else {}
    ours = {name: value for name, value in values.items() if name not in theirs}
    environ |= named(ours) | (named(values, program) if program else {})
    if context.running is not None:
        environ["WA_WIZARD_GRAPH_URL"] = context.running.graph_url
    return environ


def _values(context: Context) -> dict[str, str]:
    """Exactly what `--only` names; else everything but the PIN, and not without a token.

    With `--for` what the program has no name for goes along only when it was named.
    """
    words = (context.chosen.only or "").replace(",", " ").split()
    asked = [credential_name(word) for word in words]
    program = context.chosen.program or ""
    theirs = PROGRAMS[program].json if program else {}
    names = asked or [name for name in revealable(context) if kind_of(name) != PIN]
    if not asked:
        value_of(context, "access_token")  # raises: there is nothing to run with
        names = [name for name in names if not program or name in theirs]
    return {name: value_of(context, name) for name in names}


def _masks(values: Mapping[str, str]) -> list[bytes]:
    """Each secret as it is, and as it stands in JSON and in a URL; the longest first."""
    secrets = [value for name, value in values.items() if name not in IDS]
    forms = {form for one in secrets for form in (one, json.dumps(one)[1:-1], quote(one, safe=""))}
    return sorted((form.encode() for form in forms), key=len, reverse=True)


class Mask:
    """Takes a stream in any pieces and gives it back with dots in the place of each value."""

    def __init__(self, values: Sequence[bytes]) -> None:
        self._values, self._held = values, b""
        self._pattern = re.compile(b"|".join(map(re.escape, values)) or b"(?!)")

    def __call__(self, piece: bytes) -> bytes:
        """What can go out now: the end that may be the beginning of a value waits."""
        text, at = self._held + piece, 0
        out: list[bytes] = []
        while True:
            found, waits = self._pattern.search(text, at), self._beginning(text, at)
            if found is None or found.start() >= waits:
                self._held = text[waits:]
                return b"".join((*out, text[at:waits]))
            out += [text[at : found.start()], DOTS.encode()]
            at = found.end()

    def rest(self) -> bytes:
        """What was held back when no more comes."""
        return self._pattern.sub(DOTS.encode(), self._held)

    def _beginning(self, text: bytes, at: int) -> int:
        """Where the last piece of a text begins that a value may begin with."""
        longest = 0
        for value in self._values:
            sizes = range(min(len(value) - 1, len(text) - at), longest, -1)
            longest = next((size for size in sizes if text.endswith(value[:size])), longest)
        return len(text) - longest


def _pump(source: IO[bytes], target: int, mask: Mask) -> None:
    """Everything from a pipe of the program to our own output; who reads no more ends it."""
    with source, suppress(BrokenPipeError):
        while piece := os.read(source.fileno(), 1 << 16):
            _write(target, mask(piece))
        _write(target, mask.rest())


def _write(target: int, content: bytes) -> None:
    while content:
        content = content[os.write(target, content) :]


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


def _wait_for(
    path: str, words: list[str], environ: Mapping[str, str], masks: Sequence[bytes] | None
) -> int:
    """Where something of ours goes on beside it: the sandbox, a mask; and on Windows."""
    pipe = None if masks is None else subprocess.PIPE
    try:
        child = subprocess.Popen(  # noqa: S603 (to run it is the purpose)
            words, executable=path, env=dict(environ), close_fds=True, stdout=pipe, stderr=pipe
        )
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise NotStarted(Exit.NOT_STARTED, "program_failed", program=path, why=why) from None

    def pass_on(number: int, _frame: Any) -> None:
        with suppress(OSError):
            child.send_signal(number)

    pumps = [
        threading.Thread(target=_pump, args=(source, number, Mask(masks or ())), daemon=True)
        for number, source in ((1, child.stdout), (2, child.stderr))
        if source is not None
    ]
    for pump in pumps:
        pump.start()
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
    for pump in pumps:  # who holds the pipe after it goes on writing
        pump.join()
    # As a shell says it: 128 and the number of the signal that ended it.
    return code if code >= 0 else 128 - code
