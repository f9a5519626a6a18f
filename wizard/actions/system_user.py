"""What the app secret can do with a token: give it a longer life, or end it.

Paths as Meta publishes them: `/oauth/access_token` with grant_type fb_exchange_token, and
`/oauth/revoke`. Both want the app's id and secret in the request, and both change something at
Meta although they are GET: each demands a consent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wizard.actions.prompter import Choice, Question
from wizard.actions.results import confirmed, post
from wizard.actions.session import Session
from wizard.audit.checks.token import NEEDED
from wizard.graph import Graph, GraphError, Json
from wizard.graph.consent import Consent
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import phrase
from wizard.text.sanitise import clean
from wizard.text.secret import Secret

#: The requests, as a consent shows them.
EXCHANGE, REVOKE = "GET /oauth/access_token", "GET /oauth/revoke"


def longer(session: Session, token: Secret, consent: Consent, *, system_user: bool) -> Secret:
    """A token for 60 days from now in place of one that still lives, not kept yet.

    The old one stays valid to its own end. Unavailable when Meta refuses, gives the same token
    back, or the app secret is not known. After its end no token can be exchanged.
    """
    params: dict[str, str | Secret] = {
        "grant_type": "fb_exchange_token",
        "fb_exchange_token": token,
    }
    if system_user:
        params["set_token_expires_in_60_days"] = "true"
    session.need_store()
    with session.prompter.waiting(phrase("credentials.exchanging")):
        made = token_in(oauth(session, EXCHANGE, params, consent))
    if made == token:
        raise Unavailable(ErrorKind.ODD, cause="same_token")
    return made


def revoke(session: Session, token: Secret, consent: Consent) -> None:
    """Ends a token at Meta; Unavailable when Meta refuses, or the app secret is not known."""
    with session.prompter.waiting(phrase("credentials.revoking")):
        confirmed(oauth(session, REVOKE, {"revoke_token": token}, consent))


def token_in(answer: Json) -> Secret:
    """The token in an answer; Unavailable when there is none."""
    value = answer.get("access_token")
    if not isinstance(value, str) or not value:
        raise Unavailable(ErrorKind.ODD, cause="no_token")
    return Secret(value)


def oauth(session: Session, shown: str, params: dict[str, str | Secret], consent: Consent) -> Json:
    """One of the requests above, with the app's id and secret; Unavailable without these."""
    keys = session.keys()
    if not keys.app_id:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="app_id")
    if keys.app_secret is None:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="app_secret")
    params |= {"client_id": keys.app_id, "client_secret": keys.app_secret}
    path = shown.partition(" /")[2]
    with session.acting():
        return session.open_graph(keys).oauth(path, consent, **params)


NAME = "wa-wizard"
NEW = "new"
#: Meta's recipe asks for business_management too; its permissions page calls it rarely needed.
SCOPES = (*sorted(NEEDED), "business_management")


@dataclass(frozen=True)
class Place:
    """The ids that a system user's token is made from."""

    business_id: str
    app_id: str
    waba_id: str


def make_token(session: Session, graph: Graph, place: Place) -> Secret | None:
    """A new token, not kept yet; None when the person declined. Unavailable when Meta refused.

    What was made before a refusal stays and is found again by the next try.
    """
    session.need_store()
    edge = f"{place.business_id}/system_users"
    with session.acting():
        user = _choose(session, graph.pages(edge, fields=("id", "name", "role")))
        consent = session.prompter.consent(
            "token.kind", phrase("token.api_consent", name=NAME), _sends(place, user)
        )
        if consent is None:
            return None
        if user == NEW:
            body = {"name": NAME, "role": "ADMIN"}
            made = post(session, edge, body, consent, "token.making_user", wants="id")
            user = str(made["id"])
            session.prompter.tell("token.user_made", name=NAME, id=user)
        _assign(session, graph, place, user, consent)
        body = {"business_app": place.app_id}
        post(session, f"{user}/applications", body, consent, "token.installing")
        session.prompter.tell("token.installed")
        return _make(session, place, user, consent)


def _choose(session: Session, users: Sequence[Json]) -> str:
    """An existing system user, or a new one: new portfolios may have only one administrator."""
    if not users:
        return NEW
    ours = next((str(user["id"]) for user in users if user.get("name") == NAME), "")
    if ours:
        return ours
    choices = [
        Choice(str(user["id"]), f"{clean(user.get('name', ''), 60)} · {user.get('role', '')}")
        for user in users
    ]
    question = Question("system_user", phrase("token.choose_user"), default=NEW)
    return session.prompter.choose(
        question, [Choice(NEW, phrase("token.new_user", name=NAME)), *choices]
    )


def _sends(place: Place, user: str) -> list[str]:
    shown = "{system user}" if user == NEW else user
    create = [f'POST /{place.business_id}/system_users  {{"name": "{NAME}", "role": "ADMIN"}}']
    return [
        *(create if user == NEW else []),
        f'POST /{place.waba_id}/assigned_users  {{"user": "{shown}", "tasks": ["MANAGE"]}}',
        f'POST /{shown}/applications  {{"business_app": "{place.app_id}"}}',
        f'POST /{shown}/access_tokens  {{"scope": "{", ".join(SCOPES)}"}}',
    ]


def _assign(session: Session, graph: Graph, place: Place, user: str, consent: Consent) -> None:
    edge = f"{place.waba_id}/assigned_users"
    post(session, edge, {"user": user, "tasks": ["MANAGE"]}, consent, "token.assigning")
    seen = graph.pages(edge, business=place.business_id)
    if not any(str(row.get("id")) == user for row in seen):
        # Meta answered "success" and does not show it: it may take minutes to appear.
        session.prompter.tell("token.assigned_unseen")
    else:
        session.prompter.tell("token.assigned")


def _make(session: Session, place: Place, user: str, consent: Consent) -> Secret:
    """Never-expiring where the business may have it, else the 60-day kind, which is said."""
    wanted: dict[str, str | bool] = {"business_app": place.app_id, "scope": ",".join(SCOPES)}
    try:
        return _token(session, user, wanted, consent)
    except GraphError as error:
        if error.kind not in (ErrorKind.ODD, ErrorKind.NOT_VISIBLE):
            raise
        first = error
    try:
        made = _token(session, user, wanted | {"set_token_expires_in_60_days": True}, consent)
    except Unavailable:
        raise first from None
    session.prompter.tell("token.only_sixty_days")
    return made


def _token(
    session: Session, user: str, wanted: Mapping[str, str | bool], consent: Consent
) -> Secret:
    edge = f"{user}/access_tokens"
    with session.prompter.waiting(phrase("token.making_token")):
        return token_in(session.graph().post(edge, wanted, consent))
