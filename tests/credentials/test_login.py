"""Signing in with the browser: only the answer of this sign-in counts."""

import re
import shutil
import socket
import subprocess
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.support.terminal import CTRL_C, DOWN, ENTER, Terminal
from wizard.actions.login import ReturnListener, read_return
from wizard.cli.main import run as cli
from wizard.ui.words import Words

STATE = "s" * 40
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"code=AQx&state={STATE}#_=_", ("AQx", "")),
        (f"state={STATE}&code=AQx&granted_scopes=a", ("AQx", "")),
        (f"error=access_denied&error_reason=user_denied&state={STATE}", (None, "user_denied")),
        (f"error_code=1&error_message=App+not+active&error=x&state={STATE}", (None, "x")),
        ("code=AQx", None),
        (f"code=AQx&state={STATE}x", None),
        ("code=AQx&state=", None),
        ("code=AQx&state=имя", None),
        (f"state={STATE}", None),
        ("", None),
    ],
)
def test_an_answer_counts_only_with_the_state_of_this_sign_in(query, expected):
    found = read_return(f"http://localhost:8484/signed-in?{query}", STATE)
    if expected is None:
        assert found is None
    else:
        assert (found.code and found.code.reveal(), found.reason) == expected


@pytest.fixture
def listening():
    back = ReturnListener(STATE, 0, lambda kind: f"<p>{kind}</p>")
    yield back
    back.close()


def get(address, **more):
    return requests.get(address, timeout=5, allow_redirects=False, **more)


def test_the_listener_takes_one_answer_and_only_of_this_sign_in(listening):
    address = listening.address
    foreign = get(address, params={"code": "AQbad", "state": "t" * 40})
    assert (foreign.status_code, foreign.text) == (400, "<p>foreign</p>")
    assert listening.wait(0) is None
    good = get(address, params={"code": "AQgood", "state": STATE})
    assert (good.status_code, good.text) == (200, "<p>done</p>")
    assert "no-store" in good.headers["Cache-Control"]
    assert get(address, params={"code": "AQlate", "state": STATE}).status_code == 400
    assert listening.wait(1).code.reveal() == "AQgood"


@pytest.mark.parametrize(
    ("path", "host"), [("/", "localhost"), ("/signed-in", "evil.example"), ("/signed-in", "[")]
)
def test_other_addresses_are_not_answered(listening, path, host):
    port = urlsplit(listening.address).port
    answer = get(
        f"http://127.0.0.1:{port}{path}?code=AQ&state={STATE}", headers={"Host": f"{host}:{port}"}
    )
    assert answer.status_code == 404
    assert listening.wait(0) is None


def test_a_browser_that_holds_an_idle_connection_does_not_hold_the_answer(listening):
    with socket.create_connection(("127.0.0.1", urlsplit(listening.address).port)):
        assert get(listening.address, params={"code": "AQ", "state": STATE}).status_code == 200


@pytest.fixture
def sign_in(open_shop, capsys, monkeypatch):
    """`login` in the world's own browser; returns the shop, the exit code and what was said."""

    def run(world, language="en"):
        shop = open_shop(world)
        monkeypatch.delenv("WA_WIZARD_GRAPH_URL")
        words = ["login", f"--sandbox={world}", "--no-input", "--port", "0", "--lang", language]
        code = cli(words)
        out, err = capsys.readouterr()
        return shop, code, out + err

    return run


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    ("world", "code", "said"),
    [
        ("no-token", 0, "login.next"),
        ("sign-in-declined", 0, "login.declined"),
        ("sign-in-refused", 1, "login.refused"),
        ("sign-in-foreign-state", 1, "login.nothing_came"),
        ("sign-in-closed", 1, "login.nothing_came"),
        ("sign-in-blocked", 1, "login.nothing_came"),
    ],
)
def test_each_way_a_sign_in_ends(sign_in, monkeypatch, world, code, said, language):
    monkeypatch.setattr("wizard.actions.login.PLAY_SECONDS", 0.2)
    _, ended, text = sign_in(world, language)
    assert ended == code
    known = Words(language).say(said, scopes="", text="", port=0, other=1)
    assert known[:30] in " ".join(text.split())


def test_without_a_person_it_says_what_to_use_instead(open_shop, capsys):
    open_shop("no-token").settle("app_secret")
    assert cli(["login", "--no-input", "--port", "0", "--lang", "en"]) == 2
    assert "credentials set access_token" in " ".join(capsys.readouterr().err.split())


def test_a_port_that_is_taken_is_said(open_shop, capsys):
    open_shop("no-token").settle("app_secret")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert cli(["login", "--no-input", "--port", str(port), "--lang", "en"]) == 1
    assert f"--port {port + 1}" in " ".join(capsys.readouterr().out.split())


def opened(open_shop, world="no-token"):
    """`login` at a terminal, as far as the address of the dialog."""
    shop = open_shop(world).settle("app_secret")
    terminal = Terminal(
        ["-m", "wizard", "login", "--port", "0", "--lang", "en"], columns=600, rows=40
    )
    terminal.until("Where is your browser?", seconds=30)
    address = re.search(r"http://127\.0\.0\.1:\d+/v\d+\.\d+/dialog/oauth\?\S+", terminal.text)[0]
    return shop, terminal, address


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_a_real_browser_signs_in_and_sees_where_to_go_on(open_shop, tmp_path):
    shop, terminal, address = opened(open_shop)
    terminal.send(ENTER)

    def page(url):
        options = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/c")
        run = [CHROMIUM, *options, "--no-proxy-server", "--dump-dom", url]
        return subprocess.run(run, capture_output=True, text=True, timeout=60, check=True).stdout

    shown = page(address)
    assert "whatsapp_business_messaging" in shown
    button = unescape(re.search(r'id="continue" href="([^"]+)"', shown)[1])
    ended = page(address.partition("?")[0] + button)
    assert Words("en").say("login.page_done_text") in unescape(ended)
    assert terminal.end() == 0
    token = shop.kept()
    assert token is not None
    assert token not in terminal.raw
    assert shop.record.ids["waba_id"]


def test_on_another_machine_the_last_address_is_pasted(open_shop):
    shop, terminal, address = opened(open_shop)
    back = get(address + "&_answer=continue").headers["Location"]
    code = parse_qs(urlsplit(back).query)["code"][0]
    terminal.send(DOWN + ENTER).until("address bar")
    terminal.send("https://example.com/?code=1" + ENTER).until("is not the address")
    terminal.send(back + ENTER)
    assert terminal.end() == 0
    assert shop.kept()
    assert code not in terminal.raw


def test_leaving_while_it_waits_changes_nothing(open_shop):
    shop, terminal, _ = opened(open_shop)
    terminal.send(ENTER).until("Waiting")
    terminal.send(CTRL_C)
    assert terminal.end() == 130
    assert shop.kept() is None


def test_a_code_is_good_once_and_at_its_own_address(open_shop):
    meta = open_shop("no-token").meta
    ask = {
        "client_id": meta.app_id,
        "redirect_uri": "http://localhost:1/a",
        "state": "x",
        "scope": "whatsapp_business_messaging",
        "_answer": "continue",
    }
    back = get(f"{meta.graph_url}/v26.0/dialog/oauth", params=ask).headers["Location"]
    code = parse_qs(urlsplit(back).query)["code"][0]

    def exchange(uri):
        keys = {"client_id": meta.app_id, "client_secret": meta.app_secret}
        url = f"{meta.graph_url}/v26.0/oauth/access_token"
        return get(url, params={**keys, "code": code, "redirect_uri": uri}).json()

    assert exchange("http://localhost:1/b")["error"]["error_subcode"] == 36008
    assert exchange("http://localhost:1/a")["access_token"]
    assert exchange("http://localhost:1/a")["error"]["error_subcode"] == 36009
