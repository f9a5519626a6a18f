"""`credentials import`: what a file of someone else's holds, each client into its profile."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from wizard.actions.prompter import Question
from wizard.actions.session import Session
from wizard.actions.system_user import EXCHANGE, longer
from wizard.actions.token_trial import TokenTrial, TrialPolicy
from wizard.commands.credentials.common import agreed, say_kept
from wizard.commands.credentials.place import Placed, placed, secret_of
from wizard.commands.credentials.recognise import TOKEN, Found, contents
from wizard.commands.credentials.set import text_of
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.state.config import InvalidProfileName, profile_name
from wizard.state.record import write_time
from wizard.text.errors import ErrorKind, Exit, Unavailable, UsageError
from wizard.text.localised import Phrase, phrase
from wizard.text.secret import Secret, fingerprint

#: A person's token that lives shorter than this is worth exchanging for one of 60 days.
_SHORT = timedelta(days=3)


class _Taken(NamedTuple):
    """What became of the things of one client."""

    code: Exit
    rows: list[Placed]
    kept: bool
    whole: bool  # everything that was found is kept, and was read back


def run(chosen: Arguments) -> int:
    """Finds, asks Meta, shows, keeps after consent; 4 when nothing in it is of use."""
    path = Path(chosen.file)
    if chosen.remove_file and path.is_symlink():
        raise UsageError("credentials.file_is_link", path=str(path))
    found = contents(text_of(path))
    if len(found.clients) > 1:
        taken, complete = _each(chosen, found.clients)
        with Context(chosen) as context:
            return _end(context, path, taken, found.unread, whole=complete)
    with Context(chosen) as context:
        taken = [_take(context, next(iter(found.clients.values()), []))]
        return _end(context, path, taken, found.unread, whole=True)


def _end(
    context: Context, path: Path, taken: list[_Taken], unread: list[int], *, whole: bool
) -> int:
    """What is left to say: lines that were not understood, and the file."""
    tell = context.prompter.tell
    rows = [(row, one.kept) for one in taken for row in one.rows]
    if unread:
        shown = ", ".join(map(str, unread[:_SHOWN])) + (", …" if len(unread) > _SHOWN else "")
        tell("credentials.unread_lines", lines=shown)
    if not rows:
        tell("credentials.import_nothing", path=str(path))
        return Exit.CREDENTIAL
    whole = whole and not unread and all(one.whole for one in taken)
    remains = _remove_file(context, path, whole=whole)
    if context.chosen.json:
        context.print_json(
            {
                "schema": 1,
                "found": [_data(row, kept) for row, kept in rows],
                "unread_lines": unread,
                "file_remains": remains,
            }
        )
    return max(one.code for one in taken)


#: Numbers of lines that are said; the document of --json has all.
_SHOWN = 20


def _each(chosen: Arguments, clients: Mapping[str, list[Found]]) -> tuple[list[_Taken], bool]:
    """Each client to its profile, and whether none was left out.

    A person says which; a profile that was named takes the client that it is of.
    """
    with Context(chosen) as context:
        places = _profiles(context, clients)
    before, taken = chosen.profile, []
    try:
        for profile, label in places.items():
            chosen.profile = profile
            with Context(chosen) as context:
                context.prompter.tell("credentials.client", client=label, profile=profile)
                taken.append(_take(context, clients[label]))
    finally:
        chosen.profile = before
    return taken, len(places) == len(clients)


def _profiles(context: Context, clients: Mapping[str, list[Found]]) -> dict[str, str]:
    """Profile → the client that goes there."""
    if context.attended and not context.chosen.profile:
        places: dict[str, str] = {}
        for label in clients:
            if answer := _asked(context, label, places):
                places[answer] = label
        return places
    ids = {value for name, value in context.record.ids.items() if name in _CLIENT_IDS}
    for label, things in clients.items():
        theirs = {thing.value for thing in things if thing.name in _CLIENT_IDS}
        if context.chosen.profile and (_slug(label) == context.profile or ids & theirs):
            return {context.profile: label}
    raise UsageError("credentials.several_clients", clients=", ".join(clients))


_CLIENT_IDS = ("waba_id", "phone_number_id")


def _slug(label: str) -> str:
    return re.sub(r"[^\w-]", "-", label).strip("-_").lower()


def _asked(context: Context, label: str, taken: Container[str]) -> str:
    """The profile of a client as a person says; "" for one that is left out."""

    def parse(answer: str) -> str | Phrase:
        if answer in ("", _NONE):
            return ""
        try:
            name = profile_name(answer)
        except InvalidProfileName as error:
            return phrase(error.key)
        return phrase("credentials.profile_taken", profile=name) if name in taken else name

    suggested = _slug(label)
    default = suggested if isinstance(parse(suggested), str) else ""
    text = phrase("credentials.which_profile", client=label, none=_NONE)
    question = Question("profile", text, default=default, parse=parse, suggest=False)
    return context.prompter.ask(question)


_NONE = "-"


def _take(context: Context, things: Sequence[Found]) -> _Taken:
    """The things of one client, into the profile of this context."""
    if not things:
        return _Taken(Exit.CREDENTIAL, [], kept=False, whole=False)
    session = context.session
    rows = placed(session, [_confirmed(context, thing) for thing in things])
    for row in rows:
        _show(session, row)
    useful = [row for row in rows if row.place]
    names = ", ".join(row.place for row in useful)
    text = phrase("credentials.import_consent", names=names)
    kept = bool(useful) and agreed(context, "import", text) is not None
    same = kept and _keep(context, useful)
    code = Exit.NOT_IN_ORDER if useful else Exit.CREDENTIAL
    return _Taken(Exit.FINE if kept else code, rows, kept, same and len(useful) == len(rows))


def _confirmed(context: Context, thing: Found) -> Found:
    """What looks like a placeholder may be the value all the same: a person is asked."""
    if thing.why != "placeholder" or thing.name != "verify_token":
        return thing
    if not context.attended or context.chosen.yes:
        return thing
    text = phrase("credentials.placeholder_consent", keys=", ".join(thing.keys))
    agreed_to = context.prompter.consent("credentials.placeholder", text, ())
    return replace(thing, why="") if agreed_to else thing


def _show(session: Session, row: Placed) -> None:
    """Where it stood, what it is, where it will go; of a secret never a character."""
    keys = ", ".join(row.found.keys)
    what = row.found.value or f"•••• {fingerprint(secret_of(row), row.found.name)}".strip()
    kind = row.token.kind if row.token else row.found.name
    if row.place:
        key = "credentials.found" if row.token else "credentials.found_plain"
        session.prompter.tell(key, keys=keys, what=what, kind=kind, place=row.place)
    else:
        why = f"credentials.found_{row.why}"
        session.prompter.tell(why, keys=keys, what=what, kind=kind, name=row.found.name)


def _keep(context: Context, rows: Sequence[Placed]) -> bool:
    """Ids first, then the app secret, which the rest may be proven with, then the tokens.

    Whether each secret was read back from the store as it is.
    """
    session = context.session
    for row in rows:
        if row.found.value:
            session.record.ids[row.place] = row.found.value
    app_id = next(
        (row.token.app_id for row in rows if row.place == "access_token" and row.token), ""
    )
    if app_id:
        session.record.ids["app_id"] = app_id
    session.save()
    for row in sorted(rows, key=lambda row: row.found.name == TOKEN):
        if not row.found.value:
            session.keep(row.place, secret_of(row), row.token)
            say_kept(session, row.place)
    store = getattr(session.vault, "behind", None) or session.vault
    back = {row.place: store.get(row.place) for row in rows if row.found.secret}
    same = all(
        (kept := back[row.place]) is not None and kept.secret == row.found.secret
        for row in rows
        if row.found.secret
    )
    for row in rows:
        if row.place == "access_token":
            _variant(context, row)
    return same


def _variant(context: Context, row: Placed) -> None:
    """A token that is no system user's is named for what it is, and a better way is shown."""
    session, token = context.session, row.token
    if token is None or token.kind == "SYSTEM_USER":
        return
    reaches = {True: "reaches", False: "reaches_not", None: "reaches_unknown"}[row.reaches]
    session.prompter.tell(f"credentials.variant_{reaches}", kind=token.kind)
    short = token.expires_at is not None and token.expires_at - session.now() < _SHORT
    if token.kind == "USER" and short and session.vault.get("app_secret"):
        _lengthen(context, secret_of(row))
    session.prompter.tell("credentials.system_user_way", command="wa-wizard setup")


def _lengthen(context: Context, secret: Secret) -> None:
    """Sixty days in place of hours; what was kept stays when Meta refuses."""
    session = context.session
    consent = agreed(context, "exchange", phrase("credentials.exchange_consent"), EXCHANGE)
    if consent is None:
        return
    try:
        made = longer(session, secret, consent, system_user=False)
    except Unavailable as error:
        if error.kind is ErrorKind.UNREACHABLE:
            raise
        session.prompter.show_error(error)
        return
    trial = TokenTrial(made, TrialPolicy(same_app=True, describe=False)).run(session)
    if trial.ok:
        session.keep("access_token", made, trial.token)
        expires_at = trial.token.expires_at
        until = write_time(expires_at) if expires_at else "–"
        session.prompter.tell("credentials.exchanged", date=until)


def _remove_file(context: Context, path: Path, *, whole: bool) -> bool:
    """Removes the file when asked and everything in it is kept; whether it is still there."""
    tell = context.prompter.tell
    if not context.chosen.remove_file:
        tell("credentials.file_remains", path=str(path))
        return True
    if not whole:
        tell("credentials.file_not_removed", path=str(path))
        return True
    try:
        path.unlink()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise UsageError("credentials.unremovable", path=str(path), why=why) from None
    tell("credentials.file_removed", path=str(path))
    return False


def _data(row: Placed, kept: bool) -> dict[str, Any]:
    return {
        "keys": list(row.found.keys),
        "name": row.found.name,
        "kind": row.token.kind if row.token else "",
        "place": row.place,
        "reaches_account": row.reaches,
        "kept": kept and bool(row.place),
        "reason": row.why,
    }
