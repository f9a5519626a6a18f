"""A lasting token, made through the API or by hand; the old one stays until it is proven."""

from __future__ import annotations

from wizard.desk import Desk
from wizard.facts import Facts
from wizard.graph import Credentials
from wizard.repairs.candidate import candidate, prove
from wizard.repairs.keeping import keep
from wizard.repairs.registry import repair
from wizard.repairs.system_user import Place, make_token
from wizard.talk import Choice, Question
from wizard.text.errors import Unavailable
from wizard.text.localised import phrase
from wizard.text.paste import mend_secret, mend_token
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
    mend=mend_secret,
    option="credentials set app_secret",
)


def secret_page(app_id: str) -> str:
    """Where the app secret is shown; the list of apps while the app is not known."""
    page = f"apps/{app_id}/settings/basic/" if app_id else "apps/"
    return f"https://developers.facebook.com/{page}"


@repair("token.kind", "token.scopes", "token.assets", "token.expiry", "token.data_access")
def renew(desk: Desk, facts: Facts) -> None:
    """A system user's token in place of the one at hand."""
    place = _place(desk, facts)
    if place is None or _way(desk) == "manual":
        _by_hand(desk)
        return
    if not app_secret(desk):
        return
    try:
        made = make_token(desk, desk.graph(), place)
    except Unavailable as error:
        desk.talk.show_error(error)
        desk.talk.say("token.api_failed")
        _by_hand(desk)
        return
    if made is not None:
        adopt(desk, made)


def adopt(desk: Desk, secret: Secret) -> bool:
    """Proves a new token against this app, WABA and number; keeps it only then."""
    trial = candidate(desk, secret)
    if not prove(desk, trial, TRIAL):
        desk.talk.say("token.not_kept")
        return False
    keep(desk, "access_token", secret, trial.facts.token)
    desk.talk.say("token.kept", store=desk.vault.describe().store)
    return True


def app_secret(desk: Desk) -> bool:
    """Has the app secret, asked for only when there is none."""
    return bool(desk.vault.get("app_secret")) or ask_app_secret(desk)


def ask_app_secret(desk: Desk) -> bool:
    """Asks for the app secret, and proves it against this app before it is kept."""
    app_id = desk.record.ids["app_id"]
    desk.talk.say("token.secret_why", link=secret_page(app_id))
    secret = Secret(desk.talk.ask(APP_SECRET))
    graph = desk.open_graph(Credentials(desk.keys().access_token, app_id, secret))
    try:
        with desk.talk.wait(phrase("token.secret_proving")):
            graph.get(app_id, fields=("id",), as_app=True)
    except Unavailable as error:
        desk.talk.show_error(error)
        desk.talk.say("token.secret_refused")
        return False
    keep(desk, "app_secret", secret)
    desk.talk.say("token.secret_kept", store=desk.vault.describe().store)
    return True


def _way(desk: Desk) -> str:
    question = Question("token_way", phrase("token.way"), default="api")
    return desk.talk.choose(
        question,
        [Choice("api", phrase("token.way_api")), Choice("manual", phrase("token.way_manual"))],
    )


def _by_hand(desk: Desk) -> None:
    desk.talk.instruct(desk.checklist.item("token.kind"), desk.record.ids)
    typed = desk.talk.ask(
        Question("access_token", phrase("token.paste_new"), secret=True, mend=mend_token)
    )
    adopt(desk, Secret(typed))


def _place(desk: Desk, facts: Facts) -> Place | None:
    """The ids the API way needs; None when one of them is not known (no WABA yet, say)."""
    ids = desk.record.ids
    try:
        business = ids.get("business_id") or facts.account.business_id
    except Unavailable:
        business = ""
    place = Place(business, ids.get("app_id", ""), ids.get("waba_id", ""))
    return place if all((place.business_id, place.app_id, place.waba_id)) else None
