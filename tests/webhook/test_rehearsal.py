"""What a rehearsal finds: nothing at right receivers, and exactly what is wrong at others."""

import hashlib
import hmac
import io
import json
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from tests.support import deliveries
from tests.support.pywa_server import serving
from wizard.net.connection import Outside
from wizard.text.secret import Secret
from wizard.ui.screen import Screen
from wizard.ui.webhook_view import RehearsalView
from wizard.ui.words import Words
from wizard.webhook import rehearsal
from wizard.webhook.endpoint import Address
from wizard.webhook.local_receiver import LocalReceiver
from wizard.webhook.payload import read
from wizard.webhook.rehearsal import Case, Rehearsal, content, counted, is_loopback, junit

HERE = Outside(allow_local=True, environ={})
TOKEN = "a-verify-token"
CASES = content().cases
FORGED = {"signature-wrong", "signature-missing", "signature-changed"}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("wizard.webhook.probe.GAP", 0.05)
    monkeypatch.setattr(rehearsal, "AGAIN_SECONDS", 0.01)


def rehearse(url, cases=CASES, token=TOKEN, outside=HERE):
    run = Rehearsal(url, Secret(deliveries.SECRET), token and Secret(token), outside)
    return list(run.run(cases))


def wrong(seen):
    """Case → reason, of all that did not pass."""
    return {one.case.name: one.reason for one in seen if one.outcome != "passed"}


def cases(*names):
    return [case for case in CASES if case.name in names]


@pytest.fixture
def serve():
    """serve(handle) → URL; handle(body, headers) → status, or raises: the connection just ends."""
    servers = []

    def begin(handle, token=TOKEN):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                asked = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
                fine = token is None or asked.get("hub.verify_token") == token
                self.reply(200 if fine else 403, asked["hub.challenge"] if fine else "no")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    self.reply(handle(body, self.headers), "ok")
                except ConnectionError:
                    self.close_connection = True

            def reply(self, status, text):
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/hook"

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


def checked(body, headers):
    """Whether Meta signed it."""
    good = hmac.new(deliveries.SECRET.encode(), body, hashlib.sha256).hexdigest()
    return headers.get("X-Hub-Signature-256") == f"sha256={good}"


@pytest.fixture
def ours(tmp_path):
    listener = LocalReceiver(tmp_path / "inbox.sqlite3", HERE)
    listener.knows(Secret(deliveries.SECRET), Secret(TOKEN))
    yield listener.start(Address(port=0)).url
    listener.close()


@pytest.fixture
def pywas():
    """pywa's own server, as its Flask routes; and every update it was given."""
    pywa = pytest.importorskip("pywa")
    got = []
    handler = pywa.handlers.RawUpdateHandler(lambda _, update: got.append(update))
    with serving(
        handler,
        token="x",
        phone_id="123456123",
        verify_token=TOKEN,
        app_secret=deliveries.SECRET,
    ) as url:
        yield url, got


def test_there_are_at_least_forty_kinds_and_each_is_what_it_says():
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)
    run = Rehearsal("http://127.0.0.1/", Secret("s"), None, HERE)
    bodies = {case.name: run.body(case) for case in CASES if not case.ask}
    assert len(set(bodies.values())) == len(bodies)
    for name, body in bodies.items():
        written = json.loads(body)
        events = read(body).events
        assert events or not written["entry"], name
        # The number and account of the dashboard's own test: no evidence of a real message.
        assert all(event.test for event in events) or name in ("entry-empty", "other-object")
        assert b"{run}" not in body


def test_each_run_has_message_ids_of_its_own():
    (case,) = cases("text")
    runs = [Rehearsal("http://127.0.0.1/", Secret("s"), None, HERE) for _ in range(2)]
    assert runs[0].body(case) == runs[0].body(case)
    assert read(runs[0].body(case)).messages[0].id != read(runs[1].body(case)).messages[0].id


def test_shapes_are_those_they_stand_for():
    run = Rehearsal("http://127.0.0.1/", Secret("s"), None, HERE)

    def value(name):
        return json.loads(run.body(*cases(name)))["entry"][0]["changes"][0]["value"]

    assert "from" not in value("no-number")["messages"][0]
    assert "wa_id" not in value("no-number")["contacts"][0]
    assert value("no-number-empty")["messages"][0]["from"] == ""
    assert len(value("thousand")["messages"]) == 1000
    assert [one["status"] for one in value("statuses")["statuses"]] == ["sent", "delivered", "read"]
    assert "profile" not in value("statuses")["contacts"][0]
    assert "contacts" not in value("no-contacts")
    assert len(value("text-long")["messages"][0]["text"]["body"]) == 4096
    assert len(json.loads(run.body(*cases("several-entries")))["entry"]) == 2
    assert json.loads(run.body(*cases("account-restricted")))["entry"][0]["time"] > 0
    assert b"\\/" in run.body(*cases("emoji"))
    assert "Хлеб / bread".encode() in run.body(*cases("spaced"))


def test_our_own_receiver_passes_all(ours):
    seen = rehearse(ours)
    assert wrong(seen) == {}
    assert counted(seen) == {"passed": len(CASES), "failed": 0, "skipped": 0}


def test_pywas_own_server_passes_all(pywas):
    url, got = pywas
    seen = rehearse(url)
    assert wrong(seen) == {}
    assert len(got) >= len(CASES) - len(FORGED) - 2


def test_a_server_that_checks_no_signature_and_no_token_is_told_of_both(serve):
    url = serve(lambda *_: 200, token=None)
    assert wrong(rehearse(url)) == {
        **dict.fromkeys(FORGED, "unchecked"),
        "handshake-wrong-token": "any_token",
    }


def careless(body, headers):
    """Checks the signature, and takes for granted what tutorials do."""
    if not checked(body, headers):
        return 401
    try:
        for entry in json.loads(body)["entry"]:
            for change in entry["changes"]:
                for message in change["value"].get("messages", []):
                    assert message["from"].isdigit()
                    assert message["type"] in KNOWN
                    if message["type"] == "order":
                        time.sleep(1.3)
                    if message["type"] == "sticker":
                        raise ConnectionResetError
    except (KeyError, AssertionError):
        return 500
    return 200


KNOWN = {
    *("text", "image", "audio", "video", "document", "sticker", "location", "contacts"),
    *("reaction", "button", "interactive", "order", "system", "edit", "revoke", "unsupported"),
}


def test_a_server_that_takes_too_much_for_granted_is_told_exactly_of_what(serve):
    seen = rehearse(serve(careless))
    assert wrong(seen) == {
        **dict.fromkeys(("no-number", "no-number-empty", "id-changed"), "crashed"),
        **dict.fromkeys(("type-unknown", "type-missing", "other-object"), "crashed"),
        "order": "late",
        "sticker": "silent",
    }
    looks = {one.case.name: one.case.look for one in seen}
    assert (looks["no-number"], looks["type-unknown"]) == ("nobody", "unknown")


def test_a_server_that_parses_before_it_checks_is_told_to_check_the_raw_body(serve):
    def handle(body, headers):
        return 200 if checked(json.dumps(json.loads(body)).encode(), headers) else 401

    seen = rehearse(serve(handle), cases("emoji", "spaced", "text", "signature-wrong"))
    assert wrong(seen) == {"text": "refused", "emoji": "refused", "spaced": "refused"}


@pytest.mark.parametrize(
    ("status", "reason"),
    [(204, "not_200"), (202, "not_200"), (302, "redirect"), (404, "wrong_path"), (403, "refused")],
)
def test_what_meta_would_not_take_is_named(serve, status, reason):
    assert wrong(rehearse(serve(lambda *_: status), cases("text"))) == {"text": reason}


def test_a_delivery_is_repeated_after_a_server_error_as_meta_does(serve):
    answers = [500, 200]
    (seen,) = rehearse(serve(lambda *_: answers.pop(0)), cases("text"))
    assert (seen.outcome, seen.attempts, answers) == ("passed", 2, [])


def test_the_second_of_two_equal_deliveries_decides(serve):
    bodies = []

    def handle(body, _):
        bodies.append(body)
        return 409 if bodies.count(body) > 1 else 200

    assert wrong(rehearse(serve(handle), cases("duplicate", "text"))) == {"duplicate": "not_200"}


def test_an_answer_that_never_comes_is_late_and_does_not_end_the_rehearsal(serve):
    outside = Outside(allow_local=True, environ={}, seconds=0.4)
    url = serve(lambda *_: time.sleep(0.8) or 200)
    seen = rehearse(url, cases("text", "image", "audio", "video"), outside=outside)
    assert set(wrong(seen).values()) == {"late"}


def test_a_receiver_that_is_gone_ends_it():
    seen = rehearse("http://127.0.0.1:9/hook", CASES[2:])
    assert [one.reason for one in seen[:4]] == ["silent", "silent", "silent", "gone"]
    assert counted(seen)["skipped"] == len(seen) - 3
    # What the receiver makes of a delivery is no matter where it was never reached.
    screen, words = Screen(io.StringIO(), colour=False), Words("en")
    look = words.say("rehearse.look", look="")
    told = {one.reason: RehearsalView(screen, words).why(one) for one in seen[2:4]}
    assert not any(look.strip() in text for text in told.values())
    reset = replace(seen[0], cause="reset")
    assert look.strip() in RehearsalView(screen, words).why(reset)


def test_it_is_bounded_in_time(serve, monkeypatch):
    monkeypatch.setattr(rehearsal, "MOST_SECONDS", 0.0)
    seen = rehearse(serve(lambda *_: 200))
    assert set(wrong(seen).values()) == {"time"}


def test_without_a_verify_token_that_alone_is_not_looked_at(serve):
    seen = rehearse(serve(lambda *_: 200), cases("handshake", "handshake-wrong-token"), token=None)
    assert wrong(seen) == {"handshake": "no_token"}


@pytest.mark.parametrize(
    ("host", "local"),
    [
        *((name, True) for name in ("127.0.0.1", "127.9.9.9", "::1", "localhost", "a.localhost")),
        *(
            (name, False)
            for name in ("192.168.1.5", "zarya.example", "localhost.example", "10.0.0.1")
        ),
    ],
)
def test_this_computer_is_told_from_others(host, local):
    assert is_loopback(host) is local


def test_junit_says_what_failed(serve):
    seen = rehearse(serve(lambda *_: 200), cases("text", "signature-wrong"), token=None)
    suite = ElementTree.fromstring(junit(seen, "ru", lambda one: f"why {one.case.name}"))
    assert suite.attrib["tests"] == "2"
    assert suite.attrib["failures"] == "1"
    failure = suite.find("testcase[@classname='signature-wrong']/failure")
    assert failure.text == "why signature-wrong"
    assert suite.find("testcase[@classname='text']").attrib["name"] == "Текст"


def test_every_case_has_its_advice_in_both_languages():
    for case in CASES:
        look = content().looks[case.look]
        assert look.ru != look.en
        assert isinstance(case, Case)
