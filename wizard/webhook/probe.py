"""The questions of a probe, in Meta's order, and what each answer means."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from wizard.facts.models import Handshake, Step
from wizard.net.connection import Connection, Outside, Target, parse_target
from wizard.net.failures import NetworkFailure
from wizard.text.sanitise import clean
from wizard.text.secret import Secret

#: The name Meta's handshake is seen to come under; warning pages of tunnels are for browsers.
AGENT = "facebookplatform/1.0 (+http://developers.facebook.com)"
#: A challenge has a dozen characters: what is longer than this is a page.
MOST_BYTES = 65_536


class ProbeFailure(NetworkFailure):
    """The server answered, but not as Meta wants. `cause`: a reason of `webhook.reachable`."""


@dataclass(frozen=True)
class Answer:
    """One answer of the server under probe."""

    status: int
    headers: dict[str, str]
    body: bytes
    milliseconds: int


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
        steps, challenges = tuple(self.steps), frozenset(self.challenges)
        if failure is None:
            about = Handshake(self.url, steps=steps, challenges=challenges)
        else:
            about = Handshake(
                self.url, failure.cause, failure.values, failure.unsure, steps, challenges
            )
        return Handshake(**{**vars(about), "milliseconds": self.milliseconds})

    def handshake(self) -> None:
        """The verification GET: 200, and a body that is the challenge and nothing else."""
        if self.token is None:
            return
        challenge = self._challenge()
        answer = self._get(challenge, self.token.reveal(), tell=True)
        self.milliseconds = answer.milliseconds
        _judge(answer, challenge)
        self.steps.append(Step("answered", {"milliseconds": answer.milliseconds}))

    def wrong_token(self) -> None:
        """A server that answers every token would be anybody's."""
        challenge = self._challenge()
        answer = self._get(challenge, secrets.token_hex(16), tell=self.token is None)
        if answer.status == 200 and challenge.encode() in answer.body:
            raise ProbeFailure("any_token")
        if self.token is None and answer.status not in (200, 400, 401, 403):
            _judge(answer, challenge)  # whoever answers like this refuses every token
        self.steps.append(Step("guarded"))

    def deliveries(self, app_secret: Secret) -> None:
        """An empty delivery, signed and then signed with another secret."""
        body = b'{"object":"whatsapp_business_account","entry":[]}'
        answer = self._post(body, app_secret.reveal())
        if answer.status != 200:
            raise ProbeFailure("post_refused", http=answer.status)
        if self._post(body, secrets.token_hex(16)).status < 400:
            raise ProbeFailure("post_unchecked")
        self.steps.append(Step("signed"))

    def _challenge(self) -> str:
        # Meta's looks like an integer.
        challenge = str(secrets.randbelow(9 * 10**9) + 10**9)
        self.challenges.add(challenge)
        return challenge

    def _get(self, challenge: str, token: str, tell: bool = False) -> Answer:
        target = parse_target(self.url, allow_http=self.outside.allow_local)
        asked = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token}
        query = "&".join(part for part in (target.parts.query, urlencode(asked)) if part)
        return self._send(target, f"GET {target.path}?{query}", b"", tell)

    def _post(self, body: bytes, secret: str) -> Answer:
        target = parse_target(self.url, allow_http=self.outside.allow_local)
        query = f"?{target.parts.query}" if target.parts.query else ""
        signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return self._send(
            target,
            f"POST {target.path}{query}",
            b"Content-Type: application/json\r\n"
            b"X-Hub-Signature-256: sha256=%b\r\nContent-Length: %d\r\n\r\n%b"
            % (signed.encode(), len(body), body),
        )

    def _send(self, target: Target, line: str, rest: bytes, tell: bool = False) -> Answer:
        connection, began = Connection(target, self.outside), time.monotonic()
        head = (
            f"{line} HTTP/1.1\r\nHost: {target.authority}\r\nUser-Agent: {AGENT}\r\n"
            "Accept: */*\r\nConnection: close\r\n"
        )
        try:
            with connection.open() as opened:
                opened.settimeout(connection.left())
                opened.sendall(head.encode() + (rest or b"\r\n"))
                method = line.partition(" ")[0]
                with http.client.HTTPResponse(opened, method=method) as answer:
                    answer.begin()
                    headers = {name.lower(): value for name, value in answer.getheaders()}
                    body = answer.read(MOST_BYTES)
                connection.left()  # cut off at the deadline, a body without a length just ends
        finally:
            if tell:
                self.steps.extend(Step(*step) for step in connection.steps)
        took = round((time.monotonic() - began) * 1000)
        return Answer(answer.status, headers, body, took)


def _judge(answer: Answer, challenge: str) -> None:
    """Failure, unless this is what Meta wants to see."""
    reason, name = service(answer.status, answer.headers, answer.body)
    if reason:
        raise ProbeFailure(reason, service=name)
    if 300 <= answer.status < 400:
        to = urlsplit(answer.headers.get("location", ""))
        raise ProbeFailure("redirect", to=clean(f"{to.netloc}{to.path}", 100))
    if answer.status != 200:
        raise ProbeFailure("status", http=answer.status)
    if answer.body == challenge.encode():
        return
    text = clean(answer.body[:2000].decode("utf-8", "replace"), 80)
    if text.strip("\ufeff\"' ") == challenge:
        raise ProbeFailure("padded", body=text)
    if answer.body.lstrip()[:1] == b"<":
        raise ProbeFailure("page", body=text)
    raise ProbeFailure("body", body=text)


#: (reason, service, header or "" for the body, what it holds)
_SIGNS = (
    # ngrok's free plan shows a warning first, unless the request says it is no browser.
    ("warning_page", "ngrok", "ngrok-error-code", "ERR_NGROK_6024"),
    ("warning_page", "ngrok", "", "ERR_NGROK_6024"),
    ("tunnel_gone", "ngrok", "ngrok-error-code", "ERR_NGROK_3200"),
    ("tunnel_gone", "ngrok", "", "ERR_NGROK_3200"),
    ("behind_tunnel", "ngrok", "ngrok-error-code", "ERR_NGROK_8012"),
    ("behind_tunnel", "ngrok", "", "ERR_NGROK_8012"),
    ("tunnel_limit", "ngrok", "ngrok-error-code", "ERR_NGROK_"),
    ("warning_page", "localtunnel", "", "bypass-tunnel-reminder"),
    ("warning_page", "localtunnel", "", "Tunnel website ahead"),
    ("tunnel_gone", "localtunnel", "", "Tunnel Unavailable"),
    ("bot_check", "Cloudflare", "cf-mitigated", "challenge"),
    ("bot_check", "Cloudflare", "", "/cdn-cgi/challenge-platform/"),
    ("bot_check", "Cloudflare", "", "cf-browser-verification"),
    ("bot_check", "Imperva", "", "_Incapsula_Resource"),
    ("bot_check", "DDoS-Guard", "", "check.ddos-guard.net"),
    ("bot_check", "Sucuri", "", "sucuri_cloudproxy_js"),
    ("bot_check", "AWS WAF", "x-amzn-waf-action", "challenge"),
    ("bot_check", "AWS WAF", "x-amzn-waf-action", "captcha"),
)


def service(status: int, headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """(reason, name of the service) for a page of somebody in between; ("", "") for none."""
    text = body.decode("utf-8", "replace")
    for reason, name, header, sign in _SIGNS:
        if sign.lower() in (headers.get(header, "") if header else text).lower():
            return reason, name
    return _cloudflare(status, headers, text)


def _cloudflare(status: int, headers: Mapping[str, str], text: str) -> tuple[str, str]:
    if headers.get("server", "").lower() != "cloudflare":
        return "", ""
    # 530 with 1033: no tunnel is connected; 502, 521 … 523: nothing answers behind it.
    if status == 530 or "error 1033" in text.lower():
        return "tunnel_gone", "Cloudflare"
    if status in (502, 521, 522, 523):
        return "behind_tunnel", "Cloudflare"
    return "", ""
