"""What the app secret can do with a token: give it a longer life, or end it.

Paths as Meta publishes them: `/oauth/access_token` with grant_type fb_exchange_token, and
`/oauth/revoke`. Both want the app's id and secret in the request.
"""

from __future__ import annotations

from collections.abc import Mapping

from wizard.actions.session import Session
from wizard.graph import Graph, Json
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import phrase
from wizard.text.secret import Secret


def longer(session: Session, token: Secret, *, system_user: bool) -> Secret:
    """A token for 60 days from now in place of one that still lives, not kept yet.

    The old one stays valid to its own end. Unavailable when Meta refuses, or the app secret is not
    known. After its end no token can be exchanged.
    """
    graph, app_id, secret = _as_app(session)
    params: dict[str, str | Secret] = {
        "grant_type": "fb_exchange_token",
        "client_id": app_id,
        "client_secret": secret,
        "fb_exchange_token": token,
    }
    if system_user:
        params["set_token_expires_in_60_days"] = "true"
    with session.prompter.waiting(phrase("credentials.exchanging")):
        answer = _call(graph, "oauth/access_token", params)
    value = answer.get("access_token")
    if not isinstance(value, str) or not value:
        raise Unavailable(ErrorKind.ODD, cause="no_token")
    return Secret(value)


def revoke(session: Session, token: Secret) -> None:
    """Ends a token at Meta; Unavailable when Meta refuses, or the app secret is not known."""
    graph, app_id, secret = _as_app(session)
    params: dict[str, str | Secret] = {
        "client_id": app_id,
        "client_secret": secret,
        "revoke_token": token,
    }
    with session.prompter.waiting(phrase("credentials.revoking")):
        _call(graph, "oauth/revoke", params)


def _call(graph: Graph, path: str, params: Mapping[str, str | Secret]) -> Json:
    return graph.get(path, fields=(), as_app=True, prove=False, **params)


def _as_app(session: Session) -> tuple[Graph, str, Secret]:
    keys = session.keys()
    if not keys.app_id:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="app_id")
    if keys.app_secret is None:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="app_secret")
    return session.open_graph(keys), keys.app_id, keys.app_secret
