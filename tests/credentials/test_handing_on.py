"""export and run: what leaves, in which form, and into whose hands."""

import json
import os
import shlex
import subprocess
import sys

import pytest

from wizard.commands.credentials import FORMATS
from wizard.commands.credentials.export import PROGRAMS, dressed, named

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


@pytest.mark.parametrize("style", ["docker", "github"])
def test_docker_and_github_take_the_value_as_it_stands(style):
    assert dressed({"verify_token": HARD}, style) == f"WA_WIZARD_VERIFY_TOKEN={HARD}\n"


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
        "WHATSAPP_CLOUD_APP_SECRET": "S",
        "WHATSAPP_CLOUD_VERIFY_TOKEN": "V",
    },
    "pywa": {
        "token": "T",
        "phone_id": "N",
        "business_account_id": "W",
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


@pytest.mark.parametrize("name", ["nonsense", "two_step_pin"])
def test_what_is_not_there_is_refused_by_name(shop, name):
    assert shop.run("export", name, "--yes", code=2).out == ""


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


@pytest.mark.parametrize("sandbox", [False, True])
def test_the_child_alone_gets_the_secrets(shop, sandbox):
    before = dict(os.environ)
    child = process(shop, "--for", "hermes", "--", sys.executable, "-c", CHILD, sandbox=sandbox)
    out, err = child.communicate(timeout=30)
    assert child.returncode == 0, err
    got = json.loads(out)
    assert got["WA_WIZARD_ACCESS_TOKEN"] == got["WHATSAPP_CLOUD_ACCESS_TOKEN"]
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


@pytest.mark.parametrize("words", [[], ["--"], ["--", "no-such-program-anywhere"]])
def test_a_program_that_is_not_there_is_a_wrong_line(shop, words):
    shop.run("run", *words, code=2)
