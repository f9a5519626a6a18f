"""The parts of waitress that are no interface of it: all in one file, and each of them there."""

import ast
from pathlib import Path

import pytest
from waitress import channel, server, task, wasyncore
from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser
from waitress.task import ThreadedTaskDispatcher

ROOT = Path(__file__).parents[2]
USER = ROOT / "wizard/webhook/receiver.py"
#: Where each private part stands: class or module, attribute.
ON_CLASSES = [
    (server.TcpWSGIServer, "channel_class"),
    (server.TcpWSGIServer, "accept"),
    (server.TcpWSGIServer, "handle_accept"),
    (server.TcpWSGIServer, "maintenance"),
    (server.TcpWSGIServer, "pull_trigger"),
    (channel.HTTPChannel, "received"),
    (channel.HTTPChannel, "service"),
    (channel.HTTPChannel, "task_class"),
    (task.Task, "build_response_header"),
    (task.Task, "complete"),
    (task.Task, "start_time"),
    (task.ErrorTask, "execute"),
    (Adjustments, "channel_request_lookahead"),
    (channel.HTTPChannel, "will_close"),
    (channel.HTTPChannel, "total_outbufs_len"),
    (channel.HTTPChannel, "request"),
    (wasyncore, "loop"),
    (wasyncore, "close_all"),
    (ThreadedTaskDispatcher, "shutdown"),
    (ThreadedTaskDispatcher, "set_thread_count"),
    (server.TcpWSGIServer, "add_task"),
]
#: Set when an object is made.
ON_SERVERS = ["_map", "accepting", "active_channels", "effective_port", "task_dispatcher"]
ON_CHANNELS = ["creation_time", "last_activity", "requests"]


@pytest.mark.parametrize(
    ("owner", "name"), ON_CLASSES, ids=lambda value: getattr(value, "__name__", value)
)
def test_waitress_still_has(owner, name):
    assert hasattr(owner, name), f"waitress no longer has {owner.__name__}.{name}; see {USER.name}"


@pytest.fixture
def made():
    """A server and a channel of waitress's own classes, on sockets of the test."""
    import socket

    bound = socket.create_server(("127.0.0.1", 0))
    settings = Adjustments(sockets=[bound], threads=1)
    about = (socket.AF_INET, bound.type, bound.proto, bound.getsockname())
    one = server.TcpWSGIServer(
        lambda *_: [], map={}, _sock=bound, bind_socket=False, adj=settings, sockinfo=about
    )
    near, far = socket.socketpair()
    try:
        yield one, channel.HTTPChannel(one, near, ("127.0.0.1", 1), settings, map=one._map)
    finally:
        one.task_dispatcher.shutdown(timeout=5)
        wasyncore.close_all(one._map, ignore_all=True)
        far.close()


@pytest.mark.parametrize("name", ON_SERVERS)
def test_a_server_of_waitress_still_has(made, name):
    assert hasattr(made[0], name), f"a server of waitress no longer has {name}; see {USER.name}"


@pytest.mark.parametrize("name", ON_CHANNELS)
def test_a_channel_of_waitress_still_has(made, name):
    assert hasattr(made[1], name), f"a channel of waitress no longer has {name}; see {USER.name}"


def test_one_file_imports_waitress():
    users = {
        path
        for path in (ROOT / "wizard").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "waitress")
        or (isinstance(node, ast.Import) and any(a.name == "waitress" for a in node.names))
    }
    assert users == {USER}


def test_a_request_of_waitress_still_names_its_method():
    request = HTTPRequestParser(Adjustments())
    request.received(b"GET /webhook HTTP/1.1\r\nHost: x\r\n\r\n")
    assert request.command == "GET"


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 2\r\n\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_a_request_of_waitress_still_has_its_length_and_a_body_to_read_twice(lines):
    request, data = HTTPRequestParser(Adjustments()), b"POST / HTTP/1.1\r\nHost: x\r\n" + lines
    while not request.completed:
        data = data[request.received(data) :]
    assert hasattr(request.body_rcv, "control_line") == (b"chunked" in lines)
    assert hasattr(request.body_rcv, "trailer") == (b"chunked" in lines)
    stream = request.get_body_stream()
    assert (request.error, request.headers["CONTENT_LENGTH"], stream.read()) == (None, "2", b"{}")
    stream.seek(0)
    assert request.get_body_stream().read() == b"{}"
    request.close()


def test_a_channel_that_looks_no_request_ahead_reads_no_more(made):
    assert made[1].readable()
    made[1].adj.channel_request_lookahead = -1
    assert not made[1].readable()
