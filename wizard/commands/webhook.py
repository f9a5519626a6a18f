"""`webhook listen`: the receiver in the foreground, printing what arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from wizard.commands import Subcommand
from wizard.commands.receiving import EventPrinter, rehearse, verify_token, write_unit
from wizard.context.context import Context
from wizard.context.filling import prefilled
from wizard.state.record import Status
from wizard.text.errors import Exit, UsageError

if TYPE_CHECKING:
    from wizard.actions.session import Session
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments
    from wizard.facts.models import Handshake
    from wizard.text.secret import Secret
    from wizard.webhook.endpoint import Address
    from wizard.webhook.local_receiver import LocalReceiver


def listening_options(parser: OptionParser) -> None:
    """Where to listen, and how the internet gets there."""
    parser.option("--host", metavar="ADDRESS", says="webhook.host_help")
    parser.option("--port", type=int, metavar="PORT", says="webhook.port_help")
    parser.option("--path", metavar="PATH", says="webhook.path_help")
    parser.option("--tunnel", choices=("cloudflared", "ngrok", "auto"), says="webhook.tunnel_help")
    parser.option("--url", metavar="URL", says="webhook.public_help")
    parser.option("--forward-to", metavar="URL", says="webhook.forward_help")
    _routing(parser, "webhook.route_help")


def _routing(parser: OptionParser, says: str) -> None:
    parser.option("--route", action="append", metavar="PHONE_NUMBER_ID=URL", says=says)


def routes(chosen: Arguments) -> dict[str, str]:
    """Phone number ID → URL, as the command line names them."""
    found: dict[str, str] = {}
    for named in chosen.route or ():
        number, _, url = named.partition("=")
        if not number.isascii() or not number.isdecimal() or not url:
            raise UsageError("webhook.bad_route")
        if number in found:
            raise UsageError("webhook.route_twice", number=number)
        found[number] = url
    return found


def address(chosen: Arguments) -> Address | None:
    """Where the command line wants to listen; None when it does not say."""
    from wizard.webhook.endpoint import Address

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
    from wizard.webhook.endpoint import Address
    from wizard.webhook.inbox import InboxError

    with Context(chosen) as context:
        if chosen.systemd:
            address(chosen)  # refuses what nothing could listen at
            return write_unit(context)
        session = prefilled(context.session, {})
        need_app_secret(session)
        # Before the first request can come: what cannot be checked would have to wait for Meta.
        token = hand_over(session, context.listener, here=True)
        printer = EventPrinter(context)
        _forward(context, printer)
        try:
            at = context.listener.start(address(chosen) or Address())
            health = "" if chosen.health is None else context.listener.serve_health(chosen.health)
        except InboxError:
            raise
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", "") or str(error)
            session.prompter.tell("webhook.cannot_listen", why=why)
            return Exit.NOT_IN_ORDER
        printer.began(at.url, health)
        if not _public(context, session, printer, token):
            return Exit.NOT_IN_ORDER
        return _listen(context.listener, printer)


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


def _listen(listener: LocalReceiver, printer: EventPrinter) -> NoReturn:
    try:
        listener.consume(printer.event)
    finally:
        printer.close()


def _forward(context: Context, printer: EventPrinter) -> None:
    """Begins to pass on what waits and what comes, where the command line says so."""
    from wizard.net.failures import NetworkFailure
    from wizard.webhook.forwarding import EVERYTHING

    chosen = context.chosen
    where = routes(chosen) | ({EVERYTHING: chosen.forward_to} if chosen.forward_to else {})
    try:
        context.listener.forward(where, printer.forwarding)
    except NetworkFailure:
        raise UsageError("webhook.bad_forward") from None


LEVELS = ("app", "account", "number")


def _listening(parser: OptionParser) -> None:
    listening_options(parser)
    parser.option("--health", type=int, metavar="PORT", says="webhook.health_help")
    parser.option("--systemd", nargs="?", const="-", metavar="FILE", says="webhook.systemd_help")


def _probing(parser: OptionParser) -> None:
    parser.option("url", nargs="?", metavar="URL", says="webhook.probe_url_help")
    parser.option("--deliver", action="store_true", says="webhook.deliver_help")


def _setting(parser: OptionParser) -> None:
    parser.option("url", nargs="?", metavar="URL", says="webhook.url_help")
    parser.option("--url", dest="named_url", metavar="URL", says="webhook.same_url_help")
    parser.option("--level", choices=LEVELS, says="webhook.level_help")
    parser.option("--remove", action="store_true", says="webhook.remove_help")
    _consenting(parser)


def _consenting(parser: OptionParser) -> None:
    parser.option("--yes", "-y", action="store_true", says="number.yes_help")


def _testing(parser: OptionParser) -> None:
    listening_options(parser)
    parser.option("--level", choices=LEVELS, says="webhook.level_help")
    parser.option("--timeout", type=float, metavar="SECONDS", says="webhook.timeout_help")
    _consenting(parser)


def run_show(chosen: Arguments) -> int:
    """The three addresses, the subscriptions, and which address wins."""
    from wizard.actions.results import need_credential
    from wizard.facts.webhook_route import read_webhook_route
    from wizard.ui.webhook_view import show_route

    with Context(chosen) as context:
        facts = context.session.facts()
        route = read_webhook_route(facts)
        if chosen.json:
            context.print_json(route.as_json())
        else:
            show_route(context.screen, context.words, route)
        need_credential(lambda: facts.number)
        if route.faults:
            return Exit.NOT_IN_ORDER
        return Exit.FINE if route.complete else Exit.NOT_SEEN


def run_probe(chosen: Arguments) -> int:
    """0 when Meta would take the address, 1 when not, 3 when that cannot be seen from here."""
    from wizard.text.localised import phrase
    from wizard.webhook.probe import probe

    with Context(chosen) as context:
        session = context.session
        url = chosen.url or session.record.webhook.get("callback_url", "")
        if url:
            token = verify_token(session)
            with session.prompter.waiting(phrase("webhook.probing", url=url)):
                found = probe(url, token, context.listener.outside, _secret(session, chosen))
        else:
            found = _probe_in_force(session)
        if chosen.json:
            context.print_json(_as_json(found))
        else:
            _tell(context, found)
        return Exit.FINE if found.ok else Exit.NOT_SEEN if found.unsure else Exit.NOT_IN_ORDER


def _probe_in_force(session: Session) -> Handshake:
    """The callback that Meta names: perhaps someone else's, so it gets no verify token."""
    from wizard.facts.reads import seen_callbacks
    from wizard.text.localised import phrase

    facts = session.facts()
    url = seen_callbacks(facts).callbacks.winner[1]
    if not url:
        raise UsageError("webhook.probe_what")
    facts.may_probe = True
    with session.prompter.waiting(phrase("webhook.probing", url=url)):
        return facts.handshake


def run_set(chosen: Arguments) -> int:
    """Tells Meta where messages are to go; then looks whether they do."""
    from wizard.actions.callback_target import choose_target
    from wizard.actions.results import conclude, need_credential
    from wizard.actions.set_callback import prove_and_set, remove

    url = chosen.url or chosen.named_url
    answers = {"webhook.callback_url": url, "webhook.level": chosen.level}
    with Context(chosen) as context:
        session = prefilled(context.session, answers, yes=chosen.yes)
        facts = session.facts()
        if chosen.remove:
            if chosen.level not in ("account", "number"):
                raise UsageError("webhook.remove_what")
            return remove(session, facts, chosen.level).exit_code
        need_credential(lambda: facts.number)
        target = choose_target(session, facts, may_here=False)
        if target is None:
            return Exit.NOT_IN_ORDER
        result = prove_and_set(session, target)
        return conclude(session, "webhook.callback", result) if result.ok else result.exit_code


def run_subscribe(chosen: Arguments) -> int:
    """Subscribes this app to the WABA unless it is."""
    from wizard.actions.results import conclude
    from wizard.actions.set_callback import subscribe

    with Context(chosen) as context:
        session = prefilled(context.session, {}, yes=chosen.yes)
        result = subscribe(session)
        return conclude(session, "webhook.subscribed", result) if result.ok else result.exit_code


def _route_options(parser: OptionParser) -> None:
    _routing(parser, "webhook.lead_help")
    _consenting(parser)


def run_routes(chosen: Arguments) -> int:
    """Where each number's messages go; with --route, leads numbers to callbacks of their own."""
    from wizard.actions.results import ActionResult
    from wizard.actions.set_callback import lead_number
    from wizard.facts.webhook_route import read_number_routes
    from wizard.ui.webhook_view import show_routes

    with Context(chosen) as context:
        session = prefilled(context.session, {}, yes=chosen.yes)
        wanted = {number: _callback(context, url) for number, url in routes(chosen).items()}
        read = read_number_routes(session.graph(), session.facts())
        found = {one.number_id: one for one in read}
        for number in wanted.keys() - found.keys():
            raise UsageError("webhook.route_unknown", number=number, offered=", ".join(found))
        if not chosen.json:
            show_routes(context.screen, context.words, read, wanted)
        results: dict[str, ActionResult] = {}
        for number, url in wanted.items():
            results[number] = lead_number(session, found[number], url)
            if not results[number].ok:
                break
        if chosen.json:
            names = {number: type(one).__name__.lower() for number, one in results.items()}
            lines = [one.as_json() for one in found.values()]
            for line in lines:
                number = line["phone_number_id"]
                line |= {"wanted": wanted.get(number, ""), "result": names.get(number, "")}
            context.print_json({"schema": 1, "routes": lines})
        if results:
            return max(one.exit_code for one in results.values())
        return _exit_code({one.arrives for one in read})


def _exit_code(arrives: set[bool | None]) -> Exit:
    """0 when the messages of every number arrive."""
    if False in arrives:
        return Exit.NOT_IN_ORDER
    return Exit.FINE if arrives == {True} else Exit.NOT_SEEN


def _callback(context: Context, typed: str) -> str:
    """The URL; UsageError with what is wrong with it."""
    from wizard.actions.callback_target import parse_callback

    url = parse_callback(typed, context.listener.outside, may_here=False)
    if not isinstance(url, str):
        raise UsageError(url.key, **url.values)
    return url


def run_test(chosen: Arguments) -> int:
    """The closed loop: 0 when a real message of this number arrived."""
    from wizard.actions.receive_test import receive, take_back
    from wizard.actions.results import look_again

    answers = {"webhook.callback_url": "here", "webhook.level": chosen.level}
    with Context(chosen) as context:
        listener = context.listener
        listener.public_url = chosen.url or ""
        listener.patience = chosen.timeout or listener.patience
        listener.wish = address(chosen)
        session = prefilled(context.session, answers, yes=chosen.yes)
        here = not session.record.webhook or bool(chosen.tunnel or chosen.url or address(chosen))
        message = receive(session, session.facts(), chosen.tunnel or "auto", here=here)
        seen = look_again(session, "webhook.received")
        session.prompter.show_result(seen)
        take_back(session)
        if chosen.json:
            content: dict[str, Any] = {"received": message is not None}
            content |= {"message": message.as_json()} if message else {"reason": seen.reason}
            context.print_json({"schema": 1, **content})
        fine = message is not None or seen.status is Status.PASSED
        return Exit.FINE if fine else Exit.NOT_IN_ORDER


def _secret(session: Session, chosen: Arguments) -> Secret | None:
    """The app secret, for a probe that also delivers: only to the person's own server."""
    kept = session.vault.get("app_secret") if chosen.deliver else None
    return kept.secret if kept else None


def _tell(context: Context, found: Handshake) -> None:
    from wizard.audit.checks.webhook import judged
    from wizard.audit.results import ItemResult

    for step in found.steps:
        text = context.words.say(f"webhook.step_{step.name}", **step.values)
        context.screen.marked(("✓", "green"), text)
    result = ItemResult(context.checklist.item("webhook.reachable"), judged(found))
    context.session.prompter.show_result(result)
    if following := context.words.next_step(result):
        context.screen.line(following, "cyan", "  ")


def _as_json(found: Handshake) -> dict[str, Any]:
    return {
        "schema": 1,
        "url": found.url,
        "ok": found.ok,
        "reason": found.reason,
        "values": dict(found.values),
        "unsure": found.unsure,
        "milliseconds": found.milliseconds,
        "steps": [{"name": step.name, "values": dict(step.values)} for step in found.steps],
    }


def _rehearsing(parser: OptionParser) -> None:
    parser.option("url", nargs="?", metavar="URL", says="rehearse.url_help")
    parser.option("--case", metavar="NAME", action="append", says="rehearse.case_help")
    parser.option("--list", action="store_true", says="rehearse.list_help")
    parser.option("--junit", metavar="FILE", says="rehearse.junit_help")
    _consenting(parser)


def run_rehearse(chosen: Arguments) -> int:
    """0 when every answer was as it should be, 1 when one was not, 3 when some were not seen."""
    with Context(chosen) as context:
        return rehearse(context)


BRANCHES = {
    "show": Subcommand(None, run_show),
    "probe": Subcommand(_probing, run_probe),
    "rehearse": Subcommand(_rehearsing, run_rehearse),
    "set": Subcommand(_setting, run_set),
    "subscribe": Subcommand(_consenting, run_subscribe),
    "routes": Subcommand(_route_options, run_routes),
    "listen": Subcommand(_listening, run_listen),
    "test": Subcommand(_testing, run_test),
}
