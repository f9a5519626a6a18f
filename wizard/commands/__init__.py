"""One module per command; `COMMANDS` is the table `cli` finds them by.

A plain command `<name>.py` has `options(parser)`, which declares its own options and arguments
(left out where there are none), and `run(chosen)`, which does the work and returns the exit code.
Two plain commands in one file stand in its `SHARED`.
A command of several, such as `number`, has `BRANCHES`: each of its words with such a pair.
`--help` and `completion` import the modules: keyring, questionary, requests, rich and the like are
imported only where they are used.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from wizard.context.settings import Arguments

#: What a command is called → the words that must follow it. In the order `--help` shows them.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "setup": (),
    "login": (),
    "audit": (),
    "status": (),
    "credentials": (
        *("list", "get", "set", "remove", "import", "export", "run", "move", "rotate", "helper"),
    ),
    "number": ("list", "add", "request-code", "verify", "register", "pin", "profile", "qr"),
    "templates": ("list", "show", "pull", "lint", "plan", "apply", "wait", "delete"),
    "webhook": ("show", "probe", "set", "subscribe", "routes", "rehearse", "listen", "test"),
    "send": (),
    "messages": (),
    "events": (),
    "api": (),
    "explain": (),
    "profiles": ("list", "use", "add", "remove"),
    "config": ("list", "get", "set", "unset"),
    "bugreport": (),
    "sandbox": (),
    "completion": (),
    "help": (),
}
#: Commands that stand in the file of another.
BESIDE = {"messages": "events", "login": "setup"}
#: What `wa-wizard` alone does.
DEFAULT_COMMAND = "setup"


class OptionParser(Protocol):
    """What a command declares its options with."""

    def option(self, *flags: str, says: str, **how: Any) -> object:
        """Adds an option or an argument; `says` is the key of its text, "" for what help hides."""


class Subcommand(NamedTuple):
    """One command that can be run; `options` is None where it has none of its own."""

    options: Callable[[OptionParser], None] | None
    run: Callable[[Arguments], int]


def subcommand_of(command: str, branch: str) -> Subcommand | None:
    """The command of these words; None where the action of a command is missing."""
    package = "cli" if command in ("help", "completion") else "commands"
    module = importlib.import_module(f"wizard.{package}.{BESIDE.get(command, command)}")
    if command in (both := getattr(module, "SHARED", {})):
        return both[command]  # type: ignore[no-any-return]
    if not COMMANDS[command]:
        return Subcommand(getattr(module, "options", None), module.run)
    found: Subcommand | None = module.BRANCHES.get(branch)
    return found
