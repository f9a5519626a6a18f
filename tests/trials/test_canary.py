"""Secrets through every command and every failure: in the vault, at Meta, and nowhere else."""

import functools
import io
import json
import logging
import os
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.terminal import ROOT
from wizard import sandbox
from wizard.__main__ import main
from wizard.audit.checks import CHECKS
from wizard.cli.errors import ErrorReporter
from wizard.commands import COMMANDS, subcommand_of
from wizard.graph.client import GraphClient
from wizard.state.config import find
from wizard.text.errors import WizardError

TOKEN = "EAACanary" + "0canaryToken9" * 14
SECRET = "c0ffeeca4a4yc0ffeeca4a4yc0ffee77".replace("y", "1")
PIN = "918273"
VERIFY = "canary-verify-3f9a1c"
CANARIES = {TOKEN, SECRET, PIN, VERIFY}

#: Every command, in an order in which something happens. `{…}` is filled by the scenario.
LINES = [
    "setup",
    "audit",
    "audit --json --verbose",
    "status",
    "status --json",
    "credentials list --verbose",
    "credentials list --json",
    "number list",
    "number list --json",
    "number add +447700900999 --name Zarya --yes",
    "number request-code --yes",
    "number verify 123830",
    "number verify 000000",
    "number register --yes --verbose",
    "number pin --yes",
    "number profile set --about Open --vertical retail --yes --verbose",
    "number profile --json",
    "number qr add Hello --yes --verbose",
    "number qr",
    "send --to +447700900456 --template order_received --yes",
    "send --to +447700900456 --text hello --yes --verbose",
    "templates list --json",
    "templates pull --verbose",
    "templates show order_received",
    "templates lint",
    "templates plan --json",
    "templates delete autumn_sale --yes --verbose",
    "templates apply --yes --verbose",
    "templates wait order_received --timeout 0",
    "api GET debug_token --as-app --verbose",
    "api GET me/accounts --verbose",
    "api GET {waba_id}/message_templates?limit=1",
    "api GET {waba_id}/message_templates --paginate --select data[].name --json",
    "api POST {phone_number_id}/settings --field fallback=true --yes --verbose",
    "api POST {phone_number_id} --input pin.json --yes --verbose",
    "api DELETE {waba_id}/message_templates?name=none --yes",
    "messages",
    "events",
    "webhook show",
    "webhook probe",
    "webhook set --yes",
    "webhook subscribe --yes",
    "webhook routes",
    "webhook test",
    "webhook rehearse http://127.0.0.1:9/hook",
    "credentials run -- true",
    "credentials rotate --yes",
    "bugreport",
    "bugreport --json",
    "explain 190/463",
    "config list",
    "config get lang",
    "config set lang ru",
    "config unset lang",
    "profiles list",
    "profiles add second",
    "profiles use default",
    "completion bash",
    "help environment",
    "sandbox --list",
    "login --port 0 --verbose",
    "credentials remove access_token --yes",
    "audit --verbose",
]
#: What shows a secret because that is what it is for, waits for ever, or needs a real store.
APART = {
    "credentials get",  # prints one: it is asked to
    "credentials export",  # prints them: it is asked to
    "credentials helper",  # hands one on: it is asked to
    "credentials import",  # below, from a file of its own
    "credentials move",  # between real stores; the sandbox has one
    "credentials set",  # below, by the ways a secret may come
    "webhook listen",  # waits; tests/receiver looks at what it prints
    "profiles remove",  # leaves nothing to look at; tests/commands/test_profiles.py
}
#: Where Meta itself wants a secret outside the header: (end of the path, where it stands).
WANTED = {
    ("debug_token", "query"),
    ("register", "body"),
    ("<phone>", "body"),  # the PIN, when it is set
    ("access_token", "query"),
    ("access_token", "body"),
    ("access_tokens", "body"),
    ("subscriptions", "body"),  # the verify token
    ("subscribed_apps", "body"),
}
FAILURES = [
    "token-dead",
    "token-expired",
    "token-page",
    "wrong-app",
    "app-secret-of-another-app",
    "proof-required",
    "proof-required-secret-unknown",
    "pin-wrong",
    "pin-locked",
    "code-expired",
    "number-taken",
    "throttled-80007",
    "html-500",
    "captive-portal",
    "portal-redirect",
    "answer-cut",
    "answer-not-json",
    "connection-dropped",
    "version-expired",
    "callback-token-differs",
]
SHORT = ["setup --verbose", "audit --verbose", "number list", "number register --yes"]
SHORT += ["send --to +447700900456 --yes", "credentials list", "bugreport"]


class Watch:
    """Everything that this process let out, by where it came out."""

    def __init__(self, monkeypatch, capsys, caplog):
        self._capsys, self._caplog, self._seen, self._sent = capsys, caplog, [], []
        caplog.set_level(logging.DEBUG)
        monkeypatch.setattr("wizard.cli.errors.ErrorReporter.of", self._ended(ErrorReporter.of))
        monkeypatch.setattr(
            "wizard.text.errors.WizardError.__init__", self._told(WizardError.__init__)
        )
        monkeypatch.setattr("requests.Session.send", self._went(requests.Session.send))

    def run(self, line, scenario="", piped=""):
        """One command line; its exit code."""
        words = line.split()
        end = words.index("--") if "--" in words else len(words)
        common = ["--no-input", *([f"--sandbox={scenario}"] if scenario else [])]
        stdin, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(piped.encode()))
        try:
            code = main([*words[:end], *common, *words[end:]])
        finally:
            sys.stdin = stdin
        out, err = self._capsys.readouterr()
        assert code != 70, f"{line}: {err}"
        self._seen += [(f"stdout of {line}", out), (f"stderr of {line}", err)]
        return code

    def leaks(self, secrets):
        """Where one of these came out."""
        told = [("log", f"{r.getMessage()} {r.args} {r.exc_text}") for r in self._caplog.records]
        places = [*self._seen, *told, *_files()]
        found = [where for where, text in places for secret in secrets if secret in text]
        return found + [where for where, text in self._sent for s in secrets if s in text]

    def _ended(self, of):
        def kept(ending, error):
            self._seen.append(("exception", _whole(error)))
            return of(ending, error)

        return kept

    def _told(self, init):
        def kept(error, *parts, **values):
            init(error, *parts, **values)
            self._seen.append(("Unavailable", f"{error!r} {error} {error.args} {values}"))

        return kept

    def _went(self, send):
        def kept(session, request, **how):
            url, body = urlsplit(request.url), request.body or b""
            edge = url.path.rpartition("/")[2]
            edge = "<phone>" if edge.isdigit() else edge
            headers = {k: v for k, v in request.headers.items() if k != "Authorization"}
            parts = {
                "path": url.path,
                "query": url.query,
                "body": body.decode() if isinstance(body, bytes) else str(body),
                "headers": str(headers),
            }
            self._sent += [
                (f"{where} of a request to {edge}", text)
                for where, text in parts.items()
                if (edge, where) not in WANTED
            ]
            return send(session, request, **how)

        return kept


def _whole(error):
    """An exception with everything that hangs on it, values of its frames left out."""
    chain, seen = [error], []
    while chain:
        one = chain.pop()
        if one is not None and one not in seen:
            seen.append(one)
            chain += [one.__cause__, one.__context__]
    return " ".join([*traceback.format_exception(error), *(f"{e!r} {e.args}" for e in seen)])


def _files():
    """Every file below the homes, but the vault of the sandbox and its picture of Meta."""
    for root in {os.environ["WA_WIZARD_HOME"], os.environ["HOME"], os.environ["XDG_STATE_HOME"]}:
        for path in Path(root).rglob("*"):
            vault = path.name.startswith("play-secrets.json")
            world = path.parent.name in (path.stem, path.stem.partition(".")[0])
            if path.is_file() and not vault and not world:
                yield f"file {path.name}", path.read_bytes().decode("utf-8", "replace")


@pytest.fixture
def watch(monkeypatch, capsys, caplog):
    monkeypatch.setattr(
        "wizard.graph.client.GraphClient", functools.partial(GraphClient, pause=lambda _: None)
    )
    monkeypatch.setattr("wizard.context.context.PLAY_SECONDS", 1.0)
    return Watch(monkeypatch, capsys, caplog)


def play_secrets(scenario):
    """What is secret in a scenario: its tokens, app secrets and PINs, at Meta and in the vault."""
    home = find(os.environ).sandbox(scenario)
    world = json.loads((home.state_folder / f"{scenario}.json").read_text())
    kept = {}
    for path in home.state_folder.rglob("play-secrets.json"):
        kept |= json.loads(path.read_text())
    tokens = {token["value"] for token in world["tokens"].values()}
    secrets = {app["secret"] for app in world["apps"].values()}
    pins = {number["pin"] for number in world["numbers"].values() if number.get("pin")}
    return {value for value in tokens | secrets | pins | set(kept.values()) if value}


def test_no_command_is_left_out():
    named = {line.partition(" -")[0] for line in LINES} | APART
    for command, branches in COMMANDS.items():
        for words in [f"{command} {branch}".strip() for branch in branches or ("",)]:
            assert any(f"{line} ".startswith(f"{words} ") for line in named), words


@pytest.mark.parametrize("scenario", ["rehearsal", "receiving", "pin-unknown"])
def test_secrets_go_through_every_command_and_come_out_of_none(
    watch, scenario, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)  # where templates are written
    (tmp_path / "pin.json").write_text('{"pin": "918273"}')
    secrets = set()
    for line in LINES:
        watch.run(line, scenario)
        secrets |= play_secrets(scenario)
    assert len(secrets) > 3
    assert watch.leaks(secrets) == []


@pytest.mark.parametrize("scenario", FAILURES)
def test_nothing_that_fails_gives_a_secret_away(watch, scenario):
    secrets = set()
    for line in SHORT:
        watch.run(line, scenario)
        secrets |= play_secrets(scenario)
    assert watch.leaks(secrets) == []


WAYS = {
    "--from-stdin": lambda value, _: ("--from-stdin", value),
    "--from-file": lambda value, folder: (f"--from-file {_written(folder, value)}", ""),
    "--from-env": lambda value, _: ("--from-env CANARY", ""),
}


def _written(folder, value):
    path = folder / "value"
    path.write_text(value)
    return path


@pytest.mark.parametrize("way", WAYS)
def test_a_secret_that_is_set_shows_nowhere_taken_or_refused(watch, way, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    values = {"access_token": TOKEN, "app_secret": SECRET, "two_step_pin": PIN}
    values["verify_token"] = VERIFY
    codes = {}
    for name, value in values.items():
        monkeypatch.setenv("CANARY", value)
        options, piped = WAYS[way](value, tmp_path)
        codes[name] = watch.run(f"credentials set {name} {options} --verbose", "healthy", piped)
    for line in (
        "credentials list --json",
        "audit --verbose",
        "bugreport",
        "credentials remove --all",
    ):
        watch.run(line, "healthy")
    assert codes["access_token"] == codes["app_secret"] == 4  # Meta knows neither of them
    assert codes["verify_token"] == 0
    assert watch.leaks(CANARIES) == []


def test_an_imported_env_file_shows_nowhere(watch, tmp_path):
    path = tmp_path / ".env"
    path.write_text(f"ACCESS_TOKEN={TOKEN}\nAPP_SECRET={SECRET}\nVERIFY_TOKEN={VERIFY}\n")
    watch.run(f"credentials import {path} --yes --verbose", "healthy")
    watch.run("credentials list", "healthy")
    assert watch.leaks(CANARIES) == []


def environment(graph_url):
    return {
        "WA_WIZARD_GRAPH_URL": graph_url,
        "WA_WIZARD_ACCESS_TOKEN": TOKEN,
        "WA_WIZARD_APP_SECRET": SECRET,
        "WA_WIZARD_TWO_STEP_PIN": PIN,
        "WA_WIZARD_VERIFY_TOKEN": VERIFY,
    }


@pytest.mark.parametrize(
    "scenario", ["healthy", "html-500", "captive-portal", "connection-dropped"]
)
def test_secrets_of_the_environment_stay_there(watch, scenario, monkeypatch):
    with sandbox.start(scenario) as play:
        for name, value in environment(play.graph_url).items():
            monkeypatch.setenv(name, value)
        for line in SHORT:
            watch.run(line)
    assert watch.leaks(CANARIES) == []


def test_a_defect_in_the_midst_of_it_tells_no_value(watch, monkeypatch, capsys):
    def broken(facts):
        raise ValueError(facts.vault.get("access_token").secret.reveal())

    monkeypatch.setitem(CHECKS, "access.valid", broken)
    watch.run("audit --verbose", "healthy")
    watch.run("setup --verbose", "healthy")
    assert watch.leaks(play_secrets("healthy")) == []


def test_the_process_list_shows_no_secret(tmp_path):
    with sandbox.start("slow", latency_ms=50) as play:
        environ = {**os.environ, **environment(play.graph_url), "PYTHONPATH": str(ROOT)}
        call = [sys.executable, "-m", "wizard", "audit", "--no-input", "--verbose"]
        with subprocess.Popen(
            call, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as child:
            lines, said = set(), []
            reader = threading.Thread(target=lambda: said.append(child.stdout.read()))
            reader.start()
            while child.poll() is None:
                lines |= _command_lines(child.pid)
            reader.join()
    assert b"audit" in b" ".join(lines)
    told = b" ".join([*lines, *said]).decode("utf-8", "replace")
    assert [canary for canary in CANARIES if canary in told] == []


def _command_lines(pid):
    """Of a process and its children."""
    found = set()
    for one in [pid, *_children(pid)]:
        try:
            found.add(Path(f"/proc/{one}/cmdline").read_bytes())
        except OSError:
            continue
    return found


def _children(pid):
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


def test_a_leak_would_be_seen_wherever_it_is(watch, monkeypatch):
    def leaky(chosen):
        print(TOKEN)
        print(TOKEN, file=sys.stderr)
        logging.getLogger("urllib3").debug("GET %s", TOKEN)
        home = Path(os.environ["WA_WIZARD_HOME"])
        home.mkdir(parents=True, exist_ok=True)
        (home / "notes").write_text(TOKEN)
        try:
            requests.get(f"http://127.0.0.1:9/{TOKEN}", params={"t": TOKEN}, timeout=1)
        except requests.ConnectionError:
            raise KeyboardInterrupt from ValueError(TOKEN)

    monkeypatch.setattr("wizard.cli.errors.let_next_interrupt_end", lambda: None)
    monkeypatch.setattr(subcommand_of("status", "").run.__module__ + ".run", leaky)
    watch.run("status")
    seen = set(watch.leaks({TOKEN}))
    assert {"stdout of status", "stderr of status", "log", "file notes", "exception"} <= seen
    assert any(where.startswith("path of a request") for where in seen)
    assert any(where.startswith("query of a request") for where in seen)
