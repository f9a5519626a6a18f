"""One line for each thing that arrives while `webhook listen` runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import urlsplit

from wizard.report.documents import write_document

if TYPE_CHECKING:
    from wizard.context.context import Context
    from wizard.webhook.forwarding import ForwardingReport
    from wizard.webhook.local_receiver import SkippedEvents
    from wizard.webhook.receiver import Event, NotStored, ReceivedDelivery


class EventPrinter:
    """One line for each thing that arrives, for a person or for a program.

    What cannot be printed is in the inbox: that is said once on stderr, and receiving goes on.
    """

    def __init__(self, context: Context) -> None:
        from wizard.ui.webhook_view import EventView

        self._context, self._json = context, context.chosen.json
        numbers = {*context.listener.reader.numbers(), context.record.ids.get("phone_number_id")}
        ids, known = bool(context.chosen.verbose), sorted(filter(None, numbers))
        self._view = EventView(context.screen, context.words, known, ids=ids)
        self._lost = False
        self._not_stored = ""

    def began(self, url: str, health: str = "") -> None:
        """The receiver answers from now on."""
        told: list[tuple[str, Mapping[str, object]]] = []
        told += [("webhook.health", {"url": health})] if health else []
        told += [("webhook.container", {})] if _unreachable(urlsplit(url).hostname or "") else []
        line = {"listening": url} | ({"health": health} if health else {})
        self._tell(line, ("webhook.listening", {"url": url}), *told, ("webhook.stop", {}))

    def public(self, url: str) -> None:
        """The internet finds it here."""
        if self._json:
            self._tell({"public": url})

    def forwarding(self, report: ForwardingReport) -> None:
        """What became of deliveries that are passed on. Called on another thread."""
        answered = "" if report.http or report.state != "waiting" else "_unanswered"
        name = "forwarding" if report.state == "resumed" else "not_forwarded"
        told = f"webhook.forwarding_{report.state}{answered}"
        values = {"http": report.http, "cause": report.cause, "count": report.count}
        line = {"event": name, "route": report.route, "state": report.state, **values}
        self._tell(line, (told, {**values, "to": report.route or "--forward-to"}))

    def event(self, event: Event | SkippedEvents) -> None:
        """Prints it."""
        from wizard.webhook.inbox import HandshakeAttempt, RejectedDelivery
        from wizard.webhook.local_receiver import SkippedEvents
        from wizard.webhook.receiver import NotStored

        if isinstance(event, HandshakeAttempt):
            shake = {"event": "handshake", "accepted": event.accepted, "reason": event.reason}
            self._print(shake, event.path)
        elif isinstance(event, RejectedDelivery):
            refusal = {"event": "refused", "reason": event.reason, "at": event.at}
            self._print(refusal | {"phone_number_id": event.phone_number_id}, event.path)
        elif isinstance(event, NotStored):
            self._failed(event)
        elif isinstance(event, SkippedEvents):
            line = {"event": "skipped", "count": event.count}
            self._tell(line, ("webhook.skipped", {"count": event.count}))
        else:
            self._not_stored = ""
            self._arrived(event)

    def close(self) -> None:
        """What is still in the buffer of a full disk must not complain once more at exit."""
        if self._lost:
            _discard(sys.stdout)

    def _failed(self, event: NotStored) -> None:
        """Once for each cause, until something is stored again."""
        if event.kind == self._not_stored:
            return
        from wizard.webhook.inbox import InboxError

        self._not_stored = event.kind
        error = InboxError(event.kind, event.path)
        told = [("webhook.not_stored", {}), (error.key, error.values)]
        line = {"event": "not_stored", "cause": event.kind}
        self._tell(line, *(told if event.kind != "replaced" else told[1:]))

    def _arrived(self, event: ReceivedDelivery) -> None:
        from wizard.webhook.inbox import Message, StatusUpdate

        # The dashboard sends the same sample every time: it is stored once and printed each time.
        samples = [one for one in event.delivery.messages if one.test]
        names: dict[type, str] = {Message: "message", StatusUpdate: "status"}
        for one in event.new.events or samples:
            if one.kind == "probe":  # this tool's own
                continue
            name = names.get(type(one), "update")
            line = {"kind": one.kind, "reason": one.summary.reason, **one.as_json()}
            self._tell({"event": name, **line}, show=partial(self._view.show, one))

    def _print(self, event: dict[str, Any], path: str) -> None:
        kind = "knock_refused" if event["event"] == "handshake" else "refused"
        key = f"{kind}_{event['reason']}" if event["reason"] else "knock_accepted"
        at = self._context.listener.at
        values = {"path": path, "here": at.path if at else ""}
        self._tell(event | ({"path": path} if path else {}), (f"webhook.{key}", values))

    def _tell(
        self,
        line: dict[str, Any],
        *told: tuple[str, Mapping[str, object]],
        show: Callable[[], None] = lambda: None,
    ) -> None:
        """The line for a program; else each of the texts, and what `show` prints."""
        try:
            if self._json:
                write_document(line, line=True)
            else:
                for key, values in told:
                    self._context.screen.line(self._context.words.say(key, **values))
                show()
                self._context.screen.flush()
            self._lost = False
        except (OSError, ValueError) as error:
            self._note_lost(error)

    def _note_lost(self, error: Exception) -> None:
        if isinstance(error, BrokenPipeError):
            _discard(sys.stdout)  # nobody reads it any more
        if not self._lost:
            self._lost = True
            why = getattr(error, "strerror", None) or type(error).__name__
            with suppress(OSError, ValueError):
                self._context.notes.line(self._context.words.say("webhook.not_printed", why=why))
                self._context.notes.flush()


def _unreachable(host: str) -> bool:
    """Whether this looks like a container that nobody outside it can reach at this host."""
    container = any(Path(path).exists() for path in ("/.dockerenv", "/run/.containerenv"))
    return host in ("127.0.0.1", "::1", "localhost") and (
        container or "KUBERNETES_SERVICE_HOST" in os.environ
    )


def _discard(stream: TextIO) -> None:
    """From here on what is written there goes nowhere."""
    with suppress(OSError, ValueError), open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), stream.fileno())
