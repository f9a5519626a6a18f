"""Names and values as a shell, a .env file, JSON, GitHub Actions or Docker reads them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from wizard.commands.credentials.programs import N8N_VARIABLE, PROGRAMS, ours
from wizard.text.errors import UsageError

Values = Mapping[str, str]


def dressed(values: Values, style: str, program: str = "") -> str:
    """The text that leaves. `values` are by our names; those the program does not know stay."""
    if style == "json":
        return json.dumps(_nested(named(values, program, as_json=True)), indent=2) + "\n"
    pairs = named(values, program)
    return "".join(f"{_LINES[style](name, value)}\n" for name, value in pairs.items())


def named(values: Values, program: str = "", *, as_json: bool = False) -> dict[str, str]:
    """By the names of a program, or by ours."""
    if not program:
        return {ours(name): value for name, value in values.items()}
    if program == "n8n" and not as_json:
        # One variable, and what it holds is JSON.
        content = _nested(named(values, program, as_json=True))
        return {N8N_VARIABLE: json.dumps(content, separators=(",", ":"))} if content else {}
    table = PROGRAMS[program].json if as_json else PROGRAMS[program].variables
    return {table[name]: value for name, value in values.items() if name in table}


def _nested(flat: Values) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *folders, last = name.split(".")
        node = tree
        for folder in folders:
            node = node.setdefault(folder, {})
        node[last] = value
    return tree


def _env(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _dotenv(name: str, value: str) -> str:
    """Quoted only where it must be: some readers take quotes for a part of the value."""
    if all(character.isalnum() or character in "_-.:/|+=@" for character in value):
        return f"{name}={value}"
    if "'" not in value and "\n" not in value:
        return f"{name}='{value}'"  # nothing is replaced between single quotes
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'{name}="{escaped}"'.replace("\n", "\\n")


def _bare(name: str, value: str) -> str:
    """Docker's --env-file and $GITHUB_ENV take everything after = as it stands."""
    if "\n" in value or "\r" in value:
        raise UsageError("credentials.many_lines", name=name)
    return f"{name}={value}"


_LINES: Mapping[str, Callable[[str, str], str]] = {
    "env": _env,
    "dotenv": _dotenv,
    "github": _bare,
    "docker": _bare,
}
FORMATS = (*_LINES, "json")
