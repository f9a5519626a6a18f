"""`profiles`: several accounts on one machine."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from msgspec import structs

from wizard.actions.prompter import Question
from wizard.commands import Subcommand
from wizard.context.context import Context
from wizard.state.config import profile_name
from wizard.state.record import RecordFile
from wizard.text.errors import Exit, UsageError, unknown_word
from wizard.text.localised import phrase
from wizard.ui.screen import cells

if TYPE_CHECKING:
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments
    from wizard.state.record import ProfileRecord

#: Stores that keep their secrets in the folder of the profile: they go with it.
INSIDE = ("encrypted-file", "sandbox")


def _name(parser: OptionParser) -> None:
    parser.option("name", says="profiles.name_help", metavar="NAME")


def _removal(parser: OptionParser) -> None:
    _name(parser)
    parser.option("--confirm", says="profiles.confirm_help", metavar="NAME", default="")


def show(chosen: Arguments) -> int:
    """Every profile: its number, and when it was last looked at."""
    context = Context(chosen)
    current = context.profile
    rows = [_row(context, name) for name in sorted({*context.home.profiles(), current})]
    if chosen.json:
        context.print_json({"schema": 1, "current": current, "profiles": rows})
        return Exit.FINE
    width = max(cells(row["name"]) for row in rows)
    for row in rows:
        mark = "*" if row["name"] == current else " "
        pad = " " * (width - cells(row["name"]))
        number = (
            row["display_phone_number"] or row["waba_id"] or context.words.say("profiles.empty")
        )
        context.screen.line(number, first=f"{mark} {row['name']}{pad}  ")
    return Exit.FINE


def _row(context: Context, name: str) -> dict[str, Any]:
    record = _record(context, name)
    ids = record.ids
    return {
        "name": name,
        "waba_id": ids.get("waba_id", ""),
        "phone_number_id": ids.get("phone_number_id", ""),
        "display_phone_number": ids.get("display_phone_number", ""),
        "checked_at": record.checked_at,
    }


def _record(context: Context, name: str) -> ProfileRecord:
    return RecordFile(context.home.status_path(name)).load()


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
        _confirmed(theirs, name, chosen.confirm)
        _forget_secrets(theirs)
        _delete(theirs, name)
        theirs.notes.line(theirs.words.say("profiles.removed", name=name))
        if not chosen.sandbox:
            theirs.notes.line(theirs.words.say("profiles.token_lives"))
    return Exit.FINE


def _existing(context: Context) -> str:
    name = profile_name(context.chosen.name)
    known = {*context.home.profiles(), context.config.current}
    if name not in known:
        raise unknown_word("profiles.no_such", name, sorted(known))
    return name


def _confirmed(context: Context, name: str, given: str) -> None:
    """Typing the name is the consent: what goes cannot be brought back."""
    secrets = ", ".join(sorted(context.record.secrets)) or "–"
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
    """Before the files: only the status file knows which secrets there are."""
    for name, note in list(context.record.secrets.items()):
        if note.store not in (*INSIDE, "environment"):
            context.vault.remove(name)
        del context.record.secrets[name]
        context.store.save(context.record)


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
    "remove": Subcommand(_removal, remove),
}
