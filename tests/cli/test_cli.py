"""The program as it is run: real processes, real pipes, real terminals; exit codes above all."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

from tests.support.fake_store import full_record
from wizard.state.config import find
from wizard.state.record import RecordFile

HEAVY: tuple[str, ...] = (
    "rich",
    "questionary",
    "prompt_toolkit",
    "requests",
    "urllib3",
    "keyring",
    "cryptography",
)
HEAVY += ("cryptography", "ssl", "http.client", "wizard.sandbox")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("WA_WIZARD_HOME", str(tmp_path / "w"))
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    return find(os.environ)


def wizard(*words, code="from wizard.__main__ import main", **how):
    call = [sys.executable, "-c", f"import sys\n{code}\nsys.exit(main())", *words]
    how = {"capture_output": True, "text": True, "encoding": "utf-8", "timeout": 30, **how}
    return subprocess.run(call, check=False, **how)


def ended(result):
    return result.returncode, result.stdout, result.stderr


def test_the_version_is_one_line(home):
    assert ended(wizard("--version")) == (0, "wa-wizard 0.1.0\n", "")
    assert ended(wizard("--lang", "ru", "--version")) == (0, "wa-wizard 0.1.0\n", "")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("--help", 0),
        ("help", 0),
        ("help status", 0),
        ("help exit-codes", 0),
        ("status -h", 0),
        ("number --help", 0),
        ("status --verbose --verbose --lang", 2),
        ("statsu", 2),
        ("help nothing", 2),
        ("status --nothing", 2),
        ("status --lang de", 2),
        ("status --profile ../x", 2),
        ("status --profile", 2),
        ("status", 3),
        ("status --json", 3),
        ("status --sandbox", 3),
    ],
)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_line_has_its_exit_code_whatever_the_language(words, code, language, home, capfd):
    from wizard.__main__ import main

    assert main(["--lang", language, *words.split()]) == code
    out, err = capfd.readouterr()
    assert bool(out) is (code != 2)
    assert bool(err) is (code == 2)


def test_a_status_file_that_cannot_be_trusted_is_six(home):
    home.folder("default").mkdir(mode=0o700, parents=True)
    home.status_path("default").write_text("schema: 1\nids: {a: 1, a: 2}\n")
    home.status_path("default").chmod(0o600)
    code, out, err = ended(wizard("status"))
    assert (code, out) == (6, "")
    assert "2: repeated_key" in err


def test_every_complaint_speaks_russian_when_told(home):
    for words in ("statsu", "status --nothing", "status --color", "status --profile .."):
        result = wizard(*words.split(), "--lang=ru")
        assert result.returncode == 2
        assert any("а" <= letter <= "я" for letter in result.stderr.lower()), result.stderr


def test_what_may_be_a_secret_is_not_repeated(home):
    canary = "EAAcanary" + "0123456789" * 3
    assert canary not in wizard("status", canary).stderr
    assert canary not in wizard("status", f"--token={canary}").stderr


def test_json_stands_alone_and_whole(home):
    RecordFile(home.status_path("default")).save(full_record())
    result = wizard("status", "--json", "--lang", "ru")
    data = json.loads(result.stdout)
    assert data["ids"]["waba_id"] == "0102290129340398"
    assert result.stderr == ""


@pytest.mark.parametrize("words", ["--version", "help", "status", "status --json", "help status"])
def test_nothing_heavy_is_imported_where_people_wait(words, home):
    RecordFile(home.status_path("default")).save(full_record())
    code = (
        "from wizard.__main__ import main as real\n"
        "def main():\n"
        "    real(sys.argv[1:])\n"
        f"    sys.exit(' '.join(sorted(set(sys.modules) & {set(HEAVY)!r})))\n"
    )
    assert wizard(*words.split(), code=code).stderr.strip() == ""


@pytest.mark.parametrize("words", ["--version", "--help", "status", "help checklist"])
def test_a_full_disk_under_the_output_is_six(words, home):
    with open("/dev/full", "w") as full:
        result = wizard(*words.split(), stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert result.returncode == 6
    assert "Traceback" not in result.stderr
    assert "Exception ignored" not in result.stderr


@pytest.mark.parametrize("words", ["statsu", "messages --since x", "messages --export /no/x"])
def test_words_that_cannot_be_written_do_not_change_the_code(words, home):
    """A full disk behind the error output, or a reader of it that left."""
    usual = wizard(*words.split()).returncode
    assert usual in (2, 6)
    reading, writing = os.pipe()
    os.close(reading)
    with open("/dev/full", "w") as full, os.fdopen(writing, "w") as closed:
        for stream in (full, closed):
            how = {"stdout": subprocess.PIPE, "stderr": stream, "capture_output": False}
            assert wizard(*words.split(), **how).returncode == usual


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such redirection")
@pytest.mark.parametrize("words", ["--version", "--help", "status", "status --json"])
@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&-", "2>&-", "<&-"])
def test_descriptors_that_were_closed_are_no_defect(words, closed, home):
    """No file of ours may take their place; what cannot be printed is 6, as on a full disk."""
    RecordFile(home.status_path("default")).save(full_record())
    before = home.status_path("default").read_bytes()
    shell = f'"{sys.executable}" -m wizard {words} {closed}'
    result = subprocess.run(shell, shell=True, capture_output=True, text=True, check=False)
    assert (result.returncode == 6) is (">&-" in closed.split())
    assert result.returncode in (0, 1, 3, 6)
    assert "Traceback" not in result.stderr
    assert "Exception ignored" not in result.stderr
    assert bool(result.stderr) is (closed in (">&-", "<&- >&-"))
    assert home.status_path("default").read_bytes() == before


@pytest.mark.parametrize("words", ["--help", "status", "help checklist"])
def test_a_reader_that_leaves_is_no_error(words, home):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        result = wizard(*words.split(), stdout=closed, stderr=subprocess.PIPE, capture_output=False)
    assert (result.returncode, result.stderr) == (141, "")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp866"])
def test_an_output_that_cannot_show_a_sign_shows_another(encoding, home, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    RecordFile(home.status_path("default")).save(full_record())
    for words in ("status", "--help", "help checklist", "statsu"):
        result = wizard(*words.split(), "--lang", "ru", encoding=encoding)
        assert "Traceback" not in result.stderr
        assert result.returncode in (0, 1, 2, 3)
        assert "\\u0" not in result.stdout + result.stderr
        # Where Cyrillic cannot be shown it is English, and one sentence says so.
        russian = any("а" <= letter <= "я" for letter in result.stdout + result.stderr)
        assert russian is (encoding == "cp866")
        assert ("cannot show Russian" in result.stderr) is (encoding != "cp866")


BREAK = (
    "import wizard.commands.status as status\n"
    "def broken(chosen):\n"
    "    token = 'EAAcanary0123456789'\n"
    "    raise ValueError(token)\n"
    "status.run = broken\n"
    "from wizard.__main__ import main\n"
)


def test_a_defect_is_seventy_and_shows_no_value(home):
    for words in (["status"], ["status", "--verbose"]):
        code, out, err = ended(wizard(*words, code=BREAK))
        assert (code, out) == (70, "")
        assert "ValueError" in err
        assert "canary" not in err
        assert "Traceback" not in err


SLEEP = """
import time
import wizard.commands.status as status
def slow(chosen):
    try:
        print('begun', flush=True)
        time.sleep({seconds})
    finally:
        print('cleaned', flush=True)
    return 0
status.run = slow
from wizard.__main__ import main
"""


@contextmanager
def started(code):
    """A running command that has begun its work; it does not outlive a test that fails."""
    call = [sys.executable, "-c", f"import sys\n{code}\nsys.exit(main())", "status"]
    pipe = subprocess.PIPE
    with subprocess.Popen(call, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_cleans_up_and_has_its_code(number, code, home):
    with started(SLEEP.format(seconds=30)) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, "cleaned\n")
    assert err.strip()
    assert "Traceback" not in err


def test_nohup_is_respected(home):
    ignore = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    with started(ignore + SLEEP.format(seconds=0.5)) as process:
        process.send_signal(signal.SIGHUP)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "cleaned\n", "")


HIDDEN = (
    "import os, time, sys, termios, tty\n"
    "import wizard.commands.status as status\n"
    "def hidden(chosen):\n"
    "    tty.setraw(sys.stdin.fileno())\n"
    "    print('begun', os.getpid(), 'now', flush=True)\n"
    "    time.sleep(30)\n"
    "status.run = hidden\n"
    "from wizard.__main__ import main\n"
)


def settings_after(number):
    """Whether the terminal echoes and edits lines again after a signal at a hidden prompt."""
    script = Path(os.environ["WA_WIZARD_HOME"]).with_name("hidden.py")
    pid = "import os\nprint('pid', os.getpid(), flush=True)"
    script.write_text(f"import sys\n{pid}\n{HIDDEN}\nsys.exit(main(['status']))")
    # A shell stays behind, so that the terminal outlives the program.
    shell = pexpect.spawn("/bin/sh", encoding="utf-8", timeout=15, env={**os.environ, "PS1": ""})
    try:
        shell.sendline(
            f"PYTHONPATH={Path(__file__).parents[2]} {sys.executable} {script}; echo =$?"
        )
        shell.expect("begun ([0-9]+) now")
        os.kill(int(shell.match.group(1)), number)
        shell.expect("=([0-9]+)")
        code = int(shell.match.group(1))
        time.sleep(0.1)
        shell.sendline("stty -a")
        shell.expect("echoke")
        return code, " -echo " not in shell.before, "-icanon" not in shell.before
    finally:
        shell.close(force=True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_at_a_hidden_prompt_gives_the_terminal_back(number, code, home):
    assert settings_after(number) == (code, True, True)
