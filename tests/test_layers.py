"""The architecture, as a test: who may import whom, which package uses which library, how large."""

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "wizard"

# A package may import itself and every package above it in this list.
LAYERS = [
    "__init__",
    "text",
    "state",
    "templates",
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
    "requests": {"graph", "net", "webhook"},
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
    "jmespath": {"commands"},
    "ruamel": {"templates"},
}
# The only packages where a secret may leave its wrapper.
# The receiver compares what Meta shows; the probe shows it to the callback as Meta would.
REVEALERS = {"text", "graph", "vault", "webhook", "commands"}

MOST_FILES = 185
MOST_LINES = 400
#: A file with fewer lines than this belongs to its importer when it has only one.
SMALL = 60
#: Small files with one importer that are right so: why.
SMALL_ALLOWED = {
    "wizard.commands.bugreport": "one file for each command",
    "wizard.commands.status": "one file for each command",
}
PACKAGE_FILES = {"__init__.py", "__main__.py"}

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


def length(path):
    return len(path.read_text("utf-8").splitlines())


def module_name(path):
    return ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")


def targets(path):
    """The modules of this tool that a file imports: at its top, in functions, for types alone."""
    return {found for name in imports(path) if (found := known_module(name))} - {module_name(path)}


def known_module(name):
    """The module of this tool that a dotted name lies in; "" for other names."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name


def reached(graph, start):
    """Everything that a module imports, directly or through others."""
    found, left = set(), [start]
    while left:
        new = graph.get(left.pop(), set()) - found
        found |= new
        left += new
    return found


def circles(graph):
    """The sets of modules each of which imports each other, directly or through others."""
    reach = {module: reached(graph, module) for module in graph}
    return {
        frozenset(other for other in reach[module] if module in reach[other])
        for module in graph
        if module in reach[module]
    }


MODULES = {module_name(path): path for path in FILES}
GRAPH = {name: targets(path) for name, path in MODULES.items()}


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
    assert length(path) <= MOST_LINES


def test_there_are_not_too_many_files():
    assert len(FILES) <= MOST_FILES


def test_no_modules_import_each_other_in_a_circle():
    assert circles(GRAPH) == set()


def test_the_search_for_circles_finds_them():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": {"d"}, "f": {"a"}}
    assert circles(graph) == {frozenset("abc"), frozenset("de")}


def test_a_small_file_has_more_than_one_importer():
    """What a single file uses stands in that file."""
    importers = Counter(target for targets in GRAPH.values() for target in targets)
    small = {
        name
        for name, path in MODULES.items()
        if length(path) < SMALL and importers[name] <= 1 and path.name not in PACKAGE_FILES
    }
    assert small <= set(SMALL_ALLOWED)
