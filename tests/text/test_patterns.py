"""No pattern of ours can be made to backtrack by what comes from outside."""

import ast
import importlib
import pkgutil
import re
import time
from pathlib import Path

import pytest

import wizard

LONG = 20_000
#: How often the time of a walk over the same text a pattern may take.
RATIO = 40
#: Less than this is not compared with anything.
QUICK = 0.005
METHODS = ("search", "match", "fullmatch", "sub", "split", "findall", "finditer", "subn")
ROOT = Path(wizard.__file__).parent


def modules():
    found = pkgutil.walk_packages([str(ROOT)], "wizard.")
    return [importlib.import_module(one.name) for one in found if "__main__" not in one.name]


def patterns_in(value):
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list | frozenset | set):
        for inner in value:
            yield from patterns_in(inner)
    elif isinstance(value, dict):
        yield from patterns_in([*value, *value.values()])


def compiled():
    """Every pattern at module level: {(pattern, flags): where}."""
    return {
        (pattern.pattern, pattern.flags): f"{module.__name__}.{name}"
        for module in modules()
        for name, value in vars(module).items()
        for pattern in patterns_in(value)
        if isinstance(pattern.pattern, str)
    }


def calls():
    """Every call of a function or method of `re`: (file, owner, method, the call)."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = ast.unparse(node.func.value).rpartition(".")[2]
                yield path, owner, node.func.attr, node


def literals():
    """Every pattern that is passed to `re` where it is used: {(pattern, method): where}."""
    return {
        (call.args[0].value, method): f"{path.name}:{call.lineno}"
        for path, owner, method, call in calls()
        if owner == "re" and method in (*METHODS, "compile") and call.args
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }


def anchored():
    """The compiled patterns that are only matched from the beginning of a text: (module, name).

    The module is "" for public names: any module may use those.
    """
    used = {}
    for path, owner, method, _ in calls():
        if method in METHODS:
            module = path.stem if owner.startswith("_") else ""
            used.setdefault((module, owner), set()).add(method)
    return {place for place, methods in used.items() if methods <= {"match", "fullmatch"}}


def everything():
    only_whole = anchored()
    known = compiled()
    for (pattern, flags), where in known.items():
        module, name = where.split(".")[-2:]
        place = (module if name.startswith("_") else "", name)
        method = "fullmatch" if place in only_whole else "search"
        yield where, re.compile(pattern, flags), method
    seen = {pattern for pattern, _ in known}
    for (pattern, method), where in literals().items():
        if method == "compile" and pattern in seen:
            continue
        whole = method in ("match", "fullmatch")
        yield where, re.compile(pattern), method if whole else "search"


UNITS = [
    *("1", "a", "A", "EA", " ", "\t", "\n", "{{", "{{ ", "{", "}", "<", "(", "+", "-", ".", "|"),
    *("@", "a@", "a.", "a-", "1 ", "1|", "…", "•", "x", "#", " #", "=", "A=", '"', "%7C", "_"),
    *("nonexist", "nonexisting field (", "https://", "https://a", "your-", "wa-wizard", " --a"),
    *("export ", "-H ", "?", "f", "\u00a0", "a_", "1a", "sk-", "ghp_", "eyJ", "bearer ", "$("),
]
ENDS = ("", "_", "x", "\x00", "|")


def inputs(pattern):
    """Long texts that a pattern may try at every place: units of all kinds, and its own words."""
    own = re.findall(r"[A-Za-z]{2,}[ :/]?", re.sub(r"\\.|\[[^\]]*\]", " ", pattern.pattern))
    for unit in dict.fromkeys([*UNITS, *own]):
        yield from ((unit * LONG)[:LONG] + end for end in ENDS)
    for word in dict.fromkeys(own):
        yield from (word + unit * LONG for unit in (" ", "1", "a", "A", "{", "-", "."))
    for first in ("EA", "A=y", "+", "1", "{{", '"', "?", "a@", "https://", "export", "x #"):
        yield from (f"{first}{unit * LONG}x" for unit in (" ", "1", "a", "-", "."))


def seconds(act, text):
    began = time.perf_counter()
    act(text)
    return time.perf_counter() - began


def slow_input(pattern, method):
    """The beginning of a text over which the pattern takes too long; "" when there is none."""
    walk = re.compile(r"\w|.", re.S)
    run = getattr(pattern, method)
    for text in inputs(pattern):
        for _ in range(3):  # the machine may be busy with something else
            took = seconds(run, text)
            if took < QUICK or took <= RATIO * seconds(walk.findall, text):
                break
        else:
            return text[:40]
    return ""


@pytest.mark.timeout(600)
def test_no_pattern_takes_long_on_its_worst_text():
    seen = [(where, slow_input(pattern, method)) for where, pattern, method in everything()]
    assert [(where, text) for where, text in seen if text] == []


@pytest.mark.parametrize("pattern", [r"\d{5,}\|", r"\s+#", r"[\w.+-]+@\w", r"(.*?)\s*;"])
def test_the_search_finds_patterns_that_backtrack(pattern):
    assert slow_input(re.compile(pattern), "search") != ""


def test_all_kinds_of_patterns_are_looked_at():
    names = set(compiled().values())
    assert {"wizard.text.sanitise.ANY", "wizard.text.paste._FOREIGN"} <= names
    assert len(literals()) > 10
