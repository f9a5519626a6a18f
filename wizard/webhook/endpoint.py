"""The WSGI application: handshake, signature, store, answer."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from wizard.text.sanitise import clean
from wizard.text.secret import Secret
from wizard.webhook.inbox import (
    Delivery,
    HandshakeAttempt,
    InboxError,
    RejectedDelivery,
    Stored,
    Writer,
)
from wizard.webhook.payload import NotJson, claimed, read

#: Meta sends at most 3 MB and a thousand updates per POST. The bytes are the limit here: what is
#: signed is Meta's, and turning it away for its number of updates would lose it for good.
MOST_BYTES = 3 * 1024 * 1024

#: The challenge looks like an integer. Nothing that a browser could take for a page is echoed.
CHALLENGE = re.compile(r"[A-Za-z0-9._~+/=-]{1,256}")
SIGNATURE = re.compile(r"sha256=([0-9a-fA-F]{64})")

HEADERS = [
    ("Content-Type", "text/plain; charset=utf-8"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
]
STATUS = {
    200: "200 OK",
    400: "400 Bad Request",
    401: "401 Unauthorized",
    403: "403 Forbidden",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    413: "413 Content Too Large",
    503: "503 Service Unavailable",
}
REFUSED = {"unsigned": 401, "bad_signature": 403, "bad_json": 400, "no_secret": 503}


@dataclass(frozen=True)
class ReceivedDelivery:
    """A delivery that is on disk. `headers` are those of the request, for passing it on."""

    delivery: Delivery
    new: Stored
    headers: Mapping[str, str]


#: What the endpoint reports: after the fact, never before it is stored.
Event = ReceivedDelivery | RejectedDelivery | HandshakeAttempt


class Endpoint:
    """Answers Meta. The secrets are asked for at every request: they may come, or change, later.

    The providers must answer from memory; `on_event` must return at once.
    """

    def __init__(
        self,
        inbox: Writer,
        app_secret: Callable[[], Secret | None],
        verify_token: Callable[[], Secret | None],
        on_event: Callable[[Event], None],
        path: str = "/webhook",
    ) -> None:
        self._inbox, self._on_event = inbox, on_event
        self._app_secret, self._verify_token = app_secret, verify_token
        self._path = path.rstrip("/")

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """WSGI."""
        code, body = self._answer(environ)
        length = ("Content-Length", str(len(body)))
        allow = [("Allow", "GET, POST")] if code == 405 else []
        start_response(STATUS[code], [*HEADERS, length, *allow])
        return [body]

    def _answer(self, environ: dict[str, Any]) -> tuple[int, bytes]:
        if str(environ.get("PATH_INFO", "")).rstrip("/") != self._path:
            return 404, b""
        method = environ["REQUEST_METHOD"]
        if method == "GET":
            return self._handshake(environ)
        if method == "POST":
            return self._deliver(environ)
        return 405, b""

    def _handshake(self, environ: dict[str, Any]) -> tuple[int, bytes]:
        """Meta's verification GET: 200 and the bare challenge, or 403."""
        try:
            asked = parse_qs(
                environ.get("QUERY_STRING", ""), keep_blank_values=True, max_num_fields=16
            )
        except ValueError:
            return 403, b""
        if "hub.mode" not in asked:
            return 403, b""  # a browser, or a robot that looks around
        challenge = asked.get("hub.challenge", [""])[0]
        reason = self._wrong(asked, challenge)
        agent = clean(environ.get("HTTP_USER_AGENT", ""), 100)
        self._report(HandshakeAttempt(not reason, reason, agent, challenge if not reason else ""))
        return (403, b"") if reason else (200, challenge.encode("ascii"))

    def _wrong(self, asked: Mapping[str, list[str]], challenge: str) -> str:
        """Why a handshake is refused; "" when it is not."""
        token = self._verify_token()
        if token is None:
            return "no_token"
        theirs = asked.get("hub.verify_token", [""])[0].encode("utf-8", "replace")
        # Compared first and always, so that the time taken tells nothing about the token.
        right = hmac.compare_digest(theirs, token.reveal().encode("utf-8"))
        if asked["hub.mode"] != ["subscribe"]:
            return "mode"
        if not right:
            return "token"
        return "" if CHALLENGE.fullmatch(challenge) else "challenge"

    def _deliver(self, environ: dict[str, Any]) -> tuple[int, bytes]:
        # The server has turned away longer ones already; this holds behind any other server too.
        body: bytes = environ["wsgi.input"].read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            return 413, b""
        if reason := self._unproven(environ, body):
            return self._refuse(reason, body)
        try:
            delivery = read(body)
        except NotJson:
            return self._refuse("bad_json", body)
        try:
            new = self._inbox.store(delivery)
        except InboxError:
            return 503, b""  # not stored, not acknowledged: Meta will come again
        self._on_event(ReceivedDelivery(delivery, new, _headers(environ)))
        return 200, b""

    def _unproven(self, environ: dict[str, Any], body: bytes) -> str:
        """Why this is not known to come from Meta; "" when it is."""
        secret = self._app_secret()
        if secret is None:
            return "no_secret"
        header = environ.get("HTTP_X_HUB_SIGNATURE_256", "")
        if not header:
            return "unsigned"
        theirs = SIGNATURE.fullmatch(header)
        ours = hmac.new(secret.reveal().encode("utf-8"), body, hashlib.sha256).hexdigest()
        right = theirs is not None and hmac.compare_digest(theirs[1].lower(), ours)
        return "" if right else "bad_signature"

    def _refuse(self, reason: str, body: bytes) -> tuple[int, bytes]:
        waba, number = claimed(body)
        self._report(RejectedDelivery(reason, number, waba, len(body)))
        return REFUSED[reason], b""

    def _report(self, what: RejectedDelivery | HandshakeAttempt) -> None:
        self._inbox.note(what)
        self._on_event(what)


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """The request's headers, as far as a forwarded copy needs them."""
    names = {
        "CONTENT_TYPE": "Content-Type",
        "HTTP_USER_AGENT": "User-Agent",
        "HTTP_X_HUB_SIGNATURE": "X-Hub-Signature",
        "HTTP_X_HUB_SIGNATURE_256": "X-Hub-Signature-256",
    }
    return {name: str(environ[key]) for key, name in names.items() if environ.get(key)}
