"""What `webhook listen` and `webhook rehearse` print while they run, a line for each thing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from wizard.context.filling import prefilled
from wizard.report.documents import write_document
from wizard.text.errors import Exit, InputRequired, UsageError, unknown_word
from wizard.text.localised import phrase
from wizard.ui.screen import discard
from wizard.vault import VaultError

if TYPE_CHECKING:
    from wizard.actions.session import Session
    from wizard.context.context import Context
    from wizard.context.settings import Arguments
    from wizard.text.secret import Secret
    from wizard.ui.webhook_view import RehearsalView
    from wizard.webhook.endpoint import Event, NotStored, ReceivedDelivery
    from wizard.webhook.forwarding import ForwardingReport
    from wizard.webhook.local_receiver import SkippedEvents
    from wizard.webhook.rehearsal import Case, Seen


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
        texts: list[tuple[str, Mapping[str, object]]] = []
        texts += [("webhook.health", {"url": health})] if health else []
        texts += [("webhook.container", {})] if _unreachable(urlsplit(url).hostname or "") else []
        line = {"listening": url} | ({"health": health} if health else {})
        self._tell(line, ("webhook.listening", {"url": url}), *texts, ("webhook.stop", {}))

    def public(self, url: str) -> None:
        """The internet finds it here."""
        if self._json:
            self._tell({"public": url})

    def forwarding(self, report: ForwardingReport) -> None:
        """What became of deliveries that are passed on. Called on another thread."""
        answered = "" if report.http or report.state != "waiting" else "_unanswered"
        name = "forwarding" if report.state == "resumed" else "not_forwarded"
        texts = f"webhook.forwarding_{report.state}{answered}"
        values = {"http": report.http, "cause": report.cause, "count": report.count}
        line = {"event": name, "route": report.route, "state": report.state, **values}
        self._tell(line, (texts, {**values, "to": report.route or "--forward-to"}))

    def event(self, event: Event | SkippedEvents) -> None:
        """Prints it."""
        from wizard.webhook.endpoint import NotStored
        from wizard.webhook.inbox import HandshakeAttempt, RejectedDelivery
        from wizard.webhook.local_receiver import SkippedEvents

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
            discard(sys.stdout)

    def _failed(self, event: NotStored) -> None:
        """Once for each cause, until something is stored again."""
        if event.kind == self._not_stored:
            return
        from wizard.webhook.inbox import InboxError

        self._not_stored = event.kind
        error = InboxError(event.kind, event.path)
        texts = [("webhook.not_stored", {}), (error.key, error.values)]
        line = {"event": "not_stored", "cause": event.kind}
        self._tell(line, *(texts if event.kind != "replaced" else texts[1:]))

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
        *texts: tuple[str, Mapping[str, object]],
        show: Callable[[], None] = lambda: None,
    ) -> None:
        """The line for a program; else each of the texts, and what `show` prints."""
        try:
            if self._json:
                write_document(line, line=True)
            else:
                for key, values in texts:
                    self._context.screen.line(self._context.words.say(key, **values))
                show()
                self._context.screen.flush()
            self._lost = False
        except (OSError, ValueError) as error:
            self._note_lost(error)

    def _note_lost(self, error: Exception) -> None:
        if isinstance(error, BrokenPipeError):
            discard(sys.stdout)  # no one reads it any more
        if not self._lost:
            self._lost = True
            why = getattr(error, "strerror", None) or type(error).__name__
            with suppress(OSError, ValueError):
                self._context.notes.line(self._context.words.say("webhook.not_printed", why=why))
                self._context.notes.flush()


def _unreachable(host: str) -> bool:
    """Whether this looks like a container that no one outside it can reach at this host."""
    container = any(Path(path).exists() for path in ("/.dockerenv", "/run/.containerenv"))
    return host in ("127.0.0.1", "::1", "localhost") and (
        container or "KUBERNETES_SERVICE_HOST" in os.environ
    )


def verify_token(session: Session) -> Secret | None:
    """The profile's own; another's address can be asked without one, and without a vault."""
    try:
        kept = session.vault.get("verify_token")
    except VaultError:
        if "verify_token" in session.record.secrets:
            raise
        return None
    return kept.secret if kept else None


def rehearse(context: Context) -> int:
    """`webhook rehearse`: asks before anything leaves this machine, then a line for each case."""
    from wizard.actions.callback_target import need_app_secret
    from wizard.ui.webhook_view import RehearsalView
    from wizard.webhook import rehearsal

    chosen, cases = context.chosen, _cases(context.chosen)
    view = RehearsalView(context.screen, context.words)
    if chosen.list:
        if chosen.json:
            context.print_json({"schema": 1, "cases": [case.as_json() for case in cases]})
        else:
            view.list(cases)
        return Exit.FINE
    session = prefilled(context.session, {}, yes=chosen.yes)
    need_app_secret(session)
    if not _may_send(session, context, len(cases)):
        session.prompter.tell("rehearse.declined")
        return Exit.NOT_IN_ORDER
    secret = session.vault.get("app_secret")
    assert secret is not None
    outside = replace(context.listener.outside, allow_local=True)
    run = rehearsal.Rehearsal(chosen.url, secret.secret, verify_token(session), outside)
    seen = []
    for one in run.run(cases):
        seen.append(one)
        if not chosen.json:
            view.show(one)
    return _concluded(context, view, seen)


def _cases(chosen: Arguments) -> Sequence[Case]:
    """The cases that were asked for; all without a word."""
    from wizard.webhook import rehearsal

    every = {case.name: case for case in rehearsal.content().cases}
    for name in chosen.case or ():
        if name not in every:
            raise unknown_word("rehearse.no_such_case", name, every)
    return [case for name, case in every.items() if not chosen.case or name in chosen.case]


def _may_send(session: Session, context: Context, count: int) -> bool:
    """Whether a person named this address and, where it is not this computer's, agreed."""
    from wizard.net.connection import parse_target
    from wizard.net.failures import NetworkFailure
    from wizard.webhook.rehearsal import is_loopback

    chosen = context.chosen
    if not chosen.url:
        raise UsageError("rehearse.what")
    try:
        host = parse_target(chosen.url, allow_http=True).host
    except NetworkFailure:
        raise UsageError("rehearse.bad_url") from None
    if is_loopback(host):
        return True
    if chosen.sandbox and not (chosen.yes or context.attended):
        raise InputRequired("webhook.reachable", "--yes")  # no play: this is someone's server
    text = phrase("rehearse.ask", host=host, count=count)
    return session.prompter.consent("webhook.reachable", text, spends=True) is not None


def _concluded(context: Context, view: RehearsalView, seen: Sequence[Seen]) -> int:
    """The sum, in the form that was asked for, and the exit code."""
    from wizard.commands.audit import save_output
    from wizard.webhook import rehearsal

    chosen, counts = context.chosen, rehearsal.counted(seen)
    if chosen.junit:
        save_output(chosen.junit, rehearsal.junit(seen, context.words.language, view.why))
    if chosen.json:
        results = [one.as_json() for one in seen]
        ok = not counts["failed"]
        context.print_json({"schema": 1, "ok": ok, **counts, "cases": results})
    else:
        context.screen.line(context.words.say("rehearse.sum", **counts), "bold")
    if counts["failed"]:
        return Exit.NOT_IN_ORDER
    return Exit.NOT_SEEN if counts["skipped"] else Exit.FINE


UNIT_NAME = "wa-wizard-receive"
#: A service of the person, not of the machine: the keyring that it reads is the person's. Only what
#: the manager of a person can grant; the program writes into its own folders alone.
UNIT = """\
[Unit]
Description=wa-wizard: receives WhatsApp messages (profile {profile})
After=network-online.target
Wants=network-online.target

[Service]
{environment}ExecStart={command}
Restart=on-failure
RestartSec=10
# Wrong words or a missing secret: starting again changes nothing.
RestartPreventExitStatus=2 4 5 6
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=default.target
"""


def _quoted(word: str) -> str:
    """One word of a unit file, whatever it holds. A $ means something in ExecStart alone."""
    for sign, written in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("\n", "\\n")):
        word = word.replace(sign, written)
    return f'"{word}"'


def _unit(context: Context) -> str:
    """The unit that runs this very command, without --systemd. No secret stands in it."""
    chosen = context.chosen
    words = [sys.executable, "-m", "wizard", f"--profile={context.profile}"]
    words += [f"--lang={chosen.language}", "webhook", "listen", "--no-input"]
    for name in ("host", "port", "path", "tunnel", "url", "health", "forward_to"):
        if (value := getattr(chosen, name)) is not None:
            words.append(f"--{name.replace('_', '-')}={value}")
    words += [f"--route={route}" for route in chosen.route or ()]
    home = context.environ.get("WA_WIZARD_HOME")
    set_to = f"WA_WIZARD_HOME={Path(home).absolute()}" if home else ""
    return UNIT.format(
        profile=context.profile,
        environment=f"Environment={_quoted(set_to)}\n" if set_to else "",
        command=" ".join(map(_quoted, words)).replace("$", "$$"),
    )


def write_unit(context: Context) -> int:
    """Prints the unit, or writes it as a whole; how to start it goes to the notes."""
    from wizard.commands.audit import save_output

    chosen = context.chosen
    if chosen.json or chosen.sandbox:
        raise UsageError("webhook.unit_alone")
    unit = _unit(context)
    if chosen.systemd == "-":
        sys.stdout.write(unit)
    else:
        save_output(chosen.systemd, unit.encode())
    context.notes.line(context.words.say("webhook.unit_how", name=f"{UNIT_NAME}.service"))
    return Exit.FINE
