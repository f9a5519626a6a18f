"""`send`: one message out, a template or (inside the 24-hour window) a text."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from wizard.context.context import Context
from wizard.context.filling import prefilled
from wizard.text.errors import UsageError

if TYPE_CHECKING:
    from wizard.actions.session import Session
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments
    from wizard.facts.facts import Facts


def options(parser: OptionParser) -> None:
    """Its own options."""
    parser.option("--to", metavar="NUMBER", says="message.to_help")
    parser.option("--template", metavar="NAME", says="message.template_help")
    parser.option("--language", dest="language_code", metavar="CODE", says="message.language_help")
    parser.option("--var", metavar="NAME=VALUE", action="append", says="message.var_help")
    parser.option("--text", metavar="TEXT", says="message.text_help")
    parser.option("--wait", metavar="SECONDS", type=float, says="message.wait_help")
    parser.option("--yes", "-y", action="store_true", says="message.yes_help")


def run(chosen: Arguments) -> int:
    """0 when Meta accepted it and did not report a failure at once, 1 otherwise."""
    from wizard.actions import message

    answers = {"test_message.to": chosen.to, "test_message.template": chosen.template}
    answers["test_message.language"] = chosen.language_code
    with Context(chosen) as context:
        session = prefilled(context.session, answers, yes=chosen.yes)
        before = session.record.test_message
        facts = session.facts()
        if chosen.text:
            result = message.send_text(session, facts.number, chosen.text)
        elif chosen.template and (rows := message.with_values(facts, chosen.template)):
            given = _values(chosen)
            result = message.send_filled(session, facts, rows, given, attended=context.attended)
        elif chosen.var:
            raise UsageError("message.no_such_value", count=len(chosen.var), known="–")
        else:
            result = message.send_test(session, facts)
        if result.ok and (wait := _patience(session, chosen)):
            result = message.follow(session, wait)
        if chosen.json and session.record.test_message != before:
            context.print_json(_row(session, facts))
        return result.exit_code


def _values(chosen: Arguments) -> dict[str, str]:
    """The values of `--var NAME=VALUE`, by name; the value itself may hold more equals signs."""
    pairs = [given.partition("=") for given in chosen.var or ()]
    if not all(name.strip() and value.strip() for name, _, value in pairs):
        raise UsageError("message.bad_value")
    return {name.strip(): value for name, _, value in pairs}


def _patience(session: Session, chosen: Arguments) -> float:
    """How long to wait for news: as given, else a while where what Meta delivers comes here."""
    from wizard.actions.message import DELIVERY_SECONDS, can_receive

    if chosen.wait is not None:
        return float(chosen.wait)
    return DELIVERY_SECONDS if can_receive(session) else 0.0


def _row(session: Session, facts: Facts) -> dict[str, object]:
    from wizard.actions.attempts import SERVICE, charge_of

    sent = session.record.test_message
    assert sent is not None
    named = (one.category for one in facts.templates if one.name == sent.template)
    category = next(named, "") if sent.template else SERVICE
    return {
        "schema": 1,
        "id": sent.wamid,
        "to": sent.to,
        "state": sent.state,
        "phone_number_id": sent.phone_number_id,
        "code": sent.code,
        "at": sent.at,
        "charge": asdict(charge_of(session, facts.number, sent.to, category)),
    }
