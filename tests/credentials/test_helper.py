"""`credentials helper`: the protocols, and the real programs that speak them."""

import base64
import json
import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from tests.support.programs import child_environ
from tests.support.terminal import Terminal

HOST = "graph.facebook.com"
NOT_FOUND = "credentials not found in native keychain\n"
END = "2027-01-20T12:00:00Z"


@pytest.fixture
def planted(shop):
    """A token with an end, an app secret, a PIN."""
    shop.keep("access_token", shop.meta.access_token, expires_at=END)
    shop.keep("two_step_pin", "271828")
    return shop


def secrets(shop):
    return {name: shop.kept(name) for name in ("access_token", "app_secret", "two_step_pin")}


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (f"https://{HOST}", "access_token"),
        (f"{HOST}\n", "access_token"),
        (f"https://{HOST}/v26.0/", "access_token"),
        (f"https://app_secret@{HOST}", "app_secret"),
        (f"https://two_step_pin@{HOST}", "two_step_pin"),
        (f"https://user_token@{HOST}", None),  # not kept
        (f"https://waba_id@{HOST}", None),  # no secret
        (f"http://{HOST}", None),
        (f"https://{HOST}:8443", None),
        (f"https://{HOST}.evil.example", None),
        (f"https://evil.example/{HOST}", None),
        ("https://index.docker.io/v1/", None),
        ("https://[", None),
    ],
)
def test_docker_is_given_what_the_address_names_and_nothing_else(planted, asked, name):
    said = planted.run("helper", "docker", "get", stdin=asked, code=0 if name else 1).out
    if name is None:
        assert said == NOT_FOUND
    else:
        wanted = {"ServerURL": asked.strip(), "Username": name, "Secret": secrets(planted)[name]}
        assert json.loads(said) == wanted


@pytest.mark.parametrize(
    ("action", "stdin", "said"),
    [
        ("get", "\n", "no credentials server URL"),
        ("erase", "", "no credentials server URL"),
        ("erase", "https://index.docker.io/v1/", NOT_FOUND.strip()),
        ("erase", HOST, "read-only"),
        ("store", "", "no credentials server URL"),
        ("store", '{"Username": "x", "Secret": "y"}', "no credentials server URL"),
        ("store", f'{{"ServerURL": "{HOST}", "Secret": "y"}}', "no credentials username"),
        ("store", f'{{"ServerURL": "{HOST}", "Username": "x", "Secret": "y"}}', "read-only"),
    ],
)
def test_docker_changes_nothing_and_is_told_so_in_its_own_words(planted, action, stdin, said):
    before = secrets(planted)
    assert planted.run("helper", "docker", action, stdin=stdin, code=1).out.startswith(said)
    assert secrets(planted) == before


def test_docker_lists_names_and_no_values(planted):
    out = planted.run("helper", "docker", "list").out
    assert json.loads(out) == {
        f"https://{HOST}": "access_token",
        **{f"https://{name}@{HOST}": name for name in secrets(planted)},
    }
    assert not any(value in out for value in secrets(planted).values())


def test_an_action_that_does_not_exist_is_a_wrong_line(planted):
    assert planted.run("helper", "docker", "steal", code=2).out == ""
    assert planted.run("helper", "docker", code=2).out == ""


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (f"protocol=https\nhost={HOST}\n\n", "access_token"),
        (f"capability[]=authtype\nprotocol=https\nhost={HOST}\nwwwauth[]=x\n", "access_token"),
        (f"protocol=https\nhost={HOST}\nusername=app_secret\n\n", "app_secret"),
        (f"protocol=http\nhost={HOST}\n\n", None),
        ("protocol=https\nhost=github.com\n\n", None),
        (f"protocol=https\nhost={HOST}\nusername=alice\n\n", None),
        ("", None),
        (f"protocol=https\n\nhost={HOST}\n", None),  # an empty line ends the request
    ],
)
def test_git_is_given_what_it_asks_for_or_nothing(planted, asked, name):
    out = planted.run("helper", "git-style", "get", stdin=asked).out
    answer = dict(line.split("=", 1) for line in out.splitlines())
    if name is None:
        assert answer == {}
        return
    value = secrets(planted)[name]
    wanted = {"protocol": "https", "host": HOST, "username": name, "password": value}
    ends = {"password_expiry_utc": "1800446400"} if name == "access_token" else {}
    assert answer == wanted | ends


@pytest.mark.parametrize("action", ["store", "erase", "a-later-one"])
def test_what_git_stores_and_erases_is_passed_over(planted, action):
    before = secrets(planted)
    asked = f"protocol=https\nhost={HOST}\nusername=access_token\npassword=other\n\n"
    assert planted.run("helper", "git-style", action, stdin=asked).out == ""
    assert secrets(planted) == before


def test_aws_is_given_the_secret_where_it_never_sends_it(planted):
    answer = json.loads(planted.run("helper", "aws-process").out)
    token = planted.kept()
    assert answer == {
        "Version": 1,
        "AccessKeyId": "access_token",
        "SecretAccessKey": token,
        "Expiration": END,
    }
    named = json.loads(planted.run("helper", "aws-process", "app_secret").out)
    assert (named["SecretAccessKey"], "Expiration" in named) == (planted.kept("app_secret"), False)
    assert planted.run("helper", "aws-process", "user_token", code=4).out == ""


def test_an_end_that_was_noted_of_another_value_is_not_said(planted):
    planted.keep("access_token", planted.meta.access_token, expires_at=END, fingerprint="0" * 8)
    assert "Expiration" not in json.loads(planted.run("helper", "aws-process").out)


def test_a_terminal_is_no_pipe(planted):
    words = ["-m", "wizard", "credentials", "helper", "aws-process", "--lang", "en"]
    terminal = Terminal(words, **{k: v for k, v in os.environ.items() if k.startswith("WA_")})
    terminal.until("docs/credentials.md", seconds=30)
    terminal.child.wait()
    assert terminal.child.exitstatus == 2
    assert planted.kept() not in terminal.raw


def program(*words):
    """The helper as another program calls it."""
    return [sys.executable, "-m", "wizard", "credentials", "helper", *words]


def real(words, **how):
    environ = child_environ(**how.pop("environ", {}))
    return subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=60, env=environ, **how
    )


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_real_git_fills_in_a_token_and_cannot_erase_it(planted, tmp_path):
    helper = " ".join(program("git-style"))
    git = ["git", "-c", "credential.helper=", "-c", f"credential.helper=!{helper}", "credential"]
    alone = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_ASKPASS": ""}
    how = {"cwd": tmp_path, "environ": alone}
    asked = f"protocol=https\nhost={HOST}\n\n"
    filled = real([*git, "fill"], input=asked, **how)
    assert f"password={planted.kept()}\n" in filled.stdout, filled.stderr
    by_url = real([*git, "fill"], input=f"url=https://app_secret@{HOST}/me\n\n", **how)
    assert f"password={planted.kept('app_secret')}\n" in by_url.stdout
    for action in ("reject", "approve"):
        assert real([*git, action], input=filled.stdout, **how).returncode == 0
    assert planted.kept() == planted.meta.access_token
    assert real([*git, "fill"], input="protocol=https\nhost=github.com\n\n", **how).returncode


class Daemon(BaseHTTPRequestHandler):
    """As much of docker's daemon as a pull asks for; `seen` is the credential that came along."""

    seen: ClassVar[list[str]] = []

    def do_GET(self):
        self._answer(b"{}")

    def do_HEAD(self):
        self._answer(b"{}")

    def do_POST(self):
        self.seen.append(self.headers.get("X-Registry-Auth", ""))
        self._answer(b'{"status": "done"}\n')

    def _answer(self, body):
        self.send_response(200)
        self.send_header("Api-Version", "1.44")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_words):
        pass


@pytest.mark.skipif(not shutil.which("docker"), reason="docker is not installed")
def test_real_docker_takes_a_token_from_it(planted, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    link = folder / "docker-credential-wa-wizard"
    link.write_text(f'#!/bin/sh\nexec {" ".join(program("docker"))} "$1"\n')
    link.chmod(0o700)
    (tmp_path / "config.json").write_text(json.dumps({"credHelpers": {HOST: "wa-wizard"}}))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Daemon)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    environ = {
        "DOCKER_CONFIG": str(tmp_path),
        "DOCKER_HOST": f"tcp://127.0.0.1:{server.server_port}",
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
    }
    try:
        real(["docker", "pull", f"{HOST}/x:1"], environ=environ)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    sent = [json.loads(base64.urlsafe_b64decode(one)) for one in Daemon.seen if one]
    assert sent[0]["username"] == "access_token"
    assert sent[0]["password"] == planted.kept()
    real(["docker", "logout", HOST], environ=environ)
    assert planted.kept() == planted.meta.access_token


def test_a_real_reader_of_credential_process_takes_it(planted, tmp_path):
    botocore = pytest.importorskip("botocore.session")
    config = tmp_path / "aws"
    config.write_text(f"[profile wa]\ncredential_process = {' '.join(program('aws-process'))}\n")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", str(config))
        patch.setenv("PYTHONPATH", child_environ()["PYTHONPATH"])
        found = botocore.Session(profile="wa").get_credentials()
    frozen = found.get_frozen_credentials()
    assert (frozen.access_key, frozen.secret_key) == ("access_token", planted.kept())
    assert frozen.token is None
    assert found._expiry_time.isoformat() == "2027-01-20T12:00:00+00:00"
