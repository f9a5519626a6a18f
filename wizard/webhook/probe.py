"""The questions of a probe, in Meta's order, and what each answer means."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from wizard.facts.models import Handshake, Step
from wizard.net.connection import Connection, Outside, Target, parse_target
from wizard.net.failures import NetworkFailure
from wizard.text.localised import Value
from wizard.text.sanitise import clean
from wizard.text.secret import Secret
from wizard.webhook.payload import PROBE_WAMID, TEST_NUMBER, TEST_WABA
from wizard.webhook.who_answered import REFUSED, Answer, login_behind, login_on, who_answered

#: The name Meta's handshake is seen to come under; warning pages of tunnels are for browsers.
AGENT = "facebookplatform/1.0 (+http://developers.facebook.com)"
#: A protection that lets this one through and not Meta's name goes by the name.
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
#: A challenge has a dozen characters: what is longer than this is a page.
MOST_BYTES = 65_536
#: Seconds between the pieces of a delivery over a slow network.
GAP = 0.8
#: A delivery that asks for no answer: a status of a message that no one sent.
DELIVERY = {
    "object": "whatsapp_business_account",
    "entry": [
        {
            "id": TEST_WABA,
            "changes": [
                {
                    "field": "messages",
                    "value": {
                        "messaging_product": "whatsapp",
                        "metadata": {
                            "display_phone_number": "16505551111",
                            "phone_number_id": TEST_NUMBER,
                        },
                        "statuses": [
                            {
                                "id": PROBE_WAMID,
                                "status": "delivered",
                                "timestamp": "1700000000",
                                "recipient_id": "16315551181",
                            }
                        ],
                    },
                }
            ],
        }
    ],
}


class ProbeFailure(NetworkFailure):
    """The server answered, but not as Meta wants. `cause`: a reason of `webhook.reachable`."""


def probe(
    url: str,
    verify_token: Secret | None,
    outside: Outside | None = None,
    app_secret: Secret | None = None,
) -> Handshake:
    """Asks the URL as Meta would. Given the app secret, also posts: that is for our own receiver.

    Without a verify token, everything up to the answer is looked at; what Meta would be answered
    stays open (`no_token`). At most 6 seconds per request; never raises for what the server does.
    """
    one = _Probe(url, verify_token, outside or Outside())
    try:
        one.handshake()
        one.wrong_token()
        if verify_token is None:
            raise ProbeFailure("no_token", unsure=True)
        if app_secret is not None:
            one.deliveries(app_secret)
    except NetworkFailure as failure:
        return one.found(failure)
    return one.found(None)


class _Probe:
    def __init__(self, url: str, token: Secret | None, outside: Outside) -> None:
        self.url, self.token, self.outside = url, token, outside
        self.steps: list[Step] = []
        self.challenges: set[str] = set()
        self.milliseconds = 0

    def found(self, failure: NetworkFailure | None) -> Handshake:
        return Handshake(
            self.url,
            failure.cause if failure else "",
            _readable(failure.values) if failure else {},
            bool(failure and failure.unsure),
            tuple(self.steps),
            frozenset(self.challenges),
            self.milliseconds,
        )

    def handshake(self) -> None:
        """The verification GET: 200, and a body that is the challenge and nothing else."""
        if self.token is None:
            return
        challenge = self._challenge()
        answer = self._get(challenge, self.token.reveal(), tell=True)
        self.milliseconds = answer.milliseconds
        if not _right(answer, challenge):
            self._plus_sign(self.token)
            self._judge(answer, challenge)
        self.steps.append(Step("answered", {"milliseconds": answer.milliseconds}))

    def wrong_token(self) -> None:
        """A server that answers every token would be anybody's."""
        challenge = self._challenge()
        answer = self._get(challenge, secrets.token_hex(16), tell=self.token is None)
        if answer.status == 200 and challenge.encode() in answer.body:
            raise ProbeFailure("any_token")
        refused = answer.status in (200, 400, 401, 403)
        if self.token is None and not (refused and _is_own(answer)):
            _judge(answer, challenge)  # a server that answers like this refuses every token
        self.steps.append(Step("guarded"))

    def deliveries(self, app_secret: Secret) -> None:
        """A harmless delivery, signed and then signed with another secret."""
        body = json.dumps(DELIVERY, separators=(",", ":")).encode()
        answer = self._post(body, app_secret.reveal())
        if answer.status != 200:
            raise _not_taken(answer)
        if self._post(body, secrets.token_hex(16)).status < 400:
            raise ProbeFailure("post_unchecked")
        self.steps.append(Step("signed"))

    def _plus_sign(self, token: Secret) -> None:
        """Meta asks for a space where the path has a plus: right answers to a plus do not help."""
        if "+" not in urlsplit(self.url).path:
            return
        challenge = self._challenge()
        answer = self._second(challenge, token.reveal(), plus=True)
        if answer and _right(answer, challenge):
            raise ProbeFailure("plus_sign")

    def _judge(self, answer: Answer, challenge: str) -> None:
        """Failure, compared with what a wrong token is answered."""
        other = self._challenge()
        compared = self._second(other, secrets.token_hex(16))
        if answer.status in REFUSED and not who_answered(answer)[0] and self.token:
            other = self._challenge()
            browser = self._second(other, self.token.reveal(), agent=BROWSER)
            if browser and _right(browser, other):
                raise ProbeFailure("firewall", service="User-Agent")
        _judge(answer, challenge, compared, other)

    def _second(self, challenge: str, token: str, **how: Any) -> Answer | None:
        """An answer to compare with; None when none comes, which says nothing of the first."""
        try:
            return self._get(challenge, token, **how)
        except NetworkFailure:
            return None

    def _challenge(self) -> str:
        # Meta's looks like an integer.
        challenge = str(secrets.randbelow(9 * 10**9) + 10**9)
        self.challenges.add(challenge)
        return challenge

    def _get(
        self, challenge: str, token: str, tell: bool = False, plus: bool = False, agent: str = AGENT
    ) -> Answer:
        target = parse_target(self.url, allow_http=self.outside.allow_local)
        asked = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token}
        query = "&".join(part for part in (_ascii(target.parts.query), urlencode(asked)) if part)
        return self._send(target, f"GET {_path(target, plus)}?{query}", b"", tell, agent)

    def _post(self, body: bytes, secret: str) -> Answer:
        return deliver(self.url, body, {SIGNATURE: signature(secret, body)}, self.outside)

    def _send(
        self, target: Target, line: str, rest: bytes, tell: bool = False, agent: str = AGENT
    ) -> Answer:
        pieces = [rest or b"\r\n"]
        return _send(self.outside, target, line, pieces, self.steps if tell else [], agent)


SIGNATURE = "X-Hub-Signature-256"


def signature(secret: str, body: bytes) -> str:
    """What Meta writes into X-Hub-Signature-256: the HMAC of the raw body under the app secret."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def deliver(
    url: str, body: bytes, headers: Mapping[str, str], outside: Outside, pieces: int = 1
) -> Answer:
    """POSTs a delivery as Meta does, in pieces with GAP seconds between them; NetworkFailure."""
    target = parse_target(url, allow_http=outside.allow_local)
    query = f"?{_ascii(target.parts.query)}" if target.parts.query else ""
    sent = {"Content-Type": "application/json", **headers, "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    size = -(-len(body) // pieces)
    parts = [body[place : place + size] for place in range(0, len(body), size)]
    head = lines.encode() + b"\r\n"
    return _send(outside, target, f"POST {_path(target)}{query}", [head, *parts], [])


def _send(
    outside: Outside,
    target: Target,
    line: str,
    pieces: Sequence[bytes],
    steps: list[Step],
    agent: str = AGENT,
) -> Answer:
    connection, began = Connection(target, outside), time.monotonic()
    head = (
        f"{line} HTTP/1.1\r\nHost: {target.authority}\r\nUser-Agent: {agent}\r\n"
        "Accept: */*\r\nConnection: close\r\n"
    )
    try:
        with connection.open() as opened:
            opened.settimeout(connection.left())
            opened.sendall(head.encode() + b"".join(pieces[:2]))
            for piece in pieces[2:]:
                time.sleep(GAP)
                opened.sendall(piece)
            method = line.partition(" ")[0]
            with http.client.HTTPResponse(opened, method=method) as answer:
                answer.begin()
                headers = {name.lower(): value for name, value in answer.getheaders()}
                body = answer.read(MOST_BYTES)
            connection.left()  # cut off at the deadline, a body without a length just ends
    finally:
        steps.extend(Step(*step) for step in connection.steps)
    took = round((time.monotonic() - began) * 1000)
    return Answer(answer.status, headers, body, took)


def _right(answer: Answer, challenge: str) -> bool:
    return answer.status == 200 and answer.body == challenge.encode() and _is_own(answer)


def _is_own(answer: Answer) -> bool:
    """Whether the server itself answered. A bare 401 may be its word for a wrong token."""
    reason, name = who_answered(answer)
    return not reason or (reason, name) == ("login_wall", "HTTP 401")


def _judge(answer: Answer, challenge: str, compared: Answer | None = None, other: str = "") -> None:
    """Failure, unless this is what Meta wants. `compared` is the answer to a wrong token."""
    reason, name = who_answered(answer)
    if reason:
        raise ProbeFailure(reason, service=name)
    if 300 <= answer.status < 400:
        raise _redirected(answer)
    if answer.status == 405:
        raise ProbeFailure("wrong_method", method="GET", http=405)
    if answer.status != 200:
        raise _of_status(answer, compared.status if compared else 0)
    if not _right(answer, challenge):
        raise _wrong_body(answer, challenge, compared, other)


def _of_status(answer: Answer, wrong: int) -> ProbeFailure:
    """The server's own refusal, with the beginning of what it says."""
    reason = {403: "forbidden", 404: "not_found", 410: "not_found"}.get(answer.status, "status")
    return ProbeFailure(
        "server_error" if answer.status >= 500 else reason,
        http=answer.status,
        wrong=wrong or "–",
        server=clean(answer.headers.get("server", ""), 60) or "–",
        body=clean(answer.body[:2000].decode("utf-8", "replace"), 80) or "–",
    )


def _redirected(answer: Answer) -> ProbeFailure:
    location = answer.headers.get("location", "")
    try:
        to = urlsplit(location)
        place = clean(f"{to.netloc}{to.path}", 100)
    except ValueError:
        place = ""
    if name := login_behind(location):
        return ProbeFailure("login_wall", service=name, to=place)
    return ProbeFailure("redirect", to=place)


def _wrong_body(
    answer: Answer, challenge: str, compared: Answer | None, other: str
) -> ProbeFailure:
    text = answer.body[:2000].decode("utf-8", "replace")
    shown = clean(text, 80)
    if text.strip("\ufeff\"' \t\r\n") == challenge:
        # Quotes are known to be refused. Of a line break after the number nothing is known.
        after = text.removeprefix(challenge)
        return ProbeFailure("padded", unsure=not after.strip(), body=_visible(text))
    if login := login_on(answer.text[:4000]):
        return ProbeFailure("login_wall", service=login)
    if answer.body.lstrip()[:1] == b"<":
        return ProbeFailure("page", body=shown)
    # The number in the page is the only thing that may differ from one question to the next.
    plain = compared and compared.body.replace(other.encode(), challenge.encode())
    if compared and (compared.status, plain) == (answer.status, answer.body):
        return ProbeFailure("same_answer", body=shown)
    return ProbeFailure("body", body=shown)


def _visible(text: str) -> str:
    """A short text with its line breaks and marks written out."""
    return clean(text.replace("\r", "\\r").replace("\n", "\\n").replace("\ufeff", "\\ufeff"), 80)


def _not_taken(answer: Answer) -> ProbeFailure:
    """Why a delivery was not taken, as far as its answer shows it."""
    reason, name = who_answered(answer)
    if reason and (reason, name) != ("login_wall", "HTTP 401"):
        return ProbeFailure(reason, service=name)
    if 300 <= answer.status < 400:
        return _redirected(answer)
    if answer.status in (404, 405):
        return ProbeFailure("wrong_method", method="POST", http=answer.status)
    refused = answer.status in (401, 403)
    return ProbeFailure("post_refused" if refused else "post_failed", http=answer.status)


def _path(target: Target, plus: bool = False) -> str:
    """The path as Meta asks for it: a plus becomes a space."""
    path = _ascii(target.path)
    return path if plus else path.replace("+", "%20")


def _ascii(part: str) -> str:
    return quote(part, safe="/%:@!$&'()*+,;=~?[]")


def _readable(values: Mapping[str, Value]) -> dict[str, Value]:
    """Values whose host is written as a person writes it, not as it is sent."""
    host = str(values.get("host", ""))
    try:
        shown = host.encode("ascii").decode("idna") if "xn--" in host else host
    except UnicodeError:
        shown = host
    return {**values, "host": shown} if host else dict(values)
