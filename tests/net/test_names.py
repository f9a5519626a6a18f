"""The same fault has the same name for a call to Graph, a probe and a forwarded delivery."""

import socket
import ssl
import tempfile
import threading
from http.client import BadStatusLine
from pathlib import Path

import pytest

from tests.support import loopback
from wizard.graph.transport import Call, Transport
from wizard.net import tls
from wizard.net.connection import Connection, Outside, parse_target
from wizard.net.failures import NetworkFailure, cause
from wizard.text.errors import Unavailable
from wizard.webhook.forwarding import EVERYTHING, Forwarder
from wizard.webhook.inbox import Writer
from wizard.webhook.payload import read


def by_graph(url):
    with pytest.raises(Unavailable) as caught:
        Transport(url).send(Call("GET", "/", {}))
    return caught.value.values["cause"]


def talk(url):
    here = Outside(True, environ={}, seconds=2, resolve=socket.getaddrinfo)
    with Connection(parse_target(url, allow_http=True), here).open() as opened:
        opened.sendall(b"GET / HTTP/1.1\r\n\r\n")
        if not opened.recv(1):
            raise ConnectionResetError  # as http.client says it


def by_connection(url):
    with pytest.raises(NetworkFailure) as caught:
        talk(url)
    return caught.value.cause


def by_forwarding(url):
    failed, reports = threading.Event(), []

    def keep(report):
        reports.append(report)
        failed.set()

    with tempfile.TemporaryDirectory() as folder:
        inbox = Path(folder) / "inbox.sqlite3"
        writer = Writer(inbox)
        writer.store(read(b"{}"), [EVERYTHING], "{}")
        writer.close()
        forwarder = Forwarder(inbox, EVERYTHING, url, keep)
        assert failed.wait(10)
        forwarder.close()
    assert (reports[0].state, reports[0].http) == ("waiting", 0)
    return reports[0].cause


WAYS = [by_graph, by_connection, by_forwarding]


@pytest.mark.parametrize("way", WAYS)
def test_a_closed_port(way):
    assert way(f"http://127.0.0.1:{loopback.closed_port()}") == "refused"


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_hangs_up(way):
    with loopback.raw(loopback.reset) as server:
        assert way(server.url) == "reset"


@pytest.mark.parametrize("way", WAYS)
def test_a_name_that_does_not_exist(way, monkeypatch):
    def nobody(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert way("http://graph.invalid") == "dns"


@pytest.mark.parametrize("way", WAYS)
def test_a_server_without_tls(way):
    with loopback.web(lambda _: {}) as server:
        assert way(server.url.replace("http:", "https:")) == "tls_other"


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (PermissionError(1, "Operation not permitted"), "refused"),
        (TimeoutError(), "timeout"),
        (BadStatusLine("220 mail"), "not_http"),
        (OSError(101, "Network is unreachable"), "other"),
    ],
)
def test_errors_without_a_server(error, name):
    assert cause(error) == name


def test_no_python_refuses_more_certificates_than_another():
    for context in (tls.own_trust(), tls.public_trust()):
        assert not context.verify_flags & ssl.VERIFY_X509_STRICT
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
