"""The receiver: a WSGI endpoint that stores Meta's deliveries, and the server around it.

Waitress reads every connection in one loop and gives a thread only to a request that is complete,
so a slow client holds no thread. But it limits silence, not slowness: a client that sends a byte
now and then stays for ever, and at its limit of connections waitress stops accepting. Hence the
two rules of `open_server`: a request has REQUEST_SECONDS to arrive, and near the limit of
connections the slowest is closed for each new one. Private parts of waitress are used here alone;
tests/webhook/test_waitress.py names them.
"""

from __future__ import annotations

import hmac
import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http.client import responses
from typing import Any, Self
from urllib.parse import parse_qs

from wizard.text.sanitise import clean
from wizard.text.secret import Secret
from wizard.webhook.forwarding import kept_headers
from wizard.webhook.inbox import (
    Delivery,
    HandshakeAttempt,
    InboxError,
    RejectedDelivery,
    Stored,
    Writer,
)
from wizard.webhook.payload import MOST_UNPROVEN, NotJson, claimed, read, readings, signs

#: Meta sends at most 3 MB and a thousand updates per POST. Only the bytes are limited here: what is
#: signed is Meta's, and refusing it for its number of updates would lose it for good.
MOST_BYTES = 3 * 1024 * 1024

#: Nothing that a browser could take for a page is echoed.
CHALLENGE = re.compile(r"[A-Za-z0-9._~+/=-]{1,256}")
SIGNATURE = re.compile(r"sha256=([0-9a-fA-F]{64})")

HEADERS = [
    ("Content-Type", "text/plain; charset=utf-8"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
]
#: Older Pythons have the older name of 413.
PHRASES = responses | {413: "Content Too Large"}
REFUSAL_CODES = {
    "unsigned": 401,
    "bad_signature": 403,
    "rewritten": 403,
    "token_signed": 403,
    "bad_json": 400,
    "no_secret": 503,
    "path": 404,
}


@dataclass(frozen=True)
class ReceivedDelivery:
    """A delivery that is on disk."""

    delivery: Delivery
    new: Stored


@dataclass(frozen=True)
class NotStored:
    """A delivery of Meta's that could not be kept; `kind` as in InboxError. Meta sends it again."""

    kind: str
    path: str = ""


#: What the endpoint reports: after the fact, never before it is stored.
Event = ReceivedDelivery | RejectedDelivery | HandshakeAttempt | NotStored


class Endpoint:
    """Answers Meta. The secrets are asked for at every request: they may be set or changed later.

    The providers must answer from memory; `on_event` must return at once. `routes` names where a
    delivery is to be passed on to.
    """

    def __init__(
        self,
        inbox: Writer,
        app_secret: Callable[[], Secret | None],
        verify_token: Callable[[], Secret | None],
        on_event: Callable[[Event], None],
        path: str = "/webhook",
        routes: Callable[[Delivery], Sequence[str]] = lambda delivery: (),
    ) -> None:
        self._inbox, self._on_event, self._routes = inbox, on_event, routes
        self._app_secret, self._verify_token = app_secret, verify_token
        self._path = path.rstrip("/")

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """WSGI."""
        code, body = self._answer(environ)
        length = ("Content-Length", str(len(body)))
        allow = [("Allow", "GET, POST")] if code == 405 else []
        start_response(f"{code} {PHRASES[code]}", [*HEADERS, length, *allow])
        return [body]

    def _answer(self, environ: dict[str, Any]) -> tuple[int, bytes]:
        path = str(environ.get("PATH_INFO", ""))
        # WSGI gives the bytes of the path as Latin-1.
        shown = clean(path.encode("latin-1", "replace").decode("utf-8", "replace"), 200)
        elsewhere = "" if path.rstrip("/") == self._path else shown or "/"
        method = environ["REQUEST_METHOD"]
        if method == "GET":
            code, body = self._handshake(environ, elsewhere)
            return (404 if elsewhere else code), body
        if method == "POST":
            return self._misdirected(environ, elsewhere) if elsewhere else self._deliver(environ)
        return (404 if elsewhere else 405), b""

    def _handshake(self, environ: dict[str, Any], elsewhere: str) -> tuple[int, bytes]:
        """Meta's verification GET: 200 and the bare challenge, or 403. `elsewhere`: its path."""
        try:
            asked = parse_qs(
                environ.get("QUERY_STRING", ""), keep_blank_values=True, max_num_fields=16
            )
        except ValueError:
            return 403, b""
        if "hub.mode" not in asked:
            return 403, b""  # a browser or a crawler
        challenge = asked.get("hub.challenge", [""])[0]
        reason = "path" if elsewhere else self._refusal(asked, challenge)
        agent = clean(environ.get("HTTP_USER_AGENT", ""), 100)
        echoed = "" if reason else challenge
        self._report(HandshakeAttempt(not reason, reason, agent, echoed, path=elsewhere))
        return (403, b"") if reason else (200, challenge.encode("ascii"))

    def _refusal(self, asked: Mapping[str, list[str]], challenge: str) -> str:
        """Why a handshake is refused; "" when it is not."""
        token = self._verify_token()
        if token is None:
            return "no_token"
        given = asked.get("hub.verify_token", [""])[0]
        # Compared first and always, so that the time taken reveals nothing about the token.
        right, alike = _same(given, token.reveal()), _same(_bare(given), _bare(token.reveal()))
        if asked["hub.mode"] != ["subscribe"]:
            return "mode"
        if not right:
            return "spelling" if alike else "token"
        return "" if CHALLENGE.fullmatch(challenge) else "challenge"

    def _deliver(self, environ: dict[str, Any]) -> tuple[int, bytes]:
        # waitress refuses longer ones already; this holds behind any other server too.
        body: bytes = environ["wsgi.input"].read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            return 413, b""
        if reason := self._signature_error(environ, body):
            return self._refuse(reason, body)
        try:
            delivery = read(body)
        except NotJson:
            return self._refuse("bad_json", body)
        try:
            new = self._inbox.store(delivery, self._routes(delivery), kept_headers(environ))
        except InboxError as error:
            self._on_event(NotStored(error.kind, error.path))
            return 503, b""  # not stored, not acknowledged: Meta sends it again
        self._on_event(ReceivedDelivery(delivery, new))
        return 200, b""

    def _signature_error(self, environ: dict[str, Any], body: bytes) -> str:
        """Why the signature does not prove that this comes from Meta; "" when it does."""
        secret = self._app_secret()
        if secret is None:
            return "no_secret"
        header = environ.get("HTTP_X_HUB_SIGNATURE_256", "")
        if not header:
            return "unsigned"
        theirs = SIGNATURE.fullmatch(header)
        if theirs is None:
            return "bad_signature"
        return "" if signs(secret, body, theirs[1]) else self._misfit(secret, body, theirs[1])

    def _misfit(self, secret: Secret, body: bytes, signature: str) -> str:
        """Why a signature does not fit, as far as trying others shows it."""
        token = self._verify_token()
        if token is not None and signs(token, body, signature):
            return "token_signed"
        short = len(body) <= MOST_UNPROVEN
        if short and any(signs(secret, reading, signature) for reading in readings(body)):
            return "rewritten"
        return "bad_signature"

    def _misdirected(self, environ: dict[str, Any], path: str) -> tuple[int, bytes]:
        """A delivery that came to another path: worth a word when it may be Meta's."""
        body: bytes = environ["wsgi.input"].read(MOST_BYTES + 1)
        if self._signature_error(environ, body) in ("", "rewritten"):
            return self._refuse("path", body, path)
        return 404, b""

    def _refuse(self, reason: str, body: bytes, path: str = "") -> tuple[int, bytes]:
        waba, number = claimed(body)
        self._report(RejectedDelivery(reason, number, waba, len(body), path=path))
        return REFUSAL_CODES[reason], b""

    def _report(self, what: RejectedDelivery | HandshakeAttempt) -> None:
        self._inbox.note(what)
        self._on_event(what)


def _same(*texts: str) -> bool:
    return hmac.compare_digest(*(text.encode("utf-8", "replace") for text in texts))


def _bare(token: str) -> str:
    """A verify token without what is lost or added on the way through forms and files."""
    return re.sub(r"\s|\\[nr]$|[\"'`\ufeff\u200b]", "", token).replace("\\\\", "\\")


#: A request of 3 MB at 300 KB/s.
REQUEST_SECONDS = 10.0
#: Silence on a connection that is kept open between requests; tunnels keep theirs for a while.
IDLE_SECONDS = 60
CONNECTIONS = 200
#: Below the limit by this much, the slowest connection is closed for each new one.
ROOM = 20
THREADS = 16
#: Handshakes have threads of their own: deliveries may all be waiting for a locked inbox.
HANDSHAKE_THREADS = 2
MOST_HEADER_BYTES = 16_384


@dataclass(frozen=True)
class Address:
    """Where a receiver listens on this machine. Port 0: any free one."""

    host: str = "127.0.0.1"
    port: int = 8080
    path: str = "/webhook"

    @property
    def url(self) -> str:
        """As a browser on this machine would write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{self.path}"


ADDRESS = Address()


class Receiver:
    """A receiver at work. `on_event` is called on the threads that answer, and returns at once."""

    def __init__(
        self,
        inbox: Writer,
        app_secret: Callable[[], Secret | None],
        verify_token: Callable[[], Secret | None],
        on_event: Callable[[Event], None] = lambda event: None,
        at: Address = ADDRESS,
        routes: Callable[[Delivery], Sequence[str]] = lambda delivery: (),
    ) -> None:
        """Binds the port; OSError when it is taken or not permitted."""
        self._on_event = on_event
        endpoint = Endpoint(inbox, app_secret, verify_token, self._announce, at.path, routes)
        self._server = open_server(endpoint, at.host, at.port)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="receiver", daemon=True)
        self.at = replace(at, port=int(self._server.effective_port))

    def start(self) -> Self:
        """Starts answering."""
        self._thread.start()
        return self

    @property
    def alive(self) -> bool:
        """Whether it still answers."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Stops taking requests and finishes those that are complete."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._server.pull_trigger()
            self._thread.join()
            self._finish()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        from waitress import wasyncore

        while not self._stopping.is_set():
            wasyncore.loop(timeout=1, map=self._server._map, use_poll=True, count=1)

    def _finish(self) -> None:
        # On the closing thread, after the loop has ended: waking the loop writes to its
        # descriptor, which must not be closed or reused by then.
        from waitress import wasyncore

        server = self._server
        server.accepting = False
        for dispatcher in (server.task_dispatcher, server.handshakes):
            dispatcher.shutdown(timeout=5)
        end = time.monotonic() + 1
        while time.monotonic() < end and any(
            channel.total_outbufs_len for channel in server.active_channels.values()
        ):
            wasyncore.loop(timeout=0.05, map=server._map, use_poll=True, count=1)
        wasyncore.close_all(server._map, ignore_all=True)

    def _announce(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:
            # An error of the listener must not end the receiving.
            logging.getLogger("wizard.receiver").debug("on_event failed", exc_info=True)


def _close_slowest(channels: Iterable[Any]) -> None:
    waiting = [one for one in channels if not one.requests]
    for one in sorted(waiting, key=lambda one: one.began or one.last_activity)[:1]:
        one.will_close = True


def open_server(application: Callable[..., Any], host: str, port: int) -> Any:
    """A waitress server with our limits, bound to its port; OSError."""
    from waitress import channel, server
    from waitress.adjustments import Adjustments
    from waitress.task import ThreadedTaskDispatcher

    # "Task queue depth" and the like go to stderr when logging is not configured.
    quiet = logging.getLogger("waitress")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False

    class Channel(channel.HTTPChannel):  # type: ignore[misc]
        """A connection; `began` is when its unfinished request began to arrive (0: none)."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.began: float = self.creation_time

        def received(self, data: bytes) -> bool:
            taken = bool(super().received(data))
            self.began = 0.0 if self.request is None else self.began or time.time()
            return taken

    class Server(server.TcpWSGIServer):  # type: ignore[misc]
        channel_class = Channel
        handshakes: Any = ThreadedTaskDispatcher()
        task_dispatcher: Any

        def add_task(self, task: Channel) -> None:
            named = getattr(task.requests[0], "command", "")  # one that is unreadable has none
            {"GET": self.handshakes}.get(named, self.task_dispatcher).add_task(task)

        def maintenance(self, now: float) -> None:
            super().maintenance(now)
            for one in self.active_channels.values():
                one.will_close |= bool(one.began and now - one.began > REQUEST_SECONDS)

        def handle_accept(self) -> None:
            super().handle_accept()
            if len(self.active_channels) > CONNECTIONS - ROOM:
                _close_slowest(self.active_channels.values())

    # Bound first: waitress starts its threads before it finds a port taken.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.create_server((host, port), family=family)
    settings = Adjustments(
        sockets=[bound],
        threads=THREADS,
        connection_limit=CONNECTIONS,
        channel_timeout=IDLE_SECONDS,
        cleanup_interval=1,
        max_request_header_size=MOST_HEADER_BYTES,
        max_request_body_size=MOST_BYTES + 1,  # waitress refuses what reaches the limit
        log_socket_errors=False,
        clear_untrusted_proxy_headers=True,
        ident=None,
    )
    about = (family, bound.type, bound.proto, bound.getsockname())
    made = Server(application, map={}, _sock=bound, bind_socket=False, adj=settings, sockinfo=about)
    made.handshakes.set_thread_count(HANDSHAKE_THREADS)
    return made
