"""Makes a system user's token through the API: user, asset, app, token; each sub-step read back.

Paths as Meta publishes them: `/{business}/system_users`, `/{waba}/assigned_users` (its GET needs
the *business* id), `/{system user}/applications`, `/{system user}/access_tokens`. Install and
token calls want `appsecret_proof`, so the app secret has to be known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wizard.actions.prompter import Choice, Question
from wizard.actions.session import Session
from wizard.audit.checks.token import NEEDED
from wizard.graph import Graph, GraphError, Json
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import phrase
from wizard.text.sanitise import clean
from wizard.text.secret import Secret

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
    users = graph.pages(f"{place.business_id}/system_users", fields=("id", "name", "role"))
    user = _choose(session, users)
    sends = _sends(place, user)
    if not session.prompter.consent("token.kind", phrase("token.api_consent", name=NAME), sends):
        return None
    if user == NEW:
        with session.prompter.waiting(phrase("token.making_user")):
            made = graph.post(f"{place.business_id}/system_users", {"name": NAME, "role": "ADMIN"})
        user = str(made["id"])
        session.prompter.tell("token.user_made", name=NAME, id=user)
    _assign(session, graph, place, user)
    _install(session, graph, place, user)
    with session.prompter.waiting(phrase("token.making_token")):
        return _mint(session, graph, place, user)


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


def _assign(session: Session, graph: Graph, place: Place, user: str) -> None:
    edge = f"{place.waba_id}/assigned_users"
    with session.prompter.waiting(phrase("token.assigning")):
        graph.post(edge, {"user": user, "tasks": ["MANAGE"]})
        seen = graph.pages(edge, business=place.business_id)
    if not any(str(row.get("id")) == user for row in seen):
        # Meta answered "success" and does not show it: it may take minutes to appear.
        session.prompter.tell("token.assigned_unseen")
    else:
        session.prompter.tell("token.assigned")


def _install(session: Session, graph: Graph, place: Place, user: str) -> None:
    with session.prompter.waiting(phrase("token.installing")):
        graph.post(f"{user}/applications", {"business_app": place.app_id})
    session.prompter.tell("token.installed")


def _mint(session: Session, graph: Graph, place: Place, user: str) -> Secret:
    """Never-expiring where the business may have it, else the 60-day kind, which is said."""
    wanted = {"business_app": place.app_id, "scope": ",".join(SCOPES)}
    edge = f"{user}/access_tokens"
    try:
        return _token(graph.post(edge, wanted))
    except GraphError as error:
        if error.kind not in (ErrorKind.ODD, ErrorKind.NOT_VISIBLE):
            raise
        first = error
    try:
        made = _token(graph.post(edge, wanted | {"set_token_expires_in_60_days": True}))
    except Unavailable:
        raise first from None
    session.prompter.tell("token.only_sixty_days")
    return made


def _token(answer: Json) -> Secret:
    value = answer.get("access_token")
    if not isinstance(value, str) or not value:
        raise Unavailable(ErrorKind.ODD, cause="no_token")
    return Secret(value)
