"""Every way to end has its exit code, and words in both languages that hold no secret."""

import errno
import importlib
import os
import pkgutil
import subprocess
import sys
import threading

import pytest

import wizard
from wizard.cli.errors import ErrorReporter
from wizard.cli.main import _quiet_threads as quiet_threads
from wizard.cli.main import run
from wizard.context.settings import Arguments
from wizard.graph import GraphError
from wizard.net.address import InvalidAddress
from wizard.state.answers import InvalidAnswers
from wizard.state.config import InvalidProfileName
from wizard.state.content import ContentError
from wizard.state.yaml_file import StateFileError
from wizard.text.errors import (
    ErrorKind,
    Exit,
    InputRequired,
    Terminated,
    Unavailable,
    UsageError,
    UserAbort,
    WizardError,
)
from wizard.text.localised import Phrase
from wizard.text.secret import Secret
from wizard.ui.words import Words, family, messages
from wizard.vault import VaultError, VaultProblem
from wizard.webhook.inbox import InboxError

CANARY = "EAAcanary0123456789"


def refusal(trouble):
    blank = {"http": 400, "code": 190, "subcode": 463, "message": "m", "details": "", "trace": "t"}
    return GraphError(trouble, **blank)


KINDS = (
    *(
        "not_utf8",
        "unreadable",
        "malformed",
        "newer",
        "unsafe",
        "locked",
        "at_work",
        "full",
        "read_only",
        "too_big",
    ),
    *("unsafe_link", "unsafe_not_a_file"),
)
ENDS = [
    (KeyboardInterrupt(), 130),
    (Terminated(Exit.TERMINATED), 143),
    (Terminated(Exit.HANGUP), 129),
    (BrokenPipeError(errno.EPIPE, "x"), 141),
    (UsageError("cli.usage", message="x"), 2),
    (InvalidProfileName(".."), 2),
    (InvalidAddress("url"), 2),
    (InvalidAddress("version"), 2),
    (InputRequired("waba_id", "--answers FILE"), 2),
    (InputRequired("move:token.kind"), 2),
    (InvalidAnswers(Phrase("cli.output")), 2),
    (UserAbort(), 1),
    *((VaultError(closed, "os-keyring", "x"), 5) for closed in VaultProblem),
    *((StateFileError(kind, "/home/x/status.yaml", "1"), 6) for kind in KINDS),
    *((InboxError(kind, "/home/x/inbox.sqlite3"), 6) for kind in (*KINDS[:7], "other")),
    (refusal(ErrorKind.REFUSED), 4),
    (refusal(ErrorKind.PERMISSION), 4),
    (Unavailable(ErrorKind.NOT_GIVEN, name="access_token"), 4),
    (Unavailable(ErrorKind.NOT_GIVEN, name="page_token:17"), 4),
    (Unavailable(ErrorKind.NOT_GIVEN, name="waba_id"), 2),
    (Unavailable(ErrorKind.UNREACHABLE, cause="dns"), 3),
    (refusal(ErrorKind.BUSY), 3),
    (refusal(ErrorKind.NOT_VISIBLE), 3),
    (refusal(ErrorKind.ODD), 3),
    (OSError(errno.ENOSPC, "No space left on device"), 6),
    (OSError(errno.EROFS, "Read-only file system", "/x"), 6),
    (OSError(errno.ECHILD, "?"), 70),
    (ValueError(CANARY), 70),
    (KeyError(Secret(CANARY)), 70),
]


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(("error", "code"), ENDS, ids=lambda value: repr(value)[:60])
def test_every_exception_has_its_code_and_its_words(error, code, language, capsys, monkeypatch):
    monkeypatch.setattr("wizard.cli.errors.let_next_interrupt_end", lambda: None)
    assert ErrorReporter(Words(language), "audit", verbose=True).of(error) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert bool(err.strip()) is (code != 141)
    assert CANARY not in err


#: Exceptions that never leave the file or package that raises them.
INTERNAL = {"Misshapen", "NotJson", "NotText", "Torn", "_Fault"}


def test_every_exception_of_ours_has_an_exit_code_and_words():
    """The sandbox stands apart: its exceptions are Meta's answers."""
    for info in pkgutil.walk_packages(wizard.__path__, "wizard."):
        if not info.name.startswith(("wizard.sandbox", "wizard.__main__")):
            importlib.import_module(info.name)
    found, left = set(), [BaseException]
    while left:
        for kind in left.pop().__subclasses__():
            left.append(kind)
            if kind.__module__.startswith("wizard.") and "sandbox" not in kind.__module__:
                found.add(kind)
    strange = {kind.__name__ for kind in found if not issubclass(kind, WizardError)}
    assert strange - INTERNAL == {"Terminated"}


def test_a_damaged_file_of_the_program_is_named(capsys):
    assert ErrorReporter(Words("en")).of(ContentError("cli.yaml: line 3")) == 70
    assert "cli.yaml: line 3" in capsys.readouterr().err


def test_a_defect_names_its_place_and_class_and_nothing_else(capsys):
    try:
        Words("en").say("no.such", value=CANARY)
    except KeyError as error:
        ErrorReporter(Words("en")).of(error)
    err = capsys.readouterr().err
    assert "KeyError" in err
    assert "wizard/ui/words.py:" in err
    assert "no.such" not in err


def test_a_thread_that_dies_tells_no_value(capsys, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    arguments = Arguments()
    arguments.report_error = ErrorReporter(Words("en")).of
    quiet_threads(arguments)

    def dies():
        raise ValueError(CANARY)

    thread = threading.Thread(target=dies)
    thread.start()
    thread.join()
    err = capsys.readouterr().err
    assert "ValueError" in err
    assert CANARY not in err


def test_the_one_next_thing_stands_in_the_words_of_every_kind_of_file():
    ours = {f"files.{kind}{end}" for kind in KINDS for end in ("", "_next")}
    assert {key for key in messages() if key.startswith("files.")} == ours


def test_every_exit_code_is_explained():
    explained = {key.removeprefix("exit_") for key in family("help") if key.startswith("exit_")}
    assert explained - {"title"} == {str(int(code)) for code in Exit}


def test_the_last_sentence_is_in_the_language_that_was_switched_to(monkeypatch, capsys):
    def switched(line, arguments, words):
        arguments.language = "ru"
        raise KeyboardInterrupt

    monkeypatch.setattr("wizard.cli.main._obey", switched)
    monkeypatch.setattr("wizard.cli.errors.let_next_interrupt_end", lambda: None)
    assert run(["setup", "--lang", "en"]) == 130
    said = capsys.readouterr().err.split()
    assert said == Words("ru").say("cli.interrupted").split()


HALF_BUILT = """
import os, signal
from wizard.cli.errors import handling_signals
from wizard.text.errors import Terminated
class Loop:
    def __init__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        self.socket = None
    def __del__(self):
        self.socket
try:
    with handling_signals():
        Loop()
except Terminated:
    print("ended")
"""


def test_what_a_signal_left_half_built_shows_no_traceback():
    call = [sys.executable, "-c", HALF_BUILT]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("ended\n", "")


LOST = """
import gc, os, signal, threading, time
from wizard.cli import errors
errors.LAST_SECONDS = 0.5
class Finalized:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})
        for _ in range(1000):
            pass  # the handler runs here, and Python reports what it raises as ignored
with errors.handling_signals():
    Finalized()
    print("begun", flush=True)
    {waits}
"""
WAITS = {
    "asleep": "time.sleep(60)",
    "a thread": "t = threading.Thread(target=time.sleep, args=(60,)); t.start()",
}
WAITS["a lock"] = "lock = threading.Lock(); lock.acquire(); lock.acquire()"


@pytest.mark.skipif(os.name == "nt", reason="no such timer there")
@pytest.mark.parametrize("waits", WAITS.values(), ids=WAITS.keys())
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_whose_exception_is_lost_ends_the_program_all_the_same(name, code, waits):
    call = [sys.executable, "-c", LOST.format(name=name, waits=waits)]
    done = subprocess.run(call, capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("begun\n", "", code)
