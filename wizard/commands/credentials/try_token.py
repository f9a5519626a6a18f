"""A value on trial: asked of Meta where Meta can say, judged by its shape where it cannot."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.actions.access import describe
from wizard.actions.session import Session
from wizard.actions.token_trial import TokenTrial, open_trial, prove
from wizard.audit.results import ItemResult
from wizard.audit.runner import audit, look
from wizard.commands.credentials.common import is_token
from wizard.facts.models import Token
from wizard.graph import Credentials, GraphError
from wizard.state.record import Status
from wizard.text.errors import ErrorKind, Exit, Unavailable
from wizard.text.localised import phrase
from wizard.text.secret import PAGE_TOKEN, Secret

#: What a token must stand before it may replace one that works.
MUST = ("access.valid", "access.app", "account.visible", "number.added", "token.assets")


@dataclass(frozen=True)
class Tried:
    """FINE, CREDENTIAL (refused) or NOT_SEEN (Meta could not be asked); what a token is."""

    code: Exit
    token: Token | None = None


def tried(session: Session, name: str, secret: Secret) -> Tried:
    """The trial of a value under a name; everything it finds is said."""
    if is_token(name):
        return _token(session, name, secret)
    if name == "app_secret":
        return Tried(app_secret(session, session.record.ids.get("app_id", ""), secret))
    # A PIN is not tried: guesses are limited, and only registering would tell.
    return Tried(Exit.FINE)


def app_secret(session: Session, app_id: str, secret: Secret) -> Exit:
    """Whether it belongs to this app. Unavailable when the app is not known, or nobody answers."""
    if not app_id:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="app_id")
    graph = session.open_graph(Credentials(None, app_id, secret))
    try:
        with session.prompter.waiting(phrase("token.secret_proving")):
            graph.get(app_id, fields=("id",), as_app=True)
    except GraphError as error:
        if error.kind is ErrorKind.BUSY:
            raise
        session.prompter.tell("credentials.secret_refused", app=app_id)
        return Exit.CREDENTIAL
    return Exit.FINE


def _token(session: Session, name: str, secret: Secret) -> Tried:
    trial = open_trial(session, secret)
    item = session.checklist.item("access.valid")
    with session.prompter.waiting(phrase("access.trying")):
        check_result = look(item, trial.facts)
    if check_result.status is not Status.PASSED:
        session.prompter.show_result(ItemResult(item, check_result))
        return Tried(Exit.CREDENTIAL if check_result.status is Status.FAILED else Exit.NOT_SEEN)
    token = trial.facts.token
    describe(session, token)
    fits = _fits_name(session, name, token) and _same_app(session, token)
    if fits and name == "access_token":
        fits = _worthy(session, trial)
    return Tried(Exit.FINE if fits else Exit.CREDENTIAL, token)


def _fits_name(session: Session, name: str, token: Token) -> bool:
    kind, _, page = name.partition(":")
    wanted = {"user_token": "USER", PAGE_TOKEN: "PAGE"}.get(kind, token.kind)
    if token.kind != wanted or (page and token.page_id not in ("", page)):
        session.prompter.tell(
            "credentials.other_kind", name=name, kind=token.kind, page=token.page_id
        )
        return False
    return True


def _same_app(session: Session, token: Token) -> bool:
    """Another app's token never slips into a profile: it would subscribe that other app."""
    before = session.record.ids.get("app_id")
    if before and before != token.app_id:
        app = token.app_name or token.app_id
        session.prompter.tell("credentials.other_app", app=app, id=token.app_id, before=before)
        return False
    return True


def _worthy(session: Session, trial: TokenTrial) -> bool:
    """Whether it may take the place of the token that is kept: a working one is not lost."""
    if not session.vault.get("access_token") or not works(session):
        return True
    ids = session.record.ids
    known = [i for i in MUST if _ID_OF.get(i, "app_id") in ids]
    if prove(session, trial, known):
        return True
    session.prompter.tell("credentials.keeps_working_one")
    return False


_ID_OF = {
    "account.visible": "waba_id",
    "number.added": "phone_number_id",
    "token.assets": "phone_number_id",
}


def works(session: Session) -> bool:
    """Whether Meta accepts the token that is kept now."""
    facts = session.facts()
    results = audit(session.checklist, facts, only=("access.valid",))
    return all(result.status is Status.PASSED for result in results)
