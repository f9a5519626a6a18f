"""Reads the scenario files: a world, what goes wrong in it, and what that must lead to."""

from __future__ import annotations

import copy
import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from wizard.text.localised import Text

FOLDER = Path(__file__).with_name("scenarios")
KEYS = {"title", "extends", "world", "repeat", "faults", "profile", "suggestions", "expect"}
BASE = "healthy"

_MOMENT = re.compile(r"([+-])(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Expectation:
    """What an audit of this world must say of one item. Read by tests alone."""

    item: str
    status: str
    reason: str = ""


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
    """The tree of a new world: moments become times, names of tokens and apps become secrets."""
    tree: dict[str, Any] = _moments(copy.deepcopy(dict(scenario.world)), int(time.time()))
    for alias, token in tree["tokens"].items():
        token.setdefault("value", "EAA" + _letters(f"token {alias}", 180))
    for app_id, app in tree["apps"].items():
        app.setdefault("secret", hashlib.sha256(f"app {app_id}".encode()).hexdigest()[:32])
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
    if strange := set(content) - KEYS:
        raise ValueError(f"{path.name}: unknown key {strange.pop()!r}")
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
    """The same letters and digits for the same seed: play tokens are no secret."""
    text, block = "", seed
    while len(text) < length:
        block = hashlib.sha256(block.encode()).hexdigest()
        text += "".join(c.upper() if i % 3 else c for i, c in enumerate(block))
    return text[:length]
