"""A lasting token, made through the API or by hand; the old one stays until it is proven."""

from __future__ import annotations

from dataclasses import replace

from wizard.actions.prompter import Choice, Question
from wizard.actions.results import ActionResult, AlreadySo, Declined, Done, Refused, action, refused
from wizard.actions.session import Session
from wizard.actions.system_user import Place, make_token
from wizard.actions.token_trial import (
    APP_SECRET,
    TokenTrial,
    TrialPolicy,
    app_secret_refusal,
    secret_page,
)
from wizard.facts.facts import Facts
from wizard.graph import GraphError
from wizard.text.errors import Unavailable
from wizard.text.localised import Phrase, phrase
from wizard.text.paste import parse_secret, parse_token
from wizard.text.secret import Secret

#: What a new token must stand before it replaces the old one.
TRIAL = (
    "access.valid",
    "access.app",
    "app.visible",
    "account.visible",
    "number.added",
    "token.kind",
    "token.scopes",
    "token.assets",
    "token.expiry",
)


@action("token.kind", "token.scopes", "token.assets", "token.expiry", "token.data_access")
def renew(session: Session, facts: Facts) -> ActionResult:
    """A system user's token in place of the one at hand."""
    place = _place(session, facts)
    if place is None or _way(session) == "manual":
        return _by_hand(session)
    before = _mark(session)
    try:
        if not app_secret(session):
            return _otherwise(session, Refused())
        # Held until the token is kept: a second run, which waited, finds it and makes none.
        with session.acting():
            if _mark(session) != before:
                session.prompter.tell("token.other_run")
                return AlreadySo()
            made = make_token(session, session.graph(), place)
            if made is not None:
                return adopt(session, made)
    except Unavailable as error:
        session.prompter.show_error(error)
        session.prompter.tell("token.api_failed")
        return _by_hand(session)
    return _otherwise(session, Declined())


def _mark(session: Session) -> str:
    """The fingerprint of the token that is kept, as the status file knows it."""
    note = session.record.note_of("access_token")
    return note.fingerprint if note else ""


def _otherwise(session: Session, result: ActionResult) -> ActionResult:
    """Who did not want it made for them may make it by hand, or later."""
    by_hand = session.prompter.attended and _way(session, again=True) == "manual"
    return _by_hand(session) if by_hand else result


def adopt(session: Session, secret: Secret) -> ActionResult:
    """Proves a new token against this app, WABA and number; keeps it only then."""
    trial = TokenTrial(secret, TrialPolicy(items=TRIAL, describe=False)).run(session)
    if not trial.ok:
        session.prompter.tell("token.not_kept")
        return Refused()
    session.keep("access_token", secret, trial.token)
    session.prompter.tell("token.kept", store=session.vault.describe().store)
    return Done()


def app_secret(session: Session) -> bool:
    """Has the app secret, asked for only when there is none."""
    return bool(session.vault.get("app_secret")) or ask_app_secret(session).ok


def _parse_or_later(typed: str) -> str | Phrase:
    """Nothing typed puts it off."""
    return parse_secret(typed) if typed.strip() else ""


SECRET_AGAIN = replace(
    APP_SECRET, text=phrase("token.secret_again"), parse=_parse_or_later, again=True
)


@action("app.secret")
def ask_app_secret(session: Session, facts: Facts | None = None) -> ActionResult:
    """Asks for the app secret, and proves it against this app before it is kept."""
    app_id = session.id_of("app_id")
    session.prompter.tell("token.secret_why", link=secret_page(app_id))
    question, tried = APP_SECRET, ""
    refusal: GraphError | None = None
    # Nothing, or the same once more: there is no other now.
    while (typed := session.prompter.ask(question)) not in ("", tried):
        tried, secret = typed, Secret(typed)
        try:
            refusal = app_secret_refusal(session, app_id, secret)
        except Unavailable as error:
            return refused(session, error)
        if refusal is None:
            return _keep_app_secret(session, secret)
        session.prompter.show_error(refusal)
        session.prompter.tell("token.secret_refused")
        if not session.prompter.attended:
            break
        question = SECRET_AGAIN
    return Refused(refusal)


def _keep_app_secret(session: Session, secret: Secret) -> ActionResult:
    session.keep("app_secret", secret)
    session.prompter.tell("token.secret_kept", store=session.vault.describe().store)
    return Done()


def _way(session: Session, *, again: bool = False) -> str:
    """api, unless the answers file says manual; `again`: manual or later, asked of a person."""
    question = Question("token_way", phrase("token.way"), default="api", quiet=True)
    if again:
        question = replace(question, default="later", again=True, quiet=False, suggest=False)
    ways = ("later", "manual") if again else ("api", "manual")
    return session.prompter.choose(
        question, [Choice(way, phrase(f"token.way_{way}")) for way in ways]
    )


def _by_hand(session: Session) -> ActionResult:
    session.show_steps(session.checklist.item("token.kind"))
    typed = session.prompter.ask(
        Question("access_token", phrase("token.paste_new"), secret=True, parse=parse_token)
    )
    return adopt(session, Secret(typed))


def _place(session: Session, facts: Facts) -> Place | None:
    """The ids the API way needs; None when one of them is not known (no WABA yet, say)."""
    ids = session.record.ids
    try:
        business = ids.get("business_id") or facts.account.business_id
    except Unavailable:
        business = ""
    place = Place(business, ids.get("app_id", ""), ids.get("waba_id", ""))
    return place if all((place.business_id, place.app_id, place.waba_id)) else None
