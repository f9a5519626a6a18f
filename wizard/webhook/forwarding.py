"""Passes deliveries on to another server, byte for byte, with the signature they came with."""

from __future__ import annotations

import http.client
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from wizard.net.connection import parse_target
from wizard.net.failures import cause
from wizard.webhook.receiver import ReceivedDelivery

SECONDS = 10.0
#: What may wait for a slow server; the inbox has everything that did not fit.
WAITING = 1000


class Forwarder:
    """One connection at a time, in order, on a thread of its own: Meta's answer never waits for it.

    A delivery that was not taken is reported to `on_failure` (HTTP status, 0 for no answer; then
    also why: a name of net.failures, or queue_full). It is not tried again: it is in the inbox,
    and Meta has its acknowledgement.
    """

    def __init__(self, url: str, on_failure: Callable[[int, str], None]) -> None:
        """NetworkFailure when the URL is none; http and this machine are fine here."""
        parse_target(url, allow_http=True)
        self._url, self._on_failure = urlsplit(url), on_failure
        self._waiting: queue.Queue[ReceivedDelivery | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._work, daemon=True, name="forwarder")
        self._thread.start()

    def pass_on(self, event: ReceivedDelivery) -> None:
        """Returns at once."""
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            self._on_failure(0, "queue_full")

    def close(self) -> None:
        """Passes on what waits, for a moment, and ends."""
        with suppress(queue.Full):
            self._waiting.put_nowait(None)
            self._thread.join(SECONDS)

    def _work(self) -> None:
        while (event := self._waiting.get()) is not None:
            status, why = self._send(event)
            if not 200 <= status < 300:
                self._on_failure(status, why)

    def _send(self, event: ReceivedDelivery) -> tuple[int, str]:
        secure = self._url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._url.hostname or "", self._url.port, timeout=SECONDS)
        target = self._url.path or "/"
        target += f"?{self._url.query}" if self._url.query else ""
        try:
            connection.request("POST", target, event.delivery.body, dict(event.headers))
            answer = connection.getresponse()
            answer.read(1024)
            return answer.status, ""
        except (OSError, http.client.HTTPException) as error:
            return 0, cause(error)
        finally:
            connection.close()
