"""GET /debug_token → Token."""

from __future__ import annotations

from wizard.facts.nouns import Token
from wizard.facts.plain import ident, moment, names, node, nodes, odd, text, truth, whole, word
from wizard.graph import GraphError, Json


def token(json: Json) -> Token:
    """The token; also of a dead one, for which Meta answers 200 with `is_valid: false`."""
    data = node(json.get("data"))
    if not data:
        raise odd("data")
    error = node(data.get("error"))
    return Token(
        valid=truth(data.get("is_valid")) is True,
        kind=word(data.get("type")),
        app_id=ident(data.get("app_id")),
        app_name=text(data.get("application")),
        user_id=ident(data.get("user_id")),
        scopes=frozenset(names(data.get("scopes"))),
        granted=_granted(data.get("granular_scopes")),
        issued_at=moment(data.get("issued_at")),
        expires_at=moment(data.get("expires_at")),
        data_access_until=moment(data.get("data_access_expires_at")),
        error_code=whole(error.get("code")),
        # Here the key is `subcode`, in ordinary errors `error_subcode`.
        error_subcode=whole(error.get("subcode")) or whole(error.get("error_subcode")),
        error_message=text(error.get("message")),
        page_id=ident(data.get("profile_id")),
    )


def dead_token(refusal: GraphError) -> Token:
    """What is known of a token that may not even inspect itself: why it was refused."""
    return Token(
        valid=False,
        kind="",
        app_id="",
        app_name="",
        user_id="",
        scopes=frozenset(),
        granted={},
        issued_at=None,
        expires_at=None,
        data_access_until=None,
        error_code=refusal.code,
        error_subcode=refusal.subcode,
        error_message=refusal.message,
    )


def _granted(value: object) -> dict[str, frozenset[str] | None]:
    granted: dict[str, frozenset[str] | None] = {}
    for row in nodes(value):
        scope, targets = text(row.get("scope")), row.get("target_ids")
        if not scope:
            continue
        # Left out means "all assets", which a second row of the same scope cannot narrow.
        ids = frozenset(map(ident, targets)) - {""} if isinstance(targets, list) else None
        known = granted.get(scope, frozenset())
        granted[scope] = None if ids is None or known is None else known | ids
    return granted
