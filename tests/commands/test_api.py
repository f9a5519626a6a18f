"""`api METHOD PATH`: one request as it is typed, without a secret in or out."""

import io
import json
import sys

import pytest

from tests.support import loopback
from tests.support.loopback import Reply
from wizard.graph.client import GraphClient
from wizard.text.sanitise import DOTS

PLAY = ("--sandbox=healthy", "--no-input")
WABA, NUMBER, APP = "102290129340398", "106540352242922", "1029384756102938"
TOKEN = "EAA" + "t0ken" * 30
SECRET = "c0ffee" * 5 + "42"


@pytest.fixture
def asked(monkeypatch):
    """Every request as (method, path, query, body)."""
    seen, request = [], GraphClient.request

    def noted(self, method, path, query, body=None, consent=None, **more):
        seen.append((method, path, dict(query), dict(body or {})))
        return request(self, method, path, query, body, consent, **more)

    monkeypatch.setattr(GraphClient, "request", noted)
    return seen


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("{waba_id}", WABA),
        ("/{phone_number_id}/", NUMBER),
        ("{app_id}", APP),
        ("{business_id}", "884422113355779"),
        (f"v26.0/{WABA}", WABA),
    ],
)
def test_ids_of_the_profile_are_filled_in(told, path, name):
    assert told("api", "GET", path, *PLAY)[1]["id"] == name


def test_parameters_come_from_the_path_from_fields_and_from_a_file(told, asked, tmp_path):
    body = tmp_path / "body.json"
    body.write_text('{"messaging_product": "whatsapp", "about": "a", "other": 1}')
    words = (f"--input={body}", "--field=other=2", "--field=list=[1, 2]", "--field=yes=true")
    code, data = told(
        "api", "post", "{phone_number_id}/whatsapp_business_profile?more=x=y", *words, *PLAY
    )
    assert (code, data) == (0, {"success": True})
    sent = {
        "messaging_product": "whatsapp",
        "about": "a",
        "other": "2",
        "list": [1, 2],
        "yes": True,
    }
    path = f"{NUMBER}/whatsapp_business_profile"
    assert asked == [("POST", path, {}, {**sent, "more": "x=y"})]
    told("api", "GET", "{waba_id}?fields=id,name", "--field=metadata=1", *PLAY)
    assert asked[-1] == ("GET", WABA, {"fields": "id,name", "metadata": "1"}, {})


def test_a_body_may_come_by_standard_input(told, asked, monkeypatch):
    piped = io.TextIOWrapper(io.BytesIO(b'{"storage_configuration": {"status": "in"}}'))
    monkeypatch.setattr(sys, "stdin", piped)
    assert told("api", "POST", "{phone_number_id}/settings", "--input=-", *PLAY)[0] == 0
    assert asked[0][3] == {"storage_configuration": {"status": "in"}}


def test_every_page_and_a_part_of_the_answer(told, wizard):
    every = ("api", "GET", "{waba_id}/message_templates?limit=1", "--paginate", *PLAY)
    names = told(*every, "--select=data[].name")[1]
    assert names == ["order_received", "order_received", "order_ready", "autumn_sale"]
    assert json.loads(wizard(*every, "--select=length(data)")[1]) == 4
    assert told(*every[:3], *PLAY, "--select=data[].name")[1] == ["order_received"]
    assert told("api", "GET", "{waba_id}", "--paginate", *PLAY)[1]["error"]["key"] == "api.no_pages"


#: What is typed → the key of what is wrong with it. Nothing of it goes out.
WRONG = {
    ("PUT", "me"): "api.no_such_method",
    ("HEAD", "me"): "api.no_such_method",
    ("GET", "https://evil.example/me"): "api.not_an_address",
    ("GET", "//evil.example/me"): "api.not_an_address",
    ("GET", "../me"): "api.bad_path",
    ("GET", "me/../../x"): "api.bad_path",
    ("GET", "me x"): "api.bad_path",
    ("GET", "me\\\\evil.example"): "api.bad_path",
    ("GET", "me#x"): "api.bad_path",
    ("GET", ""): "api.bad_path",
    ("me",): "api.method_missing",
    ("/me",): "api.method_missing",
    ("post",): "api.path_missing",
    ("GET", "{pin}"): "api.no_such_id",
    ("GET", "{waba}"): "api.no_such_id_close",
    ("GET", "v19.0/me"): "api.other_version",
    ("GET", "oauth/access_token"): "api.changes_by_get",
    ("GET", "oauth/revoke"): "api.changes_by_get",
    ("GET", "OAuth/Revoke/"): "api.changes_by_get",
    ("GET", "123?method=delete"): "api.changes_by_get",
    ("GET", "123", "--field= Method=post"): "api.changes_by_get",
    ("GET", "me?batch=[]"): "api.changes_by_get",
    ("GET", "me?method=post", "--paginate"): "api.changes_by_get",
    ("GET", f"me?access_token={TOKEN}"): "cli.secret_on_line",
    ("GET", "me?access_token=x"): "api.secret",
    ("GET", f"debug_token?input_token={TOKEN}"): "cli.secret_on_line",
    ("GET", TOKEN): "cli.secret_on_line",
    ("POST", "{phone_number_id}", "--field=pin=918273"): "api.secret",
    ("POST", "{phone_number_id}", f"--field=note={SECRET}"): "api.secret",
    ("POST", "{phone_number_id}", "--field=note"): "api.bad_field",
    ("POST", "{phone_number_id}", "--input=/none.json"): "api.input_unreadable",
    ("POST", "{phone_number_id}", "--paginate"): "api.pages_of_reads",
    ("GET", "me", "--select=data["): "api.bad_select",
}


@pytest.mark.parametrize("words", WRONG, ids=lambda words: " ".join(words)[:40])
def test_what_makes_no_sense_or_leads_elsewhere_is_2_and_sends_nothing(told, asked, words):
    code, data = told("api", *words, *PLAY)
    assert (code, data["error"]["key"], asked) == (2, WRONG[words], [])
    text = json.dumps(data)
    assert not any(secret in text for secret in (TOKEN, SECRET, "918273"))


@pytest.mark.parametrize("content", ["[]", "no json", "", '"text"'])
def test_an_input_that_is_no_object_is_2(told, asked, tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    code, data = told("api", "POST", "me", f"--input={tmp_path / 'x.json'}", *PLAY)
    assert (code, data["error"]["key"], asked) == (2, "api.input_no_object", [])


@pytest.fixture
def real(monkeypatch):
    """A profile whose secrets the environment gives, at a Graph that answers `answer`."""

    def start(served):
        monkeypatch.setenv("WA_WIZARD_GRAPH_URL", served.url)
        monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN", TOKEN)
        monkeypatch.setenv("WA_WIZARD_APP_SECRET", SECRET)
        monkeypatch.setenv("WA_WIZARD_VERIFY_TOKEN", "verify-me-please")

    return start


LEAKY = {
    "access_token": "anything",
    "list": [{"pin": 918273}, {"link": f"https://x.example/?a=1&access_token={TOKEN}&b=2"}],
    "text": f"your token is {TOKEN}.",
    "other": "EAA" + "Z9" * 40,
    "app": f"{APP}|{'k' * 27}",
    "ours": "verify-me-please",
    "secret": f"({SECRET})",
    "kept": {"id": WABA, "cursor": "QVFIUmEAaBbCc", "hash": "0" * 32, "pin": None},
}


def test_secrets_of_an_answer_are_dots_whatever_tells_them(real, wizard):
    with loopback.web(lambda _: LEAKY) as served:
        real(served)
        code, out, err = wizard("api", "GET", "me", "--no-input")
        picked = wizard("api", "GET", "me", "--no-input", "--select=[access_token, text, ours]")[1]
    shown = json.loads(out)
    assert code == 0
    assert shown["kept"] == LEAKY["kept"]
    assert shown["access_token"] == shown["other"] == shown["app"] == shown["ours"] == DOTS
    assert shown["list"] == [
        {"pin": DOTS},
        {"link": f"https://x.example/?a=1&access_token={DOTS}&b=2"},
    ]
    assert (shown["text"], shown["secret"]) == (f"your token is {DOTS}.", f"({DOTS})")
    assert json.loads(picked) == [DOTS, f"your token is {DOTS}.", DOTS]
    for secret in (TOKEN, SECRET, "verify-me-please", "anything"):
        assert secret not in out + err + picked


def test_the_token_goes_in_the_header_and_never_into_an_address(real, wizard):
    with loopback.web(lambda _: {"id": "1"}) as served:
        real(served)
        wizard("api", "GET", "me?fields=id", "--no-input")
    (request,) = served.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.query == {"fields": "id"}


def test_a_secret_of_a_file_is_sent_and_shown_as_dots(told, wizard, asked, tmp_path):
    (tmp_path / "pin.json").write_text('{"pin": "918273"}')
    words = ("{phone_number_id}", f"--input={tmp_path / 'pin.json'}")
    code, out, err = wizard("api", "POST", *words, *PLAY, "--verbose")
    assert code == 0
    assert DOTS in out
    assert "918273" not in out + err
    assert asked[0][3]["pin"].reveal() == "918273"


@pytest.mark.parametrize("words", [("POST", f"{NUMBER}/settings"), ("DELETE", "me")])
def test_a_change_needs_a_consent(saved, real, told, words):
    saved()
    with loopback.web(lambda _: {"success": True}) as served:
        real(served)
        code, data = told("api", *words, "--field=a=b", "--no-input")
        assert (code, data["error"]["key"], served.requests) == (2, "cli.needs_person", [])
        assert told("api", *words, "--field=a=b", "--no-input", "--yes")[0] == 0
    assert served.methods() == [words[0]]


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        ({"code": 100, "message": "No such thing"}, 1),
        ({"code": 100, "error_subcode": 33, "message": "Not there"}, 1),
        ({"code": 200, "message": "You may not"}, 4),
        ({"code": 190, "message": "Expired"}, 4),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_meta_refuses_is_said_in_its_words(real, wizard, told, error, ended, method):
    with loopback.web(lambda _: Reply({"error": {**error, "fbtrace_id": "Atrace"}}, 400)) as served:
        real(served)
        line = ("api", method, "me", "--yes", "--no-input")
        code, _, err = wizard(*line)
        assert code == ended
        assert error["message"] in " ".join(err.split())
        code, data = told(*line)
    assert code == data["error"]["exit_code"] == ended
    assert (data["error"]["meta"]["code"], data["error"]["meta"]["trace"]) == (
        error["code"],
        "Atrace",
    )


def test_the_app_s_own_token_signs_where_it_is_asked_to(told):
    rows = told("api", "GET", "{app_id}/subscriptions", "--as-app", *PLAY)[1]
    assert "data" in rows
    assert told("api", "GET", "{app_id}/subscriptions", *PLAY)[1]["error"]["meta"]["code"] == 15
