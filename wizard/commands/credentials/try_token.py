"""The trial of a value under its name: asked of Meta where Meta can say, else judged by shape."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.actions.session import Session
from wizard.actions.token_trial import TokenTrial, TrialPolicy, Verdict, app_secret_refusal
from wizard.audit.runner import look
from wizard.commands.credentials.common import is_token
from wizard.facts.models import Token
from wizard.state.record import Status
from wizard.text.errors import Exit
from wizard.text.secret import PAGE_TOKEN, Secret

#: What a token must pass before it may replace one that works.
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
        app_id = session.record.ids.get("app_id", "")
        return Tried(Exit.FINE if is_app_secret(session, app_id, secret) else Exit.CREDENTIAL)
    # A PIN is not tried: guesses are limited, and only registering would tell.
    return Tried(Exit.FINE)


def is_app_secret(session: Session, app_id: str, secret: Secret) -> bool:
    """Whether it belongs to this app. Unavailable when the app is not known, or nobody answers."""
    if app_secret_refusal(session, app_id, secret) is None:
        return True
    session.prompter.tell("credentials.secret_refused", app=app_id)
    return False


def _token(session: Session, name: str, secret: Secret) -> Tried:
    # A token that works is not replaced by one that does less.
    items = MUST if name == "access_token" and _works(session) else ()
    known = tuple(i for i in items if _ID_OF.get(i, "app_id") in session.record.ids)
    trial = TokenTrial(secret, TrialPolicy(same_app=True, items=known)).run(session)
    if trial.verdict is Verdict.UNKNOWN:
        return Tried(Exit.NOT_SEEN)
    if trial.verdict is Verdict.REFUSED:
        return Tried(Exit.CREDENTIAL)
    token = trial.token
    if trial.verdict is Verdict.OTHER_APP:
        before, app = session.record.ids["app_id"], token.app_name or token.app_id
        session.prompter.tell("credentials.other_app", app=app, id=token.app_id, before=before)
    elif trial.verdict is Verdict.UNSUITABLE:
        session.prompter.tell("credentials.keeps_working_one")
    fits = _fits_name(session, name, token) and trial.ok
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


_ID_OF = {
    "account.visible": "waba_id",
    "number.added": "phone_number_id",
    "token.assets": "phone_number_id",
}


def _works(session: Session) -> bool:
    """Whether Meta accepts the token that is kept now."""
    if session.vault.get("access_token") is None:
        return False
    return look(session.checklist.item("access.valid"), session.facts()).status is Status.PASSED
