"""`profiles`: several accounts on one machine."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

from msgspec import structs

from wizard.actions.prompter import Question
from wizard.commands import Subcommand
from wizard.context.context import Context
from wizard.report.documents import error_document, write_document
from wizard.state.config import DEFAULT_PROFILE, Expect, profile_name
from wizard.state.record import ProfileRecord, RecordFile
from wizard.text.errors import MOST_SEVERE_FIRST, Exit, UsageError, WizardError, unknown_word
from wizard.text.localised import phrase
from wizard.text.paste import parse_id
from wizard.ui.screen import cells, open_screen
from wizard.ui.words import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments

#: Stores that keep their secrets in the folder of the profile: they go with it.
INSIDE = ("encrypted-file", "sandbox")
#: What a profile can be pinned to.
_PINS = ("app_id", "waba_id", "phone_number_id")


def _name(parser: OptionParser) -> None:
    parser.option("name", says="profiles.name_help", metavar="NAME")


def _removal(parser: OptionParser) -> None:
    _name(parser)
    parser.option("--confirm", says="profiles.confirm_help", metavar="NAME", default="")


def _addition(parser: OptionParser) -> None:
    _name(parser)
    parser.option("--use", action="store_true", says="profiles.use_help")
    for name in _PINS:
        option = f"--{name.replace('_', '-')}"
        parser.option(option, metavar="ID", default="", says=f"profiles.{name}_help")


def show(chosen: Arguments) -> int:
    """Every profile: its number, and when it was last looked at; what cannot be read is named."""
    context = Context(chosen)
    current = context.profile
    rows = [_row(context, name) for name in sorted({*context.home.profiles(), current})]
    if chosen.json:
        context.print_json({"schema": 1, "current": current, "profiles": rows})
    else:
        _list(context, rows)
    return Exit.FILE if any(row["error"] for row in rows) else Exit.FINE


def _list(context: Context, rows: list[dict[str, Any]]) -> None:
    words = context.words
    width = max(cells(row["name"]) for row in rows)
    for row in rows:
        mark = "*" if row["name"] == context.profile else " "
        pad = " " * (width - cells(row["name"]))
        number = row["display_phone_number"] or row["waba_id"] or words.say("profiles.empty")
        if row["error"]:
            number = words.say(row["error"]["key"], **row["error"]["values"])
        context.screen.line(number, first=f"{mark} {row['name']}{pad}  ")


def _row(context: Context, name: str) -> dict[str, Any]:
    error, record = None, ProfileRecord()
    try:
        context.config.of(name)
        record = _record(context, name)
    except WizardError as trouble:
        error = error_document(trouble.exit_code, trouble.key, trouble.values)["error"]
    ids = record.ids
    return {
        "name": name,
        "waba_id": ids.get("waba_id", ""),
        "phone_number_id": ids.get("phone_number_id", ""),
        "display_phone_number": ids.get("display_phone_number", ""),
        "checked_at": record.checked_at,
        "error": error,
    }


def _record(context: Context, name: str) -> ProfileRecord:
    return RecordFile(context.home.status_path(name)).load()


def every_profile(
    chosen: Arguments, profiles: Sequence[str], look: Callable[[Arguments], int]
) -> int:
    """Looks at one after the other; what is wrong with one stops none. The most severe code."""
    if not profiles:
        raise UsageError("audit.no_profiles")
    codes: dict[str, int] = {}
    for profile in sorted(profiles):
        chosen.profile = profile
        try:
            codes[profile] = look(chosen)
        except BrokenPipeError:
            raise  # no one reads the output any more
        except Exception as error:  # noqa: BLE001 (a defect in one hides none of the others)
            codes[profile] = _failed(chosen, profile, error)
    code = next(code for code in MOST_SEVERE_FIRST if code in codes.values())
    if chosen.json:
        summary = {"exit_code": int(code), "profiles": codes}
        write_document({"schema": 1, "summary": summary}, line=True)
        chosen.answered = True
    return int(code)


def _failed(chosen: Arguments, profile: str, error: Exception) -> int:
    notes = open_screen(sys.stderr, chosen.color)
    if chosen.json or not notes.terminal:  # else its name is on the screen already
        notes.line(Words(chosen.language).say("status.profile", profile=profile), "bold")
    code = chosen.report_error(error)
    if chosen.json:
        key, values = getattr(error, "key", "cli.defect"), getattr(error, "values", {})
        document = error_document(code, key, values)
        write_document({**document, "profile": profile}, line=True)
    return int(code)


def add(chosen: Arguments) -> int:
    """Makes a profile, pinned to the ids that are given; nothing else is known of it yet."""
    context = Context(chosen)
    name = profile_name(chosen.name)
    if name in context.home.profiles():
        raise UsageError("profiles.exists", name=name)
    pins = {pin: getattr(chosen, pin) for pin in _PINS if getattr(chosen, pin)}
    for pin, given in pins.items():
        parsed = parse_id(given)
        if not isinstance(parsed, str):
            raise UsageError("profiles.no_id", option=f"--{pin.replace('_', '-')}")
        pins[pin] = parsed
    config = context.config.with_profile(name, expect=Expect(**pins))
    context.home.save_config(structs.replace(config, current=name) if chosen.use else config)
    context.notes.line(context.words.say("profiles.added", name=name))
    return Exit.FINE


def use(chosen: Arguments) -> int:
    """Makes a profile the current one."""
    context = Context(chosen)
    name = _existing(context)
    context.home.save_config(structs.replace(context.config, current=name))
    context.notes.line(context.words.say("profiles.used", name=name))
    return Exit.FINE


def remove(chosen: Arguments) -> int:
    """Forgets a profile: its secrets first, then its files. Nothing changes at Meta."""
    context = Context(chosen)
    name = _existing(context)
    # From here on everything speaks of the profile that goes.
    chosen.profile = name
    with Context(chosen) as theirs:
        _refuse_in_use(theirs)
        _confirmed(theirs, name, chosen.confirm)
        _forget_secrets(theirs)
        _delete(theirs, name)
        theirs.notes.line(theirs.words.say("profiles.removed", name=name))
        if not chosen.sandbox:
            theirs.notes.line(theirs.words.say("profiles.token_lives"))
    return Exit.FINE


def _existing(context: Context) -> str:
    name = profile_name(context.chosen.name)
    known = {*context.home.profiles(), context.config.current, DEFAULT_PROFILE}
    if name not in known:
        raise unknown_word("profiles.no_such", name, sorted(known))
    return name


def _refuse_in_use(context: Context) -> None:
    """What a receiver has acknowledged Meta does not send again."""
    from wizard.webhook.inbox import InboxError

    reader = context.listener.reader
    try:
        used = reader.path.is_file() and reader.in_use()
    except InboxError as error:
        used = error.kind == "locked"  # a damaged one may go
    if used:
        raise InboxError("in_use", str(reader.path))


def _confirmed(context: Context, name: str, given: str) -> None:
    """Typing the name is the consent: what goes cannot be brought back."""
    secrets = ", ".join(sorted({*context.record.secret_names, *_outside(context)})) or "–"
    folder = str(context.home.folder(name))
    context.notes.line(context.words.say("profiles.will_go", folder=folder, secrets=secrets))

    def parse(answer: str) -> Any:
        same = answer.strip().lower() == name
        return name if same else phrase("profiles.not_the_name", name=name)

    text = phrase("profiles.type_name", name=name)
    question = Question(
        "profiles.remove", text, default=given, parse=parse, option="--confirm NAME"
    )
    if not given:
        context.prompter.ask(question)
    elif parse(given) != name:
        raise UsageError("profiles.not_the_name", name=name)


def _forget_secrets(context: Context) -> None:
    """Before the files, which may be all that notes them."""
    from wizard.commands.credentials.common import forget

    for name in _outside(context):
        forget(context, name)


def _outside(context: Context) -> list[str]:
    """The secrets that do not go with the folder: noted elsewhere, or found in the store."""
    from wizard.commands.credentials.common import held_names

    inside = context.vault.describe().store in INSIDE and not context.choice.get("path")
    notes = context.record.secrets
    noted = (
        context.record.called(name)
        for name in notes
        if notes[name].store not in (*INSIDE, "environment")
    )
    return sorted({*noted, *(() if inside else held_names(context))})


def _delete(context: Context, name: str) -> None:
    home = context.home
    # In the sandbox the world goes too: the next rehearsal begins at the beginning.
    folder = home.state_folder if context.chosen.sandbox else home.folder(name)
    if folder.is_dir():
        shutil.rmtree(folder)
    if not context.chosen.sandbox and name in (*context.config.profiles, context.config.current):
        home.save_config(context.config.without(name))


BRANCHES = {
    "list": Subcommand(None, show),
    "use": Subcommand(_name, use),
    "add": Subcommand(_addition, add),
    "remove": Subcommand(_removal, remove),
}
