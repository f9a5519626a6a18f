"""A file goes to Meta in two steps, and goes on where a broken connection left off."""

import pytest

from tests.support import loopback
from tests.support.graph_fixtures import APP_ID, TOKEN
from tests.support.loopback import Reply
from wizard.graph import Upload
from wizard.graph.consent import granted
from wizard.text.errors import ErrorKind, Unavailable

FILE = Upload("a.png", "image/png", bytes(range(256)) * 40)
CONSENT = granted("number.profile", [f"POST /{APP_ID}/uploads", "POST /{upload session}"])
HANDLE = "4:ZmlsZQ==:aW1hZ2UvcG5n:ARat4Mt-L09J"
OPENED = {"id": "upload:MTphdHRhY2htZW50OjE=?sig=ARZq"}


def meta(*answers, there=0, opened=OPENED):
    """Answers the bytes of a file with each of these in turn, and says how many are there."""
    left = list(answers)

    def respond(request):
        if request.path.endswith("/uploads"):
            return opened
        if request.method == "GET":
            return {"id": "upload:…", "file_offset": there}
        return left.pop(0)

    return respond


LOST = Reply(b"<html>", 502)


def test_the_session_says_what_comes_and_the_token_stays_out_of_every_address(client):
    with loopback.web(meta({"h": HANDLE})) as server:
        assert client(server.url).upload(APP_ID, FILE, CONSENT) == HANDLE
    opened, sent = server.requests
    about = {"file_name": "a.png", "file_type": "image/png", "file_length": str(len(FILE.content))}
    assert about.items() <= opened.query.items()
    assert sent.path.endswith("/upload:MTphdHRhY2htZW50OjE%3D")
    assert (sent.query["sig"], sent.body) == ("ARZq", FILE.content)
    assert (sent.headers["file_offset"], sent.headers["authorization"]) == ("0", f"OAuth {TOKEN}")
    assert not any(TOKEN in f"{one.path} {one.query}" for one in server.requests)


@pytest.mark.parametrize("there", [0, 700, len(FILE.content)])
def test_after_a_broken_connection_only_the_rest_is_sent(client, there):
    with loopback.web(meta(LOST, {"h": HANDLE}, there=there)) as server:
        assert client(server.url).upload(APP_ID, FILE, CONSENT) == HANDLE
    last = server.requests[-1]
    assert (last.headers["file_offset"], last.body) == (str(there), FILE.content[there:])


def test_it_does_not_try_for_ever(client):
    answers = meta(LOST, LOST, LOST, {"h": HANDLE})
    with loopback.web(answers) as server, pytest.raises(Unavailable) as caught:
        client(server.url).upload(APP_ID, FILE, CONSENT)
    assert caught.value.kind is ErrorKind.UNREACHABLE
    assert server.methods().count("POST") == 4


@pytest.mark.parametrize(
    ("opened", "answer"),
    [
        ({"id": "1234"}, {}),
        ({"id": "upload:../me"}, {}),
        ({}, {}),
        (OPENED, {}),
        (OPENED, {"h": 1}),
    ],
)
def test_an_answer_without_a_session_or_a_handle_is_no_success(client, opened, answer):
    with loopback.web(meta(answer, opened=opened)) as server, pytest.raises(Unavailable) as caught:
        client(server.url).upload(APP_ID, FILE, CONSENT)
    assert caught.value.values["cause"] == "not_confirmed"


def test_a_refusal_is_not_tried_again(client):
    refused = Reply({"error": {"message": "No", "code": 100, "type": "OAuthException"}}, 400)
    with loopback.web(meta(refused)) as server, pytest.raises(Unavailable):
        client(server.url).upload(APP_ID, FILE, CONSENT)
    assert server.methods() == ["POST", "POST"]


def test_a_consent_that_shows_the_session_alone_uploads_nothing(client):
    with loopback.web(meta({"h": HANDLE})) as server:
        for shown in (["POST /{upload session}"], [f"POST /{APP_ID}/uploads"]):
            with pytest.raises(TypeError):
                client(server.url).upload(APP_ID, FILE, granted("x", shown))
    assert not any("upload:" in one.path for one in server.requests)
