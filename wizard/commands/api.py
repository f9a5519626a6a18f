"""`api METHOD PATH`: one call of Graph's as it is typed; a read at once, a change after consent."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from wizard.context.context import Context
from wizard.context.filling import prefilled
from wizard.text.errors import (
    ErrorKind,
    Exit,
    Unavailable,
    UsageError,
    WizardError,
    unknown_word,
)
from wizard.text.localised import phrase
from wizard.text.paste import NotText, decoded
from wizard.text.sanitise import ACCESS_TOKEN, ANY, APP_TOKEN, DOTS, foreign_json
from wizard.text.secret import SECRET_NAMES, Secret
from wizard.vault import VaultError

if TYPE_CHECKING:
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments
    from wizard.graph import Graph, Json
    from wizard.vault import Vault

METHODS = ("GET", "POST", "DELETE")
#: What may stand in braces.
IDS = ("waba_id", "phone_number_id", "app_id", "business_id")
#: Parameters of Graph's that hold a secret, in requests and in answers.
SECRET_KEYS = frozenset(
    {"access_token", "appsecret_proof", "client_secret", "fb_exchange_token", "input_token"}
    | {"pin", "verify_token", "revoke_token", "password", "app_secret", "page_token"}
    | {"refresh_token", "backup", "data_localization_pin", "private_key"}
)
#: Of a page that is read with --paginate; and how much of one edge.
PAGE, MOST = 100, 10_000
LARGEST_INPUT = 1 << 20
_PLACE = re.compile(r"\{([^{}]*)\}")
#: No spaces, no backslash, no second address: a path of Graph's.
_PATH = re.compile(r"[A-Za-z0-9_.:=@+~-]+(?:/[A-Za-z0-9_.:=@+~-]+)*")
_VERSION = re.compile(r"v\d+\.\d+(?:/|$)")
_HIDDEN = re.compile(
    rf"\b{ACCESS_TOKEN}|\b{APP_TOKEN}|(?<=access_token=)[^&\s]+|(?<=appsecret_proof=)[^&\s]+"
)


#: Kinds of error in which Meta said no to this very request.
REFUSALS = (ErrorKind.ODD, ErrorKind.NOT_VISIBLE, ErrorKind.PERMISSION)


class RequestRefused(WizardError):
    """Meta refused the request: exit code 1, or 4 where the token may not make it."""

    def __init__(self, error: Unavailable) -> None:
        denied = error.kind is ErrorKind.PERMISSION
        self.exit_code = Exit.CREDENTIAL if denied else Exit.NOT_IN_ORDER
        values = error.values
        known = f"{values['code']}/{values['subcode']}" if values["subcode"] else values["code"]
        super().__init__("api.refused", **values, known=known)


def options(parser: OptionParser) -> None:
    """The request, and what is shown of its answer."""
    parser.option("method", metavar="METHOD", says="api.method_help")
    parser.option("path", metavar="PATH", nargs="?", says="api.path_help")
    parser.option("--field", metavar="NAME=VALUE", action="append", says="api.field_help")
    parser.option("--input", metavar="FILE", says="api.input_help")
    parser.option("--paginate", action="store_true", says="api.paginate_help")
    parser.option("--select", metavar="EXPRESSION", says="api.select_help")
    parser.option("--as-app", dest="as_app", action="store_true", says="api.as_app_help")
    parser.option("--yes", "-y", action="store_true", says="api.yes_help")


def run(chosen: Arguments) -> int:
    """Prints Meta's answer as JSON; 1 where Meta refuses, 4 where it is for the credential."""
    method = _method(chosen)
    if chosen.paginate and method != "GET":
        raise UsageError("api.pages_of_reads")
    select = _selector(chosen.select)
    typed, _, query = chosen.path.partition("?")
    params = _params(chosen, query)
    with Context(chosen) as context:
        path = _path(context, typed)
        try:
            answer = _answer(context, method, path, params)
        except Unavailable as error:
            if error.kind in REFUSALS and error.values.get("message"):
                raise RequestRefused(error) from None
            raise
        if answer is None:
            return Exit.NOT_IN_ORDER
        shown = _Redactor(context.vault).shown(answer)
        if shown != answer:
            context.notes.line(context.words.say("api.redacted"), "dim")
        context.print_json(select(shown))
        return Exit.FINE


def _method(chosen: Arguments) -> str:
    """What was typed as the method; UsageError where it, or the path behind it, is missing."""
    method: str = chosen.method.upper()
    if method in METHODS and chosen.path is None:
        raise UsageError("api.path_missing", method=method)
    if method in METHODS:
        return method
    if chosen.path is None:
        raise UsageError("api.method_missing", known=", ".join(METHODS))
    raise unknown_word("api.no_such_method", chosen.method, METHODS)


def _selector(expression: str | None) -> Any:
    if expression is None:
        return lambda answer: answer
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        compiled = jmespath.compile(expression)
    except JMESPathError:
        raise UsageError("api.bad_select") from None

    def select(answer: Json) -> Any:
        try:
            return compiled.search(answer)
        except JMESPathError:  # a function on what it cannot take
            raise UsageError("api.bad_select") from None

    return select


def _params(chosen: Arguments, query: str) -> dict[str, Any]:
    """What the path's query, --input and --field say, the last of them first."""
    typed = dict(parse_qsl(query, keep_blank_values=True))
    for given in chosen.field or ():
        name, sign, value = given.partition("=")
        if not (sign and name.strip()):
            raise UsageError("api.bad_field")
        typed[name.strip()] = _value(value)
    if any(key.lower() in SECRET_KEYS or ANY.search(str(v)) for key, v in typed.items()):
        raise UsageError("api.secret")
    return {**_input(chosen.input), **typed}


def _value(text: str) -> Any:
    """true, false, null, a list and an object are what they are in JSON; all else is text."""
    if text in ("true", "false", "null") or text[:1] in ("{", "["):
        try:
            return foreign_json(text)
        except ValueError:
            return text
    return text


def _input(name: str | None) -> dict[str, Any]:
    """The object in the file, its secrets wrapped."""
    if name is None:
        return {}
    try:
        if name == "-":
            content = sys.stdin.buffer.read(LARGEST_INPUT + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(LARGEST_INPUT + 1)
        found = foreign_json(decoded(content)) if len(content) <= LARGEST_INPUT else None
    except OSError as error:
        raise UsageError("api.input_unreadable", why=error.strerror or "?") from None
    except NotText as error:
        raise UsageError("files.not_utf8", path=name, detail=str(error.line)) from None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UsageError("api.input_no_object")
    wrapped: dict[str, Any] = _wrapped(found)
    return wrapped


def _wrapped(node: Any, key: str = "") -> Any:
    """The same data, whatever may be a secret in it as one."""
    if isinstance(node, Mapping):
        return {name: _wrapped(value, str(name)) for name, value in node.items()}
    if isinstance(node, list):
        return [_wrapped(value, key) for value in node]
    secret = isinstance(node, str) and (key.lower() in SECRET_KEYS or _HIDDEN.search(node))
    return Secret(node) if secret else node


def _path(context: Context, typed: str) -> str:
    """The path below the version: ids filled in, and nowhere but at Graph."""
    record = context.session.record

    def fill(found: re.Match[str]) -> str:
        if found[1] not in IDS:
            raise unknown_word("api.no_such_id", found[1], IDS)
        return context.session.id_of(found[1])

    if "://" in typed or typed.startswith("//"):
        raise UsageError("api.not_an_address")
    if ANY.search(_PLACE.sub("", typed)) and typed.strip("/") not in record.ids.values():
        raise UsageError("api.secret")
    path = _PLACE.sub(fill, typed).strip("/")
    version = context.session.graph().version
    if _VERSION.match(path):
        asked, _, path = path.partition("/")
        if asked != version:
            raise UsageError("api.other_version", version=version)
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise UsageError("api.bad_path")
    return path


def _answer(context: Context, method: str, path: str, params: dict[str, Any]) -> Json | None:
    """What Meta says; None where the person did not agree."""
    from wizard.graph.consent import changes_by_get

    chosen, graph = context.chosen, context.session.graph()
    if method == "GET" and changes_by_get(path, params):
        raise UsageError("api.changes_by_get")
    if chosen.paginate:
        return _every_page(context, graph, path, params)
    if method == "GET":
        return graph.request("GET", path, _query(params), as_app=chosen.as_app)
    session = prefilled(context.session, {}, yes=chosen.yes)
    sends = [f"{method} /{path}", *_lines(params)]
    question = phrase("api.consent", method=method)
    consent = session.prompter.consent("api", question, sends, spends=method == "DELETE")
    if consent is None:
        return None
    with session.prompter.waiting(phrase("api.sending")):
        if method == "DELETE":
            query = _query(params)
            return graph.request(method, path, query, consent=consent, as_app=chosen.as_app)
        return graph.request(method, path, {}, params, consent, as_app=chosen.as_app)


def _lines(params: Mapping[str, Any]) -> Sequence[str]:
    from wizard.actions.results import body_lines

    return list(body_lines(_dotted(params)))


def _dotted(node: Any) -> Any:
    """The same data as it may be shown."""
    if isinstance(node, Secret):
        return DOTS
    if isinstance(node, Mapping):
        return {key: _dotted(value) for key, value in node.items()}
    return [_dotted(value) for value in node] if isinstance(node, list) else node


def _query(params: Mapping[str, Any]) -> dict[str, str | Secret]:
    """Parameters as a query has them: texts as they are, everything else as JSON."""
    return {
        name: value if isinstance(value, str | Secret) else json.dumps(value)
        for name, value in params.items()
    }


def _every_page(context: Context, graph: Graph, path: str, params: Mapping[str, Any]) -> Json:
    """All pages as one: their rows under `data`."""
    from wizard.graph.client import every_item

    query = {"limit": str(PAGE), **_query(params)}
    as_app = context.chosen.as_app

    def read(cursor: str) -> Json:
        place = {"after": cursor} if cursor else {}
        page = graph.request("GET", path, {**query, **place}, as_app=as_app)
        if not isinstance(page.get("data"), list):
            raise UsageError("api.no_pages")
        return page

    limit = str(query["limit"])
    rows = every_item(read, int(limit) if limit.isdecimal() else PAGE, MOST)
    if rows.cut:
        context.notes.line(context.words.say("api.cut", count=len(rows)))
    return {"data": list(rows)}


class _Redactor:
    """Takes secrets out of an answer: by their key, their shape, or because they are ours."""

    def __init__(self, vault: Vault) -> None:
        self._ours: set[str] = set()
        # A PIN cannot be found within other digits: it goes by its key.
        for name in set(SECRET_NAMES) - {"two_step_pin"}:
            with suppress(VaultError):
                if kept := vault.get(name):
                    self._ours.add(kept.secret.reveal())

    def shown(self, node: Any, key: str = "") -> Any:
        """The same data without them."""
        if isinstance(node, Mapping):
            return {name: self.shown(value, str(name)) for name, value in node.items()}
        if isinstance(node, list):
            return [self.shown(value, key) for value in node]
        if key.lower() in SECRET_KEYS and node not in (None, "", True, False):
            return DOTS
        return self._text(node) if isinstance(node, str) else node

    def _text(self, text: str) -> str:
        for secret in self._ours:
            text = text.replace(secret, DOTS)
        return _HIDDEN.sub(DOTS, text)
