"""One command line, from its words to its exit code."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from wizard.cli.arguments import Line, arrange, early
from wizard.cli.signals import handling_signals
from wizard.commands import Subcommand, subcommand_of
from wizard.context.settings import Arguments, choose
from wizard.text.errors import Exit
from wizard.ui.words import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def run(words: Sequence[str]) -> int:
    """Runs one command line; every way to end has its exit code, and its words on stderr."""
    spoken: list[Words] = []
    verbose = "--verbose" in words
    command = ""
    try:
        _let_anything_be_printed()
        with handling_signals():
            language = choose(early(words, "--lang"), early(words, "--profile"), os.environ)
            spoken.append(Words(language))
            line = arrange(words)
            command = line.name
            code = _obey(line, spoken[0])
            sys.stdout.flush()
            return code
    except BaseException as error:
        from wizard.cli.errors import ErrorReporter

        if isinstance(error, SystemExit):
            raise
        code = ErrorReporter(spoken[0] if spoken else Words("en"), command, verbose).of(error)
        _leave_quietly(error)
        return int(code)


def _obey(line: Line, words: Words) -> int:
    if line.wants_version:
        from wizard import __version__

        sys.stdout.write(f"wa-wizard {__version__}\n")
        return Exit.FINE
    if line.wants_help:
        from wizard.cli.help import show

        sys.stdout.write(show(line, words))
        return Exit.FINE
    branch = subcommand_of(line.command, line.branch)
    if branch is None:
        from wizard.cli.help import show

        sys.stderr.write(show(line, words))
        return Exit.USAGE
    arguments = parse(line, branch, words)
    arguments.report_error = _reporter(words, arguments)
    _quiet_threads(arguments)
    return branch.run(arguments)


def _reporter(words: Words, arguments: Arguments) -> Callable[[BaseException], Exit]:
    """Says an error of one of several profiles; imported when there is one."""

    def report(error: BaseException) -> Exit:
        from wizard.cli.errors import ErrorReporter

        return ErrorReporter(words, arguments.command, arguments.verbose).of(error)

    return report


def _quiet_threads(arguments: Arguments) -> None:
    """A thread that dies says where and of what, as a command does; left alone, Python tells all.

    The message of an exception may hold a value.
    """

    def died(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            arguments.report_error(args.exc_value)

    if threading.excepthook is threading.__excepthook__:  # a test may have set its own
        threading.excepthook = died


def parse(line: Line, branch: Subcommand, words: Words) -> Arguments:
    """The options of a line; UsageError when they make no sense."""
    chosen = Arguments()
    if branch.options is not None or line.rest:
        from wizard.cli.parser import Parser

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
