"""How a command that could not go on ends: one exit code, one sentence, one next thing."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wizard.cli.signals import Terminated, impatient
from wizard.state.config import InvalidProfileName
from wizard.state.yaml_file import StateFileError
from wizard.text.errors import Exit, UsageError
from wizard.ui.screen import open_screen
from wizard.ui.words import Words

#: Errors of a write that a person can do something about.
_DISK = frozenset(
    [errno.ENOSPC, errno.EROFS, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)]
)
_PACKAGE = Path(__file__).parents[1]


class ErrorReporter:
    """Says on standard error why a command ended, in one language."""

    def __init__(self, words: Words, command: str = "", verbose: bool = False) -> None:
        self._words, self._command, self._verbose = words, command, verbose
        self._screen = open_screen(sys.stderr)

    def of(self, error: BaseException) -> Exit:
        """The exit code of an exception that nobody caught; its words are printed."""
        for kind, tell in self._tellers():
            if isinstance(error, kind):
                return tell(error)
        return self._defect(error)

    def _tellers(self) -> list[tuple[type[BaseException], Callable[[Any], Exit]]]:
        # Here at last the time these imports take does not matter.
        from wizard.net.address import InvalidAddress
        from wizard.state.answers import InvalidAnswers
        from wizard.text.errors import InputRequired, Unavailable, UserAbort
        from wizard.ui.preset_answers import InvalidAnswer
        from wizard.vault import VaultError
        from wizard.webhook.inbox import InboxError

        return [
            (KeyboardInterrupt, self._interrupted),
            (Terminated, self._stopped),
            (BrokenPipeError, lambda _: Exit.PIPE),
            (UsageError, self._wrong_usage),
            (InvalidProfileName, lambda _: self._say(Exit.USAGE, "cli.bad_profile")),
            (InvalidAddress, lambda e: self._say(Exit.USAGE, f"cli.bad_{e.part}")),
            (InvalidAnswers, self._wrong_answers),
            (InvalidAnswer, self._wrong_answers),
            (InputRequired, self._needs_person),
            (UserAbort, lambda _: self._say(Exit.NOT_IN_ORDER, "cli.left")),
            (VaultError, self._vault),
            (StateFileError, self._file),
            (InboxError, self._inbox),
            (Unavailable, self._cannot_look),
            (OSError, self._system),
        ]

    def _say(self, code: Exit, key: str, **values: object) -> Exit:
        for line in self._words.say(key, **values).splitlines():
            self._screen.line(line)
        return code

    def _interrupted(self, _: KeyboardInterrupt) -> Exit:
        impatient()
        self._screen.line()  # ^C stands where the prompt was
        return self._say(Exit.INTERRUPTED, "cli.interrupted")

    def _stopped(self, error: Terminated) -> Exit:
        return self._say(error.code, "cli.interrupted")

    def _wrong_usage(self, error: UsageError) -> Exit:
        self._say(Exit.USAGE, error.key, **error.values)
        command = self._command or error.values.get("of", "")
        return self._say(Exit.USAGE, "cli.see_help", command=f"{command} --help".strip())

    def _wrong_answers(self, error: Any) -> Exit:
        self._screen.line(self._words.phrase(error.phrase))
        return Exit.USAGE

    def _needs_person(self, error: Any) -> Exit:
        option = error.option or "--answers FILE"
        return self._say(Exit.USAGE, "cli.needs_person", name=error.name, option=option)

    def _vault(self, error: Any) -> Exit:
        values = {"store": error.store, "detail": error.detail}
        self._say(Exit.VAULT, f"vault.{error.closed}", **values)
        return self._say(Exit.VAULT, f"vault.{error.closed}_next", **values)

    def _file(self, error: StateFileError) -> Exit:
        values = {"path": error.path, "detail": error.detail or "?"}
        self._say(Exit.FILE, f"files.{error.kind}", **values)
        return self._say(Exit.FILE, f"files.{error.kind}_next", **values)

    def _inbox(self, error: Any) -> Exit:
        if error.kind == "malformed":
            values = {"path": error.path, "detail": error.detail}
            self._say(Exit.FILE, "inbox.malformed", **values)
            return self._say(Exit.FILE, "inbox.malformed_next", **values)
        kind = "unreadable" if error.kind == "other" else error.kind
        return self._file(StateFileError(kind, error.path, error.detail))

    def _cannot_look(self, error: Any) -> Exit:
        from wizard.text.errors import ErrorKind
        from wizard.text.secret import SECRET_NAMES
        from wizard.ui.item_view import ItemView

        ItemView(self._screen, self._words).show_error(error)
        if error.kind is ErrorKind.NOT_GIVEN:
            secret = str(error.values.get("name")).partition(":")[0] in (
                *SECRET_NAMES,
                "page_token",
            )
            return Exit.CREDENTIAL if secret else Exit.USAGE
        refused = error.kind in (ErrorKind.REFUSED, ErrorKind.PERMISSION)
        return Exit.CREDENTIAL if refused else Exit.NOT_SEEN

    def _system(self, error: OSError) -> Exit:
        if error.errno not in _DISK:
            return self._defect(error)
        path = str(error.filename or self._words.say("cli.output"))
        return self._say(Exit.FILE, "cli.cannot_write", path=path, why=error.strerror or "")

    def _defect(self, error: BaseException) -> Exit:
        places = _places(error)
        self._say(Exit.DEFECT, "cli.defect", kind=type(error).__name__, place=places[-1])
        if self._verbose:
            for place in places:
                self._screen.line(place, first="  ")
        return Exit.DEFECT


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
