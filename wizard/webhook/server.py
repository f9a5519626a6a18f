"""The server around the endpoint: waitress, and what keeps slow and greedy clients from it.

Waitress reads every connection in one loop and gives a thread only to a request that is complete,
so a slow client holds no thread. But it measures silence, not slowness: who sends a byte now and
then stays for ever, and at its limit of connections it stops accepting. Hence the two rules of
`open_server`: a request has REQUEST_SECONDS to arrive, and a full house shows the slowest the door.
"""

from __future__ import annotations

import logging
import queue
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Self

from wizard.text.secret import Secret
from wizard.webhook.endpoint import MOST_BYTES, Endpoint, Event
from wizard.webhook.inbox import Writer

#: A request of 3 MB at 300 KB/s.
REQUEST_SECONDS = 10.0
#: Silence on a connection that is kept open between requests; tunnels keep theirs for a while.
IDLE_SECONDS = 60
CONNECTIONS = 200
#: Below the limit by this much, the slowest connection is closed for each new one.
ROOM = 20
THREADS = 16
MOST_HEADER_BYTES = 16_384
#: Events that may wait for whoever prints them; older ones are dropped, the inbox has them all.
WAITING_EVENTS = 10_000


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
    """A receiver at work. `on_event` is called on a thread of its own, in order of arrival."""

    def __init__(
        self,
        inbox: Writer,
        app_secret: Callable[[], Secret | None],
        verify_token: Callable[[], Secret | None],
        on_event: Callable[[Event], None] = lambda event: None,
        at: Address = ADDRESS,
    ) -> None:
        """Binds the port; OSError when it is taken or not ours to take."""
        self._on_event = on_event
        self._events: queue.Queue[Event | None] = queue.Queue(WAITING_EVENTS)
        endpoint = Endpoint(inbox, app_secret, verify_token, self._announce, at.path)
        self._server = open_server(endpoint, at.host, at.port)
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._serve, name="receiver", daemon=True),
            threading.Thread(target=self._tell, name="receiver-events", daemon=True),
        ]
        self.at = replace(at, port=int(self._server.effective_port))

    def start(self) -> Self:
        """Begins to answer."""
        for thread in self._threads:
            thread.start()
        return self

    def close(self) -> None:
        """Stops taking requests, finishes those that are complete, tells the last events."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._server.pull_trigger()
            self._threads[0].join()
            self._finish()
            self._announce(None)
            self._threads[1].join(5)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        from waitress import wasyncore

        while not self._stopping.is_set():
            wasyncore.loop(timeout=1, map=self._server._map, use_poll=True, count=1)

    def _finish(self) -> None:
        # On the thread that closes, after the loop has ended: whoever wakes the loop writes to a
        # descriptor that must not be closed, or somebody else's, by then.
        from waitress import wasyncore

        server = self._server
        server.accepting = False
        server.task_dispatcher.shutdown(timeout=5)
        end = time.monotonic() + 1
        while time.monotonic() < end and any(
            channel.total_outbufs_len for channel in server.active_channels.values()
        ):
            wasyncore.loop(timeout=0.05, map=server._map, use_poll=True, count=1)
        wasyncore.close_all(server._map, ignore_all=True)

    def _announce(self, event: Event | None) -> None:
        while True:
            try:
                self._events.put_nowait(event)
                return
            except queue.Full:
                with suppress(queue.Empty):
                    self._events.get_nowait()

    def _tell(self) -> None:
        while (event := self._events.get()) is not None:
            try:
                self._on_event(event)
            except Exception:
                # Whoever listens must not end the receiving.
                logging.getLogger("wizard.receiver").debug("on_event failed", exc_info=True)


def open_server(application: Callable[..., Any], host: str, port: int) -> Any:
    """A waitress server with our limits, bound to its port; OSError."""
    from waitress import channel, server
    from waitress.adjustments import Adjustments

    # "Task queue depth" and the like go to stderr when nobody has configured logging.
    quiet = logging.getLogger("waitress")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False

    class Channel(channel.HTTPChannel):  # type: ignore[misc]
        """A connection that knows since when its unfinished request is arriving (0: none is)."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.began: float = self.creation_time

        def received(self, data: bytes) -> bool:
            taken = bool(super().received(data))
            self.began = 0.0 if self.request is None else self.began or time.time()
            return taken

    class Server(server.TcpWSGIServer):  # type: ignore[misc]
        channel_class = Channel

        def maintenance(self, now: float) -> None:
            super().maintenance(now)
            for one in self.active_channels.values():
                one.will_close |= bool(one.began and now - one.began > REQUEST_SECONDS)

        def handle_accept(self) -> None:
            super().handle_accept()
            if len(self.active_channels) > CONNECTIONS - ROOM:
                waiting = [one for one in self.active_channels.values() if not one.requests]
                slowest = min(waiting, key=lambda one: one.began or one.last_activity, default=None)
                if slowest is not None:
                    slowest.will_close = True

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
    return Server(application, map={}, _sock=bound, bind_socket=False, adj=settings, sockinfo=about)
