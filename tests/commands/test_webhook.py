"""`webhook …` and `messages`, as they are run."""

import http.client
import io
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.support import deliveries
from tests.support.fake_graph import FakeGraph
from tests.support.fake_vault import MemoryVault
from tests.support.loopback import web
from wizard.facts.facts import Facts
from wizard.facts.webhook_route import read_webhook_route
from wizard.graph import Credentials
from wizard.state.record import ProfileRecord
from wizard.text.secret import Secret
from wizard.ui.screen import Screen
from wizard.ui.webhook_view import show_route
from wizard.ui.words import Words
from wizard.webhook.inbox import Reader, Writer
from wizard.webhook.payload import read
from wizard.webhook.who_answered import Answer


@pytest.fixture
def said(wizard):
    """Runs a command line; (exit code, standard output, standard error)."""
    return lambda words, *more: wizard(*words.split(), *more)


def as_json(told):
    code, out, _ = told
    return code, json.loads(out)


def test_show_tells_programs_the_whole_chain(said):
    code, chain = as_json(said("webhook show --json --sandbox webhook-account-override"))
    assert (code, chain["as_expected"]) == (1, False)
    assert chain["effective"] == {"level": "account", "url": "https://old-provider.example/hook"}
    assert [(one["level"], one["wins"]) for one in chain["levels"]] == [
        ("number", False),
        ("account", True),
        ("app", False),
    ]
    assert chain["subscribed"] is True
    assert "messages" in chain["fields"]


@pytest.mark.parametrize(
    ("scenario", "code", "subscribed"),
    [
        ("receiving", 0, True),
        ("webhook-none", 1, True),
        ("webhook-account-not-subscribed", 1, False),
        ("webhook-another-app-subscribed", 1, False),
    ],
)
def test_show_ends_as_the_chain_stands(said, scenario, code, subscribed):
    told, chain = as_json(said(f"webhook show --json --sandbox {scenario}"))
    assert (told, chain["subscribed"]) == (code, subscribed)


@pytest.mark.parametrize(
    ("scenario", "mark"),
    [("webhook-messages-missing", "messages is off"), ("webhook-inactive", "switched")],
)
def test_show_ends_with_1_for_every_cross_it_draws(said, scenario, mark):
    """`messages` off, and a subscription that Meta switched off."""
    code, out, _ = said(f"webhook show --lang en --sandbox {scenario}")
    assert ("✗" in out, mark in " ".join(out.split()), code) == (True, True, 1)
    assert said(f"webhook show --json --sandbox {scenario}")[0] == 1


def test_show_without_the_app_secret_says_what_it_would_add(said):
    code, out, _ = said("webhook show --sandbox webhook-secret-unknown")
    out = " ".join(out.split())
    assert "credentials set app_secret" in out
    _, chain = as_json(said("webhook show --json --sandbox webhook-secret-unknown"))
    assert (chain["fields"], chain["missing"]["fields"]) == (None, "not_given")
    assert chain["effective"]["url"]
    assert code == 0


@pytest.mark.parametrize(
    ("secret", "ids", "advised"),
    [
        (None, {"app_id": "1"}, "credentials set app_secret"),
        (Secret(deliveries.SECRET), {}, "wa-wizard setup"),
    ],
)
def test_show_names_what_the_fields_lack(secret, ids, advised):
    """The app secret, or the app's id: never a secret that is there already."""
    graph = FakeGraph({}, keys=Credentials(Secret("EAAG"), "", secret))
    record = ProfileRecord(ids={"waba_id": "20", "phone_number_id": "30", **ids})
    route = read_webhook_route(Facts(graph, record, MemoryVault()))
    shown = io.StringIO()
    show_route(Screen(shown, colour=False, width=400), Words("en"), route)
    lines = [line for line in shown.getvalue().splitlines() if "the fields are visible" in line]
    assert (len(lines), advised in lines[0]) == (1, True)
    assert ("app_secret" in lines[0]) == (secret is None)


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("scenario", ["webhook-two-apps", "webhook-inactive", "webhook-none"])
def test_the_picture_is_drawn_in_both_languages(said, language, scenario):
    _, out, _ = said(f"webhook show --lang {language} --sandbox {scenario}")
    assert "+44 7700 900123" in out
    assert ("▶" in out) == (scenario != "webhook-none")


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("receiving", ""),
        ("callback-quoted", "padded"),
        ("callback-moved", "redirect"),
        ("callback-missing", "not_found"),
        ("callback-down", "refused"),
        ("callback-takes-any-token", "any_token"),
    ],
)
def test_probe_names_what_is_wrong(said, scenario, reason):
    code, found = as_json(said(f"webhook probe --json --sandbox {scenario}"))
    assert (code, found["ok"], found["reason"]) == (1 if reason else 0, not reason, reason)
    assert said(f"webhook probe --sandbox {scenario}")[0] == code


def test_probe_asks_the_address_it_is_given(said):
    code, found = as_json(said("webhook probe http://127.0.0.1:1/x --json --sandbox receiving"))
    assert (code, found["url"], found["reason"]) == (1, "http://127.0.0.1:1/x", "refused")


def test_probe_without_any_address_is_a_wrong_command_line(said):
    assert said("webhook probe --sandbox healthy")[0] == 2


def good(play_url="{sandbox}"):
    return f"{play_url}/_sandbox/callback/good"


def test_set_tells_meta_and_looks(said):
    # In the sandbox the address of the play server is suggested.
    assert said("webhook set --sandbox webhook-none --yes")[0] == 0
    _, chain = as_json(said("webhook show --json --sandbox webhook-none"))
    assert chain["effective"]["level"] == "app"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("webhook set --remove", 2),
        ("webhook set --remove --level app", 2),
        ("webhook set --url here", 2),
        ("webhook set here", 2),
        ("webhook set --url ftp://example.com/x", 2),
        ("webhook set --level everywhere", 2),
        ("webhook listen --port 99999", 2),
        ("webhook listen --path nowhere", 2),
    ],
)
def test_a_command_line_that_makes_no_sense_is_refused(said, words, code):
    assert said(f"{words} --sandbox receiving --no-input")[0] == code


def test_routes_shows_where_the_messages_of_each_number_go(said):
    code, shown = as_json(said("webhook routes --json --sandbox webhook-number-override"))
    (route,) = shown["routes"]
    assert (code, route["effective"]) == (
        0,
        {"level": "number", "url": "https://old-provider.example/hook"},
    )
    assert said("webhook routes --sandbox webhook-account-not-subscribed")[0] == 1
    # What the number does not show, the app's own subscription does.
    (route,) = as_json(said("webhook routes --json --sandbox callbacks-hidden"))[1]["routes"]
    assert (route["effective"]["level"], route["arrives"]) == ("app", True)
    code, shown = as_json(said("webhook routes --json --sandbox webhook-none"))
    assert (code, [one["arrives"] for one in shown["routes"]]) == (1, [False])
    none_set, unseen = (f"webhook.show_{name}" for name in ("nowhere", "unseen"))
    for language in ("ru", "en"):
        _, out, _ = said(f"webhook routes --lang {language} --sandbox webhook-none")
        assert Words(language).say(none_set).partition(":")[0] in " ".join(out.split())
        assert Words(language).say(unseen) not in out


@pytest.mark.parametrize(
    "named",
    [
        *("106540352242922", "=https://example.com/x", "abc=https://example.com/x"),
        *("106540352242922=ftp://example.com/x", "106540352242922=", "7=https://example.com/x"),
        "106540352242922=https://example.com/a --route 106540352242922=https://example.com/b",
    ],
)
def test_a_route_that_makes_no_sense_is_refused(said, named):
    code, out, _ = said(f"webhook routes --json --no-input --sandbox receiving --route {named}")
    assert (code, json.loads(out)["error"]["exit_code"]) == (2, 2)


def test_subscribe_subscribes_once(said):
    for _ in range(2):
        assert said("webhook subscribe --yes --sandbox webhook-account-not-subscribed")[0] == 0


def test_the_closed_loop_ends_with_a_message(said):
    code, told = as_json(said("webhook test --json --no-input --port 0 --sandbox webhook-none"))
    assert (code, told["received"]) == (0, True)
    assert told["message"]["text"]
    code, out, _ = said("messages --json --sandbox webhook-none")
    assert json.loads(out)["id"] == told["message"]["id"]


def test_the_closed_loop_names_the_broken_link(said):
    words = "webhook test --no-input --port 0 --timeout 2 --sandbox app-unpublished"
    code, out, _ = said(words)
    assert code == 1
    assert "Publish" in out


def test_without_the_app_secret_listening_makes_no_sense(said):
    assert said("webhook listen --port 0 --sandbox webhook-secret-unknown")[0] == 4


class Listening:
    """`webhook listen` as a process of its own."""

    def __init__(self, *words):
        secrets = {
            "WA_WIZARD_APP_SECRET": deliveries.SECRET,
            "WA_WIZARD_VERIFY_TOKEN": "verify-me",
        }
        self.child = subprocess.Popen(
            [sys.executable, "-m", "wizard", "webhook", "listen", "--json", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **secrets},
            text=True,
        )
        self.first = self.line()
        self.url = self.first["listening"]
        self.port = int(self.url.rsplit(":", 1)[1].partition("/")[0])

    def line(self):
        return json.loads(self.child.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.communicate()


def test_listen_prints_one_line_for_each_thing_that_arrives(home):
    with Listening("--port", "0") as receiver:
        assert receiver.url == f"http://127.0.0.1:{receiver.port}/webhook"
        send = deliveries.deliver
        assert send(receiver.port, deliveries.incoming(deliveries.text())) == 200
        line = receiver.line()
        assert (line["event"], line["id"], line["text"]) == (
            *("message", "wamid.1", "Здравствуйте!"),
        )
        assert send(receiver.port, deliveries.incoming(deliveries.text())) == 200  # again
        assert send(receiver.port, deliveries.status()) == 200
        assert receiver.line()["status"] == "delivered"
        assert send(receiver.port, deliveries.envelope({"event": "X"}, "account_update")) == 200
        assert receiver.line()["field"] == "account_update"
        for _ in range(2):  # stored once, told each time: somebody presses the button again
            assert send(receiver.port, deliveries.dashboard_test()) == 200
            assert receiver.line()["test"] is True
        assert send(receiver.port, deliveries.status(), secret="another") == 403
        assert receiver.line()["reason"] == "bad_signature"
        receiver.child.send_signal(signal.SIGINT)
        receiver.child.wait(20)
        assert receiver.child.returncode == 130
    assert len(Reader(home.inbox_path("default")).messages()) == 2


def test_listen_says_why_it_refused_what_came(home):
    """One line and one cause each: another path, a spelling, a body written anew, no header."""
    message = deliveries.incoming(deliveries.text())
    signed = deliveries.signature(json.dumps(message, separators=(",", ":")).encode())
    asked = "?hub.mode={}&hub.challenge=1&hub.verify_token={}"
    with Listening("--port", "0") as receiver:
        send, port = deliveries.deliver, receiver.port
        causes = [
            (lambda: send(port, message, path="/hook"), "path", "/hook"),
            (lambda: send(port, message, X_Hub_Signature_256=signed), "rewritten", None),
            (lambda: send(port, message, X_Hub_Signature_256=None), "unsigned", None),
            (lambda: get(port, "/hook" + asked.format("subscribe", "verify-me")), "path", "/hook"),
            (
                lambda: get(port, "/webhook" + asked.format("subscribe", "+verify-me")),
                "spelling",
                None,
            ),
            (lambda: get(port, "/webhook" + asked.format("ping", "verify-me")), "mode", None),
        ]
        for come, reason, path in causes:
            come()
            line = receiver.line()
            assert (line["reason"], line.get("path")) == (reason, path)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_listen_says_every_cause_in_words(home, language):
    secrets = {"WA_WIZARD_APP_SECRET": deliveries.SECRET, "WA_WIZARD_VERIFY_TOKEN": "verify-me"}
    words = ["webhook", "listen", "--port", "0", "--lang", language]
    child = subprocess.Popen(
        [sys.executable, "-m", "wizard", *words],
        stdout=subprocess.PIPE,
        env={**os.environ, **secrets, "COLUMNS": "400"},
        text=True,
    )
    with child:
        port = int(child.stdout.readline().rsplit(":", 1)[1].partition("/")[0])
        while "Ctrl-C" not in child.stdout.readline():  # how to stop it, said last
            pass
        message = deliveries.incoming(deliveries.text())
        assert deliveries.deliver(port, message, path="/hook") == 404
        line = child.stdout.readline()
        assert "/hook" in line
        assert "/webhook" in line
        said = set()
        for query in ("subscribe&hub.verify_token=%22verify-me%22", "x", "subscribe"):
            get(port, f"/webhook?hub.challenge=1&hub.mode={query}")
            said.add(child.stdout.readline())
        assert len(said) == 3
        child.kill()


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_inside_a_container_it_says_how_to_be_reached(home, language, host):
    """At an address of the container itself no one outside gets through; with 0.0.0.0 they do."""
    secrets = {"WA_WIZARD_APP_SECRET": deliveries.SECRET, "WA_WIZARD_VERIFY_TOKEN": "verify-me"}
    words = ["webhook", "listen", "--port", "0", "--host", host, "--lang", language]
    with subprocess.Popen(
        [sys.executable, "-m", "wizard", *words],
        stdout=subprocess.PIPE,
        env={**os.environ, **secrets, "COLUMNS": "400", "KUBERNETES_SERVICE_HOST": "10.0.0.1"},
        text=True,
    ) as child:
        told = []
        while not told or "Ctrl-C" not in told[-1]:
            told.append(child.stdout.readline())
        child.kill()
    assert any("--host 0.0.0.0" in line for line in told) == (host == "127.0.0.1")


def get(port, target):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", target)
    connection.getresponse().read()
    connection.close()


def test_what_listen_acknowledged_survives_its_kill(home):
    with Listening("--port", "0", "--path", "/hook") as receiver:
        content = deliveries.incoming(deliveries.text())
        assert deliveries.deliver(receiver.port, content, path="/hook") == 200
        receiver.child.kill()
        receiver.child.wait(10)
    assert [m.id for m in Reader(home.inbox_path("default")).messages()] == ["wamid.1"]


def test_a_taken_port_is_said(home):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = ["webhook", "listen", "--port", str(taken.getsockname()[1])]
        child = subprocess.run(
            [sys.executable, "-m", "wizard", *words],
            env={**os.environ, "WA_WIZARD_APP_SECRET": "0" * 32, "WA_WIZARD_VERIFY_TOKEN": "v"},
            capture_output=True,
            timeout=30,
            check=False,
        )
    assert child.returncode == 1


def health(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_a_supervisor_is_told_whether_deliveries_can_be_taken(home):
    with Listening("--port", "0", "--health", "0") as receiver:
        url = receiver.first["health"]
        assert health(url) == (200, {"ok": True, "faults": []})
        with closing(sqlite3.connect(home.inbox_path("default"))) as connection:
            connection.execute("BEGIN IMMEDIATE")
            assert health(url) == (503, {"ok": False, "faults": ["inbox_locked"]})
        assert health(url)[0] == 200
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=5)


class Onward(HTTPServer):
    """Somebody's own server, behind ours."""

    def __init__(self, status=200):
        self.got, self.status = [], status
        super().__init__(("127.0.0.1", 0), _Taking)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class _Taking(BaseHTTPRequestHandler):
    server: Any

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_deliveries_are_passed_on_byte_for_byte_with_their_signature(home):
    body = deliveries.encode(deliveries.incoming(deliveries.text())).replace(b"/", b"\\/")
    with Onward() as onward:
        url = f"http://127.0.0.1:{onward.server_port}/in?a=1"
        with Listening("--port", "0", "--forward-to", url) as receiver:
            assert deliveries.deliver(receiver.port, body) == 200
            assert receiver.line()["event"] == "message"
            end = time.monotonic() + 10
            while not onward.got and time.monotonic() < end:
                time.sleep(0.02)
    (path, headers, got) = onward.got[0]
    assert (path, got) == ("/in?a=1", body)
    assert headers["X-Hub-Signature-256"] == deliveries.signature(body)


def test_a_server_behind_that_fails_is_told_and_costs_nothing(home):
    with Onward(500) as onward:
        url = f"http://127.0.0.1:{onward.server_port}/"
        with Listening("--port", "0", "--forward-to", url) as receiver:
            assert deliveries.deliver(receiver.port, deliveries.incoming(deliveries.text())) == 200
            lines = [receiver.line(), receiver.line()]
    assert {line["event"] for line in lines} == {"message", "not_forwarded"}


# messages


@pytest.fixture
def inbox(home):
    """Keeps messages: (wamid, text, sender, unix time)."""

    def keep(*messages):
        writer = Writer(home.inbox_path("default"))
        for wamid, text, sender, at in messages:
            message = deliveries.text(wamid, text, sender, str(at))
            writer.store(read(deliveries.encode(deliveries.incoming(message))))
        writer.close()

    return keep


NOW = int(time.time())


def ids(told):
    code, out, _ = told
    assert code == 0
    return [json.loads(line)["id"] for line in out.splitlines()]


def test_messages_are_listed_newest_first_and_chosen(said, inbox):
    inbox(("a", "one", "79161234567", NOW - 90_000), ("b", "two", "447700900456", NOW - 60))
    assert ids(said("messages --json")) == ["b", "a"]
    assert ids(said("messages --json --limit 1")) == ["b"]
    assert ids(said("messages --json --since 1h")) == ["b"]
    assert ids(said("messages --json --since 2d")) == ["b", "a"]
    assert ids(said("messages --json --from", "+7 916 123-45-67")) == ["a"]
    assert said("messages --since yesterday")[0] == 2


def test_an_empty_inbox_says_that_nothing_can_be_fetched(said):
    code, out, err = said("messages")
    assert (code, out) == (0, "")
    assert "webhook listen" in err
    assert said("messages --json")[:2] == (0, "")


def test_what_customers_write_cannot_steer_the_screen(said, inbox):
    inbox(("a", "hi \x1b]52;c;aGk=\x07 \u202eevil\nsecond [red]line", "79161234567", NOW))
    code, out, _ = said("messages")
    assert code == 0
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "second [red]line" in out


def test_export_writes_a_new_private_file(said, inbox, tmp_path):
    inbox(("a", "one", "1", NOW - 60), ("b", "два", "1", NOW))
    file = tmp_path / "out.jsonl"
    assert said("messages --export", str(file))[0] == 0
    assert [json.loads(line)["id"] for line in file.read_text("utf-8").splitlines()] == ["a", "b"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert said("messages --export", str(file))[0] == 2
    assert said("messages --export -")[1] == file.read_text("utf-8")


def test_purge_erases_what_is_old_and_needs_to_know_what_that_is(said, inbox):
    inbox(("a", "one", "1", NOW))
    assert said("messages purge")[0] == 2
    assert said("messages --older-than 30d")[0] == 2
    assert as_json(said("messages purge --older-than 30d --json"))[1]["purged"] == 0
    assert as_json(said("messages purge --older-than 0s --json"))[1]["purged"] == 1
    assert said("messages --json")[1] == ""


def test_a_damaged_inbox_ends_with_its_own_code(said, home):
    path = home.inbox_path("default")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database at all, but long enough" * 10)
    assert said("messages")[0] == 6


def test_following_shows_what_comes(home, inbox):
    inbox(("a", "one", "1", NOW))
    child = subprocess.Popen(
        [sys.executable, "-m", "wizard", "messages", "--follow", "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert json.loads(child.stdout.readline())["id"] == "a"
        time.sleep(0.3)
        inbox(("b", "two", "1", NOW))
        assert json.loads(child.stdout.readline())["id"] == "b"
        child.send_signal(signal.SIGINT)
        assert child.wait(20) == 130
    finally:
        child.kill()
        child.communicate()


def test_an_address_can_be_asked_on_a_machine_without_a_keyring(wizard):
    code, _, error = wizard("webhook", "probe", "http://127.0.0.1:9/hook", "--no-input")
    assert code == 1
    assert "os-keyring" not in error


@pytest.fixture
def signed(monkeypatch):
    """The app secret stands in the environment, as in CI."""
    monkeypatch.setenv("WA_WIZARD_APP_SECRET", deliveries.SECRET)


@pytest.fixture
def careless():
    """A receiver that answers 200 to everything; its URL and what it was sent."""
    with web(lambda request: request.query.get("hub.challenge", "")) as served:
        yield f"{served.url}/hook", served


def test_a_rehearsal_names_what_an_unguarded_receiver_takes(said, signed, careless, tmp_path):
    url, served = careless
    report = tmp_path / "rehearsal.xml"
    words = f"webhook rehearse {url} --case text --case signature-wrong --case signature-missing"
    code, out = as_json(said(f"{words} --json --junit {report}"))
    assert (code, out["ok"], out["passed"], out["failed"]) == (1, False, 1, 2)
    reasons = {one["name"]: one["reason"] for one in out["cases"]}
    assert reasons == {"text": "", "signature-wrong": "unchecked", "signature-missing": "unchecked"}
    assert served.methods() == ["POST"] * 3
    assert report.read_text().count("<failure") == 2
    for language in ("ru", "en"):
        code, text, _ = said(f"{words} --lang {language}")
        assert code == 1
        assert "signature-wrong" in text
        assert text.count("X-Hub-Signature-256") == 1  # the same advice is given once
    assert deliveries.SECRET not in text + report.read_text()


def test_a_rehearsal_of_nothing_wrong_ends_with_0_and_one_that_could_not_look_with_3(
    said, signed, careless
):
    assert said(f"webhook rehearse {careless[0]} --case text")[0] == 0
    assert said(f"webhook rehearse {careless[0]} --case text --case handshake")[0] == 3


@pytest.mark.parametrize("more", ["", "--json", "--sandbox=receiving"])
def test_a_foreign_receiver_gets_nothing_before_a_person_agreed(said, signed, more, monkeypatch):
    sent = []
    monkeypatch.setattr("wizard.webhook.rehearsal.deliver", lambda *a: sent.append(a))
    words = f"webhook rehearse https://shop.example/hook --case text --no-input {more}"
    assert said(words)[0] in (1, 2)
    assert not sent


def test_a_foreign_receiver_gets_deliveries_once_a_person_agreed(said, signed, monkeypatch):
    sent = []

    def deliver(url, *_):
        sent.append(url)
        return Answer(200, {}, b"", 5)

    monkeypatch.setattr("wizard.webhook.rehearsal.deliver", deliver)
    words = "webhook rehearse https://shop.example/hook --case text --no-input --yes"
    assert said(words)[0] == 0
    assert sent == ["https://shop.example/hook"]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "shop.example",
        "ftp://127.0.0.1/x",
        "http://127.0.0.1/x --case txet",
        "http://a:b@127.1/",
    ],
)
def test_what_cannot_be_rehearsed_is_wrong_usage(said, signed, words):
    assert said(f"webhook rehearse {words}")[0] == 2


def test_a_rehearsal_needs_the_app_secret(said, careless, monkeypatch):
    monkeypatch.setenv("WA_WIZARD_STORE", "env")
    assert said(f"webhook rehearse {careless[0]} --no-input")[0] in (4, 5)
    assert not careless[1].requests


def test_the_kinds_are_listed_without_an_address_or_a_secret(said):
    code, out = as_json(said("webhook rehearse --list --json"))
    assert code == 0
    assert len(out["cases"]) >= 40
    for language in ("ru", "en"):
        assert "signature-wrong" in said(f"webhook rehearse --list --lang {language}")[1]


ODD_HOME = 'a b/$HOME %h "q" \\x'


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_a_unit_of_systemd_runs_the_receiver_and_holds_no_secret(
    wizard, saved, tmp_path, monkeypatch
):
    place = tmp_path / ODD_HOME
    place.mkdir(parents=True)
    monkeypatch.setenv("WA_WIZARD_HOME", str(place))
    monkeypatch.setenv("WA_WIZARD_APP_SECRET", "bf7d3ced54b5b95cb5672167d5a062b8")
    unit = tmp_path / "receive.service"
    options = ("--port", "9090", "--forward-to", "http://127.0.0.1:3000/a%20b$x")
    code, out, err = wizard("webhook", "listen", *options, "--systemd")
    assert (code, "systemctl --user enable" in " ".join(err.split())) == (0, True), err
    assert wizard("webhook", "listen", *options, "--systemd", str(unit))[0] == 0
    assert unit.read_text("utf-8") == out
    assert "bf7d3ced" not in out
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    ours = [line for line in checked.stderr.splitlines() if "receive.service" in line]
    assert (checked.returncode, ours) == (0, []), checked.stderr
    written = str(tmp_path) + r"/a b/$HOME %%h \"q\" \\x"
    assert f'Environment="WA_WIZARD_HOME={written}"' in out
    assert '"--forward-to=http://127.0.0.1:3000/a%%20b$$x"' in out


def test_a_unit_stands_for_the_real_receiver_alone(wizard, tmp_path):
    assert wizard("webhook", "listen", "--systemd", "--json")[0] == 2
    assert wizard("webhook", "listen", "--systemd", "--sandbox")[0] == 2
    assert wizard("webhook", "listen", "--port", "70000", "--systemd")[0] == 2
    assert wizard("webhook", "listen", "--systemd", str(tmp_path / "no" / "x"))[0] == 6
