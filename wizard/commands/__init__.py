"""One module per command; `COMMANDS` is the table `cli` finds them by.

A plain command `<name>.py` has `options(parser)`, which declares its own options and arguments
(left out where there are none), and `run(chosen)`, which does the work and returns the exit code.
A command of several, such as `number`, has `BRANCHES`: each of its words with such a pair.
Nothing heavy is imported before `run`: `--help` and `completion` import the modules.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from wizard.commands.parser import Parser

#: What a command is called → the words that must follow it. In the order `--help` shows them.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "setup": (),
    "audit": (),
    "status": (),
    "credentials": ("list", "set", "remove", "import", "export", "run", "move", "rotate"),
    "number": ("list", "add", "request-code", "verify", "register", "pin"),
    "webhook": ("show", "probe", "set", "subscribe", "listen", "test"),
    "send": (),
    "messages": (),
    "explain": (),
    "profiles": ("list", "use", "remove"),
    "report": (),
    "sandbox": (),
    "completion": (),
    "help": (),
}
#: What `wa-wizard` alone does.
DEFAULT_COMMAND = "setup"


class Chosen:
    """What the command line says. Commands find their own options beside these."""

    command: str
    language: str
    profile = ""
    json = False
    no_input = False
    color = "auto"
    verbose = False
    passphrase_file = ""  # of the encrypted file
    sandbox = ""  # the scenario; "" for the real Meta

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """A command's own options."""


class Branch(NamedTuple):
    """One command that can be run; `options` is None where it has none of its own."""

    options: Callable[[Parser], None] | None
    run: Callable[[Chosen], int]


def branch_of(command: str, branch: str) -> Branch | None:
    """The command of these words; None where a command of several is not told which."""
    module = importlib.import_module(f"wizard.commands.{command}")
    if not COMMANDS[command]:
        return Branch(getattr(module, "options", None), module.run)
    found: Branch | None = module.BRANCHES.get(branch)
    return found
