"""The architecture, as a test: who may import whom, and which package uses which library."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "wizard"

# A package may import itself and every package above it in this list.
LAYERS = [
    "__init__",
    "text",
    "state",
    "net",
    "graph",
    "vault",
    "facts",
    "audit",
    "webhook",
    "actions",
    "report",
    "ui",
    "sandbox",
    "context",
    "commands",
    "cli",
    "__main__",
]
# What stands apart: it plays Meta's side and must not share our reading of it.
APART = {"sandbox": {"sandbox", "text"}}
# Each outside library is used in these packages only.
DOORS = {
    "yaml": {"state", "sandbox", "commands"},
    "requests": {"graph", "net"},
    "urllib3": {"net", "graph"},
    "keyring": {"vault"},
    "cryptography": {"vault", "net"},
    "certifi": {"net"},
    "questionary": {"ui"},
    "prompt_toolkit": {"ui"},
    "rich": {"ui"},
    "shtab": {"cli"},
    "phonenumbers": {"text"},
    "platformdirs": {"state"},
    "filelock": {"state"},
    "waitress": {"webhook"},
    "segno": {"ui"},
}
# The only packages where a secret may leave its wrapper.
# The receiver compares what Meta shows; the probe shows it to the callback as Meta would.
REVEALERS = {"text", "graph", "vault", "webhook", "commands"}

LAYER = {package: number for number, package in enumerate(LAYERS)}
FILES = sorted(ROOT.rglob("*.py"))


def package(path):
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
    here = package(path)
    for name in imports(path):
        top, *rest = name.split(".")
        if top == "wizard":
            other = "__init__" if rest[0].startswith("__") else rest[0]
            assert other == here or LAYER[other] < LAYER[here], name
            if here in APART:
                assert other in APART[here], name
        elif top in DOORS:
            assert here in DOORS[top], name


def test_every_package_has_a_layer():
    assert {package(path) for path in FILES} <= set(LAYER)


def test_secrets_are_revealed_only_at_the_doors():
    assert {package(p) for p in FILES if ".reveal()" in p.read_text("utf-8")} <= REVEALERS


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_outgrows_its_budget(path):
    assert len(path.read_text("utf-8").splitlines()) <= 400
