"""Graph in memory, for tests of whatever uses the port. It passes the contract of the real one.

    graph = FakeGraph({
        "GET 10": {"id": "10", "name": "Shop"},
        "GET 10/phone_numbers": {"data": [{"id": "20"}]},
        "POST 20/register": envelope(133005, "Two step verification PIN mismatch"),
        "GET 30": Unavailable(ErrorKind.UNREACHABLE, cause="reset"),
        "GET debug_token": lambda call: {"data": {"app_id": call.params["input_token"]}},
        "GET 20": [{"status": "PENDING"}, {"status": "CONNECTED"}],  # one after the other
    })

What is not declared answers as an id that is not visible. `graph.calls` says what was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from wizard.graph import (
    DEFAULT_VERSION,
    Credentials,
    GraphError,
    Reachability,
    RequestLog,
)
from wizard.graph.consent import read_only, require
from wizard.graph.errors import names, refusal, without
from wizard.net.address import META_URL
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.secret import Secret


def envelope(code, message="An error", *, subcode=0, http=400, **more):
    """An answer of Graph's that is an error; `more` goes into the envelope (error_data …)."""
    sub = {"error_subcode": subcode} if subcode else {}
    error = {"message": message, "type": "OAuthException", "code": code, **sub}
    return {"error": error | {"fbtrace_id": "Atrace"} | more, "_http": http}


NOT_VISIBLE = envelope(
    100,
    "Unsupported get request. Object with ID '0' does not exist, cannot be loaded due to missing"
    " permissions, or does not support this operation",
    subcode=33,
)


@dataclass(frozen=True)
class FakeCall:
    """One request as it was made; secrets are in clear, so that tests can compare them."""

    method: str
    path: str
    fields: tuple[str, ...] = ()
    params: Mapping[str, object] = field(default_factory=dict)
    body: Mapping[str, object] = field(default_factory=dict)
    as_app: bool = False
    prove: bool = True

    @property
    def key(self):
        return f"{self.method} {self.path}"


class FakeGraph:
    """`answers` may be changed at any time; `unknown_fields` are those this version lacks."""

    def __init__(
        self,
        answers=None,
        *,
        keys=None,
        unknown_fields=(),
        version=DEFAULT_VERSION,
        url=META_URL,
        reach=None,
    ):
        self.answers = dict(answers or {})
        self.unknown_fields = frozenset(unknown_fields)
        self.calls = []
        self.keys = keys or Credentials(
            Secret("EAAfake"), "100", Secret("fake secret"), proves=True
        )
        self.version, self.url = version, url
        self.reach = reach
        self._exchanges = []

    @property
    def exchanges(self):
        return tuple(self._exchanges)

    def asked(self, method=""):
        """What was asked, as "GET 10" …"""
        return [call.key for call in self.calls if call.method == method or not method]

    def get(self, path, *, fields=(), as_app=False, prove=True, **params):
        read_only(path)
        return self._read(path, tuple(fields), as_app, prove, params)

    def pages(self, path, *, fields=(), as_app=False, prove=True, limit=100, most=2000, **params):
        page = self._read(path, tuple(fields), as_app, prove, params)
        rows = [row for row in page.get("data", ()) if isinstance(row, Mapping)]
        return [_chosen(row, fields) for row in rows][:most]

    def post(self, path, body, consent, *, as_app=False):
        require(consent, "POST", path)
        self._signed(as_app)
        return self._answer(FakeCall("POST", path, body=_clear(body), as_app=as_app))

    def delete(self, path, consent, *, as_app=False, **params):
        require(consent, "DELETE", path)
        self._signed(as_app)
        return self._answer(FakeCall("DELETE", path, params=_clear(params), as_app=as_app))

    def request(self, method, path, query, body=None, consent=None, *, as_app=False):
        if method == "GET":
            read_only(path, query)
        else:
            require(consent, method, path)
        self._signed(as_app)
        params = {"params": _clear(query), "body": _clear(body or {})}
        return self._answer(FakeCall(method, path, as_app=as_app, **params))

    def upload(self, app_id, file, consent):
        """The handle is what `answers` say to "POST <app>/uploads": {"h": …}."""
        require(consent, "POST", f"{app_id}/uploads")
        require(consent, "POST", "upload:1")
        self._signed(False)
        about = {"file_name": file.name, "file_type": file.kind, "file_length": len(file.content)}
        return self._answer(FakeCall("POST", f"{app_id}/uploads", params=about))["h"]

    def oauth(self, path, consent, **params):
        require(consent, "GET", path)
        self._signed(True)
        return self._answer(FakeCall("GET", path, (), _clear(params), {}, True, False))

    def probe(self):
        if isinstance(self.reach, Unavailable):
            raise self.reach
        now = datetime.now(UTC)
        return self.reach or Reachability(self.url, self.version, self.version, now, now)

    def _read(self, path, fields, as_app, prove, params):
        self._signed(as_app)
        left = without(fields, self.unknown_fields)
        if fields and not left:
            unknown = f"(#100) Tried accessing nonexisting field ({names(fields[-1])[0]}) on node"
            raise refusal(400, envelope(100, f"{unknown} type (Fake)"))
        answer = self._answer(FakeCall("GET", path, left, _clear(params), {}, as_app, prove))
        return answer if "data" in answer else _chosen(answer, left)

    def _signed(self, as_app):
        keys = self.keys
        needed = {"app_id": keys.app_id, "app_secret": keys.app_secret}
        for name, value in (needed if as_app else {"access_token": keys.access_token}).items():
            if not value:
                raise Unavailable(ErrorKind.NOT_GIVEN, name=name)

    def _answer(self, call):
        self.calls.append(call)
        answer = self.answers.get(call.key, NOT_VISIBLE)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(call)
        failed = isinstance(answer, Unavailable)
        refused = not failed and "error" in answer
        http = answer.get("_http", 400) if refused else 0 if failed else 200
        if refused:
            answer = refusal(http, answer)
        self._note(call, http, answer)
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    def _note(self, call, http, answer):
        refused = isinstance(answer, GraphError)
        code, trace = (answer.code, str(answer.values["trace"])) if refused else (0, "")
        path = f"/{self.version}/{call.path}"
        self._exchanges.append(RequestLog(call.method, path, http, code, 1, trace))


def _chosen(node, fields):
    """Graph gives of a node what was asked for, and the id always."""
    wanted = {"id"} | {names(asked)[0] for asked in fields}
    return {k: v for k, v in node.items() if k in wanted} if fields else dict(node)


def _clear(node):
    if isinstance(node, Secret):
        return node.reveal()
    if isinstance(node, Mapping):
        return {key: _clear(value) for key, value in node.items()}
    return [_clear(item) for item in node] if isinstance(node, list | tuple) else node
