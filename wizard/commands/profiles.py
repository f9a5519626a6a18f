"""`profiles`: several accounts on one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wizard.commands import Branch
from wizard.text.errors import Exit

if TYPE_CHECKING:
    from wizard.commands import Chosen
    from wizard.commands.parser import Parser
    from wizard.commands.parts import Parts
    from wizard.state.record import ProfileRecord

#: Stores that keep their secrets in the folder of the profile: they go with it.
INSIDE = ("encrypted-file", "sandbox")


def _name(parser: Parser) -> None:
    parser.option("name", says="profiles.name_help", metavar="NAME")


def _removal(parser: Parser) -> None:
    _name(parser)
    parser.option("--confirm", says="profiles.confirm_help", metavar="NAME", default="")


def show(chosen: Chosen) -> int:
    """Every profile: its number, and when it was last looked at."""
    from wizard.commands.parts import Parts
    from wizard.ui.layout import cells

    parts = Parts(chosen)
    current = parts.profile
    rows = [_row(parts, name) for name in sorted({*parts.home.profiles(), current})]
    if chosen.json:
        parts.print_json({"schema": 1, "current": current, "profiles": rows})
        return Exit.FINE
    width = max(cells(row["name"]) for row in rows)
    for row in rows:
        mark = "*" if row["name"] == current else " "
        pad = " " * (width - cells(row["name"]))
        number = row["display_phone_number"] or row["waba_id"] or parts.words.say("profiles.empty")
        parts.screen.line(number, first=f"{mark} {row['name']}{pad}  ")
    return Exit.FINE


def _row(parts: Parts, name: str) -> dict[str, Any]:
    record = _record(parts, name)
    ids = record.ids
    return {
        "name": name,
        "waba_id": ids.get("waba_id", ""),
        "phone_number_id": ids.get("phone_number_id", ""),
        "display_phone_number": ids.get("display_phone_number", ""),
        "checked_at": record.checked_at,
    }


def _record(parts: Parts, name: str) -> ProfileRecord:
    from wizard.state.status_file import RecordFile

    return RecordFile(parts.home.status_path(name)).load()


def use(chosen: Chosen) -> int:
    """Makes a profile the current one."""
    from wizard.commands.parts import Parts

    parts = Parts(chosen)
    name = _existing(parts)
    parts.home.save_config(parts.config._replace(current=name))
    parts.notes.line(parts.words.say("profiles.used", name=name))
    return Exit.FINE


def remove(chosen: Chosen) -> int:
    """Forgets a profile: its secrets first, then its files. Meta is not told."""
    from wizard.commands.parts import Parts

    parts = Parts(chosen)
    name = _existing(parts)
    # From here on everything speaks of the profile that goes.
    chosen.profile = name
    with Parts(chosen) as theirs:
        _confirmed(theirs, name, chosen.confirm)
        _forget_secrets(theirs)
        _delete(theirs, name)
        theirs.notes.line(theirs.words.say("profiles.removed", name=name))
        if not chosen.sandbox:
            theirs.notes.line(theirs.words.say("profiles.token_lives"))
    return Exit.FINE


def _existing(parts: Parts) -> str:
    from wizard.commands.arguments import unknown
    from wizard.state.config import profile_name

    name = profile_name(parts.chosen.name)
    known = {*parts.home.profiles(), parts.config.current}
    if name not in known:
        raise unknown("profiles.no_such", name, sorted(known))
    return name


def _confirmed(parts: Parts, name: str, given: str) -> None:
    """Typing the name is the consent: what goes cannot be brought back."""
    from wizard.talk import Question
    from wizard.text.localised import phrase

    secrets = ", ".join(sorted(parts.record.secrets)) or "–"
    folder = str(parts.home.folder(name))
    parts.notes.line(parts.words.say("profiles.will_go", folder=folder, secrets=secrets))

    def mend(answer: str) -> Any:
        same = answer.strip().lower() == name
        return name if same else phrase("profiles.not_the_name", name=name)

    text = phrase("profiles.type_name", name=name)
    question = Question("profiles.remove", text, default=given, mend=mend, option="--confirm NAME")
    if given:
        _must_match(mend(given), name)
    else:
        parts.talk.ask(question)


def _must_match(answer: object, name: str) -> None:
    from wizard.text.errors import UsageError

    if answer != name:
        raise UsageError("profiles.not_the_name", name=name)


def _forget_secrets(parts: Parts) -> None:
    """Before the files: only the status file knows which secrets there are."""
    for name, note in list(parts.record.secrets.items()):
        if note.store not in (*INSIDE, "environment"):
            parts.vault.remove(name)
        del parts.record.secrets[name]
        parts.store.save(parts.record)


def _delete(parts: Parts, name: str) -> None:
    import shutil

    home = parts.home
    # In the sandbox the world goes too: the next rehearsal begins at the beginning.
    folder = home.state_folder if parts.chosen.sandbox else home.folder(name)
    if folder.is_dir():
        shutil.rmtree(folder)
    if not parts.chosen.sandbox and name in (*parts.config.profiles, parts.config.current):
        home.save_config(parts.config.without(name))


BRANCHES = {
    "list": Branch(None, show),
    "use": Branch(_name, use),
    "remove": Branch(_removal, remove),
}
