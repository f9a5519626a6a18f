"""Under which name each thing that was found may be kept, as Meta says what it is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from wizard.actions.session import Session
from wizard.actions.token_trial import TokenTrial, TrialPolicy, TrialResult, Verdict
from wizard.commands.credentials.recognise import TOKEN, Found
from wizard.commands.credentials.set import is_app_secret
from wizard.facts.discovery import what_is
from wizard.facts.models import Token
from wizard.graph import Graph
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.secret import Secret

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
    with suppress(Unavailable):  # no one can be asked: setup finds the right one by the token
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
