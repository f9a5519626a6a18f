"""The receiver of this machine for one run: its inbox, tunnel, forwarding and evidence."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from wizard.facts.models import Arrivals, Handshake
from wizard.net.connection import Outside
from wizard.state.record import ProfileRecord
from wizard.text.secret import Secret
from wizard.webhook.endpoint import Address, Event, ReceivedDelivery
from wizard.webhook.forwarding import Forwarder, ForwardingReport, routes_of
from wizard.webhook.inbox import (
    HandshakeAttempt,
    InboxError,
    Message,
    Reader,
    RejectedDelivery,
    Writer,
    furthest,
)
from wizard.webhook.probe import probe
from wizard.webhook.tunnel import Tunnel, open_tunnel

if TYPE_CHECKING:
    from wizard.webhook.receiver import HealthServer, Receiver

T = TypeVar("T")

DEFAULT_PORT = 8080
#: Bytes of events that are remembered for `wait` and `consume`; the inbox has them all.
MOST_REMEMBERED = 32 * 1024 * 1024
#: What an event takes beside its delivery, and how many times the delivery once it is parsed.
EVENT_BYTES, TIMES_PARSED = 2_000, 8
#: How long a person has to write a message from a phone.
WAIT_SECONDS = 180.0


@dataclass(frozen=True)
class SkippedEvents:
    """So many events came faster than they could be shown."""

    count: int


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
        self._events: deque[Event] = deque()
        self._bytes = 0  # of those
        self._count = 0  # of all events so far
        self._skipped = 0  # of those, forgotten before anybody took them
        self._changed = threading.Condition()
        self.tunnel: Tunnel | None = None
        #: Where to listen, when the command line says so.
        self.wish: Address | None = None
        self._routes: Mapping[str, str] = {}
        self._forwarders: list[Forwarder] = []
        self._health: HealthServer | None = None
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

    def forward(
        self, routes: Mapping[str, str], report: Callable[[ForwardingReport], None]
    ) -> None:
        """Passes deliveries on from now on: phone number ID ("" for all) → URL. NetworkFailure.

        Also what still waits for these routes from earlier runs.
        """
        for name, url in routes.items():
            self._forwarders.append(Forwarder(self._path, name, url, report))
        self._routes = dict(routes)

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

    def serve_health(self, port: int) -> str:
        """Answers `GET /healthz` on another port of the same host; returns its URL. OSError."""
        from wizard.webhook.receiver import HEALTH, HealthServer

        at = self.start()
        self._health = HealthServer(Address(at.host, port, HEALTH), self._faults)
        return self._health.at.url

    def _faults(self) -> list[str]:
        """What keeps a delivery from being stored now; empty when nothing does."""
        faults = [] if self._receiver and self._receiver.alive else ["receiver"]
        try:
            self.reader.try_writing()
        except InboxError as error:
            faults.append(f"inbox_{error.kind}")
        return faults

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
            fresh, at = self._after(at, end)
            for event in fresh:
                if (found := want(event)) is not None:
                    return found
            if time.monotonic() >= end:
                return None

    def consume(self, handle: Callable[[Event | SkippedEvents], None]) -> NoReturn:
        """Hands over every event from the first on, in order of arrival, and forgets it.

        InboxError when nothing can be received any more and only another process can help.
        """
        while True:
            if (self._writer and self._writer.stuck) or (
                self._receiver and not self._receiver.alive
            ):
                raise InboxError("stuck", str(self._path))
            with self._changed:
                if not self._events:
                    # In short turns: on some systems a long one would not notice Ctrl-C.
                    self._changed.wait(0.2)
                    continue
                event = self._forget_first()
                skipped, self._skipped = self._skipped, 0
            if skipped:
                handle(SkippedEvents(skipped))
            handle(event)
            del event  # a large one is not kept while the next is waited for

    def close(self) -> None:
        """Ends tunnel, receiver, forwarding and writer. Calling it again does nothing."""
        self.close_tunnel()
        if self._health is not None:
            self._health.close()
            self._health = None
        if self._receiver is not None:
            self._receiver.close()
            self._receiver = None
        while self._forwarders:
            self._forwarders.pop().close()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _add_event(self, event: Event) -> None:
        if isinstance(event, ReceivedDelivery):
            for forwarder in self._forwarders:
                forwarder.wake()
        with self._changed:
            self._events.append(event)
            self._bytes += _size(event)
            self._count += 1
            while self._bytes > MOST_REMEMBERED and len(self._events) > 1:
                self._forget_first()
                self._skipped += 1
            self._changed.notify_all()

    def _forget_first(self) -> Event:
        event = self._events.popleft()
        self._bytes -= _size(event)
        return event

    def _after(self, mark: int, end: float) -> tuple[list[Event], int]:
        """The events after a mark, as soon as there are any, and the mark behind them."""
        with self._changed:
            if self._count <= mark:
                # In short turns: on some systems a long one would not notice Ctrl-C.
                self._changed.wait(max(0.0, min(end - time.monotonic(), 0.2)))
            fresh = min(self._count - mark, len(self._events))
            return list(self._events)[len(self._events) - max(0, fresh) :], self._count

    def _bind(self, writer: Writer, at: Address | None) -> Receiver:
        from wizard.webhook.receiver import Receiver  # not for an audit

        def bound(where: Address) -> Receiver:
            return Receiver(
                writer,
                lambda: self._secrets.app_secret,
                lambda: self._secrets.verify_token,
                self._add_event,
                where,
                lambda delivery: routes_of(delivery, self._routes),
            )

        if at is not None:
            return bound(at)
        try:
            return bound(Address(port=DEFAULT_PORT))
        except OSError:
            return bound(Address(port=0))


def _size(event: Event) -> int:
    """About how many bytes an event takes in memory."""
    body = event.delivery.body if isinstance(event, ReceivedDelivery) else b""
    return EVENT_BYTES + TIMES_PARSED * len(body)


#: How many of the last refused deliveries are looked at.
LOOKED_AT = 200


@dataclass(frozen=True)
class LocalEvidence:
    """The inbox of this machine (None: it has none), and how a probe connects."""

    inbox: Reader | None = None
    outside: Outside = field(default_factory=Outside)

    def handshake(self, url: str, verify_token: Secret | None) -> Handshake:
        """Sends a callback a handshake like Meta's."""
        return probe(url, verify_token, self.outside)

    def arrivals(self, record: ProfileRecord) -> Arrivals:
        """What the inbox knows of this number and of the test message."""
        if self.inbox is None:
            return Arrivals()
        try:
            return _arrivals(self.inbox, record)
        except InboxError as error:
            return Arrivals(inbox_error=error.kind)


#: Service messages a month that Meta does not charge, for each number. Source: its pricing page.
FREE_A_MONTH = 1000


def services_this_month(inbox: Reader, number: str, now: datetime) -> int:
    """Delivered service messages of this month, as far as this inbox knows; at most the free ones.

    In which time zone Meta counts its months is not stated: this is UTC.
    """
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return inbox.priced(number, month, FREE_A_MONTH, category="service")


def _arrivals(inbox: Reader, record: ProfileRecord) -> Arrivals:
    number = record.ids.get("phone_number_id", "")
    ours = inbox.messages(number=number, real=True, limit=1) if number else []
    others = [] if ours else inbox.messages(real=True, limit=1)
    tests = [] if ours else inbox.messages(real=False, limit=1)
    test = record.test_message
    status = furthest(inbox.statuses(test.wamid)) if test else None
    refusal = _refusal(inbox.refusals()[:LOOKED_AT], ours, record)
    attempt = _refused_handshake(inbox.handshakes()[:LOOKED_AT])
    charged, unpaid = inbox.money(number) if number else ("", "")
    return Arrivals(
        charged_at=charged,
        unpaid_at=unpaid,
        services=services_this_month(inbox, number, datetime.now(UTC)) if number else 0,
        message_at=ours[0].received_at if ours else "",
        other_number=others[0].phone_number_id if others else "",
        test_event=bool(tests),
        refused_for=refusal.reason if refusal else "",
        refused_path=refusal.path if refusal else "",
        handshake_refused=attempt.reason if attempt else "",
        handshake_path=attempt.path if attempt else "",
        test_state=status.state if status else "",
        test_code=status.code if status else 0,
        test_details=(status.details or status.title) if status else "",
    )


def _refusal(
    refusals: Sequence[RejectedDelivery], ours: Sequence[Message], record: ProfileRecord
) -> RejectedDelivery | None:
    """The last refused delivery that names this number or WABA, when none was taken after it.

    Meta signs with the app secret alone: what is signed with the verify token is not from Meta.
    """
    ids = {record.ids.get("phone_number_id"), record.ids.get("waba_id")} - {"", None}
    after = ours[0].received_at if ours else ""
    for refusal in refusals:
        ours_named = ids & {refusal.phone_number_id, refusal.waba_id}
        if refusal.at > after and ours_named and refusal.reason != "token_signed":
            return refusal
    return None


def _refused_handshake(attempts: Sequence[HandshakeAttempt]) -> HandshakeAttempt | None:
    """The last handshake that was refused for what this tool's own probe never does."""
    for attempt in attempts:
        if attempt.accepted:
            return None
        if attempt.reason in ("path", "spelling", "mode"):
            return attempt
    return None
