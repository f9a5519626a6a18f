"""curl, which everyone tries a receiver with: each of its ways to send is understood."""

import os
import shutil
import subprocess

import pytest

from tests.support import deliveries
from wizard.text.secret import Secret
from wizard.webhook.endpoint import Address
from wizard.webhook.inbox import Reader, Writer
from wizard.webhook.receiver import Receiver

CURL = shutil.which("curl") or ""
pytestmark = pytest.mark.skipif(not CURL, reason="curl is not installed")

#: A body that curl sends in pieces, and one of which it asks first whether it may.
BODIES = {"short": "Здравствуйте!", "long": "Привет 👋 " * 5_000, "longest": "x" * 2_900_000}
WAYS = {
    "plain": (),
    "chunked": ("-H", "Transfer-Encoding: chunked"),
    "asks first": ("-H", "Expect: 100-continue"),
    "HTTP/1.0": ("--http1.0",),
    "closes": ("-H", "Connection: close"),
    "wants HTTP/2": ("--http2",),
    "another media type": ("-H", "Content-Type: application/json; charset=utf-8"),
}


@pytest.fixture
def receiver(tmp_path):
    writer, secret = Writer(tmp_path / "inbox.sqlite3"), Secret(deliveries.SECRET)
    token = Secret("verify me+/&")
    with Receiver(writer, lambda: secret, lambda: token, at=Address(port=0)) as receiver:
        yield receiver
    writer.close()


def curl(*words, given=b""):
    """What came back, and behind it the status."""
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    command = [CURL, "-q", "--silent", "--show-error", "--max-time", "20", "-w", "|%{http_code}"]
    done = subprocess.run(
        [*command, *words], input=given, capture_output=True, check=True, env=environment
    )
    return done.stdout.decode()


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("text", BODIES.values(), ids=BODIES.keys())
def test_a_signed_delivery_is_taken_and_kept(receiver, tmp_path, way, text):
    body = deliveries.encode(deliveries.incoming(deliveries.text("wamid.curl", body=text)))
    signed = f"X-Hub-Signature-256: {deliveries.signature(body)}"
    words = ("--data-binary", "@-", "-H", signed, *way, receiver.at.url)
    assert curl(*words, given=body) == "|200"
    forged = ("--data-binary", "@-", "-H", signed, *way, receiver.at.url)
    assert curl(*forged, given=body.replace(b"wamid.curl", b"wamid.evil")) == "|403"
    kept = [(one.id, one.text) for one in Reader(tmp_path / "inbox.sqlite3").messages()]
    assert kept == [("wamid.curl", text)]


def test_two_deliveries_on_one_connection_are_both_taken(receiver, tmp_path):
    words = []
    for n in range(2):
        body = deliveries.encode(deliveries.incoming(deliveries.text(f"wamid.{n}")))
        (tmp_path / f"{n}.json").write_bytes(body)
        signed = f"X-Hub-Signature-256: {deliveries.signature(body)}"
        words += ["--next"] * n
        words += ["-w", "|%{http_code} %{num_connects}", "-H", signed]
        words += ["--data-binary", f"@{tmp_path / f'{n}.json'}", receiver.at.url]
    assert curl(*words) == "|200 1|200 0"
    assert len(Reader(tmp_path / "inbox.sqlite3").messages()) == 2


@pytest.mark.parametrize(
    ("token", "answer"), [("verify me+/&", "1158201444|200"), ("verify me", "|403"), ("", "|403")]
)
def test_the_handshake_gives_the_challenge_back_to_the_right_token_alone(receiver, token, answer):
    words = ["--get", "--data-urlencode", "hub.mode=subscribe", "--data-urlencode"]
    words += ["hub.challenge=1158201444", "--data-urlencode", f"hub.verify_token={token}"]
    assert curl(*words, receiver.at.url) == answer


@pytest.mark.parametrize(
    ("words", "answer"),
    [(("-X", "DELETE"), "|405"), (("--head",), "405"), (("-X", "PUT", "-d", "x"), "|405")],
    ids=["delete", "head", "put"],
)
def test_what_meta_never_sends_is_refused(receiver, words, answer):
    assert answer in curl(*words, receiver.at.url)
