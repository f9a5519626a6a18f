"""The WSGI endpoint that checks what Meta sends and stores it."""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http.client import responses
from typing import Any
from urllib.parse import parse_qs

from wizard.text.sanitise import clean
from wizard.text.secret import Secret
from wizard.webhook.forwarding import kept_headers
from wizard.webhook.inbox import (
    Delivery,
    HandshakeAttempt,
    InboxError,
    Pending,
    RejectedDelivery,
    Stored,
    Writer,
)
from wizard.webhook.payload import MOST_UNPROVEN, NotJson, claimed, read, readings, signs


@dataclass(frozen=True)
class Address:
    """Where a receiver listens on this machine. Port 0: any free one."""

    host: str = "127.0.0.1"
    port: int = 8080
    path: str = "/webhook"

    @property
    def url(self) -> str:
        """As a browser on this machine would write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{self.path}"


ADDRESS = Address()

#: Meta sends at most 3 MB and a thousand updates per POST. Only the bytes are limited here: what is
#: signed is Meta's, and refusing it for its number of updates would lose it for good.
MOST_BYTES = 3 * 1024 * 1024

#: Wrong signatures a second whose reason is looked for. A proxy that changes bodies changes all.
MOST_LOOKS = 20

#: Nothing that a browser could take for a page is echoed.
CHALLENGE = re.compile(r"[A-Za-z0-9._~+/=-]{1,256}")
SIGNATURE = re.compile(r"sha256=([0-9a-fA-F]{64})")

HEADERS = [
    ("Content-Type", "text/plain; charset=utf-8"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
]
#: Older Pythons have the older name of 413.
PHRASES = responses | {413: "Content Too Large"}
REFUSAL_CODES = {
    "unsigned": 401,
    "bad_signature": 403,
    "rewritten": 403,
    "token_signed": 403,
    "bad_json": 400,
    "no_secret": 503,
    "path": 404,
}


@dataclass(frozen=True)
class ReceivedDelivery:
    """A delivery that is on disk."""

    delivery: Delivery
    new: Stored


@dataclass(frozen=True)
class NotStored:
    """A delivery of Meta's that could not be kept; `kind` as in InboxError. Meta sends it again."""

    kind: str
    path: str = ""


#: What the endpoint reports: after the fact, never before it is stored.
Event = ReceivedDelivery | RejectedDelivery | HandshakeAttempt | NotStored


class Endpoint:
    """Answers Meta. The secrets are asked for at every request: they may be set or changed later.

    The providers must answer from memory; `on_event` must return at once. `routes` names where a
    delivery is to be passed on to.
    """

    def __init__(
        self,
        inbox: Writer,
        app_secret: Callable[[], Secret | None],
        verify_token: Callable[[], Secret | None],
        on_event: Callable[[Event], None],
        path: str = "/webhook",
        routes: Callable[[Delivery], Sequence[str]] = lambda delivery: (),
    ) -> None:
        self._inbox, self._on_event, self._routes = inbox, on_event, routes
        self._app_secret, self._verify_token = app_secret, verify_token
        self._path = path.rstrip("/")
        self._second = self._looks = 0

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """WSGI."""
        code, body = self._answer(environ)
        length = ("Content-Length", str(len(body)))
        allow = [("Allow", "GET, POST")] if code == 405 else []
        start_response(f"{code} {PHRASES[code]}", [*HEADERS, length, *allow])
        return [body]

    def at_once(
        self, environ: Mapping[str, str], body: bytes, answer: Callable[[int], None]
    ) -> Pending | int | None:
        """What needs no thread, of a POST with a small body.

        A signed delivery, for `Writer.submit`: `answer` gets the HTTP status once it is stored. The
        status itself where a signature is missing or wrong, and there were too many of those to
        look for their reasons. None for everything else, which `__call__` answers.
        """
        if environ["PATH_INFO"].rstrip("/") != self._path:
            return None
        reason, signature = self._unproven(environ, body)
        if reason == "bad_signature":
            if not self._flooded:
                return None
            reason = self._misfit(body, signature)
        if reason:
            return self._refuse(reason, body)[0]
        try:
            delivery = read(body)
        except NotJson:
            return None
        return Pending(
            delivery,
            lambda outcome: answer(self._settled(delivery, outcome)),
            *self._onward(delivery, environ),
        )

    def _onward(self, delivery: Delivery, environ: Mapping[str, Any]) -> tuple[Sequence[str], str]:
        """To which routes it is to be passed on, and with which headers (JSON)."""
        routes = self._routes(delivery)
        return routes, kept_headers(environ) if routes else ""

    def _answer(self, environ: dict[str, Any]) -> tuple[int, bytes]:
        path = str(environ.get("PATH_INFO", ""))
        # WSGI gives the bytes of the path as Latin-1.
        shown = clean(path.encode("latin-1", "replace").decode("utf-8", "replace"), 200)
        elsewhere = "" if path.rstrip("/") == self._path else shown or "/"
        method = environ["REQUEST_METHOD"]
        if method == "GET":
            code, body = self._handshake(environ, elsewhere)
            return (404 if elsewhere else code), body
        if method == "POST":
            return self._misdirected(environ, elsewhere) if elsewhere else self._deliver(environ)
        return (404 if elsewhere else 405), b""

    def _handshake(self, environ: dict[str, Any], elsewhere: str) -> tuple[int, bytes]:
        """Meta's verification GET: 200 and the bare challenge, or 403. `elsewhere`: its path."""
        try:
            asked = parse_qs(
                environ.get("QUERY_STRING", ""), keep_blank_values=True, max_num_fields=16
            )
        except ValueError:
            return 403, b""
        if "hub.mode" not in asked:
            return 403, b""  # a browser or a crawler
        challenge = asked.get("hub.challenge", [""])[0]
        reason = "path" if elsewhere else self._refusal(asked, challenge)
        agent = clean(environ.get("HTTP_USER_AGENT", ""), 100)
        echoed = "" if reason else challenge
        self._report(HandshakeAttempt(not reason, reason, agent, echoed, path=elsewhere))
        return (403, b"") if reason else (200, challenge.encode("ascii"))

    def _refusal(self, asked: Mapping[str, list[str]], challenge: str) -> str:
        """Why a handshake is refused; "" when it is not."""
        token = self._verify_token()
        if token is None:
            return "no_token"
        given = asked.get("hub.verify_token", [""])[0]
        # Compared first and always, so that the time taken reveals nothing about the token.
        right, alike = _same(given, token.reveal()), _same(_bare(given), _bare(token.reveal()))
        if asked["hub.mode"] != ["subscribe"]:
            return "mode"
        if not right:
            return "spelling" if alike else "token"
        return "" if CHALLENGE.fullmatch(challenge) else "challenge"

    def _deliver(self, environ: dict[str, Any]) -> tuple[int, bytes]:
        # waitress refuses longer ones already; this holds behind any other server too.
        body: bytes = environ["wsgi.input"].read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            return 413, b""
        if reason := self._signature_error(environ, body):
            return self._refuse(reason, body)
        try:
            delivery = read(body)
        except NotJson:
            return self._refuse("bad_json", body)
        outcome: Stored | InboxError
        try:
            outcome = self._inbox.store(delivery, *self._onward(delivery, environ))
        except InboxError as error:
            outcome = error
        return self._settled(delivery, outcome), b""

    def _settled(self, delivery: Delivery, outcome: Stored | InboxError) -> int:
        """Reports what became of a delivery; the status to answer it with."""
        if isinstance(outcome, InboxError):
            self._on_event(NotStored(outcome.kind, outcome.path))
            return 503  # not stored, not acknowledged: Meta sends it again
        self._on_event(ReceivedDelivery(delivery, outcome))
        return 200

    def _signature_error(self, environ: Mapping[str, Any], body: bytes) -> str:
        """Why the signature does not prove that this comes from Meta; "" when it does."""
        reason, signature = self._unproven(environ, body)
        return self._misfit(body, signature) if reason == "bad_signature" else reason

    def _unproven(self, environ: Mapping[str, Any], body: bytes) -> tuple[str, str]:
        """The same without looking further into a wrong signature, and that signature."""
        secret = self._app_secret()
        if secret is None:
            return "no_secret", ""
        header = environ.get("HTTP_X_HUB_SIGNATURE_256", "")
        if not header:
            return "unsigned", ""
        theirs = SIGNATURE.fullmatch(header)
        if theirs is None:
            return "bad_signature", ""
        return "" if signs(secret, body, theirs[1]) else "bad_signature", theirs[1]

    def _misfit(self, body: bytes, signature: str) -> str:
        """Why a signature does not fit, as far as trying others shows it."""
        secret, token = self._app_secret(), self._verify_token()
        if token is not None and signs(token, body, signature):
            return "token_signed"
        short = len(body) <= MOST_UNPROVEN
        if secret is not None and signature and short and not self._flooded:
            self._looks += 1
            if any(signs(secret, reading, signature) for reading in readings(body)):
                return "rewritten"
        return "bad_signature"

    @property
    def _flooded(self) -> bool:
        """Whether enough wrong signatures of this second were looked into: it takes a while."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._looks = second, 0
        return self._looks >= MOST_LOOKS

    def _misdirected(self, environ: dict[str, Any], path: str) -> tuple[int, bytes]:
        """A delivery that came to another path: worth a word when it may be Meta's."""
        body: bytes = environ["wsgi.input"].read(MOST_BYTES + 1)
        if self._signature_error(environ, body) in ("", "rewritten"):
            return self._refuse("path", body, path)
        return 404, b""

    def _refuse(self, reason: str, body: bytes, path: str = "") -> tuple[int, bytes]:
        waba, number = claimed(body)
        self._report(RejectedDelivery(reason, number, waba, len(body), path=path))
        return REFUSAL_CODES[reason], b""

    def _report(self, what: RejectedDelivery | HandshakeAttempt) -> None:
        self._inbox.note(what)
        self._on_event(what)


def _same(*texts: str) -> bool:
    return hmac.compare_digest(*(text.encode("utf-8", "replace") for text in texts))


def _bare(token: str) -> str:
    """A verify token without what is lost or added on the way through forms and files."""
    return re.sub(r"\s|\\[nr]$|[\"'`\ufeff\u200b]", "", token).replace("\\\\", "\\")
