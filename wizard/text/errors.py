"""The base of every error of this tool, and the errors that no single package owns.

    WizardError
    ├── Unavailable         a fact could not be had (kind says why)
    │   └── graph.GraphError    Graph answered with an error
    ├── UsageError          the command line or an answers file is wrong
    ├── InputRequired       an answer is needed and no one can give it
    ├── UserAbort           the person chose to stop; Back and PutOff: only this question
    ├── state.StateFileError, state.InvalidYaml, state.UnsafeFile, state.LockTimeout
    └── vault.VaultError, webhook.InboxError, …

Ctrl-C stays KeyboardInterrupt; SIGTERM and SIGHUP are Terminated.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum
from typing import Any

from wizard.text.localised import Value
from wizard.text.sanitise import DOTS
from wizard.text.secret import PAGE_TOKEN, SECRET_NAMES


class Exit(IntEnum):
    """The exit codes, the same in every format. Other programs rely on them."""

    FINE = 0
    NOT_IN_ORDER = 1  # a required item failed or waits; Meta refused what was asked of it
    USAGE = 2  # the command line is wrong, or an answer is needed and no one is there
    NOT_SEEN = 3  # nothing failed, but something required could not be looked at
    CREDENTIAL = 4  # a command needs a credential that is missing or refused
    VAULT = 5
    FILE = 6
    DEFECT = 70
    NOT_STARTED = 126  # `credentials run`, as in a shell: the program cannot be executed
    NO_PROGRAM = 127  # `credentials run`: there is no such program
    HANGUP = 129
    INTERRUPTED = 130
    PIPE = 141
    TERMINATED = 143


#: Which exit code stands for several runs: the first of these that any of them ended with.
MOST_SEVERE_FIRST = (
    *(Exit.DEFECT, Exit.FILE, Exit.VAULT, Exit.CREDENTIAL, Exit.USAGE),
    *(Exit.NOT_IN_ORDER, Exit.NOT_SEEN, Exit.FINE),
)


class WizardError(Exception):
    """An error with an exit code, the key of the text that explains it, and its values.

    Where there is a text `<key>_next` it says the one next thing to do. `str()` shows the key
    alone: a value may come from outside. `values` never hold a secret.
    """

    exit_code: Exit = Exit.NOT_SEEN

    def __init__(self, key: str, /, **values: Value) -> None:
        super().__init__(key)
        self.key, self.values = key, values


class ErrorKind(StrEnum):
    """Why a fact could not be had, in the few kinds a person can act on."""

    NOT_GIVEN = "not_given"  # a secret or an id is missing; values: name
    UNREACHABLE = "unreachable"  # no answer from Meta; values: cause
    REFUSED = "refused"  # the credential is dead or wrong
    PERMISSION = "permission"  # the credential lives, but may not do this
    NOT_VISIBLE = (
        "not_visible"  # wrong id, deleted, or not visible to this token: Meta does not say
    )
    BUSY = "busy"  # throttled, or Meta is down for a moment
    ODD = "odd"  # an answer of a kind this version does not know


class Unavailable(WizardError):
    """A fact could not be had. Holds no URL and no body: both can carry tokens."""

    def __init__(self, kind: ErrorKind, /, **values: Value) -> None:
        super().__init__(f"reason.{kind.value}", **values)
        self.kind = kind
        if kind is ErrorKind.NOT_GIVEN:
            name = str(values.get("name", "")).partition(":")[0]
            secret = name in (*SECRET_NAMES, PAGE_TOKEN)
            self.exit_code = Exit.CREDENTIAL if secret else Exit.USAGE
        elif kind in (ErrorKind.REFUSED, ErrorKind.PERMISSION):
            self.exit_code = Exit.CREDENTIAL

    @property
    def without_credential(self) -> bool:
        """Whether a secret is missing or dead, so that nothing else would work with it either."""
        return self.exit_code is Exit.CREDENTIAL and self.kind is not ErrorKind.PERMISSION


def meta_of(values: Mapping[str, Any]) -> dict[str, Any] | None:
    """What Graph itself said, taken from the values of an error or a result; None: nothing.

    The keys are always code and subcode (numbers), message and trace (Meta's fbtrace_id).
    """
    if not ("code" in values and (values.get("message") or values.get("trace"))):
        return None
    meta: dict[str, Any] = {}
    for name in ("code", "subcode"):
        number = str(values.get(name))
        meta[name] = int(number) if number.isdecimal() else 0
    return meta | {name: str(values.get(name) or "") for name in ("message", "trace")}


class UsageError(WizardError):
    """The command line cannot be understood. `key` and `values` say why, in words."""

    exit_code = Exit.USAGE


class InputRequired(WizardError):
    """An answer is needed and no one is there to give it.

    `name` is the name of the question, `option` the command-line option that supplies the answer,
    `offered` what there is to choose from.
    """

    exit_code = Exit.USAGE

    def __init__(self, name: str, option: str = "", offered: str = "") -> None:
        more = {"offered": offered} if offered else {}
        key = "cli.needs_choice" if offered else "cli.needs_person"
        super().__init__(key, name=name, option=option or "--answers FILE", **more)
        self.name, self.option = name, option


class Terminated(SystemExit):
    """SIGTERM or SIGHUP arrived. Not an Exception, so that no `except Exception` stops it.

    A SystemExit: asyncio hands on that and KeyboardInterrupt alone. Any other exception that a
    signal raises while a key press is worked on is reported there, and the program goes on.

    `exit_code`, `key` and `values` are those of a WizardError.
    """

    def __init__(self, exit_code: Exit) -> None:
        super().__init__(int(exit_code))
        self.exit_code, self.key = exit_code, "cli.interrupted"
        self.values: dict[str, Value] = {}


class UserAbort(WizardError):
    """The person chose to stop here (not Ctrl-C, which stays KeyboardInterrupt)."""

    exit_code = Exit.NOT_IN_ORDER

    def __init__(self) -> None:
        super().__init__("cli.left")


class Back(UserAbort):
    """The person goes back from a question, by Esc or a word; setup goes on from there."""


class PutOff(Back):
    """The person puts off what the question was about."""


def unknown_word(key: str, word: str, known: Iterable[str], of: str = "") -> UsageError:
    """A word that means nothing here, with the one that was probably meant.

    A word that is close to none of them may be a secret, and is not repeated; nor is what stands
    behind a `=` in it.
    """
    word = word.partition("=")[0]
    close = difflib.get_close_matches(word[:80], list(known), 1, 0.6)
    values = {"word": word[:40] if close else DOTS, "of": of, "known": ", ".join(known)}
    if close:
        return UsageError(f"{key}_close", **values, close=close[0])
    return UsageError(key, **values)
