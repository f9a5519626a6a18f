"""A receiver for the length of one run: its secrets, its public address, and what arrives.

Started when it is first needed, closed with the run; setup, `webhook test` and `webhook listen`
share it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from wizard.net.connection import Outside
from wizard.text.secret import Secret
from wizard.webhook.inbox import Reader, Writer
from wizard.webhook.receiver import Address, Event, Receiver
from wizard.webhook.tunnel import Tunnel, open_tunnel

T = TypeVar("T")

DEFAULT_PORT = 8080
#: Events that are remembered for `wait`; the inbox has them all.
REMEMBERED = 10_000
#: How long a person has to write a message from a phone.
WAIT_SECONDS = 180.0


@dataclass
class _Secrets:
    app_secret: Secret | None = None
    verify_token: Secret | None = None


class LocalReceiver:
    """Not listening until `start`. `outside` says whether this machine's own address will do.

    `patience`: how long it makes sense to wait for a person's message, in seconds.
    """

    def __init__(
        self,
        inbox_path: Path,
        outside: Outside | None = None,
        patience: float = WAIT_SECONDS,
    ) -> None:
        self._path, self.outside, self.patience = inbox_path, outside or Outside(), patience
        self._secrets = _Secrets()
        self._receiver: Receiver | None = None
        self._writer: Writer | None = None
        self._events: deque[Event] = deque(maxlen=REMEMBERED)
        self._count = 0  # of all events so far
        self._changed = threading.Condition()
        self.tunnel: Tunnel | None = None
        #: Where to listen, when the command line says so.
        self.wish: Address | None = None
        #: Where the internet finds this receiver; "" while it does not.
        self.public_url = ""

    @property
    def at(self) -> Address | None:
        """Where it listens on this machine; None while it does not."""
        return self._receiver.at if self._receiver else None

    @property
    def reader(self) -> Reader:
        """The inbox, to read."""
        return Reader(self._path)

    def knows(self, app_secret: Secret | None, verify_token: Secret | None) -> None:
        """Takes over the secrets as they are kept now; valid from the next request on."""
        self._secrets = _Secrets(app_secret, verify_token)

    def start(self, at: Address | None = None) -> Address:
        """Listens, and does so still when it did already. OSError; InboxError.

        Without an address: port 8080, or any free one where that is taken.
        """
        if self._receiver is None:
            self._writer = Writer(self._path)
            try:
                self._receiver = self._bind(self._writer, at or self.wish).start()
            except BaseException:
                self._writer.close()
                self._writer = None
                raise
            if self.outside.allow_local and not self.public_url:
                self.public_url = self._receiver.at.url
        return self._receiver.at

    def open_tunnel(self, program: str) -> str:
        """The public URL of this receiver, through a tunnel. TunnelError."""
        if self.tunnel is not None and not self.tunnel.alive:
            self.close_tunnel()
        if self.tunnel is None:
            at = self.start()
            self.tunnel = open_tunnel(program, at.port)
            self.public_url = self.tunnel.url + at.path
        return self.public_url

    def close_tunnel(self) -> None:
        """Takes the public address away."""
        if self.tunnel is not None:
            self.tunnel.close()
            self.tunnel, self.public_url = None, ""

    def mark(self) -> int:
        """This moment, for `wait`."""
        with self._changed:
            return self._count

    def wait(
        self, want: Callable[[Event], T | None], seconds: float, since: int | None = None
    ) -> T | None:
        """The first result of `want` that is not None; None when no event gave one in time.

        Offers every event after the mark `since` (None: from now on), in order of arrival.
        """
        end = time.monotonic() + seconds
        at = self.mark() if since is None else since
        while True:
            for event in self._after(at, end):
                at += 1
                if (found := want(event)) is not None:
                    return found
            if time.monotonic() >= end:
                return None

    def close(self) -> None:
        """Ends tunnel, receiver and writer, in this order. Calling it again does nothing."""
        self.close_tunnel()
        if self._receiver is not None:
            self._receiver.close()
            self._receiver = None
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _add_event(self, event: Event) -> None:
        with self._changed:
            self._events.append(event)
            self._count += 1
            self._changed.notify_all()

    def _after(self, mark: int, end: float) -> list[Event]:
        """The events after a mark, as soon as there are any; none at the end of a turn."""
        with self._changed:
            if self._count <= mark:
                # In short turns: on some systems a long one would not notice Ctrl-C.
                self._changed.wait(max(0.0, min(end - time.monotonic(), 0.2)))
            fresh = min(self._count - mark, len(self._events))
            return list(self._events)[len(self._events) - fresh :] if fresh > 0 else []

    def _bind(self, writer: Writer, at: Address | None) -> Receiver:
        def bound(where: Address) -> Receiver:
            return Receiver(
                writer,
                lambda: self._secrets.app_secret,
                lambda: self._secrets.verify_token,
                self._add_event,
                where,
            )

        if at is not None:
            return bound(at)
        try:
            return bound(Address(port=DEFAULT_PORT))
        except OSError:
            return bound(Address(port=0))
