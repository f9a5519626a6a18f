"""Signs a call: the bearer token, and the proof that the caller knows the app secret."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from wizard import __version__
from wizard.graph import Credentials
from wizard.net.deadline import Deadline
from wizard.net.failures import cause
from wizard.net.http_session import proxy_name, session_for
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import Value
from wizard.text.sanitise import foreign_json
from wizard.text.secret import Secret

_PRINTABLE = re.compile(r"[!-~]+")


@dataclass(frozen=True, repr=False)
class Signature:
    """What is added to a call. `secrets` are what must not come back in any text."""

    bearer: str
    query: dict[str, str]
    secrets: tuple[str, ...]


def sign(keys: Credentials, as_app: bool, prove: bool = True) -> Signature:
    """The signature of this account's token, or of the app itself; NOT_GIVEN without the key."""
    if as_app:
        return _as_app(keys)
    token = _given(keys.access_token, "access_token")
    if not (prove and keys.proves and keys.app_secret):
        return Signature(token, {}, (token,))
    secret = keys.app_secret.reveal()
    # Of the exact token that the call is made with.
    proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    return Signature(token, {"appsecret_proof": proof}, (token, secret, proof))


def _as_app(keys: Credentials) -> Signature:
    if not keys.app_id:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="app_id")
    secret = _given(keys.app_secret, "app_secret")
    # The app's own token is not proven: the secret is in it.
    token = f"{keys.app_id}|{secret}"
    if not _PRINTABLE.fullmatch(token):
        raise Unavailable(ErrorKind.REFUSED, **unsigned("app_id"))
    return Signature(token, {}, (token, secret))


def _given(secret: Secret | None, name: str) -> str:
    if not secret:
        raise Unavailable(ErrorKind.NOT_GIVEN, name=name)
    value = secret.reveal()
    # A line break would end the header; everything outside ASCII came in by a paste.
    if not _PRINTABLE.fullmatch(value):
        raise Unavailable(ErrorKind.REFUSED, **unsigned(name))
    return value


def unsigned(name: str) -> dict[str, Value]:
    """The values of a refusal of our own, before anything was sent: `name` is what is wrong."""
    texts = dict.fromkeys(("message", "details", "trace"), "")
    return {"name": name, "code": 0, "subcode": 0, "http": 0, **texts}


def revealed(body: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body with its secrets in clear, as it goes out, and these secrets."""
    secrets: list[str] = []

    def show(node: Any) -> Any:
        if isinstance(node, Secret):
            secrets.append(node.reveal())
            return secrets[-1]
        if isinstance(node, Mapping):
            return {key: show(value) for key, value in node.items()}
        if isinstance(node, list | tuple):
            return [show(value) for value in node]
        return node

    return show(body), tuple(secrets)


CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 20.0, 30.0
#: Bytes a second: an upload that is slower than this is given up.
SLOWEST = 50_000
#: Of an answer, unpacked: a page of a hundred templates has a fifth of it.
LARGEST = 2 * 1024 * 1024
# Names that say more than can be acted on where it is known who has to answer.
#: What is said of an address that a setting names, where an answer of Graph's was expected.
_NOT_GRAPH = frozenset({"portal", "html_error", "redirect", "not_json", "too_big", "cut", "reset"})
_COARSER = {"tls_early": "tls_expired", "tls_self_signed": "tls_untrusted", "not_http": "not_json"}
# Small, so that a body that unpacks to a thousand times its size is noticed early.
_CHUNK = 8 * 1024
_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})


@dataclass(frozen=True)
class Call:
    """One request as it goes out; `bearer` and `query` hold secrets, so it prints as nothing."""

    method: str
    path: str
    query: Mapping[str, str]
    bearer: str = ""
    body: Mapping[str, Any] | None = None
    #: Bytes that go out as they are, instead of a body, from this place of an upload on.
    raw: bytes | None = None
    offset: int = 0

    def __repr__(self) -> str:
        return f"Call({self.method})"


@dataclass(frozen=True, repr=False)
class Answer:
    """What came back. `content` is any JSON object; whether it is an error is not decided here."""

    http: int
    headers: Mapping[str, str]
    content: Mapping[str, Any]


class _Fault(Exception):
    """An exchange failed; `http` is the status where there was one."""

    def __init__(self, named: str, http: int = 0) -> None:
        super().__init__(named)
        self.named, self.http = named, http


class Transport:
    """The way to one Graph address. Thread-safe."""

    def __init__(self, url: str, session: requests.Session | None = None) -> None:
        self.url = url
        #: The variable or file that names this address; "" for our own choice.
        self.named_by = ""
        self._session = session

    def send(self, call: Call) -> Answer:
        """The answer, or Unavailable(UNREACHABLE).

        Its values: `cause`; `host` (Graph's); `proxy` (host and port, "" without); `http` (the
        status, 0 when there was no answer); `source` of a cause `not_graph`. The error
        holds nothing of the request: neither in its text nor behind it, since requests keeps the
        whole request in its own errors.
        """
        fault = None
        try:
            return self._exchange(call)
        except _Fault as found:
            fault = found.named, found.http
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            name = cause(error)
            fault = _COARSER.get(name, name), 0
        except UnicodeError as error:  # a host name that is none
            fault = cause(error), 0
        # Outside the handlers: else the error would hang on as __context__.
        raise self.silence(*fault)

    def silence(self, named: str, http: int) -> Unavailable:
        """The error for an answer that did not come, or not in a form that is Graph's."""
        where = {"host": urlsplit(self.url).netloc, "proxy": proxy_name(self.url)}
        if self.named_by and named in _NOT_GRAPH:
            # Neither Meta nor the network is to blame for what someone wrote into a setting.
            named, where["source"] = "not_graph", self.named_by
        return Unavailable(ErrorKind.UNREACHABLE, cause=named, **where, http=http)

    def close(self) -> None:
        """Hangs up; a later call connects anew."""
        with suppress(OSError):
            (self._session or session_for(self.url)).close()

    def _exchange(self, call: Call) -> Answer:
        try:
            session = self._session or session_for(self.url)
        except OSError:  # the environment names a bundle of authorities that cannot be read
            raise _Fault("tls_other") from None
        with Deadline(TOTAL_SECONDS + len(call.raw or b"") / SLOWEST) as deadline:
            try:
                response = session.request(
                    call.method,
                    self.url + call.path,
                    params=dict(call.query),
                    headers=_headers(call),
                    data=_data(call),
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                    allow_redirects=False,
                    stream=True,
                )
                with response:
                    return _digest(response)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, _Fault):
                if deadline.over:
                    raise _Fault("timeout") from None
                raise


def _data(call: Call) -> bytes | None:
    if call.raw is not None:
        return call.raw
    return None if call.body is None else json.dumps(call.body).encode()


def _headers(call: Call) -> dict[str, str]:
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": f"wa-wizard/{__version__}",
    }
    if call.bearer:
        headers["Authorization"] = f"Bearer {call.bearer}"
    if call.body is not None:
        headers["Content-Type"] = "application/json"
    if call.raw is not None:
        # Meta's page on the resumable upload wants this scheme.
        headers |= {"Authorization": f"OAuth {call.bearer}", "file_offset": str(call.offset)}
        headers["Content-Type"] = "application/octet-stream"
    return headers


def _digest(response: requests.Response) -> Answer:
    http = response.status_code
    if 300 <= http < 400:
        raise _Fault("redirect", http)
    body = _body(response, http)
    if http == 204:  # done, and nothing to say
        return Answer(http, response.headers, {})
    try:
        # By its content: Graph has called its JSON text/javascript.
        content = foreign_json(body)
    except ValueError:
        raise _Fault(_no_json(body, http), http) from None
    if content is True:  # what old edges say for {"success": true}
        content = {"success": True}
    if not isinstance(content, dict):
        raise _Fault("not_json", http)
    return Answer(http, response.headers, content)


def _body(response: requests.Response, http: int) -> bytes:
    """The whole body, unpacked once at most: packed in itself, a few bytes become gigabytes."""
    if response.headers.get("Content-Encoding", "").strip().lower() not in _ENCODINGS:
        raise _Fault("not_json", http)
    body = bytearray()
    try:
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > LARGEST:
                raise _Fault("too_big", http)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        # The answer had begun, so whatever ended it cut it; except for its slowness.
        raise _Fault("timeout" if cause(error) == "timeout" else "cut", http) from None
    return bytes(body)


def _no_json(body: bytes, http: int) -> str:
    """Whose page this is: a server's own error page, or one of someone on the way."""
    if http >= 500:
        return "html_error"
    if not body.strip():
        return "cut"  # http.client takes a head that broke off for a whole one
    return "portal" if body.lstrip()[:1] == b"<" else "not_json"
