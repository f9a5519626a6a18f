"""What a file of someone else's holds, whatever its shape, and whose it is.

Secrets are known by their shape, not by what they are called; the others by their names. Under
the names that our own export gives, what a value is called is what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from wizard.commands.credentials.common import IDS
from wizard.commands.credentials.shapes import Leaf, read
from wizard.text import sanitise
from wizard.text.paste import is_empty, parse_token, parse_verify_token
from wizard.text.secret import PAGE_TOKEN, PIN, SECRET_NAMES, Secret
from wizard.vault.environment import variable

TOKEN = "token"

_TOKEN = re.compile(rf"(?:Bearer\s+)?({sanitise.ACCESS_TOKEN})")
_APP_TOKEN = re.compile(rf"({sanitise.APP_ID})\|({sanitise.APP_SECRET})")
_HEX = re.compile(sanitise.APP_SECRET)
_VERIFY = re.compile(r"(verify|verification|validation)_?token|hub_verify|webhook_token")
_PIN = re.compile(r"(^|_)(pin|two_?step|two_?factor|2fa)(_|$)")
_SECRET = re.compile(r"secret|app_key|client_key")
_ACCESS = re.compile(r"(^|_)token$")
_PLACEHOLDER = re.compile(
    r"<.*>|\$\{.*\}|\{+[\w .-]*\}+|\$\(.*\)|\$\w+|%\w+%|(your|my|change|replace)[-_ ].*"
    r"|(change|replace)me|placeholder|todo|\w{0,8}(x{4,}|\.{3}|…)\w{0,8}",
    re.I,
)
_IDS = (
    ("phone_number_id", re.compile(r"phone(_number)?_id$")),
    ("waba_id", re.compile(r"waba(_id)?$|business_account_id$|whatsapp_account_id$")),
    ("app_id", re.compile(r"(^|_)(app|client|application)_id$")),
    ("business_id", re.compile(r"(^|_)(business|portfolio)(_manager)?_id$")),
)
_ANYWHERE = re.compile(rf"(?<![A-Za-z0-9])({sanitise.ACCESS_TOKEN})(?![A-Za-z0-9])")
_APP_TOKEN_ANYWHERE = re.compile(
    rf"(?<![A-Za-z0-9])({sanitise.APP_ID})(?:\||%7C)({sanitise.APP_SECRET})(?![A-Za-z0-9])", re.I
)
#: What a request to Graph names, as in a curl command.
_NODE = r"graph\.facebook\.com/(?:v\d{1,3}\.\d/)?(\d{5,20})/"
_NODES = {
    "phone_number_id": re.compile(
        _NODE + r"(?:messages|media|(?:de)?register|request_code|verify_code|whatsapp_\w{1,40})"
    ),
    "waba_id": re.compile(
        _NODE + r"(?:phone_numbers|message_templates|subscribed_apps|assigned_users)"
    ),
}
_PARAMETER = re.compile(
    r"""(?<![\w.-])(client_id|client_secret|(?:hub\.)?verify_token|pin)=([^&\s"'\\]{1,500})"""
)
_LINE = re.compile(r"line (\d+)")
_OURS = {variable(name): name for name in (*SECRET_NAMES, *IDS)}
_OF_NUMBER = re.compile(r"_pin_([0-9]{5,20})$")
_OUR_PAGE = re.compile(variable(f"{PAGE_TOKEN}:") + r"\d+")


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


class _Item(NamedTuple):
    """One value that was found, and where."""

    path: tuple[str, ...]
    name: str
    value: str
    why: str


@dataclass(frozen=True)
class Contents:
    """What a file holds for each client, by what the file calls them; "" where there is one.

    `unread` are the numbers of the lines that were not understood.
    """

    clients: dict[str, list[Found]]
    unread: list[int]


def contents(text: str) -> Contents:
    """Everything in a file, each value once, in the order of the file."""
    leaves, unread = read(text)
    items = [_Item(path, *judged) for path, value in leaves for judged in _judged(path, value)]
    named = {found[1] for item in items if (found := _LINE.fullmatch(item.path[-1]))}
    clients = {label: _once(theirs) for label, theirs in _clients(items, leaves).items()}
    return Contents(clients, [number for number in unread if str(number) not in named])


def find(text: str) -> list[Found]:
    """Everything in a file, whosever it is."""
    return list(dict.fromkeys(found for each in contents(text).clients.values() for found in each))


def _once(items: Iterable[_Item]) -> list[Found]:
    found: dict[tuple[str, str, str], list[str]] = {}
    for path, name, value, why in items:
        key = sanitise.ANY.sub(sanitise.DOTS, ".".join(path)[:200])[:80]
        found.setdefault((name, value, why), []).append(key)
    return [
        Found(name, tuple(keys), value=value, why=why)
        if name.endswith("_id") and not why
        else Found(name, tuple(keys), Secret(value), why=why)
        for (name, value, why), keys in found.items()
    ]


#: Words of names that say what a value is, not whose.
_COMMON = re.compile(
    r"access|token|app|application|secret|ids?|waba|phone|number|business|account|whatsapp|wab?"
    r"|verify|verification|validation|webhook|hub|pin|two|step|twostep|factor|2fa|client|api|key"
    r"|cloud|user|system|page|meta|fb|facebook|m4d|graph|permanent|temporary|long|lived|wizard"
    r"|portfolio|manager|"
)
_LABEL = re.compile(r"(?:client_?|company_?|profile_?)?name|client|profile|customer|company|label")
_COUNTED = re.compile(r"(?:line |row )?\d+")


def _place(path: tuple[str, ...]) -> tuple[str, ...]:
    """The way to a value, with what is left of its name when all that says what it is is gone."""
    key, _, profile = path[-1].partition("__")
    words = [word for word in _words(key).split("_") if not _COMMON.fullmatch(word)]
    return (*path[:-1], profile.lower() or "_".join(words))


def _clients(items: Sequence[_Item], leaves: Sequence[Leaf]) -> dict[str, list[_Item]]:
    """By client. Several WABAs are several clients, where each has a secret beside its id.

    Without a WABA the numbers decide; without those the records of a list, each with its token.
    """
    for name in ("waba_id", "phone_number_id", TOKEN):
        places = {item.value: _place(item.path) for item in items if item.name == name}
        if len(places) > 1:
            return _apart(items, leaves, list(places.values()), name) or {"": list(items)}
        if places:
            break
    return {"": list(items)}


def _apart(
    items: Sequence[_Item], leaves: Sequence[Leaf], places: list[tuple[str, ...]], name: str
) -> dict[str, list[_Item]]:
    """The items of each container in which one of these places is; {} where there are not two."""
    first, last = min(places), max(places)
    steps = enumerate(zip(first, last, strict=False))
    depth = next((n for n, (one, other) in steps if one != other), len(first)) + 1
    held = [(_place(item.path)[:depth], item) for item in items]
    secret = {container for container, item in held if item.name in (TOKEN, "app_secret")}
    owners = dict.fromkeys(place[:depth] for place in places if place[:depth] in secret)
    if len(owners) < 2 or any(len(place) < depth for place in places):
        return {}
    if name == TOKEN and not _are_records(owners, places, leaves, depth):
        return {}
    shared = [item for container, item in held if container not in owners]
    return {
        label: [item for container, item in held if container == owner] + shared
        for owner, label in _labels(owners, leaves).items()
    }


def _are_records(
    owners: Iterable[tuple[str, ...]],
    places: Iterable[tuple[str, ...]],
    leaves: Sequence[Leaf],
    depth: int,
) -> bool:
    """Whether they are the rows of a table or its like, and no list of someone's tokens."""
    sizes = [sum(path[:depth] == owner for path, _ in leaves) for owner in owners]
    counted = all(_COUNTED.fullmatch(owner[-1]) for owner in owners)
    return depth == 1 and counted and min(sizes) > 1 and all(len(place) > 1 for place in places)


def _labels(
    owners: Iterable[tuple[str, ...]], leaves: Sequence[Leaf]
) -> dict[tuple[str, ...], str]:
    """What each is called: by itself, by its key, else by its number. Never what may be secret."""
    named = {
        path[:-1]: value for path, value in reversed(leaves) if _LABEL.fullmatch(_snake(path[-1]))
    }
    labels: dict[tuple[str, ...], str] = {}
    for number, owner in enumerate(owners, 1):
        own = owner[-1] if owner[-1] and not _COUNTED.fullmatch(owner[-1]) else str(number)
        label = sanitise.masked(named.get(owner, "") or own)[:40].strip()
        labels[owner] = f"{label} ({number})" if label in labels.values() else label
    return labels


def _judged(path: tuple[str, ...], value: str) -> Iterator[tuple[str, str, str]]:
    """Name, value, and why it cannot be kept; nothing for what is empty or none of ours."""
    own = path[-1].partition("__")[0]
    if _OURS.get(own) == "verify_token" and value.strip():
        yield "verify_token", value, "" if value.isprintable() else "shape"
        return
    value = value.strip()
    if is_empty(value):
        return
    if _PLACEHOLDER.fullmatch(value):
        if name := _named(path):
            yield name, value, "placeholder"
        return
    recognised = list(_recognised(path, value)) or list(_within(own, value))
    for name, what in recognised:
        wrong = name == "verify_token" and not isinstance(parse_verify_token(what), str)
        yield name, what, "shape" if wrong else ""


def _within(key: str, value: str) -> Iterator[tuple[str, str]]:
    """What stands in a longer text: a request, a command, a line of a program."""
    if _OUR_PAGE.fullmatch(key) or _OURS.get(key) in ("access_token", "user_token"):
        token = parse_token(value)
        if isinstance(token, str):
            yield TOKEN, token
        return
    for token in _ANYWHERE.findall(value):
        yield TOKEN, token
    for app, secret in _APP_TOKEN_ANYWHERE.findall(value):
        yield "app_id", app
        yield "app_secret", secret.lower()
    for name, address in _NODES.items():
        for node in address.findall(value):
            yield name, node
    for name, what in _PARAMETER.findall(value):
        yield from _recognised((name,), what)


def _named(path: tuple[str, ...]) -> str:
    """What a value would be by its key alone."""
    key, context = _snake(path[-1]), "_".join(map(_snake, path))
    for name, form in (("verify_token", _VERIFY), (PIN, _PIN), (TOKEN, _ACCESS)):
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
        number = _OF_NUMBER.search(key)
        yield f"{PIN}:{number[1]}" if number else PIN, value
    elif value.isascii() and value.isdigit() and 5 <= len(value) <= 20:
        yield from _id(key, context, value)


def _id(key: str, context: str, value: str) -> Iterator[tuple[str, str]]:
    for name, form in _IDS:
        if form.search(key) or (key == "id" and form.search(context)):
            yield name, value
            return


def _words(key: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key)
    return re.sub(r"[^A-Za-z0-9]+", "_", spaced).strip("_").lower()


def _snake(key: str) -> str:
    """Words in lower case, without the number or the profile that tells it from its like."""
    return re.sub(r"_\d{1,2}$", "", _words(key.partition("__")[0]))
