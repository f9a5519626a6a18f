"""The server: slow, greedy and silent clients do not keep others out."""

import http.client
import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from tests.support import deliveries
from wizard.text.secret import Secret
from wizard.webhook import receiver as running
from wizard.webhook.endpoint import Address
from wizard.webhook.inbox import Reader, Writer
from wizard.webhook.receiver import Receiver

ANY_PORT = Address(port=0)


@pytest.fixture
def receiver(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "REQUEST_SECONDS", 1.0)
    writer = Writer(tmp_path / "inbox.sqlite3")
    secret = Secret(deliveries.SECRET)
    with Receiver(writer, lambda: secret, lambda: secret, at=ANY_PORT) as receiver:
        yield receiver
    writer.close()


def dial(receiver):
    return socket.create_connection(("127.0.0.1", receiver.at.port), timeout=10)


def drip(connection, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        connection.sendall(b"a")
        time.sleep(0.1)


def closed_within(connection, seconds):
    """Whether the other side closes the connection before long."""
    connection.settimeout(seconds)
    try:
        return b"200 OK" not in connection.recv(4096)
    except TimeoutError:
        return False
    except OSError:
        return True


def works(receiver, wamid):
    content = deliveries.incoming(deliveries.text(wamid))
    return deliveries.deliver(receiver.at.port, content) == 200


HALVES = {
    "silence": b"",
    "half a head": b"POST /webhook HTTP/1.1\r\nHost: x\r\nX-A: ",
    "half a body": b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{",
    "half a chunk": b"POST /webhook HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n90\r\n{",
}


@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES.keys())
def test_a_request_that_does_not_end_is_ended(receiver, half):
    with dial(receiver) as connection:
        connection.sendall(half)
        assert works(receiver, "wamid.meanwhile")
        assert closed_within(connection, 5)


def test_a_byte_now_and_then_does_not_buy_time(receiver):
    with dial(receiver) as connection:
        connection.sendall(b"POST /webhook HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        with pytest.raises(OSError):  # noqa: PT011 (reset or broken pipe, as the system likes)
            drip(connection, seconds=6)


def test_two_hundred_slow_clients_do_not_keep_out_a_delivery(receiver, monkeypatch):
    monkeypatch.setattr(running, "REQUEST_SECONDS", 60.0)
    slow = []
    try:
        for _ in range(running.CONNECTIONS + 50):
            slow.append(dial(receiver))
            slow[-1].sendall(b"POST /webhook HTTP/1.1\r\nX-Slow: ")
        assert works(receiver, "wamid.in")
    finally:
        for connection in slow:
            connection.close()


def test_a_connection_that_is_kept_open_between_deliveries_is_not_cut(receiver):
    connection = http.client.HTTPConnection("127.0.0.1", receiver.at.port, timeout=20)
    for n in range(2):
        body = deliveries.encode(deliveries.incoming(deliveries.text(f"wamid.{n}")))
        connection.request("POST", "/webhook", body, deliveries.headers(body))
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
        time.sleep(2.2 if n == 0 else 0)
    connection.close()


@pytest.mark.parametrize("start", [b"", b"0\r\n"], ids=["length of a chunk", "trailer"])
def test_a_line_about_a_chunk_that_does_not_end_is_cut_off(receiver, monkeypatch, start):
    """Waitress would look through all of it again with each packet, up to 3 MB."""
    monkeypatch.setattr(running, "REQUEST_SECONDS", 60.0)
    with dial(receiver) as connection:
        head = b"POST /webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + start + b"1" * 16_000)
        assert works(receiver, "wamid.meanwhile")
        assert not closed_within(connection, 0.5)
        connection.sendall(b"1" * 1_000)
        assert closed_within(connection, 5)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST /webhook HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"POST /webhook HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST /webhook HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", b"501"),
        (b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 20_000 + b"\r\n\r\n", b"431"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
    ],
    ids=["too big", "negative", "unknown coding", "long head", "TLS hello"],
)
def test_requests_beyond_the_limits_are_turned_away_at_once(receiver, request_, status):
    with dial(receiver) as connection:
        connection.sendall(request_)
        assert connection.recv(4096).split()[1] == status
    assert works(receiver, "wamid.after")


def test_chunked_bodies_are_read(receiver):
    body = deliveries.encode(deliveries.incoming(deliveries.text("wamid.chunked")))
    connection = http.client.HTTPConnection("127.0.0.1", receiver.at.port, timeout=20)
    pieces = (body[at : at + 50] for at in range(0, len(body), 50))
    connection.request("POST", "/webhook", pieces, deliveries.headers(body), encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()


def test_opening_and_closing_over_and_over_leaves_nothing_behind(tmp_path):
    """Waking the server's loop must not use a closed or reused descriptor."""
    writer = Writer(tmp_path / "inbox.sqlite3")
    before = len(os.listdir("/dev/fd"))
    for _ in range(150):
        Receiver(writer, lambda: None, lambda: None, at=ANY_PORT).start().close()
    assert len(os.listdir("/dev/fd")) <= before + 2
    writer.close()


def test_a_taken_port_is_said_at_once(receiver, tmp_path):
    writer = Writer(tmp_path / "other.sqlite3")
    with pytest.raises(OSError, match="in use"):
        Receiver(writer, lambda: None, lambda: None, at=receiver.at)
    writer.close()


def test_closing_finishes_what_was_begun_and_frees_the_port(tmp_path):
    writer = Writer(tmp_path / "inbox.sqlite3")
    secret, events = Secret(deliveries.SECRET), []
    for n in range(2):
        receiver = Receiver(writer, lambda: secret, lambda: secret, events.append, ANY_PORT).start()
        assert works(receiver, f"wamid.{n}")
        receiver.close()
        receiver.close()
        assert len(events) == n + 1
        with pytest.raises(ConnectionRefusedError):
            dial(receiver)
    writer.close()
    assert len(Reader(writer.path).messages()) == 2


def packet(name, more=b""):
    body = deliveries.encode(deliveries.incoming(deliveries.text(name)))
    head = [f"{key}: {value}" for key, value in deliveries.headers(body).items()]
    head = ["POST /webhook HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *head]
    return "\r\n".join(head).encode() + more + b"\r\n\r\n" + body


def codes_of(connection, count):
    """The statuses of so many answers without a body, in their order."""
    text = b""
    while text.count(b"\r\n\r\n") < count and (more := connection.recv(65_536)):
        text += more
    return [part.split()[1] for part in text.split(b"\r\n\r\n")[:count]]


def test_requests_sent_at_once_are_answered_in_their_order(receiver):
    """What is stored in the loop, what a thread answers, and handshakes, all on one connection."""
    forged = packet("wamid.forged").replace(b"sha256=", b"sha256=0")
    kinds = [
        (packet("wamid.1"), b"200"),
        (packet("wamid.2"), b"200"),
        (forged, b"403"),
        (packet("wamid.1"), b"200"),
        (b"GET /webhook HTTP/1.1\r\nHost: x\r\n\r\n", b"403"),
        (b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", b"401"),
        (packet("wamid.3"), b"200"),
    ]
    with dial(receiver) as connection:
        connection.sendall(b"".join(request for request, _ in kinds * 10))
        assert codes_of(connection, len(kinds) * 10) == [code for _, code in kinds * 10]


@pytest.mark.parametrize("lines", [b"\r\nConnection: close", b"\r\nConnection: Close, TE"])
def test_a_connection_is_closed_where_the_sender_wishes_it(receiver, lines):
    with dial(receiver) as connection:
        connection.sendall(packet("wamid.kept"))
        assert codes_of(connection, 1) == [b"200"]
        connection.sendall(packet("wamid.closed", lines))
        answer = connection.recv(4096)
        assert (b"\r\nConnection: close\r\n" in answer) == (b"," not in lines)
        assert b"\r\nDate: " in answer


class Slow:
    """A disk that takes its time."""

    def __init__(self, monkeypatch, seconds):
        self.batches, self.threads, self.seconds, write = [], set(), seconds, Writer._write

        def slow(writer, connection, batch):
            self.batches.append(len(batch))
            self.threads.add(threading.current_thread().name)
            time.sleep(self.seconds)
            write(writer, connection, batch)

        monkeypatch.setattr(Writer, "_write", slow)


def test_what_comes_while_the_disk_is_busy_is_stored_together(receiver, monkeypatch):
    """Also what comes on new connections, of which each turn could take one."""
    slow, sockets = Slow(monkeypatch, 0.2), []
    for n in range(20):
        sockets.append(dial(receiver))
        sockets[-1].sendall(packet(f"wamid.{n}"))
        time.sleep(0.1 if n == 0 else 0)
    assert [codes_of(one, 1) for one in sockets] == [[b"200"]] * 20
    assert sum(slow.batches) == 20
    assert len(slow.batches) < 6
    for one in sockets:
        one.close()


def test_a_slow_disk_does_not_hold_up_handshakes(receiver, monkeypatch):
    slow = Slow(monkeypatch, 0.5)
    assert works(receiver, "wamid.first")  # which shows that the disk is slow
    assert slow.threads == {"receiver"}
    with dial(receiver) as connection:
        connection.sendall(packet("wamid.second"))
        time.sleep(0.1)
        began = time.monotonic()
        with dial(receiver) as other:
            other.sendall(b"GET /webhook HTTP/1.1\r\nHost: x\r\n\r\n")
            assert codes_of(other, 1) == [b"403"]
        assert time.monotonic() - began < 0.3
        assert codes_of(connection, 1) == [b"200"]
    assert slow.threads == {"receiver", "inbox-writer"}


def test_closing_answers_what_still_waits_for_the_disk(tmp_path, monkeypatch):
    writer, secret = Writer(tmp_path / "inbox.sqlite3"), Secret(deliveries.SECRET)
    receiver = Receiver(writer, lambda: secret, lambda: secret, at=ANY_PORT).start()
    Slow(monkeypatch, 0.5)
    assert works(receiver, "wamid.first")
    with dial(receiver) as connection:
        connection.sendall(packet("wamid.second"))
        time.sleep(0.1)
        receiver.close()
        assert codes_of(connection, 1) == [b"200"]
    writer.close()
    assert {one.id for one in Reader(writer.path).messages()} == {"wamid.first", "wamid.second"}


FEW_FILES = """
import os, resource, sys, time
from pathlib import Path
from wizard.text.secret import Secret
from wizard.webhook.endpoint import Address
from wizard.webhook.inbox import Writer
from wizard.webhook.receiver import Receiver
secret = Secret(sys.argv[2])
receiver = Receiver(Writer(Path(sys.argv[1])), lambda: secret, lambda: secret, at=Address(port=0))
most = len(os.listdir("/dev/fd")) + 10
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
print(receiver.start().at.port, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(os.name == "nt", reason="no such limit there")
def test_idle_connections_give_way_where_the_system_allows_few(tmp_path):
    """As `ulimit -n` does: a connection that cannot be accepted costs the slowest its place."""
    command = [sys.executable, "-c", FEW_FILES, tmp_path / "inbox.sqlite3", deliveries.SECRET]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        port, idle = int(child.stdout.readline()), []
        try:
            for _ in range(30):
                idle.append(socket.create_connection(("127.0.0.1", port), timeout=10))
            assert deliveries.deliver(port, deliveries.incoming(deliveries.text())) == 200
        finally:
            for one in idle:
                one.close()
            child.kill()
