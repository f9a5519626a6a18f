"""The architecture, as a test: who may import whom, and who may open which door."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "wizard"

# A room may import from its own floor's package and from any floor above it in this list.
FLOORS = [
    ["__init__"],
    ["text"],
    ["state"],
    ["model"],
    ["talk"],
    ["net", "inbox"],
    ["graph", "vault", "probe"],
    ["checklist", "facts"],
    ["discovery", "graph_errors", "receiver", "tunnel"],
    ["listening"],
    ["desk", "verdicts"],
    ["checks"],
    ["audit"],
    ["repairs"],
    ["guide"],
    ["ui"],
    ["sandbox"],
    ["commands"],
    ["cli"],
    ["__main__"],
]
# What stands apart: it plays or hears Meta's side and must not share our reading of it.
APART = {"sandbox": {"sandbox", "text"}, "receiver": {"receiver", "inbox", "text"}}
# Each outside library enters through these rooms only.
DOORS = {
    "yaml": {"state", "sandbox", "commands"},
    "requests": {"graph", "net"},
    "urllib3": {"net", "graph"},
    "keyring": {"vault"},
    "cryptography": {"vault", "probe"},
    "certifi": {"probe"},
    "questionary": {"ui"},
    "prompt_toolkit": {"ui"},
    "rich": {"ui"},
    "shtab": {"commands"},
    "phonenumbers": {"text"},
    "platformdirs": {"state"},
    "filelock": {"state"},
    "waitress": {"receiver"},
    "segno": {"ui"},
}
# The only rooms where a secret may leave its wrapper.
# The receiver compares what Meta shows; the probe shows it to the callback as Meta would.
REVEALERS = {"text", "graph", "vault", "receiver", "probe", "commands"}

FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
FILES = sorted(ROOT.rglob("*.py"))


def room(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path):
    """Dotted names of everything a file imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_up(path):
    here = room(path)
    for name in imports(path):
        top, *rest = name.split(".")
        if top == "wizard":
            other = "__init__" if rest[0].startswith("__") else rest[0]
            assert other == here or FLOOR[other] < FLOOR[here], name
            if here in APART:
                assert other in APART[here], name
        elif top in DOORS:
            assert here in DOORS[top], name


def test_every_room_has_a_floor():
    assert {room(path) for path in FILES} <= set(FLOOR)


def test_secrets_are_revealed_only_at_the_doors():
    assert {room(p) for p in FILES if ".reveal()" in p.read_text("utf-8")} <= REVEALERS


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_room_outgrows_its_budget(path):
    assert len(path.read_text("utf-8").splitlines()) <= 400
