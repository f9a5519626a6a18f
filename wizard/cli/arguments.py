"""The words of a command line: put in order, and parsed in the person's language."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

from wizard.commands import COMMANDS, DEFAULT_COMMAND
from wizard.context.settings import DEFAULT_SCENARIO, scenarios
from wizard.text import sanitise
from wizard.text.errors import UsageError, unknown_word
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
        #: What was typed behind the command.
        self.typed: Sequence[str] = ()

    def option(self, *flags: str, says: str, **how: Any) -> argparse.Action:
        """Adds an option or an argument, explained by one of the tool's own texts, or by none."""
        self.flags += flags
        return _add(self, *flags, help=self.words.say(says) if says else argparse.SUPPRESS, **how)

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
        """argparse's own complaint, without what was typed, unless it is close to an option."""
        known, said = list(self._option_string_actions), message
        close: list[str] = []
        for word in sorted(self.typed, key=len, reverse=True):
            name, _, value = word.partition("=")
            if name.startswith("-") and name not in known:
                close += difflib.get_close_matches(name, known, 1, 0.7)
            if not (name.startswith("-") and difflib.get_close_matches(name, known, 1, 0.7)):
                said = _without(said, word)
            elif value:
                said = _without(said, value)
        if close:
            raise UsageError("cli.usage_close", message=said, close=close[0])
        raise UsageError("cli.usage", message=said)


def _without(message: str, typed: str) -> str:
    """argparse puts what was typed between quotes, or at the end."""
    for shown in (repr(typed), f" {typed}", f"={typed}"):
        message = message.replace(shown, shown.replace(typed, sanitise.DOTS))
    return message


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


#: Options of every command that take the next word.
VALUED = ("--profile", "--lang", "--color", "--passphrase-file")


class Line(NamedTuple):
    """A command line, sorted: the command, the branch of it ("" where it has none), the rest."""

    command: str
    branch: str
    rest: tuple[str, ...]
    wants_help: bool = False
    wants_version: bool = False

    @property
    def name(self) -> str:
        """The command as it is typed."""
        return f"{self.command} {self.branch}".strip()


def arrange(words: Sequence[str]) -> Line:
    """Finds command and branch wherever our common options stand; UsageError for unknown ones."""
    ours, theirs = _split(words)
    ours = _with_scenarios(ours)
    wants_help = "-h" in ours or "--help" in ours
    found = _positions(ours)
    command = ours[found[0]] if found else ""
    if not command:
        version = "--version" in ours
        return Line(
            "" if wants_help else DEFAULT_COMMAND, "", (*ours, *theirs), wants_help, version
        )
    if command not in COMMANDS:
        raise unknown_word("cli.no_such_command", command, COMMANDS)
    branch, taken = "", found[:1]
    if COMMANDS[command] and len(found) > 1:
        branch, taken = ours[found[1]], found[:2]
        if branch not in COMMANDS[command]:
            raise unknown_word("cli.no_such_branch", branch, COMMANDS[command], command)
    rest = [word for index, word in enumerate(ours) if index not in taken]
    return Line(command, branch, (*rest, *theirs), wants_help)


def early(words: Sequence[str], option: str) -> str:
    """What `--lang` or `--profile` says before anything is parsed: complaints need a language."""
    ours, _ = _split(words)
    for word, after in zip(ours, [*ours, ""][1:], strict=True):
        if word == option or word.startswith(f"{option}="):
            return word.partition("=")[2] or after
    return ""


def own_words(words: Sequence[str]) -> list[str]:
    """The words before `--`: what follows is for another program."""
    return _split(words)[0]


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is ours, and what stands after `--` for another program."""
    words = list(words)
    end = words.index("--") if "--" in words else len(words)
    return words[:end], words[end:]


def _with_scenarios(words: list[str]) -> list[str]:
    """`--sandbox` with its scenario in one word; without one it is the usual scenario.

    Left to argparse, `--sandbox status` would take the command for a scenario.
    """
    if not any(word.startswith("--sandbox") for word in words):
        return words
    known, arranged, left = scenarios(), [], list(words)
    while left:
        word = left.pop(0)
        if word == "--sandbox":
            name = left.pop(0) if left and left[0] in known else DEFAULT_SCENARIO
            word = f"--sandbox={name}"
        elif word.startswith("--sandbox=") and word.partition("=")[2] not in known:
            raise unknown_word("cli.no_such_scenario", word.partition("=")[2], known)
        arranged.append(word)
    return arranged


def _positions(words: list[str]) -> list[int]:
    """Where command and branch stand: the first words that are neither options nor their values."""
    found: list[int] = []
    for index, word in enumerate(words):
        value = index > 0 and words[index - 1] in VALUED
        if word.startswith("-") and word != "-":
            name = word.partition("=")[0]
            if found and name not in (*VALUED, *_FLAGS):
                break  # an option of the command itself: what follows may be its value
        elif not value:
            found.append(index)
    return found[:2]


_FLAGS = ("--json", "--no-input", "--verbose", "--sandbox", "--help", "-h")
