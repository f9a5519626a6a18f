"""The argument parser: argparse, in the person's language and with our options on every command."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from wizard.text import secret_shapes
from wizard.text.errors import UsageError
from wizard.ui.words import Words, family

PROGRAM = "wa-wizard"


class Parser(argparse.ArgumentParser):
    """A parser for one command; its help comes from the tool's words."""

    def __init__(self, command: str, words: Words) -> None:
        translate_argparse(words)
        super().__init__(
            prog=f"{PROGRAM} {command}".strip(),
            allow_abbrev=False,
            add_help=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self.words = words
        #: Every option and argument of the command itself.
        self.flags: list[str] = []

    def option(self, *flags: str, says: str, **how: Any) -> argparse.Action:
        """Adds an option or an argument, explained by one of the tool's own texts."""
        self.flags += flags
        return _add(self, *flags, help=self.words.say(says), **how)

    def common(self) -> None:
        """The options that every command takes."""
        group = self.add_argument_group(self.words.say("cli.common"))
        for flags, how in COMMON.items():
            says = self.words.say(f"cli.{flags[0].strip('-').replace('-', '_')}_help")
            _add(group, *flags, help=says, **how)

    def help_text(self) -> str:
        """The whole help; its usage line leaves out what every command takes."""
        own = self.format_usage().partition(self.prog)[2].rstrip()
        self.usage = f"%(prog)s{own.replace('%', '%%')} [--help …]"
        self.common()
        return self.format_help()

    def error(self, message: str) -> NoReturn:
        """argparse's own complaint, without whatever may be a secret."""
        raise UsageError("cli.usage", message=secret_shapes.LONG_WORD.sub("••••", message))


def _add(group: Any, *flags: str, help: str, **how: Any) -> argparse.Action:
    # argparse formats help with %; ours has no placeholders of that kind.
    action: argparse.Action = group.add_argument(*flags, help=help.replace("%", "%%"), **how)
    return action


#: The options of every command. `--sandbox` is given its scenario before argparse sees it.
COMMON: dict[tuple[str, ...], dict[str, Any]] = {
    ("--profile",): {"metavar": "NAME"},
    ("--lang",): {"choices": ("ru", "en")},
    ("--json",): {"action": "store_true"},
    ("--no-input",): {"action": "store_true"},
    ("--color",): {"choices": ("auto", "always", "never")},
    ("--verbose",): {"action": "store_true"},
    ("--passphrase-file",): {"metavar": "PATH"},
    ("--sandbox",): {"metavar": "SCENARIO"},
    ("--help", "-h"): {"action": "store_true"},
}


def translate_argparse(words: Words) -> None:
    """Lets argparse say its own few sentences in this language.

    argparse looks its sentences up by the English text, with gettext; our words are YAML like
    everything a person reads, so the look-up is ours.
    """
    known: dict[str, str] = {}
    if words.language != "en":
        # Not filled in: the placeholders are argparse's own.
        known = {text.en: getattr(text, words.language) for text in family("argparse").values()}
    argparse.__dict__["_"] = lambda text: known.get(text, text)
    argparse.__dict__["ngettext"] = lambda one, many, n: known.get(one if n == 1 else many, many)
