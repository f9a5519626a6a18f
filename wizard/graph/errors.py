"""Reads Graph's error envelope into a GraphError, by its code and never by the HTTP status.

Codes: developers.facebook.com/docs/graph-api/guides/error-handling and the error-codes page of
the Cloud API. What is not in the table is ODD, and 5xx is BUSY.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from wizard.graph import GraphError
from wizard.text.errors import ErrorKind
from wizard.text.localised import Value
from wizard.text.sanitise import cut, foreign_json, masked

#: "(#100) Tried accessing nonexisting field (name) on node type (WhatsAppBusinessAccount)"
UNKNOWN_FIELD = re.compile(
    r"nonexist\w{0,8} field \(([^)]{1,500})\)(?: on node type \((\w{1,80})\))?", re.I
)

# 80000-80014 are the limits of Meta's business use cases; WhatsApp's own pages name 80007,
# the Graph reference 80008.
_KINDS: tuple[tuple[ErrorKind, frozenset[int]], ...] = (
    # 2500: "An active access token must be used to query information about the current user".
    (ErrorKind.REFUSED, frozenset({0, 102, 104, 190, 2500})),
    # 15: "This method must be called with an app access_token".
    (ErrorKind.PERMISSION, frozenset({3, 10, 15, *range(200, 300), 131005})),
    (ErrorKind.NOT_VISIBLE, frozenset({33, 803})),
    (
        ErrorKind.BUSY,
        frozenset({1, 2, 4, 17, 32, 341, 613, *range(80000, 80015)})
        | frozenset({130429, 131000, 131016, 131056, 131057, 133004, 2494100}),
    ),
)
_KIND = {code: kind for kind, codes in _KINDS for code in codes}


def refusal(
    http: int, answer: Mapping[str, Any], secrets: Iterable[str] = (), *, wait: float = 0.0
) -> GraphError:
    """The GraphError for an answer that is not a success. `secrets` are masked in its texts.

    `wait` is how many seconds Meta says it will refuse.

    Besides what every GraphError has: `wait_minutes` when BUSY (0 = not said), `proof` ("required"
    or "wrong") when the app secret is at fault, `node_type` when a field is unknown.
    """
    error = answer.get("error")
    envelope: Mapping[str, Any] = error if isinstance(error, Mapping) else {}
    # OAuth endpoints may answer {"error": "invalid_request", "error_description": …}.
    message = _words(envelope.get("message") or answer.get("error_description") or error)
    secrets = tuple(secrets)
    code = _number(envelope.get("code"))
    values: dict[str, Value] = {
        "code": code or 0,
        # debug_token writes `subcode`, everything else `error_subcode`.
        "subcode": _number(envelope.get("error_subcode", envelope.get("subcode"))) or 0,
        "http": http,
        "message": masked(message, secrets),
        "details": masked(_details(envelope), secrets),
        "trace": masked(_words(envelope.get("fbtrace_id")), secrets),
    }
    proof = _proof(message)
    if proof:
        values["proof"] = proof
    if unknown := UNKNOWN_FIELD.search(cut(message)):
        values["node_type"] = masked(unknown[2] or "")
    kind = ErrorKind.REFUSED if proof else _kind(code, values, envelope)
    if kind is ErrorKind.BUSY:
        values["wait_minutes"] = math.ceil(wait / 60)
    refused = GraphError(kind, **values)
    refused.announced = wait
    return refused


def _kind(code: int | None, values: Mapping[str, Value], envelope: Mapping[str, Any]) -> ErrorKind:
    if code == 100 and values["subcode"] == 33:
        return ErrorKind.NOT_VISIBLE
    if code in _KIND:
        return _KIND[code]
    http = int(values["http"] or 0)
    if http >= 500 or http == 429 or envelope.get("is_transient") is True:
        return ErrorKind.BUSY
    return ErrorKind.ODD


def _proof(message: str) -> str:
    """What the app secret has to do with it: Meta says so with code 100, sometimes 1."""
    lower = cut(message).lower()
    if "appsecret_proof" not in lower:
        return ""
    return "wrong" if "invalid" in lower else "required"


def _details(envelope: Mapping[str, Any]) -> str:
    data = envelope.get("error_data")
    if isinstance(data, str):
        try:
            data = foreign_json(data)
        except ValueError:
            return _words(data)
    if isinstance(data, Mapping) and (details := _words(data.get("details"))):
        return details
    parts = map(_words, (envelope.get("error_user_title"), envelope.get("error_user_msg")))
    return ": ".join(part for part in parts if part)


def _number(value: object) -> int | None:
    """Meta writes numbers as numbers, and now and then as strings."""
    try:
        number = int(cut(value))
    except ValueError:
        return None
    return number if abs(number) < _MOST else None


def _words(node: object) -> str:
    """A text of Meta's, whole: known secrets in it are masked before it is cut."""
    return node if isinstance(node, str) else cut(node)


#: Larger than every code of Meta's.
_MOST = 10**9
_NAME = re.compile(r"[A-Za-z_]\w*")


def names(field: str) -> list[str]:
    """Every field name in `owner_business_info{id,name}` or `templates.limit(1){id}`."""
    return _NAME.findall(re.sub(r"\.\w+\([^)]*\)", "", field))


def unknown_names(refusal: GraphError) -> frozenset[str]:
    """The field names that Graph says it does not know."""
    found = UNKNOWN_FIELD.search(refusal.message) if refusal.code == 100 else None
    return frozenset(_NAME.findall(found[1])) if found else frozenset()


def without(fields: tuple[str, ...], unknown: frozenset[str]) -> tuple[str, ...]:
    """The fields that are left. Equal to `fields` when none of the unknown ones is in there."""
    kept = tuple(field for field in fields if names(field)[:1] and names(field)[0] not in unknown)
    if kept != fields:
        return kept
    # Not one of ours, so one inside the braces of ours.
    inner = (_without_inner(field, unknown) for field in fields)
    return tuple(field for field in inner if field)


def _without_inner(field: str, unknown: frozenset[str]) -> str:
    head, brace, rest = field.partition("{")
    if not brace:
        return field
    inner = without(tuple(_split(rest.rpartition("}")[0])), unknown)
    return f"{head}{{{','.join(inner)}}}" if inner else ""


def _split(fields: str) -> list[str]:
    """At the commas that stand in no brace."""
    parts, depth = [""], 0
    for character in fields:
        depth += {"{": 1, "}": -1, "(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]
