"""Meta's error envelope, the refusals that several edges share, and a scenario's faults.

Codes and texts: Graph API error handling, WhatsApp error codes, and what integrators reported.
The HTTP status follows Meta's table; in practice it varies, so no decision should rest on it.
"""

from __future__ import annotations

import fnmatch
import secrets
from dataclasses import dataclass
from typing import Any

from wizard.sandbox.world import World

HTTP = {
    0: 401, 2: 503, 3: 500, 10: 403, 190: 401, 200: 403, 368: 403, 130497: 403, 131000: 500,
    131005: 403, 131016: 500, 131031: 403, 131045: 500, 131057: 500, 132001: 404, 133000: 500,
    133004: 503,
}  # fmt: skip
NOT_VISIBLE = 33


class Refused(Exception):
    """An answer in Meta's error envelope. `details` stands in error_data, as WhatsApp writes it."""

    def __init__(self, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.subcode: int = more.pop("subcode", 0)
        self.kind: str = more.pop("kind", "OAuthException")
        self.http: int = more.pop("http", HTTP.get(code, 400))
        self.more: dict[str, Any] = more

    def envelope(self, trace: str) -> dict[str, Any]:
        """The body. Keys without a value are left out, as Meta does."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode:
            error["error_subcode"] = self.subcode
        if details := self.more.get("details"):
            error["error_data"] = {"messaging_product": "whatsapp", "details": details}
        for key, name in (("title", "error_user_title"), ("user_message", "error_user_msg")):
            if self.more.get(key):
                error[name] = self.more[key]
        if "transient" in self.more:
            error["is_transient"] = bool(self.more["transient"])
        return {"error": {**error, "fbtrace_id": trace}}


def trace_id() -> str:
    """A fbtrace_id in Meta's shape."""
    return "A" + secrets.token_urlsafe(16)[:22].replace("-", "x")


def not_visible(method: str, node: str) -> Refused:
    """100/33: Meta says the same of a wrong id, a deleted object and one that may not be seen."""
    return Refused(
        100,
        f"Unsupported {method.lower()} request. Object with ID '{node}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation. Please read the "
        "Graph API documentation at https://developers.facebook.com/docs/graph-api",
        subcode=NOT_VISIBLE,
        kind="GraphMethodException",
    )


def no_such_field(name: str, kind: str) -> Refused:
    """One unknown field fails the whole read; the text names the kind of node."""
    return Refused(100, f"(#100) Tried accessing nonexisting field ({name}) on node type ({kind})")


def bad_parameter(text: str, details: str = "") -> Refused:
    """100 without a subcode."""
    return Refused(100, f"(#100) {text}", details=details)


def missing_parameter(name: str) -> Refused:
    """100, in the words Graph uses for a parameter that was not sent."""
    return Refused(100, f"(#100) The parameter {name} is required.")


def needs_app_token() -> Refused:
    """The answer of app-token-only edges to every other token."""
    return Refused(15, "(#15) This method must be called with an app access_token.")


def no_permission(text: str) -> Refused:
    """200: the scope or the asset is missing."""
    return Refused(200, f"(#200) {text}")


def whatsapp(code: int, title: str, details: str = "") -> Refused:
    """An error of the WhatsApp table: "(#code) title" with its error_data.details."""
    return Refused(code, f"(#{code}) {title}", details=details or title)


HTML = (
    '<!DOCTYPE html><html lang="en"><head><title>Error</title></head><body><h1>Sorry, something '
    "went wrong.</h1><p>We're working on getting this fixed as soon as we can.</p></body></html>"
)
PORTAL = (
    '<!DOCTYPE html><html><head><title>Wi-Fi login</title></head><body><form action="/login">'
    '<h1>Welcome to Hotel Wi-Fi</h1><input name="room"></form></body></html>'
)


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request: an entry of a scenario's `faults`.

    `path` (a pattern, after the version), `method`, `after` (calls that pass first), `times` (how
    often; without it always) say when; `kind` says what: error, html, portal, cut, slow, drop,
    redirect, text, big.
    """

    kind: str
    settings: dict[str, Any]

    def refusal(self) -> Refused:
        """The error of a fault of kind `error`."""
        given = dict(self.settings)
        more = {
            key: given[key]
            for key in ("subcode", "http", "details", "title", "user_message", "transient")
            if key in given
        }
        return Refused(int(given["code"]), str(given["message"]), **more)

    @property
    def seconds(self) -> float:
        """How long a slow answer takes."""
        return float(self.settings.get("seconds", 5))

    @property
    def headers(self) -> dict[str, str]:
        """Headers that come with it."""
        return {str(key): str(value) for key, value in self.settings.get("headers", {}).items()}


def next_fault(world: World, method: str, parts: list[str]) -> Fault | None:
    """The fault that meets this request, and counts it."""
    path = "/".join(parts)
    for settings in world.tree.get("faults", []):
        if not fnmatch.fnmatchcase(path, settings.get("path", "*")):
            continue
        if settings.get("method", method) != method:
            continue
        settings["met"] = settings.get("met", 0) + 1
        first = settings.get("after", 0)
        times = settings.get("times")
        if settings["met"] > first and (times is None or settings["met"] <= first + times):
            return Fault(settings["kind"], settings)
    return None
