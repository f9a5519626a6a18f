"""Meta's error envelope, the refusals that several edges share, and a scenario's faults.

Codes and texts: Graph API error handling, WhatsApp error codes, and what integrators reported.
The HTTP status follows Meta's table; in practice it varies, so no decision should rest on it.
"""

from __future__ import annotations

import copy
import fnmatch
import hashlib
import json
import os
import re
import secrets
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from wizard.text.localised import Text

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
        if "sandbox" in self.more:
            error["sandbox"] = self.more["sandbox"]  # what no key of Meta's may say
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


def not_a_provider() -> Refused:
    """10: a field that Meta shows to solution providers alone. The field is not named."""
    return Refused(
        10,
        "(#10) This action requires that the Business that owns this App is a Business Solution "
        "Provider for WhatsApp.",
    )


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request: an entry of a scenario's `faults`.

    `path` (a pattern, after the version), `method`, `after` (calls that pass first), `times` (how
    often; without it always) say when; `kind` says what: error (with `done` after it was done all
    the same), answer (`body` as it stands), html, portal, cut, slow, drop, redirect, text, big.
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


Tree = dict[str, Any]

HOUR = 3600
DAY = 24 * HOUR
#: Without these a file is not a world.
NEEDED = {"accounts", "apps", "businesses", "graph", "numbers", "people", "tokens"}


class World:
    """A tree of businesses, apps, people, tokens, accounts and numbers behind one lock.

    With a `path` the tree is read anew whenever another process wrote it, and written whole or
    not at all (mode 0600). Without one it lives as long as this object.
    """

    def __init__(self, tree: Tree, path: Path | None = None) -> None:
        self.tree = tree
        self.path = path
        self.base_url = ""
        #: Whether callbacks may lead beyond this machine.
        self.callbacks_anywhere = False
        self._lock = threading.RLock()
        self._seen: tuple[int, int] | None = None
        if path is not None:
            self._reread()
            self.save()

    def __getitem__(self, name: str) -> Any:
        return self.tree.setdefault(name, {})

    @contextmanager
    def held(self) -> Iterator[None]:
        """The tree as it is now, under the lock; what was changed is written at the end."""
        with self._lock:
            self._reread()
            before = json.dumps(self.tree) if self.path else ""
            try:
                yield
            finally:
                if self.path and json.dumps(self.tree) != before:
                    self.save()

    @contextmanager
    def released(self) -> Iterator[None]:
        """Releases the lock meanwhile: for a request that Meta makes to another server."""
        if self.path:
            self.save()
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
            self._reread()

    def save(self) -> None:
        """Writes the tree: temporary file, fsync, rename."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".world-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(self.tree, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self.path)
        self._seen = self._stamp()

    def now(self) -> int:
        """Unix seconds."""
        return int(time.time())

    def here(self, url: str) -> str:
        """A callback of a scenario: `{sandbox}` is this sandbox's address, new at every start."""
        return url.replace("{sandbox}", self.base_url)

    def fresh_id(self, digits: int = 15) -> str:
        """An unused id: digits, the first of them not 0."""
        return str(secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1))

    def _stamp(self) -> tuple[int, int] | None:
        try:
            there = os.stat(self.path or "")
        except OSError:
            return None
        return there.st_ino, there.st_mtime_ns

    def _reread(self) -> None:
        if self.path is None or (stamp := self._stamp()) in (None, self._seen):
            return
        try:
            kept = json.loads(self.path.read_text("utf-8"))
        except ValueError:
            kept = None
        # A sandbox world holds nothing of value: one that cannot be read starts anew.
        if isinstance(kept, dict) and set(kept) >= NEEDED:
            self.tree, self._seen = kept, stamp


FOLDER = Path(__file__).with_name("scenarios")
KEYS = {"title", "extends", "world", "repeat", "faults", "profile", "suggestions", "expect"}
BASE = "healthy"

_MOMENT = re.compile(r"([+-])(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Expectation:
    """What an audit of this world must say of one item, `after` this command when one is named.

    Read by tests alone.
    """

    item: str
    status: str
    reason: str = ""
    after: str = ""


@dataclass(frozen=True)
class Scenario:
    """One named world. `profile`: the goals, ids and secrets that its owner already has."""

    name: str
    title: Text
    world: Mapping[str, Any]
    profile: Mapping[str, Any]
    suggestions: Mapping[str, str]
    expect: tuple[Expectation, ...] = ()
    faults: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)


def names() -> list[str]:
    """Every scenario, the default one first."""
    found = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    return sorted(found, key=lambda name: ("rehearsal", BASE, name).index(name))


@cache
def load(name: str) -> Scenario:
    """One scenario, with what it extends; KeyError when there is none of this name."""
    content = _content(name)
    world = content.get("world", {})
    return Scenario(
        name=name,
        title=Text(**content["title"]),
        world=world,
        profile=content.get("profile", {}),
        suggestions={key: str(value) for key, value in content.get("suggestions", {}).items()},
        expect=tuple(Expectation(**line) for line in content.get("expect", ())),
        faults=tuple(content.get("faults", ())),
    )


def build(scenario: Scenario) -> dict[str, Any]:
    """The tree of a new world: moments become times; tokens and app secrets are its own."""
    salt = secrets.token_hex(16)
    tree: dict[str, Any] = _moments(copy.deepcopy(dict(scenario.world)), int(time.time()))
    for alias, token in tree["tokens"].items():
        token.setdefault("value", "EAA" + _letters(f"token {alias} {salt}", 180))
    for app_id, app in tree["apps"].items():
        app.setdefault("secret", hashlib.sha256(f"app {app_id} {salt}".encode()).hexdigest()[:32])
    tree["faults"] = [copy.deepcopy(dict(fault)) for fault in scenario.faults]
    tree["scenario"] = scenario.name
    return tree


def merge(below: Any, above: Any) -> Any:
    """Mappings merge, everything else replaces; null takes a key away."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return copy.deepcopy(above)
    merged = {**below, **{key: merge(below.get(key), value) for key, value in above.items()}}
    return {key: value for key, value in merged.items() if value is not None}


def _content(name: str) -> dict[str, Any]:
    path = FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise KeyError(name)
    content: dict[str, Any] = yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506
    if unknown := set(content) - KEYS:
        raise ValueError(f"{path.name}: unknown key {unknown.pop()!r}")
    if name != BASE:
        below = _content(content.get("extends", BASE))
        for key in ("world", "profile", "suggestions"):
            content[key] = merge(below.get(key, {}), content.get(key, {}))
    for many in content.get("repeat", ()):
        _repeat(content["world"], many)
    return content


def _repeat(world: dict[str, Any], many: Mapping[str, Any]) -> None:
    """Forty numbers in five lines: `{into, times, id, like}`, with {n} for the count."""
    for count in range(1, many["times"] + 1):
        number = f"{count:02d}"
        like = {
            key: value.replace("{n}", number) if isinstance(value, str) else value
            for key, value in many["like"].items()
        }
        world[many["into"]][many["id"].replace("{n}", number)] = like


def _moments(node: Any, now: int) -> Any:
    """`-3d` and `+24h` become unix seconds, whatever key they stand under."""
    if isinstance(node, dict):
        return {key: _moments(value, now) for key, value in node.items()}
    if isinstance(node, list):
        return [_moments(value, now) for value in node]
    if isinstance(node, str) and (match := _MOMENT.fullmatch(node)):
        sign, count, unit = match.groups()
        return now + (1 if sign == "+" else -1) * int(count) * _SECONDS[unit]
    return node


def _letters(seed: str, length: int) -> str:
    """Letters and digits of a seed."""
    text, block = "", seed
    while len(text) < length:
        block = hashlib.sha256(block.encode()).hexdigest()
        text += "".join(c.upper() if i % 3 else c for i, c in enumerate(block))
    return text[:length]
