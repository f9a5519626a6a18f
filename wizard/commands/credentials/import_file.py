"""`credentials import`: takes over what is in a file; removes the file with --remove-file only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from wizard.actions.session import Session
from wizard.actions.token_exchange import EXCHANGE, longer
from wizard.actions.token_trial import TokenTrial, TrialPolicy
from wizard.commands.credentials.assign import Placed, placed, secret_of
from wizard.commands.credentials.common import agreed, say_kept
from wizard.commands.credentials.recognise import TOKEN, find
from wizard.commands.credentials.set import text_of
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.text.errors import ErrorKind, Exit, Unavailable, UsageError
from wizard.text.localised import phrase
from wizard.text.secret import Secret, fingerprint

#: A person's token that lives shorter than this is worth exchanging for one of 60 days.
_SHORT = timedelta(days=3)


def run(chosen: Arguments) -> int:
    """Finds, asks Meta, shows, keeps after consent; 4 when nothing in it is of use."""
    path = Path(chosen.file)
    things = find(text_of(path))
    with Context(chosen) as context:
        session = context.session
        if not things:
            session.prompter.tell("credentials.import_nothing", path=str(path))
            return Exit.CREDENTIAL
        rows = placed(session, things)
        for row in rows:
            _show(session, row)
        useful = [row for row in rows if row.place]
        names = ", ".join(row.place for row in useful)
        text = phrase("credentials.import_consent", names=names)
        kept = bool(useful) and agreed(context, "import", text) is not None
        if kept:
            _keep(context, useful)
        remains = _remove_file(context, path, whole=kept and len(useful) == len(rows))
        if chosen.json:
            context.print_json(
                {
                    "schema": 1,
                    "found": [_data(row, kept) for row in rows],
                    "file_remains": remains,
                }
            )
        if kept:
            return Exit.FINE
        return Exit.NOT_IN_ORDER if useful else Exit.CREDENTIAL


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


def _keep(context: Context, rows: Sequence[Placed]) -> None:
    """Ids first, then the app secret, which the rest may be proven with, then the tokens."""
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
    for row in rows:
        if row.place == "access_token":
            _variant(context, row)


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
        until = f"{expires_at:%Y-%m-%d}" if expires_at else "–"
        session.prompter.tell("credentials.exchanged", date=until)


def _remove_file(context: Context, path: Path, *, whole: bool) -> bool:
    """Removes the file when asked and everything in it is kept; whether it is still there."""
    session = context.session
    if not context.chosen.remove_file:
        session.prompter.tell("credentials.file_remains", path=str(path))
        return True
    if not whole:
        session.prompter.tell("credentials.file_not_removed", path=str(path))
        return True
    try:
        path.unlink()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise UsageError("credentials.unremovable", path=str(path), why=why) from None
    session.prompter.tell("credentials.file_removed", path=str(path))
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
