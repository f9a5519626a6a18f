"""Under which name each thing that was found may be kept, as Meta says what it is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from wizard.actions.session import Session
from wizard.actions.system_user import EXCHANGE, longer
from wizard.actions.token_trial import TokenTrial, TrialPolicy, TrialResult, Verdict
from wizard.commands.credentials.common import agreed, say_kept
from wizard.commands.credentials.recognise import TOKEN, Found, find
from wizard.commands.credentials.set import is_app_secret, text_of
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.facts.discovery import what_is
from wizard.facts.models import Token
from wizard.graph import Graph
from wizard.text.errors import ErrorKind, Exit, Unavailable, UsageError
from wizard.text.localised import phrase
from wizard.text.secret import Secret, fingerprint

#: The better the kind suits WhatsApp, the higher.
RANKS = {"SYSTEM_USER": 3, "USER": 2, "PAGE": 1}


@dataclass
class Placed:
    """A thing and its place; "" as a place: not kept, and `why` names the words for it.

    `reaches` is whether the WABA can be read with it; None where no WABA is known.
    """

    found: Found
    place: str = ""
    why: str = ""
    token: Token | None = None
    reaches: bool | None = None
    graph: Graph | None = None

    @property
    def rank(self) -> int:
        """How well a token suits."""
        return RANKS.get(self.token.kind if self.token else "", 0)


def placed(session: Session, things: Sequence[Found]) -> list[Placed]:
    """Everything with its place. Meta is asked what each token is; names are not trusted."""
    rows = [Placed(thing, why=thing.why) for thing in things]
    left = [row for row in rows if not row.why]
    ids = _ids(session, [row.found for row in left])
    tokens = [row for row in left if row.found.name == TOKEN]
    for row in tokens:
        _ask_meta(session, row, ids)
    app_id = _app_of(session, tokens, ids)
    _place_tokens(session, tokens, app_id)
    known = dict(session.record.ids)
    graph = next((row.graph for row in tokens if row.place == "access_token"), None)
    for row in left:
        if row.found.name == "app_secret":
            _place_secret(session, row, app_id)
        elif row.found.value:
            _place_id(session, row, known, graph)
        elif row.found.name != TOKEN:
            _place_plain(session, row)
    return rows


def _ids(session: Session, things: Sequence[Found]) -> dict[str, str]:
    """The ids of the profile, and those of the file where the profile has none."""
    theirs = {thing.name: thing.value for thing in reversed(things) if thing.value}
    return {**theirs, **session.record.ids}


def _ask_meta(session: Session, row: Placed, ids: dict[str, str]) -> None:
    trial = TokenTrial(secret_of(row), TrialPolicy(describe=False, show=False)).run(session)
    if trial.verdict is Verdict.REFUSED or trial.check.reason == "proof_required":
        row.why = "needs_secret" if trial.check.reason == "proof_required" else "dead"
        return
    row.graph = trial.graph
    row.token = trial.token  # raises what stood in the way where Meta could not be asked
    row.reaches = _reaches(trial, ids.get("waba_id", ""))


def _reaches(trial: TrialResult, waba_id: str) -> bool | None:
    if not waba_id:
        return None
    try:
        trial.graph.get(waba_id, fields=("id",))
    except Unavailable as error:
        if error.kind in (ErrorKind.UNREACHABLE, ErrorKind.BUSY):
            raise
        return False
    return True


def _app_of(session: Session, tokens: Sequence[Placed], ids: dict[str, str]) -> str:
    """The app of the profile; of a new one the app of the best token, else what the file says."""
    if ours := session.record.ids.get("app_id"):
        return ours
    living = sorted((row for row in tokens if row.token), key=lambda row: -row.rank)
    shown = (row.token.app_id for row in living if row.token)
    return next(filter(None, shown), ids.get("app_id", ""))


def _place_tokens(session: Session, tokens: Sequence[Placed], app_id: str) -> None:
    kept_rank = _rank_of_kept(session)
    taken: set[str] = set()
    for row in sorted(tokens, key=lambda row: (row.reaches is False, -row.rank)):
        if row.token is None:
            continue
        if row.token.app_id not in ("", app_id):
            row.why = "other_app"
            continue
        suits = row.reaches is not False and row.rank > kept_rank
        place = "access_token" if suits and "access_token" not in taken else _by_kind(row.token)
        if place and place not in taken:
            row.place = place
            taken.add(place)
        else:
            row.why = "second"


def _by_kind(token: Token) -> str:
    if token.kind == "PAGE" and token.page_id:
        return f"page_token:{token.page_id}"
    return "user_token" if token.kind == "USER" else ""


def _rank_of_kept(session: Session) -> int:
    """How well the token suits that is kept now; -1 when there is none that works."""
    if not session.vault.get("access_token"):
        return -1
    token = session.facts().token
    return RANKS.get(token.kind, 0) if token.valid else -1


def _place_secret(session: Session, row: Placed, app_id: str) -> None:
    if not app_id:
        row.why = "no_app"
    elif is_app_secret(session, app_id, secret_of(row)):
        row.place = "app_secret"
    else:
        row.why = "other_secret"


#: What stands behind an id → what it is called.
_KINDS = {
    "account": "waba_id",
    "number": "phone_number_id",
    "business": "business_id",
    "app": "app_id",
}


def _place_id(session: Session, row: Placed, known: dict[str, str], graph: Graph | None) -> None:
    """Under the name of what Meta says it is: files call portfolios and WABAs alike."""
    name = row.found.name
    with suppress(Unavailable):  # nobody can be asked: setup finds the right one by the token
        if graph or session.vault.get("access_token"):
            node = what_is(graph or session.graph(), row.found.value)
            name = _KINDS.get(node.kind, name)
    if known.setdefault(name, row.found.value) == row.found.value:
        row.place = name
    else:
        row.why = "other_id"


def _place_plain(session: Session, row: Placed) -> None:
    """What Meta is not asked about never replaces what is there."""
    kept = session.vault.get(row.found.name)
    if kept is None or kept.secret == row.found.secret:
        row.place = row.found.name
    else:
        row.why = "kept_another"


def secret_of(row: Placed) -> Secret:
    """The secret of a row that has one."""
    assert row.found.secret is not None
    return row.found.secret


#: A person's token that lives shorter than this is worth exchanging for one of 60 days.
_SHORT = timedelta(days=3)


def run(chosen: Arguments) -> int:
    """Finds, asks Meta, shows, keeps after consent; 4 when nothing in it is of use."""
    path = Path(chosen.file)
    if chosen.remove_file and path.is_symlink():
        raise UsageError("credentials.file_is_link", path=str(path))
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
