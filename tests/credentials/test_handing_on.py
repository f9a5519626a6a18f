"""export and run: what leaves, in which form, and into whose hands."""

import json
import os
import shlex
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.terminal import ENTER, Terminal
from wizard.commands.credentials import FORMATS
from wizard.commands.credentials.export import PROGRAMS, dressed, named
from wizard.commands.credentials.run import Mask
from wizard.ui.words import Words

HARD = "a b'c\"d$e#f\\g`h"


@pytest.mark.parametrize("value", ["plain-1.2_3", HARD, "ключ", "x=y", ""])
def test_a_shell_reads_back_what_was_written_for_it(value):
    script = dressed({"verify_token": value}, "env") + 'printf %s "$WA_WIZARD_VERIFY_TOKEN"'
    ran = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == value


@pytest.mark.parametrize("value", ["plain-1.2_3", "a b$c#d\\e", 'say "x"', "it's", "x=y"])
def test_a_dotenv_line_reads_as_a_shell_reads_it(value):
    line = dressed({"verify_token": value}, "dotenv")
    assert shlex.split(line, comments=True) == [f"WA_WIZARD_VERIFY_TOKEN={value}"]


@pytest.mark.parametrize(("style", "value"), [("docker", HARD), ("github", "a b'c\"d\\e`f|g")])
def test_docker_and_github_take_the_value_as_it_stands(style, value):
    assert dressed({"verify_token": value}, style) == f"WA_WIZARD_VERIFY_TOKEN={value}\n"


EVERYTHING = {
    "access_token": "T",
    "app_secret": "S",
    "verify_token": "V",
    "two_step_pin": "P",
    "app_id": "A",
    "waba_id": "W",
    "phone_number_id": "N",
}
TAKEN = {
    "hermes": {
        "WHATSAPP_CLOUD_ACCESS_TOKEN": "T",
        "WHATSAPP_CLOUD_PHONE_NUMBER_ID": "N",
        "WHATSAPP_CLOUD_WABA_ID": "W",
        "WHATSAPP_CLOUD_APP_ID": "A",
        "WHATSAPP_CLOUD_APP_SECRET": "S",
        "WHATSAPP_CLOUD_VERIFY_TOKEN": "V",
    },
    "pywa": {
        "token": "T",
        "phone_id": "N",
        "waba_id": "W",
        "app_id": "A",
        "app_secret": "S",
        "verify_token": "V",
    },
    "chatwoot": {
        "api_key": "T",
        "phone_number_id": "N",
        "business_account_id": "W",
        "webhook_verify_token": "V",
    },
    "n8n": {
        "whatsAppApi": {"accessToken": "T", "businessAccountId": "W"},
        "whatsAppTriggerApi": {"clientId": "A", "clientSecret": "S"},
    },
    "typebot": {"META_SYSTEM_USER_TOKEN": "T", "WHATSAPP_PREVIEW_FROM_PHONE_NUMBER_ID": "N"},
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_program_gets_what_it_knows_and_never_the_pin(program):
    assert json.loads(dressed(EVERYTHING, "json", program)) == TAKEN[program]
    for style in FORMATS:
        assert '"P"' not in dressed(EVERYTHING, style, program)
        assert "=P\n" not in dressed(EVERYTHING, style, program)
    assert all(name.isidentifier() for name in named(EVERYTHING, program))


def test_what_leaves_is_said_by_name_on_standard_error(shop):
    said = shop.run("export", "--yes", "--format", "json")
    assert json.loads(said.out)["WA_WIZARD_ACCESS_TOKEN"] == shop.meta.access_token
    assert "access_token" in said.err
    assert shop.meta.access_token not in said.err


def test_nothing_leaves_unasked(shop):
    assert shop.run("export", code=2).out == ""


@pytest.mark.parametrize("words", [["export", "--yes"], ["get"]])
@pytest.mark.parametrize(
    ("name", "code"), [("nonsense", 2), ("two_step_pin", 4), ("page_token:17", 4)]
)
def test_what_is_not_there_is_refused_by_name(shop, words, name, code):
    said = shop.run(*words, name, code=code)
    assert said.out == ""
    assert code == 2 or f"credentials set {name}" in said.err


def test_one_value_goes_bare_to_a_program_and_to_a_screen_on_request_alone(shop):
    assert shop.run("get", "access_token").out == f"{shop.meta.access_token}\n"
    assert shop.run("get", "waba_id").out == f"{shop.meta.waba_id}\n"
    assert shop.data("get", "app_secret")["value"] == shop.meta.app_secret
    get = ["-m", "wizard", "credentials", "get"]
    for words, code, shown in (
        (["access_token"], 2, False),
        (["access_token", "--json"], 2, False),
        (["access_token", "--reveal"], 0, True),
        (["waba_id"], 0, None),
    ):
        terminal = Terminal([*get, *words, "--lang", "en"], columns=400)
        assert terminal.end() == code
        assert shown is None or (shop.meta.access_token in terminal.raw) is shown


def test_the_file_is_for_its_owner_alone_and_replaces_nothing(shop):
    target = shop.folder / "out.env"
    shop.run("export", "--yes", "--output", str(target))
    assert target.stat().st_mode & 0o777 == 0o600
    assert shop.meta.access_token in target.read_text()
    target.write_text("mine")
    shop.run("export", "--yes", "--output", str(target), code=2)
    assert target.read_text() == "mine"
    shop.run("export", "--yes", "--output", str(target), "--force")
    assert shop.meta.access_token in target.read_text()


@pytest.mark.parametrize("target", ["no/such/folder/x", "x" * 300])
def test_a_file_that_cannot_be_made_is_no_defect(shop, target):
    target = str(shop.folder / target)
    assert shop.run("export", "--yes", "--output", target, code=6).out == ""


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_link_is_never_written_through(shop, force):
    victim, link = shop.folder / "victim", shop.folder / "link"
    victim.write_text("mine")
    link.symlink_to(victim)
    shop.run("export", "--yes", "--output", str(link), *force, code=2)
    assert victim.read_text() == "mine"


CHILD = (
    "import os, json; print(json.dumps("
    "{k: v for k, v in os.environ.items() if k.startswith(('WA_WIZARD_', 'WHATSAPP'))}))"
)


def process(shop, *words, sandbox=False, **how):
    """The command line as a process of its own; over the real store, or in the sandbox."""
    more = ["--sandbox", "healthy"] if sandbox else []
    call = [sys.executable, "-m", "wizard", "credentials", "run", *more, *words]
    environ = {**os.environ, "PYTHONPATH": os.getcwd()}
    return subprocess.Popen(
        call, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how
    )


def handed(shop, *words, sandbox=False):
    child = process(shop, *words, "--", sys.executable, "-c", CHILD, sandbox=sandbox)
    out, err = child.communicate(timeout=30)
    assert child.returncode == 0, err
    return json.loads(out)


def secrets_in(got):
    return {name for name in got if name.startswith("WHATSAPP")} | {
        name
        for name in got
        if name.endswith(("_TOKEN", "_SECRET", "_PIN", "_ID", "_FILE"))
        and name != "WA_WIZARD_PASSPHRASE_FILE"
    }


@pytest.mark.parametrize(
    ("words", "gets"),
    [
        (["--only", "verify_token"], {"WA_WIZARD_VERIFY_TOKEN"}),
        (["--only", "two_step_pin,waba_id"], {"WA_WIZARD_TWO_STEP_PIN", "WA_WIZARD_WABA_ID"}),
        (
            ["--for", "hermes"],
            {f"WHATSAPP_CLOUD_{n}" for n in ("ACCESS_TOKEN", "APP_SECRET", "VERIFY_TOKEN")}
            | {f"WHATSAPP_CLOUD_{n}" for n in ("PHONE_NUMBER_ID", "WABA_ID", "APP_ID")},
        ),
        (
            ["--for", "hermes", "--only", "access_token, two_step_pin"],
            {"WHATSAPP_CLOUD_ACCESS_TOKEN", "WA_WIZARD_TWO_STEP_PIN"},
        ),
    ],
)
def test_a_program_gets_what_was_asked_for_and_nothing_beside(shop, monkeypatch, words, gets):
    shop.keep("two_step_pin", "271828")
    shop.keep("verify_token", "swordfish")
    monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN", shop.meta.access_token)
    (shop.folder / "secret").write_text(shop.meta.app_secret)
    monkeypatch.setenv("WA_WIZARD_APP_SECRET_FILE", str(shop.folder / "secret"))
    assert secrets_in(handed(shop, *words)) == gets


def test_the_pin_goes_along_only_when_it_is_named(shop):
    shop.keep("two_step_pin", "271828")
    assert "WA_WIZARD_TWO_STEP_PIN" not in handed(shop)
    assert handed(shop, "--only", "two_step_pin")["WA_WIZARD_TWO_STEP_PIN"] == "271828"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 4),
        (["--for", "pywa"], 4),
        (["--only", "access_token"], 4),
        (["--only", "app_secret,verify_token"], 4),
        (["--only", "app_secret"], 0),
        (["--only", "app_secert"], 2),
    ],
)
def test_nothing_is_started_without_what_it_needs(open_shop, words, code):
    shop = open_shop().settle("app_secret")
    mark = shop.folder / "started"
    child = process(shop, *words, "--", "/bin/sh", "-c", f"touch {mark}")
    _, err = child.communicate(timeout=30)
    assert (child.returncode, mark.exists()) == (code, code == 0), err
    assert code != 4 or "wa-wizard credentials set" in err


@pytest.mark.parametrize("sandbox", [False, True])
def test_the_child_alone_gets_the_secrets(shop, sandbox):
    before = dict(os.environ)
    got = handed(shop, sandbox=sandbox)
    assert got["WA_WIZARD_ACCESS_TOKEN"].startswith("EAA")
    assert got["WA_WIZARD_PHONE_NUMBER_ID"] == shop.meta.phone_number_id
    assert got["WA_WIZARD_GRAPH_URL"].startswith("http://127.0.0.1:")
    assert before == dict(os.environ)


@pytest.mark.parametrize("sandbox", [False, True])
@pytest.mark.parametrize(
    ("code", "ended"),
    [("raise SystemExit(7)", (7, 7)), ("import os; os.kill(os.getpid(), 9)", (-9, 137))],
)
def test_exit_code_and_death_of_the_child_are_passed_through(shop, sandbox, code, ended):
    child = process(shop, "--", sys.executable, "-c", code, sandbox=sandbox)
    child.communicate(timeout=30)
    assert child.returncode == ended[sandbox]


@pytest.mark.parametrize("sandbox", [False, True])
@pytest.mark.parametrize("number", ["SIGTERM", "SIGUSR1"])
def test_signals_reach_the_child(shop, sandbox, number):
    code = (
        "import signal, sys, time\n"
        f"signal.signal(signal.{number}, lambda *_: sys.exit(42))\n"
        "print('ready', flush=True)\n"
        "time.sleep(30)"
    )
    import signal

    child = process(shop, "--", sys.executable, "-c", code, sandbox=sandbox)
    assert child.stdout.readline() == "ready\n"
    child.send_signal(getattr(signal, number))
    child.communicate(timeout=30)
    assert child.returncode == 42


def test_a_closed_pipe_ends_the_child_as_it_would_anywhere(shop):
    child = process(shop, "--", "/bin/sh", "-c", "yes; echo $? >&2")
    child.stdout.readline()
    child.stdout.close()
    child.wait(timeout=30)
    with child.stderr:
        assert child.stderr.read().strip() == "141"  # 128 + SIGPIPE, which Python ignores


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 2),
        (["--"], 2),
        (["--", "no-such-program-anywhere"], 127),
        (["--", "/no/such/program"], 127),
        (["--", "./plain"], 126),
        (["--", "./folder"], 126),
        (["--", "plain"], 126),
        (["--", "./broken"], 126),
    ],
)
def test_a_program_that_cannot_run_ends_as_in_a_shell(shop, monkeypatch, words, code):
    monkeypatch.chdir(shop.folder)
    monkeypatch.setenv("PATH", f"{shop.folder}:{os.environ['PATH']}")
    (shop.folder / "folder").mkdir()
    (shop.folder / "plain").write_text("echo")
    (shop.folder / "broken").write_text("no program")
    (shop.folder / "broken").chmod(0o700)
    shop.run("run", *words, code=code)


SHORT = st.binary(min_size=1, max_size=4).map(lambda value: bytes(b"abc"[n % 3] for n in value))


@given(st.lists(SHORT, max_size=4), st.lists(SHORT, max_size=12))
def test_a_mask_hides_the_same_wherever_a_stream_is_cut(values, pieces):
    values.sort(key=len, reverse=True)
    whole = b"".join(pieces)
    once, cut = Mask(values), Mask(values)
    at_once = once(whole) + once.rest()
    assert b"".join(map(cut, pieces)) + cut.rest() == at_once
    if not values:
        assert at_once == whole
    assert not [value for value in values for part in at_once.split("•".encode()) if value in part]


WRITES = """
import json, os, sys, time, urllib.parse
token, verify = os.environ["WA_WIZARD_ACCESS_TOKEN"], os.environ["WA_WIZARD_VERIFY_TOKEN"]
for number in (1, 2):
    for piece in (token[:7], token[7:40], token[40:] + "|" + os.environ["WA_WIZARD_WABA_ID"] + "|"):
        os.write(number, piece.encode())
        time.sleep(0.1)
    os.write(number, json.dumps([verify, urllib.parse.quote(verify, safe=""), verify]).encode())
os.write(1, b"\\xff\\x00E")
sys.exit(7)
"""


@pytest.mark.parametrize("sandbox", [False, True])
def test_a_masked_program_shows_no_secret_on_either_stream(shop, sandbox):
    verify = "it's\"5$a\\b/c"
    shop.keep("verify_token", verify)
    # The sandbox has no verify token.
    code = WRITES.replace("VERIFY_TOKEN", "ACCESS_TOKEN") if sandbox else WRITES
    words = ["--mask", "--", sys.executable, "-c", code]
    child = process(shop, *words, sandbox=sandbox, encoding="latin-1")
    out, err = child.communicate(timeout=30)
    assert child.returncode == 7
    dots = "••••".encode().decode("latin-1")
    shown = f'{dots}|{shop.meta.waba_id}|["{dots}", "{dots}", "{dots}"]'
    assert out == shown + "\xff\x00E"
    assert shown in err


def test_signals_reach_a_masked_program_and_its_end_is_passed_on(shop):
    code = (
        "import signal, sys, time, os\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(42))\n"
        "print('ready', flush=True)\n"
        "time.sleep(30)"
    )
    child = process(shop, "--mask", "--", sys.executable, "-c", code)
    assert child.stdout.readline() == "ready\n"
    child.terminate()
    child.communicate(timeout=30)
    assert child.returncode == 42
    killed = process(shop, "--mask", "--", "/bin/sh", "-c", "kill -9 $$")
    killed.communicate(timeout=30)
    assert killed.returncode == 137


def test_a_masked_program_ends_when_nobody_reads_it(shop):
    child = process(shop, "--mask", "--", "/bin/sh", "-c", "yes; echo $? >&2")
    child.stdout.readline()
    child.stdout.close()
    child.wait(timeout=30)
    with child.stderr:
        assert child.stderr.read().strip() == "141"


@pytest.mark.parametrize(("words", "is_terminal"), [(["--mask"], False), ([], True)])
def test_that_the_output_is_no_terminal_any_more_is_said(shop, words, is_terminal):
    asks = [sys.executable, "-c", "import os; print('tty' if os.isatty(1) else 'pipe')"]
    command = ["-m", "wizard", "credentials", "run", *words, "--lang", "en", "--", *asks]
    terminal = Terminal(command, columns=200)
    assert terminal.end() == 0
    assert ("tty" in terminal.raw) is is_terminal
    assert ("--mask" in terminal.raw) is not is_terminal


def test_on_a_screen_enter_shows_no_secret_even_in_the_sandbox(tmp_path):
    """A person who rehearsed it with Enter would press Enter with real secrets, too."""
    words = ["-m", "wizard", "credentials", "export", "--sandbox=healthy", "--lang", "en"]
    asked = Words("en").say("credentials.export_consent")
    for keys, code in ((ENTER, 1), ("1" + ENTER, 0)):
        terminal = Terminal(words, WA_WIZARD_HOME=str(tmp_path))
        terminal.until(asked).send(keys)
        assert terminal.end() == code
        assert ("WA_WIZARD_ACCESS_TOKEN=" in terminal.raw) is (code == 0)
