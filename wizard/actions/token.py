"""A lasting token, made through the API or by hand; the old one stays until it is proven."""

from __future__ import annotations

from wizard.actions.prompter import Choice, Question
from wizard.actions.registry import action
from wizard.actions.save_secret import keep
from wizard.actions.session import Session
from wizard.actions.system_user import Place, make_token
from wizard.actions.token_trial import open_trial, prove
from wizard.facts.facts import Facts
from wizard.graph import Credentials
from wizard.text.errors import Unavailable
from wizard.text.localised import phrase
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

APP_SECRET = Question(
    "app_secret",
    phrase("token.secret_ask"),
    secret=True,
    parse=parse_secret,
    option="credentials set app_secret",
)


def secret_page(app_id: str) -> str:
    """Where the app secret is shown; the list of apps while the app is not known."""
    page = f"apps/{app_id}/settings/basic/" if app_id else "apps/"
    return f"https://developers.facebook.com/{page}"


@action("token.kind", "token.scopes", "token.assets", "token.expiry", "token.data_access")
def renew(session: Session, facts: Facts) -> None:
    """A system user's token in place of the one at hand."""
    place = _place(session, facts)
    if place is None or _way(session) == "manual":
        _by_hand(session)
        return
    if not app_secret(session):
        return
    try:
        made = make_token(session, session.graph(), place)
    except Unavailable as error:
        session.prompter.show_error(error)
        session.prompter.tell("token.api_failed")
        _by_hand(session)
        return
    if made is not None:
        adopt(session, made)


def adopt(session: Session, secret: Secret) -> bool:
    """Proves a new token against this app, WABA and number; keeps it only then."""
    trial = open_trial(session, secret)
    if not prove(session, trial, TRIAL):
        session.prompter.tell("token.not_kept")
        return False
    keep(session, "access_token", secret, trial.facts.token)
    session.prompter.tell("token.kept", store=session.vault.describe().store)
    return True


def app_secret(session: Session) -> bool:
    """Has the app secret, asked for only when there is none."""
    return bool(session.vault.get("app_secret")) or ask_app_secret(session)


def ask_app_secret(session: Session) -> bool:
    """Asks for the app secret, and proves it against this app before it is kept."""
    app_id = session.record.ids["app_id"]
    session.prompter.tell("token.secret_why", link=secret_page(app_id))
    secret = Secret(session.prompter.ask(APP_SECRET))
    graph = session.open_graph(Credentials(session.keys().access_token, app_id, secret))
    try:
        with session.prompter.waiting(phrase("token.secret_proving")):
            graph.get(app_id, fields=("id",), as_app=True)
    except Unavailable as error:
        session.prompter.show_error(error)
        session.prompter.tell("token.secret_refused")
        return False
    keep(session, "app_secret", secret)
    session.prompter.tell("token.secret_kept", store=session.vault.describe().store)
    return True


def _way(session: Session) -> str:
    question = Question("token_way", phrase("token.way"), default="api")
    return session.prompter.choose(
        question,
        [Choice("api", phrase("token.way_api")), Choice("manual", phrase("token.way_manual"))],
    )


def _by_hand(session: Session) -> None:
    session.prompter.show_steps(session.checklist.item("token.kind"), session.record.ids)
    typed = session.prompter.ask(
        Question("access_token", phrase("token.paste_new"), secret=True, parse=parse_token)
    )
    adopt(session, Secret(typed))


def _place(session: Session, facts: Facts) -> Place | None:
    """The ids the API way needs; None when one of them is not known (no WABA yet, say)."""
    ids = session.record.ids
    try:
        business = ids.get("business_id") or facts.account.business_id
    except Unavailable:
        business = ""
    place = Place(business, ids.get("app_id", ""), ids.get("waba_id", ""))
    return place if all((place.business_id, place.app_id, place.waba_id)) else None


@action("app.secret")
def know_secret(session: Session, facts: Facts) -> None:
    """Asks for the secret, also in place of one that belongs to another app."""
    ask_app_secret(session)
