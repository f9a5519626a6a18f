"""`number …`: the ladder of a phone number, one rung at a time, for people and for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from wizard.commands import Branch
from wizard.commands.parts import Parts
from wizard.commands.prefilling import prefilled

if TYPE_CHECKING:
    from wizard.commands import Chosen
    from wizard.commands.parser import Parser
    from wizard.desk import Desk
    from wizard.facts import Facts, Number

#: What `number list --json` prints of each number; additions only.
SHOWN = (
    "id",
    "display",
    "verified_name",
    "status",
    "code_verification",
    "platform",
    "quality",
    "name_status",
    "pin_enabled",
    "account_mode",
)


def _consenting(parser: Parser) -> None:
    parser.option("--yes", "-y", action="store_true", says="number.yes_help")


def _adding(parser: Parser) -> None:
    parser.option("number", metavar="NUMBER", nargs="?", says="number.number_help")
    parser.option("--name", metavar="NAME", says="number.name_help")
    _consenting(parser)


def _requesting(parser: Parser) -> None:
    parser.option("--method", choices=("sms", "voice"), says="number.method_help")
    _consenting(parser)


def _verifying(parser: Parser) -> None:
    parser.option("code", metavar="CODE", nargs="?", says="number.code_help")


def run_list(chosen: Chosen) -> int:
    """Every number of the WABA, the profile's own marked."""
    with Parts(chosen) as parts:
        numbers = parts.desk.facts().numbers
        ours = parts.desk.record.ids.get("phone_number_id")
        for number in numbers:
            if chosen.json:
                whole = asdict(number)
                row = {name: whole[name] for name in SHOWN} | {"selected": number.id == ours}
                sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
            else:
                _print(parts, number, number.id == ours)
        if not numbers and not chosen.json:
            parts.desk.talk.say("number.none")
        return 0


def _print(parts: Parts, number: Number, ours: bool) -> None:
    mark = "*" if ours else " "
    row = (number.display, number.id, number.status, number.verified_name)
    parts.screen.line(f"{mark} " + "  ".join(part for part in row if part))


def run_add(chosen: Chosen) -> int:
    """Adds a number to the WABA and makes it the profile's."""
    from wizard.repairs import number as ladder
    from wizard.repairs.choosing import ADD

    answers = {"phone_number_id": ADD, "phone_number": chosen.number}
    return _rung(chosen, "number.added", ladder.add, answers | {"display_name": chosen.name})


def run_request_code(chosen: Chosen) -> int:
    """Asks Meta to send the code; the next rung takes it."""
    from wizard.repairs import number as ladder

    with Parts(chosen) as parts:
        desk = prefilled(parts.desk, {"code_method": chosen.method}, yes=chosen.yes)
        sent = ladder.request_code(desk, desk.facts().number)
        if sent:
            desk.talk.say("number.code_next")
        return 0 if sent else 1


def run_verify(chosen: Chosen) -> int:
    """Hands Meta the code that came."""
    from wizard.repairs import number as ladder

    def enter(desk: Desk, facts: Facts) -> None:
        ladder.enter_code(desk, facts.number)

    return _rung(chosen, "number.code_verified", enter, {"verification_code": chosen.code})


def run_register(chosen: Chosen) -> int:
    """Registers the number with the Cloud API."""
    from wizard.repairs import number as ladder

    return _rung(chosen, "number.registered", ladder.register, {})


def run_pin(chosen: Chosen) -> int:
    """Sets a PIN, or keeps the one that is known."""
    from wizard.repairs import number as ladder

    return _rung(chosen, "number.pin", ladder.keep_pin, {})


def _rung(
    chosen: Chosen,
    item_id: str,
    act: Callable[[Desk, Facts], None],
    answers: dict[str, str | None],
) -> int:
    """Acts, then looks: the code says how the item stands, not what was tried."""
    from wizard.audit import look
    from wizard.model import Finding
    from wizard.state.record import Status

    with Parts(chosen) as parts:
        desk = prefilled(parts.desk, answers, yes=bool(getattr(chosen, "yes", False)))
        act(desk, desk.facts())
        item = desk.checklist.item(item_id)
        facts = desk.facts()
        finding = Finding(item, look(item, facts))
        desk.take_over([finding], facts)
        desk.talk.settled(finding)
        return 0 if finding.outcome.status is Status.PASSED else 1


BRANCHES = {
    "list": Branch(None, run_list),
    "add": Branch(_adding, run_add),
    "request-code": Branch(_requesting, run_request_code),
    "verify": Branch(_verifying, run_verify),
    "register": Branch(_consenting, run_register),
    "pin": Branch(_consenting, run_pin),
}
