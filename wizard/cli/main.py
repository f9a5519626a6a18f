"""One command line, from its words to its exit code."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

from wizard.cli.arguments import Line, Parser, arrange, early, own_words
from wizard.cli.errors import ErrorReporter, described, handling_signals
from wizard.cli.help import command_list, show
from wizard.commands import Subcommand, subcommand_of
from wizard.context.context import Context
from wizard.context.settings import Arguments, check_profile, language_of
from wizard.report.documents import TOOL, error_document, outcome_document, write_document
from wizard.report.outputs import OUTPUTS, Output
from wizard.text.errors import Exit, Terminated, UsageError, WizardError
from wizard.text.sanitise import TYPED_SECRET
from wizard.ui.screen import discard, fit_encoding, open_screen
from wizard.ui.words import Words


def run(words: Sequence[str]) -> int:
    """Runs one command line; every way to end has its exit code, and its words on stderr.

    With --json exactly one document is on standard output in the end (several for JSON Lines).
    """
    arguments, spoken = Arguments(), Words("en")
    arguments.verbose, arguments.json = (
        option in own_words(words) for option in ("--verbose", "--json")
    )
    try:
        _let_anything_be_printed()
        with handling_signals():
            asked = {"profile": early(words, "--profile"), "lang": early(words, "--lang")}
            language = _that_can_be_shown(language_of(os.environ, **asked))
            spoken = Words(language)
            line = arrange(words)
            arguments.command, arguments.language = line.name, language
            if line.command == "audit" and early(words, "--format").startswith("json"):
                arguments.json = True
            arguments.report_error = ErrorReporter(spoken, line.name, arguments.verbose).of
            code = _obey(line, arguments, spoken)
            if arguments.json and not arguments.answered and not _prints_lines(arguments):
                write_document(outcome_document(code))
            sys.stdout.flush()
            return code
    except BaseException as error:
        if isinstance(error, SystemExit) and not isinstance(error, Terminated):
            raise
        if arguments.command:
            spoken.language = arguments.language  # it may have been changed on the way
        code = ErrorReporter(spoken, arguments.command, arguments.verbose).of(error)
        if arguments.json:
            _print_error(error, arguments)
        _leave_quietly(error)
        return int(code)


def _that_can_be_shown(language: str) -> str:
    """English in the place of Russian where the terminal or the file cannot show a letter of it."""
    narrow = [
        stream.encoding
        for stream in (sys.stdout, sys.stderr)
        if fit_encoding("Я", getattr(stream, "encoding", None) or "utf-8") != "Я"
    ]
    if language != "ru" or not narrow:
        return language
    open_screen(sys.stderr).line(Words("en").say("cli.no_cyrillic", encoding=narrow[0]))
    return "en"


_PR_SET_DUMPABLE = 4


def harden() -> None:
    """No core dump and, on Linux, no reading of /proc/PID/environ and /proc/PID/mem.

    Best effort: a system that offers neither runs on. Programs started from here are not affected
    by the latter, and may raise their limit of core dumps again.
    """
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if sys.platform == "linux":
        with suppress(ImportError, OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


#: Commands that neither read a secret nor wait for one.
HOLD_NOTHING = ("", "help", "completion", "explain", "status")


def _obey(line: Line, arguments: Arguments, words: Words) -> int:
    if line.wants_version:
        if arguments.json:
            Context(arguments).print_json({"schema": 1, "tool": TOOL})
        else:
            sys.stdout.write(f"{TOOL}\n")
        return Exit.FINE
    if line.command not in HOLD_NOTHING:
        harden()
    branch = None if line.wants_help else subcommand_of(line.command, line.branch)
    if branch is None and arguments.json and line.wants_help:
        Context(arguments).print_json(command_list(line, words))
    elif branch is None:
        (sys.stdout if line.wants_help else sys.stderr).write(show(line, words))
    if branch is None:
        return Exit.FINE if line.wants_help else Exit.USAGE
    parse(line, branch, words, arguments)
    check_profile(arguments, os.environ)
    _quiet_threads(arguments)
    try:
        return branch.run(arguments)
    except BaseException:
        # What the error tells to type next means the same profile.
        with suppress(WizardError, OSError):
            words.same = Context(arguments).same
        raise


def _prints_lines(arguments: Arguments) -> bool:
    """Whether the command prints JSON Lines, where no line at all is an answer too."""
    every = getattr(arguments, "all", False)
    command = f"{arguments.command} --all" if every else arguments.command
    return OUTPUTS.get(command, OUTPUTS.get(arguments.command, Output(()))).lines


def _print_error(error: BaseException, arguments: Arguments) -> None:
    """The error for programs, unless the one document of the command is out already."""
    lines = _prints_lines(arguments)
    if arguments.answered and not lines:
        return
    if lines and isinstance(error, KeyboardInterrupt | Terminated):
        return  # what never ends by itself is ended like this
    with suppress(OSError, ValueError):
        write_document(error_document(*described(error)), line=True)


def _quiet_threads(arguments: Arguments) -> None:
    """A thread that dies says where and of what, as a command does; left alone, Python tells all.

    The message of an exception may hold a value.
    """

    def died(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            arguments.report_error(args.exc_value)

    if threading.excepthook is threading.__excepthook__:  # a test may have set its own
        threading.excepthook = died


def parse(line: Line, branch: Subcommand, words: Words, chosen: Arguments) -> None:
    """The options of a line into `chosen`; UsageError when they make no sense."""
    for word in own_words(line.rest):
        if TYPED_SECRET.search(word):
            # It would end as a file's name, in a message to a customer, in the shell's history.
            raise UsageError("cli.secret_on_line")
    parser = Parser(line.name, words)
    if branch.options is not None:
        branch.options(parser)
    parser.common()
    parser.typed = line.rest
    wrong: UsageError | None = None
    try:
        # `--lang` is a choice already made: the language may come from elsewhere too.
        parser.parse_args(line.rest, chosen)
    except UsageError as error:
        wrong = error
    if wrong is not None:
        wrong.__context__ = None  # argparse's own, which quotes what was typed
        raise wrong


def _let_anything_be_printed() -> None:
    """A sign that this output cannot show must not end the program."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _leave_quietly(error: BaseException) -> None:
    """What is still in the buffers of a closed pipe must not complain once more at exit."""
    for stream in [sys.stdout, sys.stderr] if isinstance(error, OSError) else []:
        discard(stream)
