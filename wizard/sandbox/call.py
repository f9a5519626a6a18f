"""One request as the edges see it, and who makes it."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from wizard.sandbox.refusals import Refused, bad_parameter
from wizard.sandbox.world import World

if TYPE_CHECKING:
    from wizard.sandbox.delivery import Delivery

Answer = dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """Who holds the token: an app itself, or a person (user, system user, page) through an app."""

    app_id: str
    person_id: str = ""
    scopes: frozenset[str] = frozenset()
    #: Scope → ids it is limited to; None: not limited. A scope that is not here: not limited.
    limits: dict[str, frozenset[str] | None] = field(default_factory=dict)
    kind: str = "APP"

    @property
    def is_app(self) -> bool:
        """Whether the token is `app-id|app-secret`."""
        return not self.person_id

    def reaches(self, scope: str, asset: str) -> bool:
        """Whether this scope was granted for this asset."""
        limit = self.limits.get(scope)
        return scope in self.scopes and (limit is None or asset in limit)


@dataclass
class Call:
    """A request after parsing. `version` is the one that serves it, not the one asked for."""

    world: World
    method: str
    parts: list[str]
    params: dict[str, Any]
    token: str
    version: str
    base_url: str
    delivery: Delivery
    #: Business objects whose budget this call counts against (x-business-use-case-usage).
    touched: list[str] = field(default_factory=list)
    _caller: Caller | None = None

    @property
    def caller(self) -> Caller:
        """Who calls; set once the token was accepted."""
        assert self._caller is not None
        return self._caller

    @caller.setter
    def caller(self, caller: Caller) -> None:
        self._caller = caller

    @property
    def app(self) -> Answer:
        """The app that the token belongs to."""
        app: Answer = self.world["apps"][self.caller.app_id]
        return app

    @property
    def person(self) -> Answer:
        """The person who holds the token; empty for an app."""
        person: Answer = self.world["people"].get(self.caller.person_id, {})
        return person

    @property
    def at_least_v24(self) -> bool:
        """v24 added fields and changed several answers."""
        return version_number(self.version) >= 24

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text."""
        value = self.params.get(name, default)
        return value if isinstance(value, str) else json.dumps(value)

    def listed(self, name: str) -> list[str]:
        """A parameter that may be a JSON list, a Python-like list or comma separated."""
        value = self.params.get(name, "")
        if isinstance(value, list):
            return [str(part) for part in value]
        text = str(value).strip().strip("[]")
        return [part.strip(" '\"") for part in text.split(",") if part.strip(" '\"")]

    def whole(self, name: str, default: int) -> int:
        """A parameter that must be a positive whole number."""
        try:
            number = int(self.params.get(name, default))
        except (TypeError, ValueError):
            raise bad_parameter(f"Param {name} must be an integer") from None
        if number <= 0:
            raise bad_parameter(f"Param {name} must be greater than 0")
        return number

    def prove(self) -> None:
        """Checks appsecret_proof: always when it is sent, and that it is sent when demanded."""
        proof = self.params.get("appsecret_proof")
        if proof is None:
            if self.app.get("require_proof") and not self.caller.is_app:
                raise proof_missing()
            return
        good = hmac.new(self.app["secret"].encode(), self.token.encode(), hashlib.sha256)
        if not hmac.compare_digest(good.hexdigest(), str(proof)):
            raise Refused(
                100,
                "Invalid appsecret_proof provided in the API argument",
                kind="GraphMethodException",
            )

    def page(self, items: list[Answer], default: int = 25) -> Answer:
        """One page of a list. `paging.next` carries the access token, as Meta's does."""
        limit = min(self.whole("limit", default), 100)
        start = self._start(len(items), limit)
        shown = items[start : start + limit]
        answer: Answer = {"data": shown}
        if shown:
            last = start + len(shown) - 1
            answer["paging"] = {"cursors": {"before": cursor(start), "after": cursor(last)}}
            if last + 1 < len(items):
                answer["paging"]["next"] = self._link(limit, after=cursor(last))
            if start > 0:
                answer["paging"]["previous"] = self._link(limit, before=cursor(start))
        return answer

    def _link(self, limit: int, **cursors: str) -> str:
        kept = {name: self.text(name) for name in self.params if name not in ("after", "before")}
        query = {**kept, "access_token": self.token, "limit": str(limit), **cursors}
        return f"{self.base_url}/{'/'.join([self.version, *self.parts])}?{urlencode(query)}"

    def _start(self, length: int, limit: int) -> int:
        if after := self.text("after"):
            return self._place(after, length) + 1
        if before := self.text("before"):
            return max(0, self._place(before, length) - limit)
        return 0

    def _place(self, wanted: str, length: int) -> int:
        for place in range(length):
            if cursor(place) == wanted:
                return place
        if self.at_least_v24 and self.parts[-1] == "message_templates":
            raise Refused(131059, "(#131059) Invalid cursor. Retry the request without cursors.")
        raise bad_parameter("Invalid cursor")


def proof_missing() -> Refused:
    """What an app with "Require App Secret" answers to a call without the proof."""
    return Refused(
        100,
        "API calls from the server require an appsecret_proof argument",
        kind="GraphMethodException",
    )


def cursor(place: int) -> str:
    """An opaque cursor for one place in a list."""
    return "QVFI" + hashlib.sha256(f"cursor {place}".encode()).hexdigest()[:40]


def version_number(version: str) -> int:
    """v26.0 → 26."""
    return int(version.removeprefix("v").split(".")[0])
