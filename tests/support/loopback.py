"""Small real servers on this machine: well-behaved, broken, encrypted, and in between."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
import struct
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Reply:
    content: object
    http: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self):
        return (
            self.content if isinstance(self.content, bytes) else json.dumps(self.content).encode()
        )


class Served:
    """A running server: its address and what it was asked."""

    def __init__(self, port, scheme="http"):
        self.port, self.scheme = port, scheme
        self.requests = []
        self.connections = set()
        self.over = threading.Event()

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def methods(self):
        return [request.method for request in self.requests]


@contextmanager
def web(respond, context=None):
    """An HTTP/1.1 server; `respond(Request)` gives a Reply, or JSON for a plain 200."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(length)
            request = Request(self.command, parts.path, query, headers, body)
            served.requests.append(request)
            served.connections.add(self.client_address)
            reply = respond(request)
            reply = reply if isinstance(reply, Reply) else Reply(reply)
            self.send_response_only(reply.http)
            self.send_header("Date", reply.headers.get("Date") or self.date_time_string())
            headers = {"Content-Type": "application/json; charset=UTF-8"} | reply.headers
            headers["Content-Length"] = str(len(reply.body))
            for name, value in headers.items():
                if name != "Date":
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            pass  # the client hung up, as it should

    server = Server(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    served = Served(server.server_port, "https" if context else "http")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def raw(play):
    """A TCP server; `play(connection, head)` after each request's head has been read."""
    listener = socket.create_server(("127.0.0.1", 0))
    served = Served(listener.getsockname()[1])
    over = served.over

    def serve(connection):
        with connection, suppress(OSError):
            connection.settimeout(10)
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(65536)
                if not piece:
                    return
                head += piece
            served.requests.append(Request(head.split()[0].decode(), "", {}, {}, head))
            play(connection, head)

    def accept():
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield served
    finally:
        over.set()
        with suppress(OSError):  # wakes accept()
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def reset(connection, _head):
    """Ends with RST, as filters do."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang_up(_connection, _head):
    """Ends without a word."""


def half_body(connection, _head):
    connection.sendall(HEAD + b'Content-Length: 100\r\n\r\n{"id": "1')


def half_chunk(connection, _head):
    connection.sendall(HEAD + b'Transfer-Encoding: chunked\r\n\r\n40\r\n{"id": "1')


def reset_in_body(connection, head):
    half_body(connection, head)
    reset(connection, head)


def garbage(connection, _head):
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" * 3)


def stall(connection, _head):
    while connection.recv(65536):  # until the client gives up
        pass


def drip_head(connection, _head):
    drip(connection, HEAD + b"X: " + b"y" * 1000)


def drip_body(connection, _head):
    connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
    drip(connection, b" " * 1000)


def drip(connection, content):
    pause = threading.Event()
    for position in range(len(content)):
        connection.sendall(content[position : position + 1])
        pause.wait(0.05)


def closed_port():
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextmanager
def connect_proxy(refuse="", target=0):
    """An HTTP proxy for CONNECT: refuses with a status line, or leads to `target` always."""

    def play(connection, head):
        if refuse:
            connection.sendall(f"HTTP/1.1 {refuse}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        with socket.create_connection(("127.0.0.1", target)) as behind:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            pump(connection, behind)

    with raw(play) as served:
        yield served


@contextmanager
def socks_proxy(target=0, password_wanted=False):
    """A SOCKS5 proxy that leads to `target`, or wants a password that nobody has."""

    def play(connection):
        with connection, suppress(OSError):
            connection.recv(262)
            if password_wanted:
                connection.sendall(b"\x05\xff")
                return
            connection.sendall(b"\x05\x00")
            served.requests.append(connection.recv(262))
            with socket.create_connection(("127.0.0.1", target)) as behind:
                connection.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
                pump(connection, behind)

    listener = socket.create_server(("127.0.0.1", 0))
    served = Served(listener.getsockname()[1], "socks5h")

    def accept():
        with suppress(OSError):
            while True:
                threading.Thread(target=play, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield served
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def pump(one, other):
    """Carries bytes both ways until one side ends."""

    def carry(source, sink):
        with suppress(OSError):
            while piece := source.recv(65536):
                sink.sendall(piece)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    back = threading.Thread(target=carry, args=(other, one), daemon=True)
    back.start()
    carry(one, other)
    back.join(5)


class Authority:
    """A certificate authority of our own, made for one test run."""

    def __init__(self, folder):
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A test authority")])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        own = self._builder(self._name, self._key.public_key(), self._name, self._key)
        own = own.add_extension(x509.BasicConstraints(True, None), critical=True)
        own = own.add_extension(usage, critical=True)
        self.bundle = folder / "authority.pem"
        self.bundle.write_bytes(_pem(own.sign(self._key, hashes.SHA256())))

    def server(self, name="127.0.0.1", days=(-1, 30), self_signed=False):
        """A server's TLS context with a certificate for a name, valid between two days."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A test server")])
        issuer, signer = (subject, key) if self_signed else (self._name, self._key)
        builder = self._builder(subject, key.public_key(), issuer, signer, days)
        try:
            alternative: x509.GeneralName = x509.IPAddress(ip_address(name))
        except ValueError:
            alternative = x509.DNSName(name)
        builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), False)
        certificate = builder.sign(signer, hashes.SHA256())
        path = self.folder / f"server-{certificate.serial_number}.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.write_bytes(_pem(certificate) + secret)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _builder(self, subject, key, issuer, signer, days=(-1, 30)):
        now = datetime.datetime.now(datetime.UTC)
        begin, end = (now + datetime.timedelta(days=day) for day in days)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False
            )
        )


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)
