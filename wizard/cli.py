"""One command line, from its words to its exit code."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from wizard.commands import Branch, Chosen, branch_of
from wizard.commands.arguments import Line, arrange, early
from wizard.commands.language import choose
from wizard.commands.signals import heard
from wizard.text.errors import Exit
from wizard.ui.words import Words

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(words: Sequence[str]) -> int:
    """Runs one command line; every way to end has its exit code, and its words on stderr."""
    spoken: list[Words] = []
    verbose = "--verbose" in words
    command = ""
    try:
        _let_anything_be_printed()
        with heard():
            language = choose(early(words, "--lang"), early(words, "--profile"), os.environ)
            spoken.append(Words(language))
            line = arrange(words)
            command = line.name
            code = _obey(line, spoken[0])
            sys.stdout.flush()
            return code
    except BaseException as error:
        from wizard.commands.endings import Ending

        if isinstance(error, SystemExit):
            raise
        code = Ending(spoken[0] if spoken else Words("en"), command, verbose).of(error)
        _leave_quietly(error)
        return int(code)


def _obey(line: Line, words: Words) -> int:
    if line.wants_version:
        from wizard import __version__

        sys.stdout.write(f"wa-wizard {__version__}\n")
        return Exit.FINE
    if line.wants_help:
        from wizard.commands.help import show

        sys.stdout.write(show(line, words))
        return Exit.FINE
    branch = branch_of(line.command, line.branch)
    if branch is None:
        from wizard.commands.help import show

        sys.stderr.write(show(line, words))
        return Exit.USAGE
    return branch.run(parse(line, branch, words))


def parse(line: Line, branch: Branch, words: Words) -> Chosen:
    """The options of a line; UsageError when they make no sense."""
    chosen = Chosen()
    if branch.options is not None or line.rest:
        from wizard.commands.parser import Parser

        parser = Parser(line.name, words)
        if branch.options is not None:
            branch.options(parser)
        parser.common()
        parser.parse_args(line.rest, chosen)
    chosen.command, chosen.language = line.name, words.language
    return chosen


def _let_anything_be_printed() -> None:
    """A sign that this output cannot show must not end the program."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _leave_quietly(error: BaseException) -> None:
    """What is still in the buffers of a closed pipe must not complain once more at exit."""
    streams = [sys.stdout, sys.stderr] if isinstance(error, OSError) else []
    for stream in streams:
        with suppress(OSError, ValueError):
            stream.flush()
        with suppress(OSError, ValueError), open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), stream.fileno())
