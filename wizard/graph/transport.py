"""One exchange with Graph: out goes a request, back comes JSON or the reason why none came."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from wizard import __version__
from wizard.net.deadline import Deadline
from wizard.net.failures import cause
from wizard.net.http_session import proxy_name, session_for
from wizard.text.errors import ErrorKind, Unavailable

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 20.0, 30.0
LARGEST = 5 * 1024 * 1024
# Names that say more than can be acted on where it is known who has to answer.
_COARSER = {"tls_early": "tls_expired", "tls_self_signed": "tls_untrusted", "not_http": "not_json"}
# Small, so that a body that unpacks to a thousand times its size is noticed early.
_CHUNK = 8 * 1024


@dataclass(frozen=True)
class Call:
    """One request as it goes out; `bearer` and `query` hold secrets, so it prints as nothing."""

    method: str
    path: str
    query: Mapping[str, str]
    bearer: str = ""
    body: Mapping[str, Any] | None = None

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
        self._session = session

    def send(self, call: Call) -> Answer:
        """The answer, or Unavailable(UNREACHABLE).

        Its values: `cause`; `host` (Graph's); `proxy` (host and port, "" without); `http` (the
        status, 0 when there was no answer). The error holds nothing of the request: neither in
        its text nor behind it, since requests keeps the whole request in its own errors.
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
        named, http = fault
        host = urlsplit(self.url).netloc
        raise Unavailable(
            ErrorKind.UNREACHABLE, cause=named, host=host, proxy=proxy_name(self.url), http=http
        )

    def close(self) -> None:
        """Hangs up; a later call connects anew."""
        with suppress(OSError):
            (self._session or session_for(self.url)).close()

    def _exchange(self, call: Call) -> Answer:
        try:
            session = self._session or session_for(self.url)
        except OSError:  # the environment names a bundle of authorities that cannot be read
            raise _Fault("tls_other") from None
        with Deadline(TOTAL_SECONDS) as deadline:
            try:
                response = session.request(
                    call.method,
                    self.url + call.path,
                    params=dict(call.query),
                    headers=_headers(call),
                    data=None if call.body is None else json.dumps(call.body).encode(),
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
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise _Fault(_no_json(body, http), http) from None
    if content is True:  # what old edges say for {"success": true}
        content = {"success": True}
    if not isinstance(content, dict):
        raise _Fault("not_json", http)
    return Answer(http, response.headers, content)


def _body(response: requests.Response, http: int) -> bytes:
    """The whole body, unpacked."""
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
    """Whose page this is: a server's own error page, or one of somebody on the way."""
    if http >= 500:
        return "html_error"
    if not body.strip():
        return "cut"  # http.client takes a head that broke off for a whole one
    return "portal" if body.lstrip()[:1] == b"<" else "not_json"
