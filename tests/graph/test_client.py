"""What goes out to Graph, and what is made of its answers."""

import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support import loopback
from tests.support.fake_graph import envelope
from tests.support.graph_fixtures import APP_ID, APP_SECRET, TOKEN
from tests.support.loopback import Reply
from wizard.graph import GraphError
from wizard.graph import client as client_module
from wizard.graph.client import GraphClient
from wizard.graph.consent import granted
from wizard.graph.transport import Call
from wizard.net import http_session as session_module
from wizard.net.address import InvalidAddress
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.secret import Secret

PROOF = hmac.new(APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()


ANYTHING = granted("test", ["POST /1", "POST /1/register", "DELETE /1"])


def error(code, http=400, headers=None, **more):
    return Reply({"error": envelope(code, **more)["error"]}, http, headers or {})


def replies(*given):
    """Answers one after the other; the last one stays."""
    left = list(given)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


# -- signing ---------------------------------------------------------------------------------------


def test_the_token_goes_into_the_header_and_nowhere_else(client):
    with loopback.web(lambda _: {"id": "1"}) as server:
        client(server.url).get("1", fields=["id"])
    (asked,) = server.requests
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.query == {"fields": "id", "appsecret_proof": PROOF}
    assert TOKEN not in str(asked.query) + asked.path


def test_reads_changes_and_removals_are_proven(client):
    with loopback.web(lambda _: {}) as server:
        graph = client(server.url)
        graph.get("1")
        graph.post("1", {"a": 1}, ANYTHING)
        graph.delete("1", ANYTHING)
    assert [asked.query.get("appsecret_proof") for asked in server.requests] == [PROOF] * 3


def test_without_a_proven_secret_there_is_no_proof(client, keys):
    with loopback.web(lambda _: {}) as server:
        client(server.url, replace(keys, proves=False)).get("1")
    assert server.requests[0].query == {}


def test_the_app_signs_with_its_own_token_and_without_proof(client):
    with loopback.web(lambda _: {}) as server:
        graph = client(server.url)
        graph.get("1", as_app=True)
        graph.post("1", {}, ANYTHING, as_app=True)
        graph.delete("1", ANYTHING, as_app=True, object="whatsapp_business_account")
    for asked in server.requests:
        assert asked.headers["authorization"] == f"Bearer {APP_ID}|{APP_SECRET}"
        assert "appsecret_proof" not in asked.query
    assert server.requests[-1].query == {"object": "whatsapp_business_account"}


@pytest.mark.parametrize("token", ["EAA\nX-Evil: 1", "EAA“quoted”", "EAA token", "ЕАА"])
def test_a_token_that_cannot_be_one_is_refused_before_it_is_sent(client, keys, token):
    with loopback.web(lambda _: {}) as server:
        graph = client(server.url, replace(keys, access_token=Secret(token)))
        with pytest.raises(Unavailable) as caught:
            graph.get("1")
    assert caught.value.kind is ErrorKind.REFUSED
    assert caught.value.values["name"] == "access_token"
    assert token not in repr(caught.value)
    assert server.requests == []


def test_what_stands_in_netrc_is_not_sent(client, monkeypatch, tmp_path):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login eve password gotcha\ndefault login eve password x\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    with loopback.web(lambda _: {}) as server:
        graph = client(server.url)
        graph.get("1")
        graph.probe()
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert "authorization" not in server.requests[1].headers


def test_no_cookie_is_kept(client):
    with loopback.web(lambda _: Reply({}, 200, {"Set-Cookie": "a=b"})) as server:
        graph = client(server.url)
        graph.get("1")
        graph.get("1")
    assert "cookie" not in server.requests[1].headers


# -- what is asked ---------------------------------------------------------------------------------


def test_secrets_are_shown_at_the_door(client):
    with loopback.web(lambda _: {}) as server:
        graph = client(server.url)
        graph.get("debug_token", input_token=Secret("EAAother"), limit=5)
        graph.post("1/register", {"pin": Secret("123456"), "more": [{"x": Secret("y")}]}, ANYTHING)
        graph.delete("1", ANYTHING, revoke_token=Secret("EAAold"))
    read, change, removal = server.requests
    assert (read.query["input_token"], read.query["limit"]) == ("EAAother", "5")
    assert change.json == {"pin": "123456", "more": [{"x": "y"}]}
    assert change.headers["content-type"] == "application/json"
    assert removal.query["revoke_token"] == "EAAold"


def test_what_is_pasted_as_an_id_cannot_change_the_request(client):
    with loopback.web(lambda _: {}) as server:
        client(server.url).get("1?fields=x#y/é")
    assert server.requests[0].path == "/v26.0/1%3Ffields%3Dx%23y/%C3%A9"
    assert "fields" not in server.requests[0].query


def test_no_path_leaves_the_version(client):
    with loopback.web(lambda _: {}) as server, pytest.raises(Unavailable) as caught:
        client(server.url).get("../v1.0/me")
    assert caught.value.kind is ErrorKind.NOT_VISIBLE
    assert server.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.facebook.com",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
        "https://me:secret@graph.facebook.com",
        "https://graph.facebook.com/?access_token=x",
        "https://",
        "graph.facebook.com",
        "https://[::1",
        "http://localhost:port",
        "",
    ],
)
def test_an_address_that_would_give_the_token_away_is_refused(keys, url):
    with pytest.raises(InvalidAddress) as caught:
        GraphClient(keys, url=url)
    assert caught.value.part == "url"
    assert "secret" not in repr(caught.value)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://graph.facebook.com/", "https://graph.facebook.com"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.9:1/meta/", "http://127.0.0.9:1/meta"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        (" https://proxy.example ", "https://proxy.example"),
    ],
)
def test_an_address_that_is_fine_is_kept(keys, url, kept):
    assert GraphClient(keys, url=url).url == kept


@pytest.mark.parametrize("version", ["26.0", "v26", "v26.0/me", "", "latest"])
def test_a_version_is_a_version(keys, version):
    with pytest.raises(InvalidAddress) as caught:
        GraphClient(keys, version=version)
    assert caught.value.part == "version"


# -- what comes back -------------------------------------------------------------------------------


def test_json_under_another_name_is_json(client):
    script = Reply({"id": "1"}, 200, {"Content-Type": "text/javascript; charset=UTF-8"})
    with loopback.web(lambda _: script) as server:
        assert client(server.url).get("1") == {"id": "1"}


def test_a_bare_true_is_a_success(client):
    with loopback.web(lambda _: True) as server:
        assert client(server.url).post("1", {}, ANYTHING) == {"success": True}


def test_nothing_is_enough_for_a_204(client):
    with loopback.web(lambda _: Reply(b"", 204)) as server:
        assert client(server.url).delete("1", ANYTHING) == {}


def test_secrets_that_meta_repeats_are_masked(client):
    def echo(request):
        told = f"{TOKEN} and {request.json['pin']} and {PROOF} and EAAB{'x' * 30}"
        data = {"details": f"{APP_ID}|{APP_SECRET}"}
        return error(100, message=told, error_data=data, fbtrace_id=TOKEN)

    with loopback.web(echo) as server, pytest.raises(GraphError) as caught:
        client(server.url).post("1/register", {"pin": Secret("481516")}, ANYTHING)
    told = repr(caught.value.values)
    for secret in (TOKEN, APP_SECRET, PROOF, "481516", "EAAB"):
        assert secret not in told
    assert "••••" in caught.value.message


def test_a_token_pasted_as_an_id_is_not_in_the_log(client):
    with loopback.web(lambda _: {}) as server:
        graph = client(server.url)
        graph.get(TOKEN)
    assert TOKEN not in repr(graph.exchanges)


def test_the_log_remembers_the_last_five_hundred(client):
    graph = client("http://127.0.0.1:9")
    for number in range(client_module.EXCHANGES + 5):
        graph._note(Call("GET", f"/v26.0/{number}", {}), None, 0.0)
    assert len(graph.exchanges) == client_module.EXCHANGES
    assert graph.exchanges[0].path == "/v26.0/5"


# -- unknown fields --------------------------------------------------------------------------------


def picky(*unknown):
    """Refuses the first field it does not know, like Graph."""

    def respond(request):
        asked = request.query.get("fields", "")
        for name in unknown:
            if name in asked.replace("{", ",").replace("}", ",").split(","):
                told = f"(#100) Tried accessing nonexisting field ({name}) on node type (Thing)"
                return error(100, message=told)
        return {"asked": asked}

    return respond


@pytest.mark.parametrize(
    ("unknown", "fields", "left"),
    [
        (["b"], ["a", "b", "c"], "a,c"),
        (["a", "b"], ["a", "b", "c"], "c"),
        (["owner"], ["a", "owner{id,name}"], "a"),
        (["name"], ["a", "owner{id,name}"], "a,owner{id}"),
        (["name", "id"], ["a", "owner{id,name}"], "a"),
        (["deep"], ["a", "x{y{deep},z}"], "a,x{z}"),
        (["name"], ["name", "owner{id,name}"], "owner{id}"),
    ],
)
def test_a_field_that_graph_does_not_know_is_taken_out(client, unknown, fields, left):
    with loopback.web(picky(*unknown)) as server:
        assert client(server.url).get("1", fields=fields) == {"asked": left}
    assert len(server.requests) <= len(unknown) + 2


def test_a_field_that_was_not_asked_for_is_not_searched_for_ever(client):
    told = "(#100) Tried accessing nonexisting field (other) on node type (Thing)"
    with loopback.web(lambda _: error(100, message=told)) as server, pytest.raises(GraphError):
        client(server.url).get("1", fields=["a", "b"])
    assert len(server.requests) == 1


def test_a_refusal_about_something_else_is_not_about_fields(client):
    with loopback.web(lambda _: error(190)) as server, pytest.raises(GraphError) as caught:
        client(server.url).get("1", fields=["a", "b"])
    assert caught.value.code == 190
    assert len(server.requests) == 1


# -- pages -----------------------------------------------------------------------------------------


def a_page(ids, after="", following=True):
    paging: dict[str, Any] = {"cursors": {"after": after}} if after else {}
    if after and following:
        paging["next"] = f"https://elsewhere.example/?access_token={TOKEN}&after={after}"
    return {"data": [{"id": each} for each in ids], "paging": paging}


def test_pages_are_asked_for_by_their_cursor(client):
    given = replies(a_page("ab", "c1"), a_page("cd", "c2"), a_page("e", "c3", following=False))
    with loopback.web(given) as server:
        rows = client(server.url).pages("1/rows", limit=2)
    assert [row["id"] for row in rows] == list("abcde")
    assert [asked.query.get("after") for asked in server.requests] == [None, "c1", "c2"]


def test_a_cursor_that_repeats_ends_the_reading(client):
    with loopback.web(lambda _: a_page("ab", "same")) as server:
        assert len(client(server.url).pages("1/rows", limit=2)) == 4
    assert len(server.requests) == 2


def test_cursors_without_end_are_cut_off(client):
    server: Any
    with loopback.web(lambda _: a_page("", str(len(server.requests)))) as server:
        rows = client(server.url).pages("1/rows")
        assert (rows, rows.cut) == ([], True)
    assert len(server.requests) == 100


@pytest.mark.parametrize(
    ("pages", "most", "cut"),
    [
        ([a_page("ab", "c1"), a_page("c")], 3, False),
        ([a_page("ab", "c1"), a_page("c")], 2, True),
        ([a_page("ab", "c1"), a_page("cd")], 3, True),
        ([a_page("abc")], 2, True),
        ([a_page("ab")], 2, False),
    ],
)
def test_that_rows_were_left_out_is_said(client, pages, most, cut):
    with loopback.web(replies(*pages)) as server:
        rows = client(server.url).pages("1/rows", limit=2, most=most)
    assert (len(rows), rows.cut) == (min(most, sum(len(one["data"]) for one in pages)), cut)


def test_a_bad_cursor_begins_anew_once(client):
    good = a_page("ab", "c1"), a_page("c")
    with loopback.web(replies(good[0], error(131059), *good)) as server:
        rows = client(server.url).pages("1/rows", limit=2)
    assert [row["id"] for row in rows] == list("abc")
    given = replies(good[0], error(131059), good[0], error(131059))
    with loopback.web(given) as server, pytest.raises(GraphError) as caught:
        client(server.url).pages("1/rows", limit=2)
    assert caught.value.code == 131059
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"data": None},
        {"data": {}},
        {"data": ["x", None]},
        {"data": [], "paging": []},
        {"data": [], "paging": {"next": "x", "cursors": None}},
    ],
)
def test_odd_pages_are_no_rows(client, odd):
    with loopback.web(lambda _: odd) as server:
        assert client(server.url).pages("1/rows") == []


# -- repetition ------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1, 2, 4, 17, 32, 341, 613, 80007, 80008, 130429, 131016, 131000])
def test_a_read_is_made_again_while_graph_is_busy(client, pauses, code):
    with loopback.web(replies(error(code), error(code), {"id": "1"})) as server:
        assert client(server.url).get("1") == {"id": "1"}
    assert len(server.requests) == 3
    assert pauses[0] < pauses[1]


@pytest.mark.parametrize(("code", "tries"), [(1, 3), (131000, 3), (2, 4), (80007, 4), (99999, 4)])
def test_patience_ends(client, pauses, code, tries):
    with loopback.web(lambda _: error(code, 500)) as server, pytest.raises(GraphError) as caught:
        client(server.url).get("1")
    assert caught.value.kind is ErrorKind.BUSY
    assert caught.value.values["wait_minutes"] == 0
    assert len(server.requests) == tries
    assert sum(pauses) < 15


@pytest.mark.parametrize("code", [100, 190, 10, 200, 33, 133016, 368, 131047])
def test_a_read_is_not_repeated_when_the_answer_will_not_change(client, pauses, code):
    with loopback.web(lambda _: error(code)) as server, pytest.raises(GraphError):
        client(server.url).get("1")
    assert len(server.requests) == 1
    assert pauses == []


@pytest.mark.parametrize("code", [1, 2, 4, 80007, 130429, 131000])
def test_a_change_is_never_repeated(client, pauses, code):
    with loopback.web(lambda _: error(code, 500)) as server:
        graph = client(server.url)
        for act in (lambda: graph.post("1", {}, ANYTHING), lambda: graph.delete("1", ANYTHING)):
            with pytest.raises(GraphError):
                act()
    assert server.methods() == ["POST", "DELETE"]
    assert pauses == []


@pytest.mark.parametrize("play", [loopback.reset, loopback.half_body], ids=["reset", "cut"])
def test_a_broken_read_is_made_again_once(client, play):
    with loopback.raw(play) as server, pytest.raises(Unavailable):
        client(server.url).get("1")
    assert server.methods() == ["GET", "GET"]


def test_a_refused_connection_is_not_tried_again(client, pauses):
    with pytest.raises(Unavailable):
        client(f"http://127.0.0.1:{loopback.closed_port()}").get("1")
    assert pauses == []


@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({"X-Business-Use-Case-Usage": '{"10": [{"estimated_time_to_regain_access": 37}]}'}, 37),
        ({"X-Business-Use-Case-Usage": '{"1": {"estimated_time_to_regain_access": "9"}}'}, 9),
        ({"X-App-Usage": '{"estimated_time_to_regain_access": 5}'}, 5),
        ({"Retry-After": "3600"}, 60),
        ({"Retry-After": "30"}, 1),
    ],
)
def test_a_wait_that_is_too_long_is_told_and_not_waited(client, pauses, headers, minutes):
    busy = error(80007, headers=headers)
    with loopback.web(lambda _: busy) as server, pytest.raises(GraphError) as caught:
        client(server.url).get("1")
    assert caught.value.kind is ErrorKind.BUSY
    assert caught.value.values["wait_minutes"] == minutes
    assert len(server.requests) == 1
    assert pauses == []


def test_a_short_wait_that_meta_asks_for_is_waited(client, pauses):
    with loopback.web(replies(error(4, headers={"Retry-After": "7"}), {"id": "1"})) as server:
        assert client(server.url).get("1") == {"id": "1"}
    assert pauses == [7.0]


def test_who_has_time_may_wait_a_minute(client, pauses):
    with loopback.web(replies(error(4, headers={"Retry-After": "60"}), {"id": "1"})) as server:
        assert client(server.url, patience=90).get("1") == {"id": "1"}
    assert pauses == [60.0]


@pytest.mark.parametrize(("asked", "tries"), [("90", 1), ("20", 2)])
def test_not_even_then_longer_nor_twice(client, pauses, asked, tries):
    busy = error(4, headers={"Retry-After": asked})
    with loopback.web(lambda _: busy) as server, pytest.raises(GraphError):
        client(server.url, patience=600).get("1")
    assert len(server.requests) == tries


def test_requests_are_spaced_when_the_allowance_is_nearly_used_up(client, pauses):
    full = '{"10": [{"type": "x", "call_count": 3, "total_time": 96}]}'
    given = replies(Reply({}, 200, {"X-Business-Use-Case-Usage": full}), {})
    with loopback.web(given) as server:
        graph = client(server.url)
        graph.get("1")
        assert pauses == []
        graph.get("1")
        assert len(pauses) == 1
        graph.get("1")  # the second answer did not say so any more
    assert len(pauses) == 1


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "{",
        "[]",
        "null",
        '"x"',
        '{"1": null}',
        '{"1": [null]}',
        '{"call_count": "NaN"}',
        '{"call_count": {}}',
        '{"1": [{"estimated_time_to_regain_access": "soon"}]}',
    ],
)
def test_odd_usage_headers_are_ignored(client, odd):
    headers = {"X-App-Usage": odd, "X-Business-Use-Case-Usage": odd, "Retry-After": odd}
    with loopback.web(replies(error(4, headers=headers), Reply({"id": "1"}, 200, headers))) as web:
        assert client(web.url).get("1") == {"id": "1"}


# -- probe -----------------------------------------------------------------------------------------


def test_any_json_of_graphs_shows_that_meta_answers(client):
    headers = {"facebook-api-version": "v24.0", "Date": "Sun, 22 Nov 2026 20:00:00 GMT"}
    with loopback.web(lambda _: error(104, 400, headers)) as server:
        before = datetime.now(UTC)
        reach = client(server.url).probe()
    assert (reach.asked_version, reach.version) == ("v26.0", "v24.0")
    assert reach.served_at == datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
    assert before <= reach.seen_at <= datetime.now(UTC)
    assert server.requests[0].path == "/v26.0/"
    assert "authorization" not in server.requests[0].headers


def test_a_probe_that_meets_a_portal_says_so(client):
    portal = Reply(b"<html>", 200, {"Content-Type": "text/html"})
    with loopback.web(lambda _: portal) as server, pytest.raises(Unavailable) as caught:
        client(server.url).probe()
    assert caught.value.values["cause"] == "portal"


# -- connections -----------------------------------------------------------------------------------


def test_reads_in_a_row_share_a_connection(client):
    with loopback.web(lambda _: {}) as server:
        graph = client(server.url)
        for _ in range(5):
            graph.get("1")
    assert len(server.connections) == 1


def test_ten_threads_share_ten_connections(client):
    with loopback.web(lambda _: {"id": "1"}) as server:
        graph = client(server.url)
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: graph.get("1"), range(100)))
    assert answers == [{"id": "1"}] * 100
    assert len(graph.exchanges) == 100
    assert len(server.connections) <= 10


def test_a_connection_that_rested_long_is_not_used_again(client, monkeypatch):
    with loopback.web(lambda _: {}) as server:
        graph = client(server.url)
        graph.get("1")
        monkeypatch.setattr(session_module, "IDLE_SECONDS", -1)
        graph.post("1", {}, ANYTHING)
    assert len(server.connections) == 2
