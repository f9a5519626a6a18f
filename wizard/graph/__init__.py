"""The only door to Meta's Graph API: this page is the port, `client` the real adapter.

Everything that goes wrong comes out as Unavailable (no answer at all: UNREACHABLE) or as its
child GraphError (Graph answered with an error). Neither holds a URL or a body.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from wizard.graph.consent import Consent
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import Value
from wizard.text.secret import Secret

Json = Mapping[str, Any]

DEFAULT_VERSION = "v26.0"


@dataclass(frozen=True)
class Credentials:
    """What a Graph call is signed with.

    `proves` says that the app secret is known to belong to the app that issued the token; only
    then is `appsecret_proof` sent, since Graph refuses the proof of another app's secret.
    """

    access_token: Secret | None = None
    app_id: str = ""
    app_secret: Secret | None = None
    proves: bool = False

    @property
    def can_be_app(self) -> bool:
        """Whether calls with the app token `app-id|app-secret` are possible."""
        return bool(self.app_id and self.app_secret)


@dataclass(frozen=True)
class Upload:
    """A file for Meta's resumable upload: its name, its MIME type and its bytes."""

    name: str
    kind: str
    content: bytes = field(repr=False)


class GraphError(Unavailable):
    """Graph's error envelope, cleaned for people. Decide on `code`, never on the HTTP status.

    `values` always has: code, subcode (0 = none), http, message, details, trace (fbtrace_id).
    """

    def __init__(self, trouble: ErrorKind, /, **values: Value) -> None:
        super().__init__(trouble, **values)
        #: The seconds for which Meta says it will refuse; 0.0: it does not say.
        self.announced = 0.0

    @property
    def code(self) -> int:
        """`error.code`."""
        return int(self.values.get("code") or 0)

    @property
    def subcode(self) -> int:
        """`error.error_subcode`, or `subcode`; 0 when there is none."""
        return int(self.values.get("subcode") or 0)

    @property
    def message(self) -> str:
        """`error.message`, cleaned; plus nothing of the request."""
        return str(self.values.get("message") or "")

    @property
    def proof(self) -> str:
        """Of the appsecret_proof: "wrong" or "required" when it is the trouble, else ""."""
        return str(self.values.get("proof") or "")

    @property
    def details(self) -> str:
        """`error.error_data.details`, or `error_user_msg`, cleaned; often the useful half."""
        return str(self.values.get("details") or "")


@dataclass(frozen=True)
class Reachability:
    """What one unauthenticated request showed of the connection to Meta.

    `version` is the header `facebook-api-version` ("" when absent); `served_at` the Date header;
    `seen_at` this machine's clock at the middle of the request; `url` the Graph address in use.
    """

    url: str
    asked_version: str
    version: str
    served_at: datetime | None
    seen_at: datetime


@dataclass(frozen=True)
class RequestLog:
    """One request as a log may show it: no query, no headers, no body."""

    method: str
    path: str
    http: int  # 0: no answer
    code: int  # Graph's error code, 0: none
    milliseconds: int
    trace: str


class Rows(list[Json]):
    """The rows of an edge. `cut`: there are more that were not read."""

    def __init__(self, rows: Iterable[Json], cut: bool) -> None:
        super().__init__(rows)
        self.cut = cut


class Graph(Protocol):
    """What the rest of the tool needs of the Graph API. Thread-safe."""

    @property
    def version(self) -> str:
        """The version that is asked for, `v26.0`."""

    @property
    def url(self) -> str:
        """The address in use, without the version."""

    @property
    def keys(self) -> Credentials:
        """What calls are signed with."""

    @property
    def unknown_fields(self) -> frozenset[str]:
        """Names that this version said it does not know, in any read so far."""

    @property
    def exchanges(self) -> Sequence[RequestLog]:
        """The requests made so far, oldest first."""

    def get(
        self,
        path: str,
        *,
        fields: Sequence[str] = (),
        as_app: bool = False,
        prove: bool = True,
        **params: str | int | Secret,
    ) -> Json:
        """One read. Of `fields`, those that this version does not know are dropped and left out.

        `as_app` signs with the app token. Retried with back-off while Graph says it is busy.
        `prove` False leaves `appsecret_proof` out, whatever the keys say: the way to learn what
        a token is after Graph refused the proof.
        """

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
        """The `data` of every page, by cursor, at most `most` items.

        Rows that are `cut` where there are more.
        """

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        consent: Consent,
        *,
        as_app: bool = False,
    ) -> Json:
        """One change, sent as JSON, never retried. Secrets in `body` are revealed on sending.

        TypeError when `consent` does not show this request.
        """

    def delete(
        self, path: str, consent: Consent, *, as_app: bool = False, **params: str | int | Secret
    ) -> Json:
        """One removal, never retried. TypeError when `consent` does not show it."""

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
        """One call as a person wrote it: nothing is dropped, no default is added.

        GET is retried like every read. TypeError for another method whose consent does not show
        the request, and for a GET that changes something.
        """

    def upload(self, app_id: str, file: Upload, consent: Consent) -> str:
        """Uploads a file for this app (POST /{app}/uploads, then its bytes); returns its handle.

        Goes on where a broken connection left off. TypeError unless the consent shows both
        `POST /<app id>/uploads` and `POST /{upload session}`.
        """

    def oauth(self, path: str, consent: Consent, **params: str | int | Secret) -> Json:
        """One change that Meta takes as GET (CHANGES_BY_GET), as the app, never retried.

        TypeError when `consent` does not show it; `get` does not take these paths at all.
        """

    def probe(self) -> Reachability:
        """Asks `/{version}/` without any credential. Any JSON answer of Graph's counts."""
