"""`number …`: a phone number from added to registered, one step at a time."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from wizard.commands import Subcommand
from wizard.context.context import Context
from wizard.context.filling import prefilled

if TYPE_CHECKING:
    from wizard.actions.results import Action, ActionResult
    from wizard.actions.session import Session
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments
    from wizard.facts.facts import Facts
    from wizard.facts.models import Number

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


def _consenting(parser: OptionParser) -> None:
    parser.option("--yes", "-y", action="store_true", says="number.yes_help")


def _adding(parser: OptionParser) -> None:
    parser.option("number", metavar="NUMBER", nargs="?", says="number.number_help")
    parser.option("--name", metavar="NAME", says="number.name_help")
    _consenting(parser)


def _requesting(parser: OptionParser) -> None:
    parser.option("--method", choices=("sms", "voice"), says="number.method_help")
    _consenting(parser)


def _verifying(parser: OptionParser) -> None:
    parser.option("code", metavar="CODE", nargs="?", says="number.code_help")


def run_list(chosen: Arguments) -> int:
    """Every number of the WABA, the profile's own marked."""
    with Context(chosen) as context:
        numbers = context.session.facts().numbers
        ours = context.session.record.ids.get("phone_number_id")
        if chosen.json:
            rows = [{**asdict(one), "selected": one.id == ours} for one in numbers]
            shown = [{name: row[name] for name in (*SHOWN, "selected")} for row in rows]
            context.print_json({"schema": 1, "numbers": shown})
            return 0
        for number in numbers:
            _print(context, number, number.id == ours)
        if not numbers:
            context.session.prompter.tell("number.none")
        return 0


def _print(context: Context, number: Number, ours: bool) -> None:
    mark = "*" if ours else " "
    row = (number.display, number.id, number.status, number.verified_name)
    context.screen.line(f"{mark} " + "  ".join(part for part in row if part))


def run_add(chosen: Arguments) -> int:
    """Adds a number to the WABA and makes it the profile's."""
    from wizard.actions import number
    from wizard.actions.results import need_credential

    def add(session: Session, facts: Facts) -> ActionResult:
        need_credential(lambda: facts.account)
        return number.add_new(session)

    answers = {"phone_number": chosen.number, "display_name": chosen.name}
    return _act(chosen, "number.added", add, answers)


def run_request_code(chosen: Arguments) -> int:
    """Asks Meta to send the code; `number verify` takes it."""
    from wizard.actions import number
    from wizard.actions.results import Done

    with Context(chosen) as context:
        session = prefilled(context.session, {"code_method": chosen.method}, yes=chosen.yes)
        result = number.request_code(session, session.facts().number)
        if isinstance(result, Done):
            session.prompter.tell("number.code_next")
        return result.exit_code


def run_verify(chosen: Arguments) -> int:
    """Hands Meta the code that came."""
    from wizard.actions import number

    def enter(session: Session, facts: Facts) -> ActionResult:
        return number.enter_code(session, facts.number)

    return _act(chosen, "number.code_verified", enter, {"verification_code": chosen.code})


def run_register(chosen: Arguments) -> int:
    """Registers the number with the Cloud API."""
    from wizard.actions import number

    return _act(chosen, "number.registered", number.register, {})


def run_pin(chosen: Arguments) -> int:
    """Sets a PIN, or keeps the one that is known."""
    from wizard.actions import number

    return _act(chosen, "number.pin", number.keep_pin, {})


def _act(chosen: Arguments, item_id: str, act: Action, answers: dict[str, str | None]) -> int:
    """Acts, then shows how the item stands; the exit code is that of the action."""
    from wizard.actions.results import conclude

    with Context(chosen) as context:
        session = prefilled(context.session, answers, yes=bool(getattr(chosen, "yes", False)))
        return conclude(session, item_id, act(session, session.facts()))


BRANCHES = {
    "list": Subcommand(None, run_list),
    "add": Subcommand(_adding, run_add),
    "request-code": Subcommand(_requesting, run_request_code),
    "verify": Subcommand(_verifying, run_verify),
    "register": Subcommand(_consenting, run_register),
    "pin": Subcommand(_consenting, run_pin),
}
