"""What the app secret can do with a token: give it a longer life, or end it.

Paths as Meta publishes them: `/oauth/access_token` with grant_type fb_exchange_token, and
`/oauth/revoke`. Both want the app's id and secret in the request, and both change something at
Meta although they are GET: each demands a consent.
"""

from __future__ import annotations

from wizard.actions.results import confirmed
from wizard.actions.session import Session
from wizard.graph import Json
from wizard.graph.consent import Consent
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import phrase
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
    with session.prompter.waiting(phrase("credentials.exchanging")):
        made = token_in(_call(session, EXCHANGE, params, consent))
    if made == token:
        raise Unavailable(ErrorKind.ODD, cause="same_token")
    return made


def revoke(session: Session, token: Secret, consent: Consent) -> None:
    """Ends a token at Meta; Unavailable when Meta refuses, or the app secret is not known."""
    with session.prompter.waiting(phrase("credentials.revoking")):
        confirmed(_call(session, REVOKE, {"revoke_token": token}, consent))


def token_in(answer: Json) -> Secret:
    """The token in an answer; Unavailable when there is none."""
    value = answer.get("access_token")
    if not isinstance(value, str) or not value:
        raise Unavailable(ErrorKind.ODD, cause="no_token")
    return Secret(value)


def _call(session: Session, shown: str, params: dict[str, str | Secret], consent: Consent) -> Json:
    keys = session.keys()
    if not keys.app_id:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="app_id")
    if keys.app_secret is None:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="app_secret")
    params |= {"client_id": keys.app_id, "client_secret": keys.app_secret}
    path = shown.partition(" /")[2]
    return session.open_graph(keys).oauth(path, consent, **params)
