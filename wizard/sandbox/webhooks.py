"""Callbacks: Meta's handshake, which of the three levels wins, and receivers of the sandbox itself.

The receivers serve worlds whose owner already has one: /_sandbox/callback/KIND. In a scenario
`{sandbox}` stands for the sandbox's own address, which is new at every start.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import secrets
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

from wizard.sandbox.access import need_account
from wizard.sandbox.call import Answer, Call, not_played_at_all
from wizard.sandbox.world import Refused, World, bad_parameter, missing_parameter

#: Meta waits this long for the answer to its handshake, as integrators measured.
HANDSHAKE_SECONDS = 6.0
LONGEST_OVERRIDE = 200


class NoAnswer(Exception):
    """No HTTP answer; `errno` is curl's number, as Meta writes it into the error."""

    def __init__(self, errno: int, error: str) -> None:
        super().__init__(error)
        self.errno, self.error = errno, error


def is_loopback(url: str) -> bool:
    """Whether an address names this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def leads_away(world: World, url: str) -> str:
    """Why the sandbox does not ask a callback beyond this machine; "" when it does."""
    if world.callbacks_anywhere or is_loopback(url):
        return ""
    return (
        "callbacks beyond this machine. Use one on 127.0.0.1, or start wa-wizard sandbox "
        "--callbacks-anywhere"
    )


def handshake(call: Call, callback: str, verify_token: str) -> None:
    """Asks the callback for the challenge; 2200 in Meta's words when it does not come back.

    The world's lock is released meanwhile: read the tree again afterwards.
    """
    if away := leads_away(call.world, callback):
        raise not_played_at_all(away)
    challenge = str(secrets.randbelow(9 * 10**9) + 10**9)
    query = {
        "hub.mode": "subscribe",
        "hub.challenge": challenge,
        "hub.verify_token": verify_token,
    }
    with call.world.released():
        try:
            status, reason, body = exchange("GET", callback, query=query)
        except NoAnswer as error:
            raise _failed(
                f"curl_errno = {error.errno}; curl_error = {error.error}; "
                "HTTP Status Code = 0; HTTP Message = "
            ) from None
    received = body.decode("utf-8", "replace")
    if status != 200:
        raise _failed(f"HTTP Status Code = {status}; HTTP Message = {reason}")
    if received != challenge:
        raise _failed(
            f'Response does not match challenge, expected value="{challenge}", '
            f'received="{received[:30]}..."; HTTP Status Code = 200; HTTP Message = {reason}'
        )


def exchange(
    method: str,
    url: str,
    query: dict[str, str] | None = None,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> tuple[int, str, bytes]:
    """One request of Meta's servers: (status, reason, first 64 KiB). Redirects are not followed."""
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port)
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    given = "&".join(part for part in (parts.query, urlencode(query or {})) if part)
    sent = {"User-Agent": "facebookplatform/1.0 (+http://developers.facebook.com)", "Accept": "*/*"}
    try:
        connection.request(
            method, f"{target}?{given}" if given else target, body or None, sent | (headers or {})
        )
        answer = connection.getresponse()
        return answer.status, answer.reason, answer.read(65536)
    except TimeoutError as error:
        raise NoAnswer(28, "Operation timed out after 6000 milliseconds") from error
    except socket.gaierror as error:
        raise NoAnswer(6, f"Could not resolve host: {parts.hostname}") from error
    except ssl.SSLCertVerificationError as error:
        raise NoAnswer(60, "SSL certificate problem: unable to verify the certificate") from error
    except ssl.SSLError as error:
        raise NoAnswer(35, "SSL connect error") from error
    except ConnectionRefusedError as error:
        raise NoAnswer(7, f"Failed to connect to {parts.hostname}: Connection refused") from error
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(52, "Empty reply from server") from error
    finally:
        connection.close()


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(
            host, port, timeout=HANDSHAKE_SECONDS, context=ssl.create_default_context()
        )
    return http.client.HTTPConnection(host, port, timeout=HANDSHAKE_SECONDS)


def refuse_unusable(callback: str) -> None:
    """Meta takes https on public hosts alone. Here http on loopback is taken as well."""
    parts = urlsplit(callback)
    host = parts.hostname or ""
    if is_loopback(callback) and parts.scheme in ("http", "https"):
        return
    if parts.scheme != "https":
        raise bad_parameter(f"Param callback_url must be a secure URL (https), got {parts.scheme}")
    try:
        private = ipaddress.ip_address(host).is_private
    except ValueError:
        private = "." not in host
    if private:
        raise _failed(
            f"curl_errno = 7; curl_error = Failed to connect to {host}; "
            "HTTP Status Code = 0; HTTP Message = "
        )


def verified_override(call: Call, callback: str) -> Answer:
    """What an override keeps, after Meta asked the callback; {} when none is wanted."""
    if not callback:
        return {}
    verify_token = call.text("verify_token")
    if not verify_token:
        raise missing_parameter("verify_token")
    if len(callback) > LONGEST_OVERRIDE:
        raise bad_parameter("Param override_callback_uri must be at most 200 characters long")
    refuse_unusable(callback)
    handshake(call, callback, verify_token)
    return {"override_callback_uri": callback, "verify_token": verify_token}


def not_subscribed() -> Refused:
    """Subscribe first, then override: two calls, in this order (reported by integrators)."""
    return bad_parameter(
        "Before override the current callback uri, your app must be subscribed to receive "
        "messages for WhatsApp Business Account"
    )


def configuration(call: Call, number: Answer) -> Answer | None:
    """webhook_configuration: the callbacks of the *calling* app at each level."""
    if call.caller.is_app:
        return None
    need_account(call, call.world["accounts"][number["account"]])
    levels = callbacks(call.world, call.caller.app_id, number)
    return {level: url for level, url in levels.items() if url} or None


def callbacks(world: World, app_id: str, number: Answer) -> dict[str, str]:
    """The callback of one app at each level; the first that is set wins for `messages`."""
    account = world["accounts"][number["account"]]
    override = number.get("overrides", {}).get(app_id, {})
    of_account = account.get("subscribed", {}).get(app_id, {})
    row = subscription(world, app_id)
    return {
        "phone_number": world.here(override.get("override_callback_uri", "")),
        "whatsapp_business_account": world.here(of_account.get("override_callback_uri", "")),
        "application": world.here(row.get("callback_url", "")),
    }


def subscription(world: World, app_id: str) -> Answer:
    """The app's subscription to the object whatsapp_business_account; {} without one."""
    app = world["apps"].get(app_id, {})
    row: Answer = app.get("subscriptions", {}).get("whatsapp_business_account", {})
    return row


def subscribers(world: World, account: Answer, field: str) -> Iterator[str]:
    """The published apps that are subscribed to this account and to this field."""
    for app_id in account.get("subscribed", {}):
        app, row = world["apps"].get(app_id), subscription(world, app_id)
        published = app is not None and app.get("published", True)
        if published and row.get("active", True) and field in row.get("fields", {}):
            yield app_id


def destinations(world: World, number: Answer) -> list[tuple[str, str]]:
    """(app id, URL) of every app that gets the `messages` of this number."""
    found = []
    for app_id in subscribers(world, world["accounts"][number["account"]], "messages"):
        url = next((url for url in callbacks(world, app_id, number).values() if url), "")
        if url:
            found.append((app_id, url))
    return found


def _failed(text: str) -> Refused:
    return Refused(2200, f"(#2200) Callback verification failed with the following errors: {text}")


#: The verify token that the sandbox's receivers expect.
VERIFY_TOKEN = "zarya-verify-token"
TOO_LONG = 7.0
_PAGE = "<!DOCTYPE html><html><body><h1>{}</h1></body></html>"


@dataclass(frozen=True)
class Reply:
    """What a receiver answers."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


_PLAIN = {"Content-Type": "text/plain"}
_HTML = {"Content-Type": "text/html; charset=utf-8"}
#: Receivers, and services in front of them, that answer every request alike. The pages of the
#: tunnel and of the bot check carry the headers that those services are known by.
FIXED = {
    "missing": Reply(404, "Not Found", _PLAIN),
    "broken": Reply(500, "Internal Server Error", _PLAIN),
    "page": Reply(200, _PAGE.format("Welcome to our shop"), _HTML),
    "warned": Reply(
        200, _PAGE.format("You are about to visit"), _HTML | {"ngrok-error-code": "ERR_NGROK_6024"}
    ),
    "gone": Reply(
        404, _PAGE.format("Endpoint is offline"), _HTML | {"ngrok-error-code": "ERR_NGROK_3200"}
    ),
    "checked": Reply(403, _PAGE.format("Just a moment..."), _HTML | {"cf-mitigated": "challenge"}),
}


def callback_reply(
    world: World, method: str, kind: str, params: Answer, body: bytes, sign: str
) -> Reply:
    """The answer of one kind of receiver to a handshake, or to a delivery."""
    if method == "POST":
        return _receive(world, kind, body, sign)
    challenge = str(params.get("hub.challenge", ""))
    known = params.get("hub.verify_token") == VERIFY_TOKEN
    if kind == "slow":
        time.sleep(TOO_LONG)
    if kind == "anyone" or (kind in ("good", "slow") and known):
        return Reply(200, challenge, _PLAIN)
    if kind == "quoted":
        return Reply(200, f'"{challenge}"', {"Content-Type": "application/json"})
    if kind == "moved":
        return Reply(301, "", {"Location": f"{world.base_url}/_sandbox/callback/good"})
    return FIXED.get(kind, Reply(403, "Forbidden", _PLAIN))


def _receive(world: World, kind: str, body: bytes, sign: str) -> Reply:
    """Keeps what was signed by one of the world's apps; `broken` never takes anything."""
    if kind == "broken":
        return Reply(500)
    with world.held():
        for app in world["apps"].values():
            good = hmac.new(app["secret"].encode(), body, hashlib.sha256).hexdigest()
            if hmac.compare_digest(f"sha256={good}", sign):
                got = {"signed_by": app["id"], "body": body.decode()}
                world.tree.setdefault("received", []).append(got)
                del world.tree["received"][:-50]
                return Reply(200)
    return Reply(401)
