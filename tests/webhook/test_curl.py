"""The receiver asked by curl, a client that was not written here and that writes as it pleases."""

import shutil
import subprocess

import pytest

from tests.support import deliveries
from wizard.net.connection import Outside
from wizard.text.secret import Secret
from wizard.webhook.endpoint import Address
from wizard.webhook.local_receiver import LocalReceiver

CURL = shutil.which("curl") or ""
pytestmark = pytest.mark.skipif(not CURL, reason="curl is not installed")

TOKEN = "verify-me"
SHORT = deliveries.incoming(deliveries.text())
#: Larger than one packet, and than what curl sends before it waits for "100 Continue".
LONG = deliveries.incoming(*(deliveries.text(f"wamid.{n}", "👍 Ещё!" * 90) for n in range(500)))


@pytest.fixture
def receiver(tmp_path):
    listener = LocalReceiver(tmp_path / "inbox.sqlite3", Outside(allow_local=True, environ={}))
    listener.knows(Secret(deliveries.SECRET), Secret(TOKEN))
    yield listener
    listener.close()


@pytest.fixture
def url(receiver):
    return receiver.start(Address(port=0)).url


def curl(*words, data=None):
    """(status, body, what was sent and received as curl itself tells it) of one run of curl."""
    usual = ["--silent", "--verbose", "--noproxy", "*", "--max-time", "20"]
    command = [CURL, "-q", *usual, "--write-out", "\n%{http_code}", *words]
    done = subprocess.run(command, input=data, capture_output=True, timeout=30, check=True)
    body, _, status = done.stdout.decode().rpartition("\n")
    return int(status), body, done.stderr.decode("utf-8", "replace")


def signed(body, secret=deliveries.SECRET):
    return [
        word for one in deliveries.headers(body, secret).items() for word in ("-H", ": ".join(one))
    ]


WAYS = {
    "as it stands": ((), ()),
    "HTTP/1.0": (("--http1.0",), ("POST /webhook HTTP/1.0",)),
    "in chunks": (("-H", "Transfer-Encoding: chunked"), ("Transfer-Encoding: chunked",)),
    "asking first": (("-H", "Expect: 100-continue"), ("Expect: 100-continue", "100 Continue")),
    "asking first, in chunks": (
        ("-H", "Expect: 100-continue", "-H", "Transfer-Encoding: chunked"),
        ("100 Continue",),
    ),
    "closing": (("-H", "Connection: close"), ("Connection: close",)),
    "names in capitals": (("-H", "CONTENT-TYPE: Application/JSON"), ()),
}


@pytest.mark.parametrize("content", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize(("words", "seen"), WAYS.values(), ids=WAYS.keys())
def test_a_signed_delivery_is_stored_however_it_is_sent(
    receiver, url, tmp_path, content, words, seen
):
    body = deliveries.encode(content)
    file = tmp_path / "body.json"
    file.write_bytes(body)
    for source in (f"@{file}", "@-"):
        data = body if source == "@-" else None
        status, answer, told = curl(*signed(body), *words, "--data-binary", source, url, data=data)
        assert (status, answer) == (200, "")
        assert all(part in told for part in seen)
    assert {one.id for one in receiver.reader.messages()} == {
        one["id"] for one in content["entry"][0]["changes"][0]["value"]["messages"]
    }
    assert list(receiver.reader.bodies()) == [body]  # the second was a repeat


@pytest.mark.parametrize("words", [words for words, _ in WAYS.values()], ids=WAYS.keys())
def test_what_is_signed_wrongly_or_not_at_all_is_refused(receiver, url, words):
    body = deliveries.encode(SHORT)
    plain = ["--data-binary", "@-", url]
    assert curl(*signed(body, "f" * 32), *words, *plain, data=body)[0] == 403
    assert curl(*words, *plain, data=body)[0] == 401
    # `--data` takes the line breaks out of what it is given: then the signature fits no more.
    broken = body.replace(b", ", b",\n")
    assert curl(*signed(broken), *words, "--data", "@-", url, data=broken)[0] == 403
    assert curl(*signed(broken), *words, *plain, data=broken)[0] == 200
    assert len(receiver.reader.messages()) == 1


def test_deliveries_over_one_connection_are_each_answered(receiver, url):
    bodies = [deliveries.encode(deliveries.incoming(deliveries.text(f"w.{n}"))) for n in range(5)]
    words = []
    for body in bodies:
        words += [*(["--next"] if words else []), "--write-out", "%{http_code} %{num_connects}\n"]
        words += [*signed(body), "--noproxy", "*", "-s", "--data-binary", body.decode(), url]
    done = subprocess.run([CURL, "-q", *words], capture_output=True, timeout=30, check=True)
    assert done.stdout.decode().split("\n")[:-1] == ["200 1", *["200 0"] * 4]
    assert len(receiver.reader.messages()) == 5


@pytest.mark.parametrize(
    "target",
    ["http://shop.example/webhook", "/%77ebhook", "/webhook/", "/webhook?a=%2F&b", "//webhook"],
)
def test_a_path_may_be_written_in_other_ways(receiver, url, target):
    """As proxies write it: whole, with escapes, with a slash too many."""
    body = deliveries.encode(SHORT)
    words = ["--request-target", target, "--data-binary", "@-", url]
    assert curl(*signed(body), *words, data=body)[0] == 200
    assert len(receiver.reader.messages()) == 1


def handshake(url, token=TOKEN, challenge="1158201444", *more):
    asked = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": challenge}
    values = [word for one in asked.items() for word in ("--data-urlencode", "=".join(one))]
    return curl("--get", *values, *more, url)


@pytest.mark.parametrize("words", [(), ("--http1.0",), ("--compressed",), ("--http2",)])
def test_the_handshake_is_answered_with_the_bare_challenge(url, words):
    status, body, told = handshake(url, TOKEN, "1158201444", *words)
    assert (status, body) == (200, "1158201444")
    assert "Content-Encoding" not in told
    assert handshake(url, "another", "1158201444", *words)[:2] == (403, "")


def test_a_handshake_elsewhere_or_by_another_method_gives_nothing_away(url):
    assert handshake(url.replace("/webhook", "/other"))[:2] == (404, "")
    assert handshake(f"{url}/")[:2] == (200, "1158201444")  # a slash at the end is often added
    assert handshake(url, TOKEN, "1158201444", "--request", "DELETE")[:2] == (405, "")
