"""Every way not to get an answer has its own cause, and none of them tells a secret."""

import gzip
import logging
import socket
import ssl
import threading
import traceback
import warnings

import pytest
import requests

from tests.support import loopback
from tests.support.graph_fixtures import APP_SECRET, TOKEN
from tests.support.loopback import Reply
from wizard.graph import transport as wire
from wizard.graph.consent import granted
from wizard.net import http_session as session_module
from wizard.text.errors import ErrorKind, Unavailable


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(wire, "CONNECT_SECONDS", 0.3)
    monkeypatch.setattr(wire, "READ_SECONDS", 0.3)
    monkeypatch.setattr(wire, "TOTAL_SECONDS", 0.6)


ANYTHING = granted("test", ["POST /1", "POST /1/register", "DELETE /1/register"])


def trouble(act):
    with pytest.raises(Unavailable) as caught:
        act()
    assert caught.value.kind is ErrorKind.UNREACHABLE
    return caught.value


RAW = [
    (loopback.reset, "reset"),
    (loopback.hang_up, "reset"),
    (loopback.half_body, "cut"),
    (loopback.half_chunk, "cut"),
    (loopback.reset_in_body, "cut"),
    (loopback.garbage, "not_json"),
    (loopback.stall, "timeout"),
    (loopback.drip_head, "timeout"),
    (loopback.drip_body, "timeout"),
]
HTML = {"Content-Type": "text/html"}
BOMB = gzip.compress(b'{"a": "' + b"0" * (30 * 1024 * 1024) + b'"}', 1)
REPLIES = [
    (Reply(b"<html>Sign in to Wi-Fi</html>", 200, HTML), "portal"),
    (Reply(b"  <!DOCTYPE html>Blocked", 403, HTML), "portal"),
    (Reply(b"<html>Sorry, something went wrong", 500, HTML), "html_error"),
    (Reply(b"", 503), "html_error"),
    (Reply(b"", 302, {"Location": "https://login.example/?next=x"}), "redirect"),
    (Reply(b'{"data": [', 200), "not_json"),
    (Reply(b"OK", 200, {"Content-Type": "text/plain"}), "not_json"),
    (Reply(b"[]", 200), "not_json"),
    (Reply(b"\xff\xfe\x00", 200), "not_json"),
    (Reply(b"[" * 200_000, 200), "not_json"),
    (Reply(b'{"a": ' + b"9" * 5000 + b"}", 200), "not_json"),
    (Reply(BOMB, 200, {"Content-Encoding": "gzip"}), "too_big"),
    (Reply(b"not gzip", 200, {"Content-Encoding": "gzip"}), "cut"),
]


@pytest.mark.parametrize(
    ("play", "cause"), RAW, ids=lambda value: getattr(value, "__name__", value)
)
def test_a_broken_connection_is_named_by_its_cause(client, impatient, play, cause):
    with loopback.raw(play) as server:
        error = trouble(lambda: client(server.url).get("1"))
    assert error.values["cause"] == cause


@pytest.mark.parametrize(("reply", "cause"), REPLIES, ids=range(len(REPLIES)))
def test_an_answer_that_is_not_json_is_named_by_its_cause(client, reply, cause):
    with loopback.web(lambda _: reply) as server:
        error = trouble(lambda: client(server.url).get("1"))
    assert error.values["cause"] == cause
    assert error.values["http"] == reply.http


@pytest.mark.parametrize(
    ("play", "cause"), RAW, ids=lambda value: getattr(value, "__name__", value)
)
@pytest.mark.parametrize(("method", "body"), [("post", {"body": {}}), ("delete", {})])
def test_a_change_is_sent_once_whatever_happens(client, impatient, play, cause, method, body):
    with loopback.raw(play) as server:
        act = getattr(client(server.url), method)
        error = trouble(lambda: act("1/register", **body, consent=ANYTHING))
    assert error.values["cause"] == cause
    assert server.methods() == [method.upper()]


@pytest.mark.parametrize("reply", [reply for reply, _ in REPLIES], ids=range(len(REPLIES)))
def test_a_change_is_sent_once_whatever_comes_back(client, reply):
    with loopback.web(lambda _: reply) as server:
        trouble(lambda: client(server.url).post("1/register", {"pin": "123456"}, ANYTHING))
    assert server.methods() == ["POST"]


def test_a_redirect_to_another_host_is_not_followed(client):
    with loopback.web(lambda _: {"stolen": True}) as thief:
        moved = Reply(b"", 307, {"Location": thief.url})
        with loopback.web(lambda _: moved) as server:
            trouble(lambda: client(server.url).get("1"))
            trouble(lambda: client(server.url).post("1", {}, ANYTHING))
    assert thief.requests == []


def test_a_redirect_is_not_followed_by_a_session_of_somebody_else(client):
    moved = Reply(b"", 302, {"Location": "/elsewhere"})
    with loopback.web(lambda _: moved) as server, requests.Session() as session:
        graph = client(server.url, session=session)
        assert trouble(lambda: graph.get("1")).values["cause"] == "redirect"
    assert len(server.requests) == 1


def test_the_body_of_a_redirect_is_not_waited_for(client, impatient):
    def endless(connection, _head):
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 1000\r\n\r\n")
        loopback.drip(connection, b" " * 1000)

    with loopback.raw(endless) as server:
        assert trouble(lambda: client(server.url).get("1")).values["cause"] == "redirect"


def test_a_port_where_nobody_listens_is_refused(client):
    url = f"http://127.0.0.1:{loopback.closed_port()}"
    error = trouble(lambda: client(url).get("1"))
    assert error.values == {
        "cause": "refused",
        "host": url.removeprefix("http://"),
        "proxy": "",
        "http": 0,
    }


def nobody(*_, **__):
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_a_name_that_does_not_resolve_is_dns(client, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert trouble(lambda: client("https://graph.invalid").get("1")).values["cause"] == "dns"


def test_a_network_that_is_down_has_no_name_of_its_own(client, monkeypatch):
    def no_route(self, address):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", no_route)
    assert trouble(lambda: client("http://127.0.0.1:9").get("1")).values["cause"] == "other"


# -- TLS -------------------------------------------------------------------------------------------

CERTIFICATES = [
    ({}, "tls_untrusted"),
    ({"self_signed": True}, "tls_untrusted"),
    ({"days": (-30, -1)}, "tls_expired"),
    ({"days": (1, 30)}, "tls_expired"),  # or this clock is wrong
    ({"name": "elsewhere.example"}, "tls_name"),
]


@pytest.mark.parametrize(("certificate", "cause"), CERTIFICATES, ids=str)
def test_a_bad_certificate_is_named(client, authority, monkeypatch, certificate, cause):
    if cause != "tls_untrusted":
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    with loopback.web(lambda _: {"id": "1"}, authority.server(**certificate)) as server:
        error = trouble(lambda: client(server.url).get("1"))
    assert error.values["cause"] == cause
    assert server.requests == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_an_authority_named_by_the_environment_is_trusted(client, authority, monkeypatch, variable):
    monkeypatch.setenv(variable, str(authority.bundle))
    with loopback.web(lambda _: {"id": "1"}, authority.server()) as server:
        assert client(server.url).get("1") == {"id": "1"}


def test_an_authority_of_the_system_is_trusted(client, authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    monkeypatch.setattr(session_module, "_session", session_module._session.__wrapped__)
    with loopback.web(lambda _: {"id": "1"}, authority.server()) as server:
        assert client(server.url).get("1") == {"id": "1"}


def test_a_bundle_that_cannot_be_read_is_no_crash(client, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem")
    assert trouble(lambda: client("https://127.0.0.1:9").get("1")).values["cause"] == "tls_other"


def test_tls_older_than_1_2_is_refused(client, authority, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    context = authority.server()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # asking for old TLS is deprecated, and the point
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
    with loopback.web(lambda _: {"id": "1"}, context) as server:
        assert trouble(lambda: client(server.url).get("1")).values["cause"] == "tls_other"


def test_a_server_without_tls_is_named(client):
    with loopback.web(lambda _: {}) as server:
        url = server.url.replace("http:", "https:")
        assert trouble(lambda: client(url).get("1")).values["cause"] == "tls_other"


def test_a_handshake_that_is_cut_off_is_a_reset(client):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def cut():
            for _ in range(2):  # it is tried twice
                connection, _ = listener.accept()
                with connection:
                    connection.recv(10)
                    loopback.reset(connection, b"")

        thread = threading.Thread(target=cut, daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        assert trouble(lambda: client(url).get("1")).values["cause"] == "reset"
        thread.join(5)


# -- proxies ---------------------------------------------------------------------------------------

FAR = "https://graph.example"


@pytest.mark.parametrize(
    ("refusal", "cause"),
    [
        ("407 Proxy Authentication Required", "proxy_auth"),
        ("502 Bad Gateway", "proxy"),
        ("403 Forbidden", "proxy"),
    ],
)
def test_a_proxy_that_refuses_is_named(client, monkeypatch, refusal, cause):
    with loopback.connect_proxy(refusal) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:hunter2@127.0.0.1:{proxy.port}")
        error = trouble(lambda: client(FAR).get("1"))
    assert error.values["cause"] == cause
    assert error.values["proxy"] == f"127.0.0.1:{proxy.port}"
    assert "hunter2" not in repr(error)


@pytest.mark.parametrize(
    "proxy",
    [
        *("http://127.0.0.1:port", "http://[::1:3128", "http://me:a/b@127.0.0.1:1", "http://%zz:1"),
        *("127.0.0.1:99999", "http://me:a@b@127.0.0.1:99999", "http://", "socks5://x:1:2"),
        "x" * 3000,
    ],
)
def test_a_proxy_whose_address_cannot_be_read_is_named(client, monkeypatch, proxy):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert trouble(lambda: client(FAR).get("1")).values["cause"] == "proxy"


def test_a_proxy_that_is_gone_is_named(client, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{loopback.closed_port()}")
    assert trouble(lambda: client(FAR).get("1")).values["cause"] == "proxy"


def test_a_proxy_that_hangs_up_is_named(client, monkeypatch):
    with loopback.raw(loopback.hang_up) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert trouble(lambda: client(FAR).get("1")).values["cause"] in ("proxy", "reset")


def test_the_way_through_a_proxy_is_encrypted_to_the_end(client, authority, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    with (
        loopback.web(lambda _: {"id": "1"}, authority.server("graph.example")) as server,
        loopback.connect_proxy(target=server.port) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert client(FAR).get("1") == {"id": "1"}
    assert [request.method for request in proxy.requests] == ["CONNECT"]
    assert TOKEN.encode() not in proxy.requests[0].body


def test_an_intercepted_certificate_behind_a_proxy_is_not_blamed_on_the_proxy(
    client, authority, monkeypatch
):
    with (
        loopback.web(lambda _: {"id": "1"}, authority.server("graph.example")) as server,
        loopback.connect_proxy(target=server.port) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert trouble(lambda: client(FAR).get("1")).values["cause"] == "tls_untrusted"


def test_socks_proxies_work(client, authority, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    with (
        loopback.web(lambda _: {"id": "1"}, authority.server("graph.example")) as server,
        loopback.socks_proxy(server.port) as proxy,
    ):
        monkeypatch.setenv("ALL_PROXY", f"socks5h://127.0.0.1:{proxy.port}")
        assert client(FAR).get("1") == {"id": "1"}
    assert b"graph.example" in proxy.requests[0]


def test_a_socks_proxy_that_wants_a_password_is_named(client, monkeypatch):
    with loopback.socks_proxy(password_wanted=True) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"socks5h://127.0.0.1:{proxy.port}")
        assert trouble(lambda: client(FAR).get("1")).values["cause"] in ("proxy_auth", "proxy")


def test_loopback_is_never_asked_through_a_proxy(client, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{loopback.closed_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{loopback.closed_port()}")
    with loopback.web(lambda _: {"id": "1"}) as server:
        assert client(server.url).get("1") == {"id": "1"}


def test_no_proxy_is_honoured(client, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{loopback.closed_port()}")
    monkeypatch.setenv("NO_PROXY", "graph.example")
    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert trouble(lambda: client(FAR).get("1")).values["cause"] == "dns"


# -- secrets ---------------------------------------------------------------------------------------


def everything_about(error):
    """What any logger or debugger of others would print of an exception, and what hangs on it."""
    seen, waiting = [], [error]
    while waiting:
        link = waiting.pop()
        seen.append("".join(traceback.format_exception(link)))
        seen.append(repr((link, link.args, vars(link))))
        waiting += [other for other in (link.__cause__, link.__context__) if other is not None]
    return "\n".join(seen)


@pytest.mark.parametrize(
    ("play", "cause"), RAW, ids=lambda value: getattr(value, "__name__", value)
)
def test_a_broken_connection_tells_no_secret(client, impatient, caplog, play, cause):
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "urllib3.connectionpool", "urllib3.util.retry", "requests"):
        caplog.set_level(logging.DEBUG, logger=name)
    with loopback.raw(play) as server:
        graph = client(server.url)
        error = trouble(lambda: graph.get("debug_token", input_token=graph.keys.access_token))
        change = trouble(lambda: graph.post("1/register", {"pin": graph.keys.app_secret}, ANYTHING))
    told = everything_about(error) + everything_about(change) + caplog.text + repr(graph.exchanges)
    assert graph.exchanges
    assert TOKEN not in told
    assert APP_SECRET not in told
    assert "appsecret_proof" not in told
    assert error.__context__ is None


def test_the_log_of_the_libraries_has_the_path_without_the_query(client, caplog):
    caplog.set_level(logging.DEBUG, logger="urllib3.connectionpool")
    with loopback.web(lambda _: {"data": {}}) as server:
        graph = client(server.url)
        graph.get("debug_token", input_token=graph.keys.access_token)
    assert "/v26.0/debug_token" in caplog.text
    assert TOKEN not in caplog.text
    assert "input_token" not in caplog.text
