"""`credentials helper`: answers programs that ask a credential helper, in the protocol they speak.

docker: https://github.com/docker/docker-credential-helpers (its words for errors are compared by
clients). git: https://git-scm.com/docs/git-credential#IOFMT. AWS: "Sourcing credentials with an
external process" of its SDK guide.

All three only read. A secret is kept here once Meta takes it, by `credentials set`; and the clients
erase after a single 401, which may be Meta's and over in a minute.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from urllib.parse import quote, unquote, urlsplit

from wizard.commands.credentials.common import (
    MissingCredential,
    names_of,
    record_of,
    secret_name,
    value_of,
)
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.net.address import META_URL
from wizard.report.documents import TOOL
from wizard.state.record import parse_time
from wizard.text.errors import Exit, UsageError
from wizard.text.secret import Secret, fingerprint
from wizard.ui.screen import is_terminal

#: The only server whose secrets are kept here; which one of them, the user name says.
HOST = urlsplit(META_URL).netloc
USUAL = "access_token"
#: Longer than any request of these protocols.
_MOST = 1 << 16

#: The words that the clients of docker's protocol know.
NOT_FOUND = "credentials not found in native keychain"
NO_SERVER = "no credentials server URL"
NO_USER = "no credentials username"
READ_ONLY = "read-only helper: change secrets with `wa-wizard credentials set` and `remove`"


def run(chosen: Arguments) -> int:
    """Answers one request; what goes out is the answer of the protocol alone."""
    if is_terminal(sys.stdout):
        raise UsageError("credentials.helper_on_terminal", protocol=chosen.protocol)
    with Context(chosen) as context:
        return PROTOCOLS[chosen.protocol](context, chosen.action or "")


def _docker(context: Context, action: str) -> int:
    """get, list, store, erase and version: what went wrong stands on stdout, with code 1."""
    if action not in _DOCKER:
        raise UsageError("credentials.helper_action", actions=", ".join(_DOCKER))
    return _DOCKER[action](context)


def _docker_list(context: Context) -> int:
    secrets = {f"https://{quote(name, safe='')}@{HOST}": name for name in names_of(context)}
    if USUAL in secrets.values():
        secrets = {f"https://{HOST}": USUAL, **secrets}
    return _answer(json.dumps(secrets))


def _docker_get(context: Context, *, erase: bool = False) -> int:
    url = sys.stdin.read(_MOST).strip()
    if not url:
        return _refuse(NO_SERVER)
    name = _named(url)
    value = _value(context, name)
    if not value:
        return _refuse(NOT_FOUND)
    if erase:
        return _refuse(READ_ONLY)
    return _answer(json.dumps({"ServerURL": url, "Username": name, "Secret": value}))


def _docker_store(_context: Context) -> int:
    try:
        content = json.loads(sys.stdin.read(_MOST))
    except (ValueError, RecursionError):
        return _refuse(NO_SERVER)
    for key, missing in (("ServerURL", NO_SERVER), ("Username", NO_USER)):
        if not isinstance(content, dict) or not content.get(key):
            return _refuse(missing)
    return _refuse(READ_ONLY)


_DOCKER: Mapping[str, Callable[[Context], int]] = {
    "get": _docker_get,
    "list": _docker_list,
    "store": _docker_store,
    "erase": partial(_docker_get, erase=True),
    "version": lambda _context: _answer(TOOL),
}


def _answer(text: str) -> int:
    sys.stdout.write(f"{text}\n")
    return Exit.FINE


def _refuse(text: str) -> int:
    sys.stdout.write(f"{text}\n")
    return Exit.NOT_IN_ORDER


def _named(url: str) -> str:
    """The secret that an address stands for; "" where it is no address of Meta's, or plain http."""
    with suppress(ValueError):
        parts = urlsplit(url if "://" in url else f"https://{url}")
        if parts.scheme == "https" and parts.netloc.rpartition("@")[2].lower() == HOST:
            return unquote(parts.username or USUAL)
    return ""


def _value(context: Context, name: str) -> str:
    """The value of a secret; "" where it is none of ours, or is not there."""
    with suppress(UsageError, MissingCredential):
        return value_of(context, secret_name(name)) if name else ""
    return ""


def _git(context: Context, action: str) -> int:
    """get answers with user name and password, or with nothing; the rest is passed over.

    So the protocol has it: a helper that cannot help says nothing, and git asks the next one.
    """
    lines = sys.stdin.read(_MOST).split("\n\n")[0].splitlines()
    asked = dict(line.partition("=")[::2] for line in lines)
    if action != "get" or asked.get("protocol") != "https" or asked.get("host") != HOST:
        return Exit.FINE
    name = asked.get("username") or USUAL
    if value := _value(context, name):
        answer = {"protocol": "https", "host": HOST, "username": name, "password": value}
        if ends := _end(context, name, value):
            answer["password_expiry_utc"] = str(int(parse_time(ends).timestamp()))
        sys.stdout.writelines(f"{key}={text}\n" for key, text in answer.items())
    return Exit.FINE


def _aws(context: Context, name: str) -> int:
    """One secret as SecretAccessKey, which an AWS client signs with and never sends.

    SessionToken would be sent along with every request, so nothing of ours stands there.
    """
    name = secret_name(name or USUAL)
    value = value_of(context, name)
    answer = {"Version": 1, "AccessKeyId": name, "SecretAccessKey": value}
    if ends := _end(context, name, value):
        answer["Expiration"] = ends
    return _answer(json.dumps(answer))


def _end(context: Context, name: str, value: str) -> str:
    """When this value ends, as was noted when it was kept; "" when it does not, or is not known."""
    note = record_of(context).note_of(name)
    mark = fingerprint(Secret(value), name)
    known = note is not None and mark and note.fingerprint == mark and note.expires_at != "never"
    return note.expires_at if note and known else ""


PROTOCOLS = {"docker": _docker, "git-style": _git, "aws-process": _aws}
