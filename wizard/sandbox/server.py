"""Serves the world over HTTP/1.1 on loopback to this machine's programs, and counts usage.

A page in a browser is refused, and so is a name that was led to this machine (DNS rebinding).
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import json
import re
import socket
import threading
import time
from email.message import Message
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from wizard.sandbox import dialog, nodes, webhooks
from wizard.sandbox import world as refusals
from wizard.sandbox.access import Usage
from wizard.sandbox.call import Answer, Call, not_played_at_all, version_number
from wizard.sandbox.delivery import Delivery, control_answer
from wizard.sandbox.webhooks import is_loopback
from wizard.sandbox.world import Refused, World, trace_id

HTML = (
    '<!DOCTYPE html><html lang="en"><head><title>Error</title></head><body><h1>Sorry, something '
    "went wrong.</h1><p>We're working on getting this fixed as soon as we can.</p></body></html>"
)
PORTAL = (
    '<!DOCTYPE html><html><head><title>Wi-Fi login</title></head><body><form action="/login">'
    '<h1>Welcome to Hotel Wi-Fi</h1><input name="room"></form></body></html>'
)


LONGEST_BODY = 8 << 20
#: Of the bytes of a file.
LONGEST_UPLOAD = 100 << 20
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")


class Server(ThreadingHTTPServer):
    """One thread per connection; `close` ends those too."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, world: World, delivery: Delivery, port: int, latency: float) -> None:
        self.world, self.delivery, self.latency = world, delivery, latency
        self.usage = Usage(world)
        self.reset: set[Any] = set()
        self._open: set[Any] = set()
        self._guard = threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)
        self.url = world.base_url = f"http://127.0.0.1:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remembers the connection, so that it can be ended."""
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forgets the connection; a reset one is not shut down first."""
        with self._guard:
            self._open.discard(request)
        if request in self.reset:
            self.reset.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def close(self) -> None:
        """Stops serving and ends every connection."""
        self.shutdown()
        self._thread.join(5)
        self.server_close()
        with self._guard:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that disconnects is not an error here."""


class Handler(BaseHTTPRequestHandler):
    """One request: fault, answer, headers."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "proxygen", ""
    # Headers and body leave in one packet, and at once: no 40 ms of Nagle and delayed ACK.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 60

    def log_message(self, *_: Any) -> None:
        """Nothing is logged: queries can hold tokens."""

    def do_GET(self) -> None:
        """A read."""
        self._serve()

    def do_POST(self) -> None:
        """A change."""
        self._serve()

    def do_DELETE(self) -> None:
        """A removal."""
        self._serve()

    # Answered like the others, so that the refusal has Meta's shape.
    do_HEAD = do_PUT = do_PATCH = do_OPTIONS = do_GET  # noqa: N815

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """A request that cannot be read: in Meta's shape too."""
        self.close_connection = True
        refusal = Refused(100, f"(#100) {message or 'Bad request'}", kind="SandboxException")
        self._send(code, json.dumps(refusal.envelope(trace_id())).encode(), {"Connection": "close"})

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header; a scenario may put Meta's clock apart from this machine's."""
        shift = self.server.world["graph"].get("clock_shift_s", 0)
        return formatdate((timestamp or time.time()) + shift, usegmt=True)

    def _serve(self) -> None:
        try:
            refuse_foreign(self.headers, self.command)
            parts, params, body = self._read()
        except Refused as refused:
            self.close_connection = True  # the body may still stand in the connection
            answer = json.dumps(refused.envelope(trace_id())).encode()
            self._send(refused.http, answer, {"Connection": "close"})
            return
        if parts[:2] == ["_sandbox", "callback"]:
            self._call_back(parts[-1], params, body)
            return
        if self.server.latency:
            time.sleep(self.server.latency)
        if parts[:1] == ["_sandbox"]:
            status, answer = control_answer(
                self.server.world, self.server.delivery, self.command, parts[1:], params
            )
            self._send(status, json.dumps(answer).encode(), {})
            return
        asked, parts = _split_version(parts)
        if parts == ["dialog", "oauth"]:
            with self.server.world.held():
                page = dialog.dialog_reply(self.server.world, params)
            self._send(page.status, page.body.encode(), page.headers)
            return
        with self.server.world.held():
            fault = refusals.next_fault(self.server.world, self.command, parts)
        if fault is not None and self._fault_is_all(fault):
            return
        self._answer(asked, parts, params, fault)

    def _call_back(self, kind: str, params: Answer, body: bytes) -> None:
        sign = self.headers.get("X-Hub-Signature-256", "")
        reply = webhooks.callback_reply(self.server.world, self.command, kind, params, body, sign)
        self._send(reply.status, reply.body.encode(), reply.headers)

    def _answer(
        self, asked: str, parts: list[str], params: Answer, fault: refusals.Fault | None
    ) -> None:
        trace = trace_id()
        call = Call(
            world=self.server.world,
            method=self.command,
            parts=parts,
            params=params,
            token=self._token(params),
            version=self._serving(asked),
            base_url=self.server.url,
            delivery=self.server.delivery,
            raw=self._raw,
            offset=int(offset) if (offset := self.headers.get("file_offset", "")).isdigit() else 0,
        )
        headers = {"facebook-api-version": call.version, "x-fb-trace-id": trace}
        try:
            late = fault is not None and fault.settings.get("done")
            if fault is not None and fault.kind == "error" and not late:
                headers |= fault.headers
                raise fault.refusal()
            with self.server.world.held():
                status, answer = 200, self._of_known_version(asked, call)
            if fault is not None and late:
                raise fault.refusal()
        except Refused as refused:
            status, answer = refused.http, refused.envelope(trace)
            if refused.kind == "OAuthException":
                said = f'OAuth "Facebook Platform" "invalid_request" "{refused.message}"'
                headers["WWW-Authenticate"] = _for_header(said)
        headers = {**self.server.usage.headers(call), **headers}
        body = json.dumps(answer, ensure_ascii=True).replace("/", "\\/").encode()
        self._send(status, body, headers)

    def _of_known_version(self, asked: str, call: Call) -> Answer:
        newest = self.server.world["graph"]["versions"][-1]
        if asked and version_number(asked) > version_number(newest):
            raise Refused(2500, f"Unknown path components: /{'/'.join([asked, *call.parts])}")
        return nodes.answer(call)

    def _serving(self, asked: str) -> str:
        """The version that serves: an expired one is silently replaced by the oldest live one."""
        versions: list[str] = self.server.world["graph"]["versions"]
        return asked if asked in versions else versions[0]

    def _fault_is_all(self, fault: refusals.Fault) -> bool:
        """Whether the fault replaced the answer; after others the request is answered."""
        if fault.kind == "slow":
            time.sleep(fault.seconds)
        elif fault.kind == "answer":
            body = str(fault.settings["body"]).replace("{count}", str(fault.settings["met"]))
            headers = {"facebook-api-version": "v26.0", **fault.headers}
            self._send(int(fault.settings.get("status", 200)), body.encode(), headers)
            return True
        elif fault.kind in ("html", "portal", "text", "big"):
            self._send_page(fault)
            return True
        elif fault.kind == "redirect":
            self._send(302, b"", {"Location": str(fault.settings["to"])})
            return True
        elif fault.kind in ("cut", "drop"):
            self._break_off(fault)
            return True
        return False

    def _send_page(self, fault: refusals.Fault) -> None:
        pages = {"html": HTML, "portal": PORTAL, "text": "upstream connect error"}
        body = pages.get(fault.kind, "[" + "0," * (8 << 20) + "0]").encode()
        kind = "text/plain" if fault.kind == "text" else "text/html; charset=utf-8"
        default = {"html": 500, "text": 200}.get(fault.kind, 200)
        status = int(fault.settings.get("status", default))
        self._send(status, body, {"Content-Type": kind, **fault.headers})

    def _break_off(self, fault: refusals.Fault) -> None:
        """Ends the connection: without an answer, or in the middle of the body."""
        self.close_connection = True
        if fault.kind == "cut":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "4096")
            self.end_headers()
            self.wfile.write(b'{"data":[{"id":"1')
            self.wfile.flush()
            return
        # A reset, not a polite end: nothing is flushed and nothing is shut down first.
        self.server.reset.add(self.connection)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    def _read(self) -> tuple[list[str], Answer, bytes]:
        """Path and parameters: query, form and JSON alike, as Graph takes them."""
        target = urlsplit(self.path)
        params: Answer = dict(parse_qsl(target.query, keep_blank_values=True))
        self._raw = body = self._body()
        kind = self.headers.get("Content-Type", "")
        if "json" in kind:
            with contextlib.suppress(ValueError):
                given = json.loads(body or b"{}")
                params |= given if isinstance(given, dict) else {}
        elif "multipart/" in kind:
            params |= _of_multipart(kind, body)
        elif body and not self._is_upload():
            params |= dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        params = {name: _decoded(value) for name, value in params.items()}
        return [unquote(part) for part in target.path.split("/") if part], params, body

    def _body(self) -> bytes:
        """The request's body, with a length or in chunks, as Node's clients send it."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length", "")
        size = int(length) if length.isdecimal() else 0
        if size > (LONGEST_UPLOAD if self._is_upload() else LONGEST_BODY):
            raise _too_long()
        return self.rfile.read(size)

    def _is_upload(self) -> bool:
        return bool(self.headers.get("file_offset"))

    def _chunks(self) -> bytes:
        """The chunks joined."""
        body = b""
        while len(body) <= LONGEST_BODY:
            size = self.rfile.readline(64).partition(b";")[0].strip()
            if not _CHUNK_SIZE.fullmatch(size):
                raise Refused(100, "(#100) The chunks of the body cannot be read")
            if not int(size, 16):
                while self.rfile.readline(1024).strip():
                    pass  # trailers
                return body
            body += self.rfile.read(min(int(size, 16), LONGEST_BODY + 1))
            self.rfile.readline(64)
        raise _too_long()

    def _token(self, params: Answer) -> str:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        given = str(params.pop("access_token", ""))
        # Clients that send two rely on the parameter, as pywa does for /{app}/subscriptions.
        return given or (token.strip() if scheme.lower() in ("bearer", "oauth") else "")

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json; charset=UTF-8", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "private, no-cache, no-store, must-revalidate")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()


def refuse_foreign(headers: Message, method: str) -> None:
    """Refuses what a page in a browser sends, and a host name that is not this machine's.

    Opening a page of the sandbox by hand or by a link stays possible: the sign-in dialog is one.
    """
    host, origin = headers.get("Host", "localhost"), headers.get("Origin")
    site, mode = headers.get("Sec-Fetch-Site", "none"), headers.get("Sec-Fetch-Mode", "")
    opened = mode == "navigate" and method == "GET"
    for name, foreign in (
        ("Host", not is_loopback(f"http://{host}")),
        ("Origin", origin is not None and not is_loopback(origin)),
        ("Sec-Fetch-Site", site == "cross-site" and not opened),
    ):
        if foreign:
            raise Refused(
                100,
                "(#100) The sandbox answers the programs of this machine alone, and the header "
                f"{name} is foreign: call it as http://127.0.0.1 and not from a page in a browser",
                kind="SandboxException",
                http=403,
            )


def _too_long() -> Refused:
    return not_played_at_all(f"a body of more than {LONGEST_BODY} bytes")


def _of_multipart(kind: str, body: bytes) -> Answer:
    """The fields of a form with parts; of a file its name, for files are not kept."""
    head = f"Content-Type: {_for_header(kind)}\r\n\r\n".encode("latin-1")
    form = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    found: Answer = {}
    for part in form.iter_parts() if form.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found[name] = part.get_filename() or content.decode("utf-8", "replace")
    return found


def _decoded(value: Any) -> Any:
    """A parameter of a form or query that is JSON, as Graph reads it; others as they stand."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        with contextlib.suppress(ValueError):
            return json.loads(value)
    return value


def _for_header(text: str) -> str:
    """A text as a header can hold it: one line, and no character beyond Latin-1."""
    line = "".join(character if character.isprintable() else " " for character in text)
    return line.encode("latin-1", "replace").decode("latin-1")


def _split_version(parts: list[str]) -> tuple[str, list[str]]:
    """("v26.0", the rest); ("", all) for a path without a version."""
    if parts and parts[0][:1] == "v" and parts[0][1:].replace(".", "", 1).isdigit():
        return parts[0], parts[1:]
    return "", parts
