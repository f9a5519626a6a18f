"""`number …`: a phone number from added to registered, one step at a time."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from wizard.commands import Subcommand
from wizard.context.context import Context
from wizard.context.filling import prefilled
from wizard.text.errors import ErrorKind, Exit, Unavailable, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

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


#: Options of `number profile set` that are texts, in the order in which they are shown.
TEXTS = ("about", "description", "address", "email", "vertical")


def _profiling(parser: OptionParser) -> None:
    how = {"choices": ("show", "set"), "nargs": "?", "default": "show"}
    parser.option("act", says="number.profile_act_help", **how)
    for name in TEXTS:
        parser.option(f"--{name}", metavar="TEXT", says=f"number.profile_{name}_help")
    says = "number.profile_website_help"
    parser.option("--website", dest="websites", metavar="URL", action="append", says=says)
    parser.option("--picture", metavar="FILE", says="number.profile_picture_help")
    _consenting(parser)


def run_profile(chosen: Arguments) -> int:
    """Shows the public profile, or replaces what the options name."""
    from wizard.actions import public_profile
    from wizard.actions.results import conclude

    names = (*TEXTS, "websites")
    given = {name: value for name in names if (value := getattr(chosen, name)) is not None}
    if chosen.act == "show" and (given or chosen.picture is not None):
        raise UsageError("number.profile_shows")
    if chosen.act == "set" and not given and chosen.picture is None:
        raise UsageError("number.profile_nothing")
    if len(given.get("websites", ())) > public_profile.SITES:
        raise UsageError("number.profile_sites", most=public_profile.SITES)
    fields = public_profile.checked(given)
    file = None if chosen.picture is None else public_profile.picture(chosen.picture)
    with Context(chosen) as context:
        if chosen.act == "show":
            return _show_profile(context)
        session = prefilled(context.session, {}, yes=chosen.yes)
        return conclude(
            session, "number.profile", public_profile.set_profile(session, fields, file)
        )


def _show_profile(context: Context) -> int:
    facts = context.session.facts()
    found = asdict(facts.profile)
    del found["unknown"]
    if context.chosen.json:
        shown = found | {"websites": list(found["websites"])}
        ids = {"phone_number_id": context.session.id_of("phone_number_id")}
        context.print_json({"schema": 1, **ids, "profile": shown})
        return Exit.FINE
    rows = found | {"websites": ", ".join(found["websites"])}
    for name in (*TEXTS, "websites", "picture"):
        words = context.words.say(f"number.profile_{name}", value=rows[name] or "–")
        context.screen.line(words)
    return Exit.FINE


def _coding(parser: OptionParser) -> None:
    how = {"choices": ("list", "add", "remove"), "nargs": "?", "default": "list"}
    parser.option("act", says="number.qr_act_help", **how)
    parser.option("word", metavar="TEXT|CODE", nargs="?", says="number.qr_word_help")
    parser.option("--output", metavar="FILE", says="number.qr_output_help")
    _consenting(parser)


def run_qr(chosen: Arguments) -> int:
    """Lists the QR codes of the number, makes one, or removes one."""
    from wizard.actions import public_profile

    if chosen.output is not None and not chosen.output.lower().endswith((".svg", ".png")):
        raise UsageError("number.qr_image")
    if chosen.act != "list" and not chosen.word:
        raise UsageError(f"number.qr_{chosen.act}_what")
    if chosen.output is not None and (chosen.act == "remove" or not chosen.word):
        raise UsageError("number.qr_which")
    if chosen.act == "add":
        word = public_profile.greeting(chosen.word)
    else:
        word = public_profile.code_of(chosen.word) if chosen.word else ""
    with Context(chosen) as context:
        session = prefilled(context.session, {}, yes=chosen.yes)
        if chosen.act == "remove":
            return public_profile.remove_qr(session, word).exit_code
        if chosen.act == "list":
            return _show_codes(context, word)
        result, made = public_profile.add_qr(session, word)
        if made:
            _show_code(context, made)
        return result.exit_code


def _show_codes(context: Context, code: str) -> int:
    from wizard.actions.public_profile import qr_codes

    found = [one for one in qr_codes(context.session) if code in ("", one["code"])]
    if code and not found:
        raise UsageError("number.qr_no_such")
    if code:
        _show_code(context, found[0])
    elif context.chosen.json:
        context.print_json({"schema": 1, "codes": found})
    else:
        for one in found:
            context.screen.line(f"{one['code']}  {one['link']}  {one['text']}")
        if not found:
            context.session.prompter.tell("number.qr_none")
    return Exit.FINE


def _show_code(context: Context, one: Mapping[str, str]) -> None:
    """One code: on the screen, as a document, and as a picture where --output names a file."""
    from wizard.commands.audit import save_output
    from wizard.ui.base_prompter import code_image

    path = context.chosen.output
    if not one["link"]:
        raise Unavailable(ErrorKind.ODD, details="deep_link_url")
    if path is not None:
        save_output(path, code_image(one["link"], svg=path.lower().endswith(".svg")))
    if context.chosen.json:
        context.print_json({"schema": 1, "codes": [dict(one)]})
        return
    context.screen.line(f"{one['code']}  {one['text']}")
    context.session.prompter.show_link(one["link"])


BRANCHES = {
    "list": Subcommand(None, run_list),
    "add": Subcommand(_adding, run_add),
    "request-code": Subcommand(_requesting, run_request_code),
    "verify": Subcommand(_verifying, run_verify),
    "register": Subcommand(_consenting, run_register),
    "pin": Subcommand(_consenting, run_pin),
    "profile": Subcommand(_profiling, run_profile),
    "qr": Subcommand(_coding, run_qr),
}
