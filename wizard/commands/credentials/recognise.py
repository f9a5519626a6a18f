"""What a file of somebody else's holds: JSON of any nesting, or lines of a .env.

Secrets are known by their shape, not by what they are called; the others by their names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wizard.text import sanitise
from wizard.text.paste import is_empty, parse_verify_token
from wizard.text.secret import Secret

TOKEN = "token"

_TOKEN = re.compile(rf"(?:Bearer\s+)?({sanitise.ACCESS_TOKEN})")
_APP_TOKEN = re.compile(rf"({sanitise.APP_ID})\|({sanitise.APP_SECRET})")
_HEX = re.compile(sanitise.APP_SECRET)
_VERIFY = re.compile(r"(verify|verification|validation)_?token|hub_verify|webhook_token")
_PIN = re.compile(r"(^|_)(pin|two_?step|two_?factor|2fa)(_|$)")
_SECRET = re.compile(r"secret|app_key|client_key")
_ACCESS = re.compile(r"(^|_)token$")
_PLACEHOLDER = re.compile(r"<.*>|\$?\{.*\}|(your|my|change|replace)[-_ ].*|x{4,}|\.{3}", re.I)
_IDS = (
    ("phone_number_id", re.compile(r"phone(_number)?_id$")),
    ("waba_id", re.compile(r"waba(_id)?$|business_account_id$|whatsapp_account_id$")),
    ("app_id", re.compile(r"(^|_)(app|client|application)_id$")),
    ("business_id", re.compile(r"(^|_)(business|portfolio)(_manager)?_id$")),
)
#: More leaves than any file of credentials has.
_MOST = 5000


@dataclass(frozen=True)
class Found:
    """One value worth having. `name` is TOKEN, the name of a secret, or that of an id.

    `keys` are where it stood, for people; `value` is plain for an id alone. `why` names the words
    for what cannot be the value: a placeholder, or a shape that Meta does not take.
    """

    name: str
    keys: tuple[str, ...]
    secret: Secret | None = None
    value: str = ""
    why: str = ""


def find(text: str) -> list[Found]:
    """Everything in a file, each value once, in the order of the file."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for path, value in _leaves(text):
        for name, what, why in _judged(path, value):
            found.setdefault((name, what, why), []).append(".".join(path)[:80])
    return [
        Found(name, tuple(keys), value=value, why=why)
        if name.endswith("_id") and not why
        else Found(name, tuple(keys), Secret(value), why=why)
        for (name, value, why), keys in found.items()
    ]


def _judged(path: tuple[str, ...], value: str) -> Iterator[tuple[str, str, str]]:
    """Name, value, and why it cannot be kept; nothing for what is empty or none of ours."""
    if is_empty(value):
        return
    if _PLACEHOLDER.fullmatch(value):
        if name := _named(path):
            yield name, value, "placeholder"
        return
    for name, what in _recognised(path, value):
        wrong = name == "verify_token" and not isinstance(parse_verify_token(what), str)
        yield name, what, "shape" if wrong else ""


def _named(path: tuple[str, ...]) -> str:
    """What a value would be by its key alone."""
    key, context = _snake(path[-1]), "_".join(map(_snake, path))
    for name, form in (("verify_token", _VERIFY), ("two_step_pin", _PIN), (TOKEN, _ACCESS)):
        if form.search(key):
            return name
    by_id = next((name for name, _ in _id(key, context, "")), "")
    return by_id or ("app_secret" if _SECRET.search(key) else "")


def _recognised(path: tuple[str, ...], value: str) -> Iterator[tuple[str, str]]:
    key = _snake(path[-1])
    context = "_".join(map(_snake, path))
    if token := _TOKEN.fullmatch(value):
        yield TOKEN, token[1]
    elif both := _APP_TOKEN.fullmatch(value):
        yield "app_id", both[1]
        yield "app_secret", both[2].lower()
    elif _VERIFY.search(key):
        yield "verify_token", value
    elif _HEX.fullmatch(value) and _SECRET.search(context):
        yield "app_secret", value.lower()
    elif _PIN.search(key) and re.fullmatch(r"[0-9]{6}", value):
        yield "two_step_pin", value
    elif value.isascii() and value.isdigit() and 5 <= len(value) <= 20:
        yield from _id(key, context, value)


def _id(key: str, context: str, value: str) -> Iterator[tuple[str, str]]:
    for name, form in _IDS:
        if form.search(key) or (key == "id" and form.search(context)):
            yield name, value
            return


def _snake(key: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key)
    return re.sub(r"[^A-Za-z0-9]+", "_", spaced).strip("_").lower()


def _leaves(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        yield from _lines(text)
        return
    yield from _branches(tree)


def _branches(tree: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Depth first, without recursion: the file is not ours."""
    left: list[tuple[tuple[str, ...], Any]] = [((), tree)]
    seen = 0
    while left and seen < _MOST:
        path, node = left.pop()
        seen += 1
        if isinstance(node, dict):
            left += [((*path, str(key)), child) for key, child in reversed(node.items())]
        elif isinstance(node, list):
            left += [((*path, str(n)), child) for n, child in reversed(list(enumerate(node)))]
        elif isinstance(node, str | int) and not isinstance(node, bool):
            yield path or ("value",), str(node).strip()


def _lines(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """KEY=value and its kin (a shell's, PowerShell's, Docker Compose's, a program's own lines).

    A token is known by its shape wherever it stands.
    """
    for number, line in enumerate(text.splitlines()[:_MOST], 1):
        match = _LINE.fullmatch(line.strip())
        value = _unquoted(match[2].strip()) if match else ""
        if match and value:
            yield (match[1],), value
        if not _TOKEN.fullmatch(value):
            for token in _ANYWHERE.findall(line):
                yield (match[1] if match else f"line {number}",), token


_LINE = re.compile(
    r"""(?:(?:export|set|setx|let|const|var|-)\s{1,8})?(?:\$env:)?["']?([\w.-]{1,200})["']?"""
    r"""\s{0,8}[=:](.*)"""
)
_ANYWHERE = re.compile(rf"(?<![A-Za-z0-9])({sanitise.ACCESS_TOKEN})(?![A-Za-z0-9])")
#: What a quoted value is made of, as a shell and a .env reader join it.
_PIECES = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\,;]+)""")
_ESCAPED = re.compile(r"""\\([\\"$`])""")


def _unquoted(value: str) -> str:
    if not value or value[0] not in "\"'":
        return re.split(r"\s#", value, maxsplit=1)[0].strip()
    pieces, at = [], 0
    while found := _PIECES.match(value, at):
        plain, quoted, escaped, bare = found.groups()
        if quoted is not None:
            quoted = _ESCAPED.sub(r"\1", quoted).replace("\\n", "\n")
        pieces.append(plain or quoted or escaped or bare or "")
        at = found.end()
    whole = at == len(value) or value[at] in " \t,;"
    return "".join(pieces) if whole else value
