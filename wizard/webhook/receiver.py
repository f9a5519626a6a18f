"""The receiver: a waitress server around the endpoint.

Waitress reads every connection in one loop and gives a thread only to a request that is complete,
so a slow client holds no thread. But it limits silence, not slowness: a client that sends a byte
now and then stays for ever, and at its limit of connections waitress stops accepting. Hence two
rules of `Server`: a request has REQUEST_SECONDS to arrive, and near the limit of connections the
slowest is closed for each new one.

A thread for each delivery would spend most of its time being woken up. Deliveries of the usual
size are checked in the loop, and all that came together are stored in one commit; threads take
everything else. Private parts of waitress are used here alone; tests/webhook/test_waitress.py
names them.
"""

from __future__ import annotations

import errno
import json
import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import Task, ThreadedTaskDispatcher, WSGITask

from wizard.text.secret import Secret
from wizard.webhook.endpoint import ADDRESS, HEADERS, MOST_BYTES, PHRASES, Address, Endpoint, Event
from wizard.webhook.inbox import Delivery, Pending, Writer
from wizard.webhook.payload import MOST_UNPROVEN

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
#: How long the end waits for what was begun, and for answers to leave.
LAST_SECONDS = 5.0


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
        self._server = open_server(endpoint, inbox, at)
        self._stopping, self._late = threading.Event(), threading.Event()
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
            self._thread.join(LAST_SECONDS)
            if self._thread.is_alive():
                # A disk that does not answer holds the loop, which would hold the program.
                self._late.set()
            else:
                self._finish()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._server.turn(1)
        if self._late.is_set():
            self._finish()

    def _finish(self) -> None:
        # After the loop has ended: waking it writes to its descriptor, which must not be closed or
        # reused by then.
        server = self._server
        server.accepting = False
        server.adj.channel_request_lookahead = -1  # nothing more is read
        for dispatcher in (server.task_dispatcher, server.handshakes):
            dispatcher.shutdown(timeout=LAST_SECONDS)
        end = time.monotonic() + LAST_SECONDS
        while time.monotonic() < end and any(
            one.requests or one.total_outbufs_len for one in server.active_channels.values()
        ):
            server.turn(0.05)
        wasyncore.close_all(server._map, ignore_all=True)

    def _announce(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:
            # An error of the listener must not end the receiving.
            logging.getLogger("wizard.receiver").debug("on_event failed", exc_info=True)


class _Answer(Task):  # type: ignore[misc]
    """The answer to a delivery whose outcome is known."""

    complete = True

    def execute(self) -> None:
        code, self.channel.status = self.channel.status, 0
        self.status = f"{code} {PHRASES[code]}"
        self.response_headers = [*HEADERS, ("Content-Length", "0")]

    def build_response_header(self) -> bytes:
        """Made once a second where the connection stays open as it is."""
        if self.version != "1.1" or "CONNECTION" in self.request.headers:
            return bytes(super().build_response_header())
        known: dict[tuple[str, int], bytes] = self.channel.server.heads
        second = (self.status, int(self.start_time))
        if second not in known:
            known.clear()
            known[second] = bytes(super().build_response_header())
        return known[second]


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection.

    `began` is when its unfinished request began to arrive (0: none), `status` the answer to a
    delivery that went without a thread (0: none).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.began: float = self.creation_time
        self.status = 0

    @staticmethod
    def task_class(channel: _Channel, request: Any) -> Task:
        """What answers."""
        return (_Answer if channel.status else WSGITask)(channel, request)

    def received(self, data: bytes) -> bool:
        taken = bool(super().received(data))
        # Waitress looks through both again with each packet, whatever their length.
        body = getattr(self.request, "body_rcv", None)
        unfinished = len(getattr(body, "control_line", b"")) + len(getattr(body, "trailer", b""))
        self.will_close |= unfinished > MOST_HEADER_BYTES
        self.began = 0.0 if self.request is None else self.began or time.time()
        return taken


class _Server(TcpWSGIServer):  # type: ignore[misc]
    channel_class = _Channel
    task_dispatcher: Any

    def __init__(self, endpoint: Endpoint, inbox: Writer, **settings: Any) -> None:
        super().__init__(endpoint, **settings)
        self.endpoint, self.inbox = endpoint, inbox
        self.handshakes = ThreadedTaskDispatcher()
        self.handshakes.set_thread_count(HANDSHAKE_THREADS)
        #: Whether the loop looks at what is pending before it sleeps.
        self.awake = False
        self.pending = deque[Pending]()
        self.outcomes = deque[tuple[_Channel, int]]()
        self.heads = dict[tuple[str, int], bytes]()

    def turn(self, seconds: float) -> None:
        """Waits so long for something to come, stores what came together, and answers."""
        wasyncore.loop(timeout=seconds, map=self._map, use_poll=True, count=1)
        self.awake = True
        while self.awake:
            if self.pending:
                self.inbox.submit([self.pending.popleft() for _ in range(len(self.pending))])
            while self.outcomes:
                channel, status = self.outcomes.popleft()
                channel.status = status
                channel.service()
            self.awake = False
            # What came since then was put there before `awake` was looked at.
            self.awake = bool(self.pending or self.outcomes)

    def pull_trigger(self) -> None:
        if not self.awake:
            self.awake = True
            super().pull_trigger()

    def add_task(self, task: _Channel) -> None:
        named = getattr(task.requests[0], "command", "")  # one that is unreadable has none
        found = self._at_once(task, task.requests[0]) if named == "POST" else None
        if found is None:
            {"GET": self.handshakes}.get(named, self.task_dispatcher).add_task(task)
        elif isinstance(found, int):
            self._answer(task, found)
        else:
            self.pending.append(found)

    def _at_once(self, channel: _Channel, request: Any) -> Pending | int | None:
        # Where there is no error, the length is a number, also that of chunks.
        if request.error or int(request.headers.get("CONTENT_LENGTH", 0)) > MOST_UNPROVEN:
            return None
        stream = request.get_body_stream()
        body = stream.read()
        stream.seek(0)  # what needs a thread is read again there
        environ = {f"HTTP_{name}": value for name, value in request.headers.items()}
        environ["CONTENT_TYPE"] = request.headers.get("CONTENT_TYPE", "")
        environ["PATH_INFO"] = request.path
        return self.endpoint.at_once(environ, body, partial(self._answer, channel))

    def _answer(self, channel: _Channel, status: int) -> None:
        self.outcomes.append((channel, status))
        self.pull_trigger()

    def maintenance(self, now: float) -> None:
        super().maintenance(now)
        for one in self.active_channels.values():
            one.will_close |= bool(one.began and now - one.began > REQUEST_SECONDS)

    def accept(self) -> Any:
        try:
            return super().accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                # Else the loop would find it again and again, and take no delivery.
                _close_slowest(self.active_channels.values())
            raise

    def handle_accept(self) -> None:
        # All that wait: one for each turn would leave nothing to store together.
        for _ in range(ROOM):
            before = len(self.active_channels)
            super().handle_accept()
            if len(self.active_channels) == before:
                break
            if before >= CONNECTIONS - ROOM:
                _close_slowest(self.active_channels.values())


def _close_slowest(channels: Iterable[Any]) -> None:
    waiting = [one for one in channels if not (one.requests or one.will_close)]
    for one in sorted(waiting, key=lambda one: one.began or one.last_activity)[:1]:
        one.will_close = True


def open_server(endpoint: Endpoint, inbox: Writer, at: Address) -> _Server:
    """A server with our limits, bound to its port; OSError."""
    # "Task queue depth" and the like go to stderr when logging is not configured.
    quiet = logging.getLogger("waitress")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False

    # Bound first: waitress starts its threads before it finds a port taken.
    family = socket.AF_INET6 if ":" in at.host else socket.AF_INET
    bound = socket.create_server((at.host, at.port), family=family)
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
    return _Server(
        endpoint, inbox, map={}, _sock=bound, bind_socket=False, adj=settings, sockinfo=about
    )


HEALTH = "/healthz"


class HealthServer:
    """Says to a supervisor whether deliveries can be taken: 200, or 503 with what is wrong.

    The answer is JSON: {"ok": true, "faults": []}.
    """

    def __init__(self, at: Address, faults: Callable[[], list[str]]) -> None:
        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_GET(self) -> None:
                found = faults() if self.path == HEALTH else []
                code = 404 if self.path != HEALTH else 503 if found else 200
                body = json.dumps({"ok": code == 200, "faults": found}).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing: it is asked every few seconds."""

        family = socket.AF_INET6 if ":" in at.host else socket.AF_INET
        kind = type("_Server", (ThreadingHTTPServer,), {"address_family": family})
        self._server: ThreadingHTTPServer = kind((at.host, at.port), Handler)
        self.at = replace(at, port=self._server.server_port)
        threading.Thread(target=self._server.serve_forever, daemon=True, name="health").start()

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()
