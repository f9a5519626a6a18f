"""What goes wrong on the way: one entry of a scenario's `faults` for each.

`path` (a pattern, after the version), `method`, `after` (calls that pass first), `times` (how
often; without it always) say when; `kind` says what: error, html, portal, cut, slow, drop,
redirect, text, big.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import Any

from wizard.sandbox.refusals import Refused
from wizard.sandbox.world import World

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
    """One thing that happens to one request."""

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


def strike(world: World, method: str, parts: list[str]) -> Fault | None:
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
