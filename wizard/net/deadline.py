"""Ends a connection, or the look-up of a name, when its time is over."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

#: A resolver, called like socket.getaddrinfo.
Resolve = Callable[..., Any]
_current = threading.local()


class Deadline:
    """Hangs up on the one connection made inside it when its seconds are over.

    A time limit per read is not enough: a server that sends a byte now and then would hold us
    for ever. `over` says that it happened.
    """

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._socket: Any = None
        self._timer = threading.Timer(seconds, self._hang_up)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        _current.deadline = self
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        _current.deadline = None

    def watch(self, connection: Any) -> None:
        """The socket that is in use from now on."""
        self._socket = connection
        if self.over:
            self._hang_up()

    def _hang_up(self) -> None:
        self.over = True
        # TLS inside the TLS of a proxy has the real socket in an attribute.
        real = getattr(self._socket, "socket", self._socket)
        if isinstance(real, socket.socket):
            with suppress(OSError):
                # Past SSLSocket.shutdown, which would take the session from under the reader.
                socket.socket.shutdown(real, socket.SHUT_RDWR)


def watch(connection: Any) -> None:
    """Tells a socket to the Deadline of this thread, if there is one."""
    deadline: Deadline | None = getattr(_current, "deadline", None)
    if deadline is not None:
        deadline.watch(connection)


def addresses(
    host: str, port: int, seconds: float, resolve: Resolve = socket.getaddrinfo
) -> list[tuple[int, Any]]:
    """(family, address) of everything a name stands for; OSError, or TimeoutError when it is late.

    getaddrinfo knows no deadline: it is left behind on a thread of its own.
    """
    found: list[tuple[int, Any]] = []
    problems: list[OSError] = []

    def look() -> None:
        try:
            answers = resolve(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            problems.append(error)
        else:
            found.extend((answer[0], answer[4]) for answer in answers)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        raise problems[0] if problems else TimeoutError
    return found
