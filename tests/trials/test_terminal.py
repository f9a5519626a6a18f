"""The whole program on a real terminal: Enter alone, Ctrl-C, wrong pastes, no network."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.support.terminal import CTRL_C, ENTER, ROOT, Terminal
from wizard.audit import checklist
from wizard.sandbox import scenarios
from wizard.state.config import find
from wizard.state.record import RecordFile
from wizard.ui.words import messages

IDS = next(world for world in scenarios() if world.name == "rehearsal").suggestions
ASKS = "SANDBOX ?"
QUIET = 0.12
SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")
#: What a path or an address is broken at does not matter: no screen is as wide as they are.
ADDRESS = re.compile(r"https?://|/\w")


class Person:
    """Somebody at the terminal in front of `setup`, in one language."""

    def __init__(self, terminal, language):
        self.terminal, self.language = terminal, language

    def said(self, key):
        """The words of a message before its first value, as they stand on the screen."""
        return " ".join(getattr(messages()[key], self.language).split("{")[0].split())

    def until(self, key):
        return self.terminal.until(self.said(key), seconds=40)

    def enter_until(self, key=None, seconds=60):
        """Presses Enter once at every question, until these words are asked, or until the end."""
        terminal, end, answered = self.terminal, time.monotonic() + seconds, 0
        while time.monotonic() < end:
            alive = terminal._read()
            asked = terminal.text.count(ASKS)
            # What a term means stands above a question, in the same words.
            if key and terminal.text.rpartition(ASKS)[2].strip().startswith(self.said(key)):
                return terminal
            if not alive:
                assert key is None, "\n".join(terminal.lines)
                return terminal
            if asked > answered:
                answered = asked
                terminal.send(ENTER)
        raise AssertionError("\n".join(terminal.lines))


@pytest.fixture
def sit():
    """Sits down in front of `wa-wizard setup`."""
    open_ones = []

    def sit(language="en", *more, columns=80, rows=300, sandbox="--sandbox", **environ):
        line = ["-m", "wizard", "setup", "--lang", language, *more]
        line += [sandbox] if sandbox else []
        terminal = Terminal(line, columns=columns, rows=rows, **environ)
        open_ones.append(terminal)
        return Person(terminal, language)

    yield sit
    for terminal in open_ones:
        terminal.child.close(force=True)


def record(scenario="rehearsal"):
    return RecordFile(find(os.environ).sandbox(scenario).status_path("default")).load()


def vocabulary(language):
    """Every word of our own sentences."""
    texts = " ".join(getattr(text, language) for text in messages().values())
    return set(re.findall(r"\w+", texts)) | set(SCOPES)


def broken(lines, columns, words):
    """Words of ours that begin on one row and end on the next."""
    found = []
    for row, below in zip(lines, [*lines[1:], ""], strict=True):
        if len(row) < columns or not below or below[0] == " ":
            continue
        last = row.split()[-1]
        # An address, and a command with its options, is one piece that the terminal wraps.
        if ADDRESS.search(last) or last.startswith("--") or "wa-wizard --" in row:
            continue
        head, tail = re.search(r"\w*$", row).group(), re.match(r"\w*", below).group()
        if head and tail and head + tail in words:
            found.append(head + tail)
    return found


def test_a_word_cut_in_two_would_be_seen():
    assert broken(["Повторите через неско", "лько минут"], 21, {"несколько"}) == ["несколько"]
    assert broken(["Повторите через", "несколько минут"], 21, {"несколько"}) == []


@pytest.mark.parametrize("columns", [80, 40])
@pytest.mark.parametrize("language", ["ru", "en"])
def test_enter_alone_goes_all_the_way(sit, language, columns):
    person = sit(language, columns=columns)
    terminal = person.enter_until()
    assert terminal.end() == 0, "\n".join(terminal.lines)
    assert broken(terminal.lines, columns, vocabulary(language)) == []
    shown = terminal.text
    assert person.said("report.sending_passed") in shown
    for name in ("waba_id", "phone_number_id"):
        assert IDS[name] in shown
    assert "EAA" not in terminal.raw
    kept = record()
    assert kept.secrets["access_token"].kind == "SYSTEM_USER"
    assert kept.verdicts["message.sent"].status == "passed"


def test_ctrl_c_in_the_middle_loses_nothing_and_the_next_run_goes_on_there(sit):
    first = sit("ru")
    first.enter_until("number.code_ask").send(CTRL_C)
    first.until("cli.interrupted")
    assert first.terminal.settings() == (True, True)
    assert first.terminal.end() == 130
    assert record().ids["phone_number_id"] == IDS["phone_number_id"]

    second = sit("ru")
    terminal = second.enter_until()
    assert terminal.end() == 0, "\n".join(terminal.lines)
    shown = terminal.text
    assert second.said("access.has_token") not in shown
    assert second.said("guide.goals") not in shown
    assert second.said("number.code_ask") in shown


WRONG = {
    "paste.token_is_phone": "+7 916 123-45-67",
    "paste.foreign": "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789",
    "paste.token_cut": "EAAGm0PX4ZCpsBAKx7ZBZCq",
}


def test_a_wrong_paste_gets_its_own_sentence_and_is_asked_again(sit):
    person = sit("ru", sandbox="--sandbox=fresh-account")
    person.enter_until("access.paste")
    for number, (key, paste) in enumerate(WRONG.items()):
        person.terminal.send(paste + ENTER)
        person.until(key)
        person.terminal.until(f"{ASKS} {person.said('access.paste')}", times=number + 2)
        assert paste not in person.terminal.raw
    person.terminal.send(CTRL_C)
    assert person.terminal.end() == 130


@pytest.fixture
def closed_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


NOBODY = [("WA_WIZARD_GRAPH_URL", "refused"), ("HTTPS_PROXY", "proxy")]


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(("variable", "reason"), NOBODY)
def test_without_a_network_nobody_blames_the_token(sit, variable, reason, language, closed_port):
    address = f"http://127.0.0.1:{closed_port}"
    person = sit(
        language, sandbox="", WA_WIZARD_ACCESS_TOKEN="EAA" + "x" * 190, **{variable: address}
    )
    said = checklist.load().item("environment.reachable").reasons[reason].says
    person.terminal.until(getattr(said, language).split("{")[0].strip())
    person.until("ui.move")
    assert not re.search(r"invalid|token was refused|недействит", person.terminal.text)
    person.terminal.send(CTRL_C)
    assert person.terminal.end() == 130


def wizard(*words, **how):
    call = [sys.executable, "-m", "wizard", *words]
    usual = {"capture_output": True, "encoding": "utf-8", "timeout": 60}
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(call, check=False, env=environ, **{**usual, **how})


def test_with_nobody_there_it_goes_by_itself_and_hears_nothing_that_is_piped_in():
    # Every question of the rehearsal would be answered "no" or wrongly by these lines.
    done = wizard("setup", "--sandbox", "--no-input", input="n\nleave\n000000\n" * 20)
    assert (done.returncode, done.stderr) == (0, "")
    assert record().verdicts["message.sent"].status == "passed"


def test_a_piped_answer_is_no_answer():
    done = wizard("setup", "--lang", "en", input="EAA" + "y" * 190 + "\n", timeout=90)
    assert done.returncode != 0
    assert "EAA" not in done.stdout + done.stderr
    assert not RecordFile(find(os.environ).status_path("default")).load().secrets


def test_a_reader_who_has_seen_enough_and_a_full_disk_end_quietly():
    shell = f"{sys.executable} -m wizard help environment"
    how: dict[str, Any] = {"shell": True, "cwd": ROOT, "capture_output": True, "encoding": "utf-8"}
    piped = subprocess.run(
        ["bash", "-c", f"{shell} | head -1; echo =${{PIPESTATUS[0]}}"],
        **{**how, "shell": False},
        check=False,
    )
    assert "Traceback" not in piped.stderr
    assert piped.stdout.splitlines()[-1] in ("=0", "=141")
    full = subprocess.run(f"{shell} > /dev/full", **how, check=False)
    assert full.returncode == 6
    assert "Traceback" not in full.stderr
    assert full.stderr.strip()


def test_sigterm_at_the_hidden_paste_gives_the_terminal_back(sit):
    person = sit("en")
    person.enter_until("access.paste")
    time.sleep(QUIET)
    person.terminal.child.kill(signal.SIGTERM)
    while person.terminal._read():
        pass
    assert person.terminal.settings() == (True, True)
    assert person.terminal.end() == 143
