"""What a token is: /debug_token, asked by whoever may ask."""

from __future__ import annotations

from wizard.facts.asking import Asking
from wizard.facts.nouns import Token
from wizard.facts.tokens import dead_token, token
from wizard.graph import GraphError
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.secret import Secret

#: Graph refuses the token itself: "session", "expired or invalid".
_DEAD = frozenset({102, 190})


def inspect(asking: Asking) -> Token:
    """The token of these keys; invalid rather than refused when Graph no longer takes it.

    Meta wants the app token (or an app developer's own) for this. A token that inspects itself is
    not documented and works in practice, so it is the way without the app secret, and the second
    way when the app token is refused (a wrong secret is the matter of app.secret alone) or when
    the token belongs to another app, which only it can tell then.
    """
    access_token = asking.graph.keys.access_token
    if not access_token:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="access_token")
    by_app = _by_app(asking, access_token)
    if by_app and not _of_another_app(by_app):
        return by_app
    try:
        return _by_itself(asking, access_token)
    except GraphError:
        if by_app:
            return by_app
        raise


def _by_app(asking: Asking, access_token: Secret) -> Token | None:
    if not asking.graph.keys.can_be_app:
        return None
    try:
        return token(asking.get("debug_token", as_app=True, input_token=access_token))
    except GraphError as refusal:
        if refusal.kind is ErrorKind.BUSY:
            raise
        return None


def _by_itself(asking: Asking, access_token: Secret) -> Token:
    try:
        return token(asking.get("debug_token", input_token=access_token))
    except GraphError as refusal:
        # An app may insist on the proof; without the right secret its tokens are of no use here.
        if refusal.code in _DEAD or refusal.proof:
            return dead_token(refusal)
        raise


def _of_another_app(inspected: Token) -> bool:
    # "(#100) The App_id in the input_token did not match the Viewing App", with HTTP 200.
    return not inspected.valid and inspected.error_code == 100
