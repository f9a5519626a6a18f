"""`webhook …`: the chain a message comes by, shown, proven, set, and tried to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wizard.commands import Branch
from wizard.commands.listening import address, listening_options, run_listen
from wizard.commands.parts import Parts
from wizard.commands.prefilling import prefilled
from wizard.model import keep_results
from wizard.text.errors import Exit, UsageError
from wizard.vault import VaultError

if TYPE_CHECKING:
    from wizard.commands import Chosen
    from wizard.commands.parser import Parser
    from wizard.desk import Desk
    from wizard.probe import Handshake
    from wizard.text.secret import Secret

LEVELS = ("app", "account", "number")


def _probing(parser: Parser) -> None:
    parser.option("url", nargs="?", metavar="URL", says="webhook.probe_url_help")
    parser.option("--deliver", action="store_true", says="webhook.deliver_help")


def _setting(parser: Parser) -> None:
    parser.option("url", nargs="?", metavar="URL", says="webhook.url_help")
    parser.option("--url", dest="named_url", metavar="URL", says="webhook.same_url_help")
    parser.option("--level", choices=LEVELS, says="webhook.level_help")
    parser.option("--remove", action="store_true", says="webhook.remove_help")
    _consenting(parser)


def _consenting(parser: Parser) -> None:
    parser.option("--yes", "-y", action="store_true", says="number.yes_help")


def _testing(parser: Parser) -> None:
    listening_options(parser)
    parser.option("--level", choices=LEVELS, says="webhook.level_help")
    parser.option("--timeout", type=float, metavar="SECONDS", says="webhook.timeout_help")
    _consenting(parser)


def run_show(chosen: Chosen) -> int:
    """The three addresses, the subscriptions, and which address wins."""
    from wizard.facts.chain import read_chain
    from wizard.ui.drawing import draw

    with Parts(chosen) as parts:
        chain = read_chain(parts.desk.facts())
        if chosen.json:
            parts.print_json(chain.as_json())
        else:
            draw(parts.screen, parts.words, chain)
        if chain.callbacks is None or chain.subscribers is None:
            return Exit.NOT_SEEN
        fine = chain.winner[1] and chain.subscribed and chain.winner[1] == chain.expected
        fine = fine or (chain.winner[1] and chain.subscribed and not chain.expected)
        return Exit.FINE if fine else Exit.NOT_IN_ORDER


def run_probe(chosen: Chosen) -> int:
    """0 when Meta would take the address, 1 when not, 3 when that cannot be told from here."""
    from wizard.probe import probe
    from wizard.text.localised import phrase

    with Parts(chosen) as parts:
        desk = parts.desk
        url = chosen.url or desk.record.webhook.get("callback_url", "")
        url = url or desk.facts().number.callbacks.winner[1]
        if not url:
            raise UsageError("webhook.probe_what")
        token = _verify_token(desk)
        with desk.talk.wait(phrase("webhook.probing", url=url)):
            found = probe(url, token, parts.listener.outside, _secret(desk, chosen))
        if chosen.json:
            parts.print_json(_as_json(found))
        else:
            _tell(parts, found)
        return Exit.FINE if found.ok else Exit.NOT_SEEN if found.unsure else Exit.NOT_IN_ORDER


def run_set(chosen: Chosen) -> int:
    """Tells Meta where messages are to go; then looks whether they do."""
    from wizard.repairs import pointing
    from wizard.repairs.target import choose_target, proven, verify_token

    url = chosen.url or chosen.named_url
    answers = {"webhook.callback_url": url, "webhook.level": chosen.level}
    with Parts(chosen) as parts:
        desk = prefilled(parts.desk, answers, yes=chosen.yes)
        facts = desk.facts()
        if chosen.remove:
            if chosen.level not in ("account", "number"):
                raise UsageError("webhook.remove_what")
            return Exit.FINE if pointing.remove(desk, facts, chosen.level) else Exit.NOT_IN_ORDER
        target = choose_target(desk, facts, may_here=False)
        if target is None:
            return Exit.NOT_IN_ORDER
        token = verify_token(desk, here=False)
        if not (proven(desk, target, token) and pointing.point(desk, target, token)):
            return Exit.NOT_IN_ORDER
        return _settle(desk, "webhook.callback")


def run_subscribe(chosen: Chosen) -> int:
    """Subscribes this app to the WABA unless it is."""
    from wizard.repairs import pointing

    with Parts(chosen) as parts:
        desk = prefilled(parts.desk, {}, yes=chosen.yes)
        if not pointing.subscribe(desk):
            return Exit.NOT_IN_ORDER
        return _settle(desk, "webhook.subscribed")


def run_test(chosen: Chosen) -> int:
    """The closed loop: 0 when a real message of this number arrived."""
    from wizard.repairs.hearing import hear, take_back

    answers = {"webhook.callback_url": "here", "webhook.level": chosen.level}
    with Parts(chosen) as parts:
        listener = parts.listener
        listener.public_url = chosen.url or ""
        listener.patience = chosen.timeout or listener.patience
        listener.wish = address(chosen)
        desk = prefilled(parts.desk, answers, yes=chosen.yes)
        here = not desk.record.webhook or bool(chosen.tunnel or chosen.url or address(chosen))
        message = hear(desk, desk.facts(), chosen.tunnel or "auto", here=here)
        code = _settle(desk, "webhook.received")
        take_back(desk)
        if chosen.json:
            seen = desk.record.verdicts["webhook.received"]
            told: dict[str, Any] = {"received": message is not None}
            told |= {"message": message.as_json()} if message else {"reason": seen.reason}
            parts.print_json({"schema": 1, **told})
        return Exit.FINE if message is not None else code


def _settle(desk: Desk, item_id: str) -> int:
    """Looks anew: the code says how the item stands, not what was tried."""
    from wizard.audit import look
    from wizard.model import Finding
    from wizard.state.record import Status

    item = desk.checklist.item(item_id)
    finding = Finding(item, look(item, desk.facts()))
    keep_results(desk.record, [finding], desk.stamp())
    desk.save()
    desk.talk.settled(finding)
    return Exit.FINE if finding.outcome.status is Status.PASSED else Exit.NOT_IN_ORDER


def _verify_token(desk: Desk) -> Secret | None:
    """The profile's own; a stranger's address can be asked without any, and without a vault."""
    try:
        kept = desk.vault.get("verify_token")
    except VaultError:
        if "verify_token" in desk.record.secrets:
            raise
        return None
    return kept.secret if kept else None


def _secret(desk: Desk, chosen: Chosen) -> Secret | None:
    """The app secret, for a probe that also delivers: only to a server that is said to be hers."""
    kept = desk.vault.get("app_secret") if chosen.deliver else None
    return kept.secret if kept else None


def _tell(parts: Parts, found: Handshake) -> None:
    from wizard.model import Finding, failed, passed, unknown

    for step in found.steps:
        text = parts.words.say(f"webhook.step_{step.name}", **step.values)
        parts.screen.marked(("✓", "green"), text)
    if found.ok:
        outcome = passed("answered", milliseconds=found.milliseconds)
    else:
        outcome = (unknown if found.unsure else failed)(found.reason, **found.values)
    finding = Finding(parts.checklist.item("webhook.reachable"), outcome)
    parts.desk.talk.settled(finding)
    if not found.ok:
        parts.screen.line(parts.words.next_step(finding), "cyan", "  ")


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


BRANCHES = {
    "show": Branch(None, run_show),
    "probe": Branch(_probing, run_probe),
    "set": Branch(_setting, run_set),
    "subscribe": Branch(_consenting, run_subscribe),
    "listen": Branch(listening_options, run_listen),
    "test": Branch(_testing, run_test),
}
