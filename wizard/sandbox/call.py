"""One request as the edges see it, who makes it, and how nodes are read.

Reading knows `fields=` with its braces, default fields and `metadata=1`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import yaml

from wizard.sandbox.world import Refused, World, bad_parameter, no_such_field, not_a_provider

Answer = dict[str, Any]


class Deliveries(Protocol):
    """What an edge may ask of the delivery of webhooks."""

    def message_accepted(self, wamid: str) -> None:
        """Plans the statuses of a message that was sent."""

    def route_changed(self) -> None:
        """Callbacks or registration changed."""

    def template_submitted(self, account_id: str, seconds: float) -> None:
        """A template is reviewed in so many seconds; what comes of it is delivered."""


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
    delivery: Deliveries
    #: The body as it came, and where in a file it belongs: for uploads.
    raw: bytes = b""
    offset: int = 0
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
        if "total_count" in self.text("summary"):
            answer["summary"] = {"total_count": len(items)}
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


CATALOGUE = Path(__file__).with_name("not-played.yaml")


@cache
def catalogue() -> Answer:
    """What Meta has and the sandbox has not, and the parameters that each call looks at."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: Answer = yaml.load(CATALOGUE.read_text("utf-8"), loader)  # noqa: S506
    return found


def is_unplayed(kind: str, name: str) -> bool:
    """Whether Meta has this field or edge, which the sandbox does not play."""
    return name in catalogue()["fields"].get(kind, "").split()


def not_played(call: Call, part: str = "") -> Refused:
    """What Meta has and the sandbox has not: no lie about permissions, and no success.

    `part`: what of the call it is, where it is not the whole ("the field analytics").
    """
    path = f"{call.method} /{'/'.join(call.parts)}"
    what = f"{part} of {path}" if part else path
    return not_played_at_all(what)


def not_played_at_all(what: str) -> Refused:
    """The refusal that is the sandbox's own: HTTP 501, in Meta's envelope."""
    return Refused(
        100, f"(#100) Not played by the sandbox: {what}", kind="SandboxException", http=501
    )


def refuse_unplayed_parameters(call: Call, name: str) -> None:
    """Refuses a parameter that this call, `KIND METHOD EDGE`, does not look at."""
    known = catalogue()["parameters"].get(name)
    if known is None:
        return
    taken = {*known.split(), *catalogue()["everywhere"].split()}
    for parameter in call.params:
        if parameter not in taken:
            raise not_played(call, f"the parameter {parameter}")


def cursor(place: int) -> str:
    """An opaque cursor for one place in a list."""
    return "QVFI" + hashlib.sha256(f"cursor {place}".encode()).hexdigest()[:40]


def version_number(version: str) -> int:
    """v26.0 → 26."""
    return int(version.removeprefix("v").split(".")[0])


#: Reads one field of a node; None means that Meta leaves it out.
Reader = Callable[[Call, Answer], Any]
Handler = Callable[[Call, Answer], Answer]


@dataclass(frozen=True)
class Kind:
    """One kind of node: its name in Meta's error texts, its fields and its edges."""

    name: str
    readers: Mapping[str, Reader]
    default: tuple[str, ...]
    edges: Mapping[tuple[str, str], Handler]


@dataclass(frozen=True)
class Asked:
    """One field asked for: `phone_numbers.limit(50){id,status}`."""

    name: str
    params: Mapping[str, str]
    inside: str


_FIELD = re.compile(r"(\w+)((?:\.\w+\([^)]*\))*)")
_PARAM = re.compile(r"\.(\w+)\(([^)]*)\)")


def words(text: str) -> list[str]:
    """The words of a line."""
    return text.split()


def plain(names: str) -> dict[str, Reader]:
    """Fields that stand in the record under their own name."""
    return {name: _own(name) for name in words(names)}


def _own(name: str) -> Reader:
    return lambda _, node: node.get(name)


def read_node(call: Call, kind: Kind, node: Answer) -> Answer:
    """GET of a node: the fields asked for, else the default ones; always the id."""
    asked = parse(call.text("fields")) or [Asked(name, {}, "") for name in kind.default]
    answer: Answer = {"id": node["id"]}
    for one in asked:
        value = _value(call, kind, node, one)
        if value is not None:
            answer[one.name] = value
    if call.text("metadata") in ("1", "true"):
        answer["metadata"] = {
            "type": kind.name.lower(),
            "fields": [{"name": name} for name in kind.readers],
        }
    return answer


def read_many(call: Call, kind: Kind, nodes: list[Answer], default: tuple[str, ...]) -> Answer:
    """A page of an edge: each node with the fields asked for, or with the edge's default ones."""
    of_edge = replace(kind, default=default)
    page = call.page(nodes)
    page["data"] = [read_node(call, of_edge, node) for node in page["data"]]
    return page


def parse(text: str) -> list[Asked]:
    """The fields of `a,b.limit(2){c,d},e`; refuses braces that do not close."""
    asked: list[Asked] = []
    place = 0
    while place < len(text):
        if text[place] in ", ":
            place += 1
            continue
        match = _FIELD.match(text, place)
        if match is None:
            raise bad_parameter(f"Syntax error at position {place} in fields")
        place = match.end()
        inside = ""
        if text[place : place + 1] == "{":
            end = _closing(text, place)
            inside, place = text[place + 1 : end], end + 1
        asked.append(Asked(match[1], dict(_PARAM.findall(match[2])), inside))
    return asked


def _closing(text: str, start: int) -> int:
    depth = 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place
    raise bad_parameter("Syntax error: expected } at the end of fields")


def _is_listed(call: Call, group: str, kind: Kind, field: Asked) -> bool:
    """Whether `graph.GROUP` of the world names this field, of every kind or of this one."""
    listed = call.world["graph"].get(group, ())
    return field.name in listed or f"{kind.name}.{field.name}" in listed


def _is_newer(call: Call, field: Asked) -> bool:
    """Whether `graph.fields_since` says that a later version brought this field."""
    since = call.world["graph"].get("fields_since", {}).get(field.name, call.version)
    return version_number(since) > version_number(call.version)


def _value(call: Call, kind: Kind, node: Answer, field: Asked) -> Any:
    if field.name == "id":
        return node["id"]
    if _is_listed(call, "unknown_fields", kind, field) or _is_newer(call, field):
        raise no_such_field(field.name, kind.name)
    if _is_listed(call, "refused_fields", kind, field):
        raise not_a_provider()
    if _is_listed(call, "hidden_fields", kind, field):
        return None
    if field.name in node.get("shows", {}):
        return node["shows"][field.name]
    if reader := kind.readers.get(field.name):
        return reader(call, node)
    # Field expansion: an edge asked for like a field answers as it would by itself.
    if edge := kind.edges.get(("GET", field.name)):
        params = {**field.params, **({"fields": field.inside} if field.inside else {})}
        inner = replace(call, params=params, parts=[node["id"], field.name])
        return edge(inner, node)
    raise _unknown(call, kind, field)


def _unknown(call: Call, kind: Kind, field: Asked) -> Refused:
    if is_unplayed(kind.name, field.name):
        return not_played(call, f"the field {field.name}")
    return no_such_field(field.name, kind.name)
