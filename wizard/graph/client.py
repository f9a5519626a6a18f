"""The real way to Graph: signing, paging, unknown fields, retry; `transport` does the sending."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from wizard.graph import (
    DEFAULT_VERSION,
    Credentials,
    GraphError,
    Json,
    Reachability,
    RequestLog,
    Rows,
    Upload,
)
from wizard.graph.consent import Consent, read_only, require
from wizard.graph.errors import refusal, unknown_names, without
from wizard.graph.retry import (
    BUDGET_SECONDS,
    NEARLY_USED_UP,
    SPACING_SECONDS,
    THROTTLES,
    Retry,
    Throttle,
    http_date,
    percent_used,
    wait_seconds,
)
from wizard.graph.transport import (
    Answer,
    Call,
    Signature,
    Transport,
    revealed,
    sign,
    unsigned,
)
from wizard.net.address import META_URL, checked_url, checked_version
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.sanitise import masked
from wizard.text.secret import Secret

if TYPE_CHECKING:
    import requests


#: How many requests are remembered.
EXCHANGES = 500


class GraphClient:
    """The Graph port over HTTPS. Thread-safe.

    `patience` is how many seconds a read may take with all its repetitions: a person waits.
    """

    def __init__(
        self,
        keys: Credentials,
        *,
        url: str = META_URL,
        version: str = DEFAULT_VERSION,
        session: requests.Session | None = None,
        pause: Callable[[float], None] = time.sleep,
        patience: float = BUDGET_SECONDS,
    ) -> None:
        self._keys, self._version = keys, checked_version(version)
        self._transport = Transport(checked_url(url), session)
        self._pause, self._patience = pause, patience
        self._exchanges: deque[RequestLog] = deque(maxlen=EXCHANGES)
        self._unknown_fields: set[str] = set()
        self._used, self._throttle = 0.0, Throttle()

    def named_by(self, source: str) -> None:
        """The address comes from this variable or file: an answer of another kind names it."""
        self._transport.named_by = source

    @property
    def version(self) -> str:
        """The version that is asked for, `v26.0`."""
        return self._version

    @property
    def url(self) -> str:
        """The address in use, without the version."""
        return self._transport.url

    @property
    def keys(self) -> Credentials:
        """What calls are signed with."""
        return self._keys

    @property
    def unknown_fields(self) -> frozenset[str]:
        """Names that this version said it does not know, in any read so far."""
        return frozenset(self._unknown_fields)

    @property
    def exchanges(self) -> Sequence[RequestLog]:
        """The last requests, oldest first."""
        return tuple(self._exchanges)

    def get(
        self,
        path: str,
        *,
        fields: Sequence[str] = (),
        as_app: bool = False,
        prove: bool = True,
        **params: str | int | Secret,
    ) -> Json:
        """One read; see the port. A GraphError stands when Graph knows none of the fields."""
        read_only(path)
        return self._read(path, tuple(fields), sign(self._keys, as_app, prove), params)[0]

    def pages(
        self,
        path: str,
        *,
        fields: Sequence[str] = (),
        as_app: bool = False,
        prove: bool = True,
        limit: int = 100,
        most: int = 2000,
        **params: str | int | Secret,
    ) -> Sequence[Json]:
        """The items of every page; of `fields`, those that are known."""
        signature, left = sign(self._keys, as_app, prove), tuple(fields)

        over = time.monotonic() + EDGE_SECONDS

        def read(cursor: str) -> Json:
            nonlocal left
            if cursor and time.monotonic() > over:
                raise self._transport.silence("timeout", 200)
            place = {"limit": limit} | ({"after": cursor} if cursor else {})
            page, left = self._read(path, left, signature, {**params, **place})
            return page

        return every_item(read, limit, most)

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        consent: Consent,
        *,
        as_app: bool = False,
    ) -> Json:
        """One change, as JSON. The proof goes into the query: the body is what was consented to."""
        return self.request("POST", path, {}, body, consent, as_app=as_app)

    def delete(
        self, path: str, consent: Consent, *, as_app: bool = False, **params: str | int | Secret
    ) -> Json:
        """One removal."""
        query = {name: v if isinstance(v, Secret) else str(v) for name, v in params.items()}
        return self.request("DELETE", path, query, consent=consent, as_app=as_app)

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | Secret],
        body: Mapping[str, Any] | None = None,
        consent: Consent | None = None,
        *,
        as_app: bool = False,
    ) -> Json:
        """One call as a person wrote it."""
        read_only(path, query) if method == "GET" else require(consent, method, path)
        signature = sign(self._keys, as_app)
        (params, first), (content, second) = revealed(query), revealed(body or {})
        sent = content if method == "POST" else None
        call = Call(method, self._path(path), params | signature.query, signature.bearer, sent)
        send = self._patiently if method == "GET" else self._once
        return send(call, (*signature.secrets, *first, *second)).content

    def upload(self, app_id: str, file: Upload, consent: Consent) -> str:
        """A file by Meta's resumable upload; its handle."""
        edge = f"{app_id}/uploads"
        require(consent, "POST", edge)
        signature = sign(self._keys, as_app=False)
        about = {"file_name": file.name, "file_type": file.kind}
        query = {**about, "file_length": str(len(file.content)), **signature.query}
        call = Call("POST", self._path(edge), query, signature.bearer)
        session, _, key = str(self._once(call, signature.secrets).content.get("id")).partition("?")
        if not _SESSION.fullmatch(session):
            raise Unavailable(ErrorKind.ODD, cause="not_confirmed")
        require(consent, "POST", session)
        place = (self._path(session), dict(parse_qsl(key)) | signature.query, signature.bearer)
        offset = 0
        for tries_left in reversed(range(UPLOAD_TRIES)):
            raw = file.content[offset:]
            try:
                sent = self._once(Call("POST", *place, raw=raw, offset=offset), signature.secrets)
                return _handle(sent.content)
            except Unavailable as trouble:
                if trouble.kind is not ErrorKind.UNREACHABLE or not tries_left:
                    raise
            # How much of it arrived, Meta says.
            there = self._patiently(Call("GET", *place), signature.secrets).content
            offset = _offset(there, len(file.content))
        raise AssertionError  # the last try returns or raises

    def oauth(self, path: str, consent: Consent, **params: str | int | Secret) -> Json:
        """One change that Meta takes as GET."""
        require(consent, "GET", path)
        signature = sign(self._keys, as_app=True, prove=False)
        query, secrets = revealed(params)
        query = {name: str(value) for name, value in query.items()} | signature.query
        call = Call("GET", self._path(path), query, signature.bearer)
        return self._once(call, (*signature.secrets, *secrets)).content

    def probe(self) -> Reachability:
        """Asks `/{version}/` without any credential. Any JSON answer of Graph's counts."""
        call = Call("GET", self._path(""), {})
        retry = Retry(self._pause, self._patience)
        while True:
            started, clock = datetime.now(UTC), time.monotonic()
            try:
                answer = self._send(call)
                break
            except Unavailable as trouble:
                if not retry.wait(trouble):
                    raise
        half = timedelta(seconds=(time.monotonic() - clock) / 2)
        return Reachability(
            url=self.url,
            asked_version=self._version,
            version=masked(answer.headers.get("facebook-api-version", "")),
            served_at=http_date(answer.headers.get("Date", "")),
            seen_at=started + half,
        )

    def close(self) -> None:
        """Hangs up."""
        self._transport.close()

    def _read(
        self,
        path: str,
        fields: tuple[str, ...],
        signature: Signature,
        params: Mapping[str, str | int | Secret],
    ) -> tuple[Json, tuple[str, ...]]:
        """The answer, and the fields that were left when it came."""
        query, secrets = revealed(params)
        query = {name: str(value) for name, value in query.items()} | signature.query
        known = (*signature.secrets, *secrets)
        while True:
            asked = query | ({"fields": ",".join(fields)} if fields else {})
            try:
                call = Call("GET", self._path(path), asked, signature.bearer)
                return self._patiently(call, known).content, fields
            except GraphError as refused:
                unknown = unknown_names(refused)
                left = without(fields, unknown)
                if not left or left == fields:
                    raise
                self._unknown_fields |= unknown
                fields = left

    def _patiently(self, call: Call, secrets: Sequence[str]) -> Answer:
        retry = Retry(self._pause, self._patience)
        while True:
            mark = self._throttle.mark()
            if self._used >= NEARLY_USED_UP:
                self._pause(SPACING_SECONDS)
            try:
                return self._once(call, secrets)
            except Unavailable as trouble:
                if isinstance(trouble, GraphError) and trouble.code in THROTTLES:
                    return self._throttle.repeat(
                        trouble, mark, retry, lambda: self._once(call, secrets)
                    )
                if not retry.wait(trouble):
                    raise

    def _once(self, call: Call, secrets: Sequence[str]) -> Answer:
        return _success(self._send(call), secrets)

    def _send(self, call: Call) -> Answer:
        began = time.monotonic()
        answer = None
        try:
            answer = self._transport.send(call)
            self._used = percent_used(answer.headers)
            return answer
        finally:
            self._note(call, answer, began)

    def _note(self, call: Call, answer: Answer | None, began: float) -> None:
        error = answer.content.get("error") if answer else None
        error_seen = refusal(answer.http, answer.content) if answer and error else None
        self._exchanges.append(
            RequestLog(
                method=call.method,
                # Someone may have pasted a token where an id belongs.
                path=masked(call.path),
                http=answer.http if answer else 0,
                code=error_seen.code if error_seen else 0,
                milliseconds=round((time.monotonic() - began) * 1000),
                trace=str(error_seen.values["trace"]) if error_seen else "",
            )
        )

    def _path(self, path: str) -> str:
        parts = path.strip("/").split("/")
        if {".", ".."} & set(parts):
            raise Unavailable(ErrorKind.NOT_VISIBLE, **unsigned("path"))
        return f"/{self._version}/{quote('/'.join(parts), safe='/:')}"


def _success(answer: Answer, secrets: Sequence[str]) -> Answer:
    """The answer itself, or its GraphError."""
    if answer.http < 400 and not answer.content.get("error"):
        return answer
    raise refusal(answer.http, answer.content, secrets, wait=wait_seconds(answer.headers))


#: How often the bytes of one upload are sent, with what Meta has left out of it.
UPLOAD_TRIES = 3
#: "upload:MTphdHRhY2htZW50…?sig=…", without its key.
_SESSION = re.compile(r"upload:[\w=:.+-]{1,1000}")
_HANDLE = re.compile(r"[!-~]{1,4000}")


def _handle(answer: Json) -> str:
    found = answer.get("h")
    if not isinstance(found, str) or not _HANDLE.fullmatch(found):
        raise Unavailable(ErrorKind.ODD, cause="not_confirmed")
    return found


def _offset(answer: Json, length: int) -> int:
    """Where an upload goes on; from the beginning where Meta's answer makes no sense."""
    found = answer.get("file_offset")
    return found if isinstance(found, int) and 0 <= found <= length else 0


#: Cursors that never end are cut off, whatever they say.
MOST_PAGES = 100
#: A page has a deadline of its own; this one is for all pages of an edge.
EDGE_SECONDS = 20.0
#: From v24 on: the cursor has become worthless; the edge is to be read from its beginning.
BAD_CURSOR = 131059
_CURSOR = re.compile(r"[!-~]{1,4000}")


def every_item(read: Callable[[str], Json], limit: int, most: int) -> Rows:
    """The items of all pages; `read` gets the cursor of a page, "" for the first one."""
    items: list[Json] = []
    cursor, seen, began_anew = "", set[str](), False
    for _ in range(MOST_PAGES):
        try:
            page = read(cursor)
        except GraphError as refused:
            if refused.code != BAD_CURSOR or not cursor or began_anew:
                raise
            items, cursor, seen, began_anew = [], "", set(), True
            continue
        rows = _rows(page)
        items += [row for row in rows if isinstance(row, Mapping)]
        cursor = _next_cursor(page, full=len(rows) >= limit)
        if not cursor or cursor in seen:
            return Rows(items[:most], cut=len(items) > most)
        if len(items) >= most:
            break
        seen.add(cursor)
    return Rows(items[:most], cut=True)


def _rows(page: Json) -> Sequence[Any]:
    rows = page.get("data")
    return rows if isinstance(rows, list) else []


def _next_cursor(page: Json, *, full: bool) -> str:
    """Where the next page begins. The last page has cursors as well, but no `next`."""
    paging = page.get("paging")
    if not isinstance(paging, Mapping) or not (paging.get("next") or full):
        return ""
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, Mapping) else None
    return after if isinstance(after, str) and _CURSOR.fullmatch(after) else ""
