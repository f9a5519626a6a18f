"""`webhook listen`: the receiver in the foreground, printing what arrives."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, Any

from wizard.context.context import Context, prefilled
from wizard.text.errors import Exit, UsageError

if TYPE_CHECKING:
    from wizard.actions.session import Session
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments
    from wizard.text.secret import Secret
    from wizard.webhook.forwarding import Forwarder
    from wizard.webhook.local_receiver import LocalReceiver
    from wizard.webhook.receiver import Address, Event


def listening_options(parser: OptionParser) -> None:
    """Where to listen, and how the internet gets there."""
    parser.option("--host", metavar="ADDRESS", says="webhook.host_help")
    parser.option("--port", type=int, metavar="PORT", says="webhook.port_help")
    parser.option("--path", metavar="PATH", says="webhook.path_help")
    parser.option("--tunnel", choices=("cloudflared", "ngrok", "auto"), says="webhook.tunnel_help")
    parser.option("--url", metavar="URL", says="webhook.public_help")
    parser.option("--forward-to", metavar="URL", says="webhook.forward_help")


def address(chosen: Arguments) -> Address | None:
    """Where the command line wants to listen; None when it does not say."""
    from wizard.webhook.receiver import Address

    if chosen.host is None and chosen.port is None and chosen.path is None:
        return None
    usual = Address()
    path = chosen.path or usual.path
    if not path.startswith("/") or not 0 <= (chosen.port or 0) < 65536:
        raise UsageError("webhook.bad_address")
    port = usual.port if chosen.port is None else chosen.port
    return Address(chosen.host or usual.host, port, path)


def run_listen(chosen: Arguments) -> int:
    """Until Ctrl-C. Unavailable without the app secret: nothing could be taken."""
    from wizard.actions.callback_target import hand_over, need_app_secret
    from wizard.webhook.inbox import InboxError
    from wizard.webhook.receiver import Address

    with Context(chosen) as context:
        session = prefilled(context.session, {})
        need_app_secret(session)
        # Before the first request can come: what cannot be checked would have to wait for Meta.
        token = hand_over(session, context.listener, here=True)
        try:
            at = context.listener.start(address(chosen) or Address())
        except InboxError:
            raise
        except OSError as error:
            session.prompter.tell("webhook.cannot_listen", why=error.strerror or str(error))
            return Exit.NOT_IN_ORDER
        printer = EventPrinter(context)
        printer.began(at.url)
        if not _public(context, session, printer, token):
            return Exit.NOT_IN_ORDER
        return _listen(context.listener, printer, chosen.forward_to)


def _public(context: Context, session: Session, printer: EventPrinter, token: Secret) -> bool:
    """Opens the tunnel and proves the address, where that is wanted."""
    from wizard.actions.callback_target import Target, make_public, proven

    listener, chosen = context.listener, context.chosen
    if chosen.url:
        listener.public_url = chosen.url
    elif not chosen.tunnel:
        return True
    url = make_public(session, chosen.tunnel or "auto")
    if not url:
        return False
    printer.public(url)
    proven(session, Target(url, "app", here=True), token)
    session.prompter.tell("webhook.now_set", url=url)
    return True


def _listen(listener: LocalReceiver, printer: EventPrinter, forward_to: str | None) -> int:
    from wizard.net.failures import NetworkFailure
    from wizard.webhook.forwarding import Forwarder

    forwarder = None
    if forward_to:
        try:
            forwarder = Forwarder(forward_to, printer.not_forwarded)
        except NetworkFailure:
            raise UsageError("webhook.bad_forward") from None
    try:
        listener.wait(lambda event: printer.event(event, forwarder), math.inf, since=0)
    finally:
        if forwarder is not None:
            forwarder.close()
    return Exit.FINE


class EventPrinter:
    """One line for each thing that arrives, for a person or for a program."""

    def __init__(self, context: Context) -> None:
        self._context, self._json = context, context.chosen.json

    def began(self, url: str) -> None:
        """The receiver answers from now on."""
        if self._json:
            self._line({"listening": url})
        else:
            self._say("webhook.listening", url=url)
            self._say("webhook.stop")

    def public(self, url: str) -> None:
        """The internet finds it here."""
        if self._json:
            self._line({"public": url})

    def not_forwarded(self, status: int, cause: str) -> None:
        """A delivery that the other server did not take. Called on another thread."""
        if self._json:
            self._line({"event": "not_forwarded", "http": status, "cause": cause})
        else:
            key = "webhook.not_forwarded" if status else "webhook.not_forwarded_unanswered"
            self._say(key, http=status, cause=cause)

    def event(self, event: Event, forwarder: Forwarder | None) -> None:
        """Prints it; a delivery goes on to the forwarder first."""
        from wizard.webhook.inbox import HandshakeAttempt, RejectedDelivery

        if isinstance(event, HandshakeAttempt):
            self._print({"event": "handshake", "accepted": event.accepted, "reason": event.reason})
        elif isinstance(event, RejectedDelivery):
            refusal = {"event": "refused", "reason": event.reason, "at": event.at}
            self._print(refusal | {"phone_number_id": event.phone_number_id})
        else:
            if forwarder is not None:
                forwarder.pass_on(event)
            self._arrived(event)
        sys.stdout.flush()

    def _arrived(self, event: Any) -> None:
        from wizard.ui.webhook_view import show_message, show_status, show_update

        context, new = self._context, event.new
        # The dashboard sends the same sample every time: it is stored once and printed each time.
        again = [one for one in event.delivery.messages if one.test and one not in new.messages]
        kinds = (
            ("message", (*new.messages, *(again if not new.messages else ())), show_message),
            ("status", new.statuses, show_status),
            ("update", new.updates, show_update),
        )
        for name, things, show in kinds:
            for thing in things:
                if self._json:
                    self._line({"event": name, **thing.as_json()})
                else:
                    show(context.screen, context.words, thing)

    def _print(self, event: dict[str, Any]) -> None:
        if self._json:
            self._line(event)
        elif event["event"] == "handshake":
            key = "webhook.knock_accepted" if event["accepted"] else "webhook.knock_refused"
            self._say(key)
        else:
            self._say(f"webhook.refused_{event['reason']}")

    def _say(self, key: str, **values: object) -> None:
        self._context.screen.line(self._context.words.say(key, **values))
        self._context.screen.flush()

    def _line(self, content: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")
        sys.stdout.flush()
