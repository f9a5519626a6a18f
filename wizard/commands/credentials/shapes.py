"""The shapes in which people keep values: what stands where in a file, whatever its format.

Every reader is tried in turn; a text that is none of theirs is read line by line. Nothing here
knows what a value means.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from wizard.vault.environment import PREFIX

#: The first line of an export whose values are not quoted, where some of them look as if they were.
AS_IT_STANDS = "# wa-wizard: values as they stand"

Leaf = tuple[tuple[str, ...], str]


class Reading(NamedTuple):
    """Values with the way to each, and the numbers of the lines that were not understood."""

    leaves: list[Leaf]
    unread: list[int]


def read(text: str) -> Reading:
    """Everything that has a name in this text, in its order."""
    if text.startswith(AS_IT_STANDS):
        return _bare_lines(text)
    if "\n" not in text:
        text = text.replace("\r", "\n")
    with suppress(ValueError, RecursionError):
        return Reading(list(_branches(json.loads(text))), [])
    for reader in _READERS:
        with suppress(ValueError, RecursionError):
            return reader(text)
    return _lines(text)


#: More nodes than a file of 1 MiB has, unless aliases of YAML multiply them.
_MOST = 1 << 20
_DEEPEST = 64
#: What slower readers are given.
_SHORT = 1 << 16


def _branches(tree: Any, root: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Depth first, without recursion: the file is not ours."""
    left: list[tuple[tuple[str, ...], Any]] = [(root, tree)]
    seen = 0
    while left:
        path, node = left.pop()
        seen += 1
        if seen > _MOST or len(path) > _DEEPEST:
            raise ValueError("too large")
        if isinstance(node, dict):
            left += [((*path, str(key)), child) for key, child in reversed(_named(node).items())]
        elif isinstance(node, list):
            left += [((*path, str(n)), child) for n, child in reversed(list(enumerate(node)))]
        elif isinstance(node, str | int) and not isinstance(node, bool):
            yield from _leaf(path or ("value",), str(node))


def _named(node: dict[Any, Any]) -> dict[Any, Any]:
    """`{"key": NAME, "value": …}` of Postman, `{"name": NAME, …}` of Kubernetes: {NAME: …}."""
    if node.get("kind") == "Secret" and isinstance(data := node.get("data"), dict):
        return node | {"data": {key: _plain(value) for key, value in data.items()}}
    name = node.get("key", node.get("name"))
    return {name: node["value"]} if isinstance(name, str) and "value" in node else node


def _plain(value: Any) -> Any:
    """What Base64 holds, as the `data` of a Secret of Kubernetes has it; others stay."""
    with suppress(ValueError, TypeError):
        return base64.b64decode(value, validate=True).decode().rstrip("\r\n")
    return value


def _leaf(path: tuple[str, ...], value: str) -> Iterator[Leaf]:
    """A value, or what is written in it: JSON within JSON, NAME=value of Docker Compose."""
    if value.startswith("{") and not path[-1].startswith(PREFIX):
        with suppress(ValueError, RecursionError):
            yield from list(_branches(_loose(value), path))
            return
    line = _ASSIGNED.fullmatch(value) if path[-1].isdigit() else None
    if line and line["op"] == "=":
        yield (*path[:-1], line["name"]), line["value"]
    else:
        yield path, value


_STRING = r'"(?:[^"\\]|\\.)*+(?:"|\Z)'
_IN_SINGLE = r"'(?:[^'\\\n]|\\.)*+'"
_COMMENTS = re.compile(
    rf"({_STRING}|{_IN_SINGLE})|//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)"
    r"|(?<=\n)[ \t]{0,200}+#[^\n]*",
    re.S,
)
_LAST_COMMAS = re.compile(rf"({_STRING})|,\s*+(?=[\]}}])", re.S)
#: Of JSON5, JavaScript and Python: strings in single quotes, bare names, words for literals.
_SINGLE = re.compile(rf"({_STRING})|'((?:[^'\\\n]|\\.)*+)'", re.S)
_BARE = re.compile(rf"({_STRING})|(?<=[{{,\s])([A-Za-z_$][\w$]{{0,80}}+)(?=\s*+:)", re.S)
_WORD = re.compile(rf"({_STRING})|\b(None|True|False|undefined)\b", re.S)


def _loose(text: str) -> Any:
    """The tree of a text that is JSON, or nearly so. ValueError where it is not."""
    with suppress(ValueError):
        return json.loads(text)
    for noise in (_COMMENTS, _LAST_COMMAS):
        text = noise.sub(lambda found: found[1] or " ", text)
    text = _SINGLE.sub(lambda found: found[1] or _double(found[2]), text)
    text = _BARE.sub(lambda found: found[1] or f'"{found[2]}"', text)
    text = _WORD.sub(lambda found: found[1] or "null", text)
    return json.loads(_LAST_COMMAS.sub(lambda found: found[1] or " ", text))


def _double(inner: str) -> str:
    inner = re.sub(r"\\(.)|\"", lambda found: "'" if found[0] == "\\'" else found[0], inner)
    return '"' + re.sub(r'(?<!\\)"', r"\"", inner) + '"'


def _relaxed_json(text: str) -> Reading:
    """JSON with comments, trailing commas and the quotes of JSON5, as editors have it."""
    if not text.lstrip().startswith(("{", "[", "/")):
        raise ValueError("no JSON")
    return Reading(list(_branches(_loose(text))), [])


def _json_lines(text: str) -> Reading:
    leaves: list[Leaf] = []
    unread: list[int] = []
    good = 0
    for number, line in enumerate(text.split("\n"), 1):
        try:
            if line.strip():
                tree = json.loads(line)
                good += isinstance(tree, dict)
                leaves += _branches(tree, (f"line {number}",))
        except (ValueError, RecursionError):
            unread.append(number)
    if good < 2 or len(unread) > good:
        raise ValueError("no JSON lines")
    return Reading(leaves, unread)


def _toml(text: str) -> Reading:
    """Only with a table: to TOML `A=0x1F` of a .env would be a number, and ours is none."""
    if not _TABLE.search(text) or PREFIX in text or len(text) > _SHORT:
        raise ValueError("no table")
    return Reading(list(_branches(tomllib.loads(text))), [])


_TABLE = re.compile(r"^[ \t]{0,20}\[|=[ \t]{0,8}\{|=[ \t]{0,8}(?:\"\"\"|''')", re.M)


_WORDS = re.compile(r"\s{0,8}[\w .()/-]{1,80}")
#: What the second of two columns is called where it is not that of the values.
_COLUMN = re.compile(r"[\w -]{0,60}(?:token|secret|id|pin)", re.I)


def _csv(text: str) -> Reading:
    """A table with a line of names, and each record a row; or two columns, name and value."""
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    if "=" in first or first.count(mark) == 0:
        raise ValueError("no table")
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=mark, strict=True))
    except csv.Error:
        raise ValueError("no table") from None
    names, *records = rows
    if any(len(row) not in (0, len(names)) for row in records):
        raise ValueError("no table")
    if len(names) == 2 and not _COLUMN.fullmatch(names[1]):
        return Reading([((row[0],), row[1].strip()) for row in rows if row and row[0]], [])
    if not records or not all(_WORDS.fullmatch(name) for name in names):
        raise ValueError("no table")
    leaves: list[Leaf] = [
        ((f"row {n}", name), cell.strip())
        for n, row in enumerate(records, 2)
        for name, cell in zip(names, row, strict=False)
    ]
    return Reading(leaves, [])


_YAML = re.compile(r"^[ \t-]{0,40}[\"']?[\w.-]{1,80}[\"']?:(?:[ \t]|\r?$)|^\s{0,20}\{", re.M)


def _yaml(text: str) -> Reading:
    """Several documents too; every scalar as it is written: a PIN is no octal number."""
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    if not _YAML.search(text) or len(text) > _SHORT:
        raise ValueError("no YAML")
    try:
        depth = 0
        for event in yaml.parse(text, Loader=loader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                raise ValueError("too deep")
        trees = list(yaml.load_all(text, Loader=loader))
    except yaml.YAMLError:
        raise ValueError("no YAML") from None
    if not all(isinstance(tree, dict | list) for tree in trees):
        raise ValueError("words")
    return Reading(list(_branches(trees if len(trees) > 1 else trees[0])), [])


_READERS: tuple[Callable[[str], Reading], ...] = (_relaxed_json, _json_lines, _toml, _csv, _yaml)

_NAME = r"""["']?(?P<name>[\w.-]{1,200})["']?"""
_ASSIGNED = re.compile(
    rf"\A(?:(?:export|env|set|let|const|var|-)\s{{1,8}})?{_NAME}\s{{0,8}}(?P<op>[=:])(?P<value>.*)",
    re.I,
)
#: Words that differ by what stands between them alone: no text takes long to read.
_LABEL = r"\A[-*]?\s{0,8}+(?P<name>[^\W_]{1,40}(?:[ _-][^\W_]{1,40}){1,4})"
_CELL = r"\A\|\s{0,80}+(?P<name>[\w.-]{1,40}(?: [\w.-]{1,40}){0,5})"
#: How a line begins that gives a value to a name, and how that value is quoted.
_FORMS = (
    (re.compile(rf"\A(?:\$\{{?env:){_NAME}\}}?\s{{0,8}}=(?P<value>.*)", re.I), "powershell"),
    (
        re.compile(
            rf"\A\[(?:System\.)?Environment\]::SetEnvironmentVariable\(\s{{0,8}}{_NAME}\s{{0,8}},"
            r"(?P<value>.*)",
            re.I,
        ),
        "powershell",
    ),
    (re.compile(r'\A@?set\s{1,8}"(?P<name>[\w.-]{1,200})=(?P<value>.*)"\s*+', re.I), "bare"),
    (re.compile(rf"\A@?setx\s{{1,8}}{_NAME}\s{{1,8}}(?P<value>.*)", re.I), "word"),
    (
        re.compile(rf"\Aset(?:\s{{1,8}}-[-\w]{{1,20}}){{1,6}}\s{{1,8}}{_NAME}\s(?P<value>.*)"),
        "fish",
    ),
    (re.compile(rf"\Asetenv\s{{1,8}}{_NAME}\s(?P<value>.*)"), "shell"),
    (re.compile(rf"\A(?:export|declare\s-x)\s{{1,8}}{_NAME}=(?P<value>.*)"), "shell"),
    (_ASSIGNED, "dotenv"),
    # Notes of people and tables of Markdown: a label of a few words.
    (re.compile(_LABEL + r"\s{0,8}+:\s(?P<value>.*)"), "dotenv"),
    (re.compile(_CELL + r"\s{0,80}+\|(?P<value>[^|]*)\|?"), "dotenv"),
)
#: Lines that give values to several names: shells, a Dockerfile, systemd, `docker run`.
_SEVERAL = re.compile(r"ENV\s|Environment=|(?:sudo\s)?(?:docker|podman)\s", re.I)
_PAIR = re.compile(r"(?:Environment=|--env=)?([A-Za-z_][\w.-]{0,200})=(.*)", re.S)
_SECTION = re.compile(r"\[([^\[\]]{1,200})\]")
_COMMENT = re.compile(r"[#;]|//|/\*|rem\s|::|@?echo\s|[][{}()]{1,20}[,;]?$", re.I)
#: What a quoted value is made of: without changes, with escapes, and bare.
_PIECES = {
    "powershell": re.compile(r"'((?:[^']|'')*+)'|\"((?:[^\"`]|`.|\"\")*+)\"|([^\s'\",;)]+)"),
    "fish": re.compile(r"'((?:[^'\\]|\\.)*+)'|\"((?:[^\"\\]|\\.)*+)\"|((?:[^\s'\"\\;]|\\.)+)"),
    "shell": re.compile(r"'([^']*+)'|\"((?:[^\"\\$`]|\\.)*+)\"|((?:[^\s'\"\\;$`]|\\.)+)"),
    "dotenv": re.compile(r"'([^']*+)'|\"((?:[^\"\\]|\\.)*+)\"|((?:[^\s'\"\\,;]|\\.)+)"),
}
#: The same escapes in a piece of each kind: single quotes, double quotes, none.
_ESCAPES = {
    "powershell": (re.compile("'(')"), re.compile('`(.)|"(")'), None),
    "fish": (re.compile(r"\\(['\\])"), re.compile(r'\\(["$\\])'), re.compile(r"\\(.)")),
    "shell": (None, re.compile(r'\\([\\"$`])'), re.compile(r"\\(.)")),
    "dotenv": (None, re.compile(r'\\([\\"$`n])'), re.compile(r"\\(.)")),
}


def _bare_lines(text: str) -> Reading:
    pairs = [line.partition("=") for line in text.split("\n")[1:] if line]
    return Reading([((name,), value) for name, _, value in pairs], [])


def _lines(text: str) -> Reading:
    """NAME=value and its kin: of shells, cmd, PowerShell, INI, Compose, a program's own lines.

    A name that comes again begins the next record.
    """
    leaves: list[Leaf] = []
    unread: list[int] = []
    section: tuple[str, ...] = ()
    record, seen = "line 1", set[tuple[str, ...]]()
    again = in_curl = False
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        in_curl = bool(line) and (in_curl or "curl" in line.split()[:2])
        if found := _SECTION.fullmatch(line):
            section = (found[1].strip(" \"'"),)
        elif not line or in_curl or _COMMENT.match(line):
            leaves.append(((record, f"line {number}"), line))
        elif several := _several(line):
            leaves += [((record, *section, name), value) for name, value in several]
        elif (pair := _assigned(line)) is None:
            leaves.append(((record, f"line {number}"), line))
            unread.append(number)
        else:
            name, value = pair
            place = (*section, name)
            if place in seen:
                again, record = True, f"line {number}"
                seen.clear()
            seen.add(place)
            leaves += _leaf((record, *place), value)
    return Reading(leaves if again else [(path[1:], value) for path, value in leaves], unread)


def _several(line: str) -> list[tuple[str, str]]:
    """Names and values where one line has more than one; ours never do: it would be a value."""
    known = _SEVERAL.match(line)
    if line.count("=") < (1 if known else 2) or PREFIX in line:
        return []
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    if not known and not (_PAIR.fullmatch(words[0]) or words[0] in ("export", "env", "declare")):
        return []
    pairs = [(found[1], found[2]) for word in words if (found := _PAIR.fullmatch(word))]
    return pairs if known or len(pairs) > 1 else []


def _assigned(line: str) -> tuple[str, str] | None:
    """Name and value; None where the line has none, or its quotes are not closed."""
    for form, style in _FORMS:
        if found := form.fullmatch(line):
            value = unquoted(found["value"].strip(), style)
            return None if value is None else (found["name"], value)
    return None


#: The quotes of bash that know escapes, with those alone that stand for themselves.
_ANSI = re.compile(r"\$'(?:[^'\\]|\\['\\])*+'\s*+(?:#.*)?")


def unquoted(value: str, style: str = "dotenv") -> str | None:
    """The value as the reader of that style would have it; None where it has none."""
    if style == "bare":
        return value
    quoted = value[:1] in ("'", '"')
    if style == "dotenv" and value.startswith("$'"):
        return _joined(value[1:], "fish") if _ANSI.fullmatch(value) else None
    if style == "dotenv" and not quoted:
        return _without_comment(value)
    if style == "word":
        return _joined(value, "dotenv") if quoted else value.partition(" ")[0]
    return _joined(value, style)


def _without_comment(value: str) -> str:
    if value[:1] == "`" and (end := value.find("`", 1)) > 0:
        return value[1:end]
    return re.split(r"\s#", value, maxsplit=1)[0].strip()


def _escaped(sign: re.Match[str]) -> str:
    """What an escape stands for; `\\n` is one in the double quotes of a .env alone."""
    if sign[0] == "\\n" and sign.re is _ESCAPES["dotenv"][1]:
        return "\n"
    return str(sign[sign.lastindex or 1])


def _joined(value: str, style: str) -> str | None:
    pieces, at = [], 0
    while found := _PIECES[style].match(value, at):
        kind = (found.lastindex or 1) - 1
        piece, escapes = found[kind + 1], _ESCAPES[style][kind]
        pieces.append(escapes.sub(_escaped, piece) if escapes else piece)
        at = found.end()
    return "".join(pieces) if at == len(value) or value[at] in " \t,;)" else None
