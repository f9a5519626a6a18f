"""Signs a call: the bearer token, and the proof that whoever calls also knows the app secret."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wizard.graph import Credentials
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import Value
from wizard.text.secret import Secret

_PRINTABLE = re.compile(r"[!-~]+")


@dataclass(frozen=True, repr=False)
class Signature:
    """What is added to a call. `secrets` are what must not come back in any text."""

    bearer: str
    query: dict[str, str]
    secrets: tuple[str, ...]


def sign(keys: Credentials, as_app: bool, prove: bool = True) -> Signature:
    """The signature of this account's token, or of the app itself; NOT_GIVEN without the key."""
    if as_app:
        return _as_app(keys)
    token = _given(keys.access_token, "access_token")
    if not (prove and keys.proves and keys.app_secret):
        return Signature(token, {}, (token,))
    secret = keys.app_secret.reveal()
    # Of the exact token that the call is made with.
    proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    return Signature(token, {"appsecret_proof": proof}, (token, secret, proof))


def _as_app(keys: Credentials) -> Signature:
    if not keys.app_id:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="app_id")
    secret = _given(keys.app_secret, "app_secret")
    # The app's own token is not proven: the secret is in it.
    token = f"{keys.app_id}|{secret}"
    if not _PRINTABLE.fullmatch(token):
        raise Unavailable(ErrorKind.REFUSED, **unsigned("app_id"))
    return Signature(token, {}, (token, secret))


def _given(secret: Secret | None, name: str) -> str:
    if not secret:
        raise Unavailable(ErrorKind.NOT_GIVEN, name=name)
    value = secret.reveal()
    # A line break would end the header; everything outside ASCII came in by a paste.
    if not _PRINTABLE.fullmatch(value):
        raise Unavailable(ErrorKind.REFUSED, **unsigned(name))
    return value


def unsigned(name: str) -> dict[str, Value]:
    """The values of a refusal of our own, before anything was sent: `name` is what is wrong."""
    texts = dict.fromkeys(("message", "details", "trace"), "")
    return {"name": name, "code": 0, "subcode": 0, "http": 0, **texts}


def revealed(body: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body with its secrets in clear, as it goes out, and these secrets."""
    secrets: list[str] = []

    def show(node: Any) -> Any:
        if isinstance(node, Secret):
            secrets.append(node.reveal())
            return secrets[-1]
        if isinstance(node, Mapping):
            return {key: show(value) for key, value in node.items()}
        if isinstance(node, list | tuple):
            return [show(value) for value in node]
        return node

    return show(body), tuple(secrets)
