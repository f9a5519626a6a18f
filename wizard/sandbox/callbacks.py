"""Play webhook receivers, for worlds in which somebody already has one: /_sandbox/callback/KIND.

In a scenario `{sandbox}` stands for the sandbox's own address, which is new at every start.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass, field

from wizard.sandbox.call import Answer
from wizard.sandbox.world import World

#: The verify token that the play receivers expect.
VERIFY_TOKEN = "zarya-verify-token"
TOO_LONG = 7.0
PAGE = "<!DOCTYPE html><html><body><h1>{}</h1></body></html>"


@dataclass(frozen=True)
class Reply:
    """What a receiver answers."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


PLAIN = {"Content-Type": "text/plain"}
HTML = {"Content-Type": "text/html; charset=utf-8"}
#: Receivers, and those in between, that answer everybody alike. The pages of the tunnel and of
#: the bot check carry the headers that those services are known by.
FIXED = {
    "missing": Reply(404, "Not Found", PLAIN),
    "broken": Reply(500, "Internal Server Error", PLAIN),
    "page": Reply(200, PAGE.format("Welcome to our shop"), HTML),
    "warned": Reply(
        200, PAGE.format("You are about to visit"), HTML | {"ngrok-error-code": "ERR_NGROK_6024"}
    ),
    "gone": Reply(
        404, PAGE.format("Endpoint is offline"), HTML | {"ngrok-error-code": "ERR_NGROK_3200"}
    ),
    "checked": Reply(403, PAGE.format("Just a moment..."), HTML | {"cf-mitigated": "challenge"}),
}


def reply(world: World, method: str, kind: str, params: Answer, body: bytes, sign: str) -> Reply:
    """The answer of one kind of receiver to a handshake, or to a delivery."""
    if method == "POST":
        return _receive(world, kind, body, sign)
    challenge = str(params.get("hub.challenge", ""))
    known = params.get("hub.verify_token") == VERIFY_TOKEN
    if kind == "slow":
        time.sleep(TOO_LONG)
    if kind == "anyone" or (kind in ("good", "slow") and known):
        return Reply(200, challenge, PLAIN)
    if kind == "quoted":
        return Reply(200, f'"{challenge}"', {"Content-Type": "application/json"})
    if kind == "moved":
        return Reply(301, "", {"Location": f"{world.base_url}/_sandbox/callback/good"})
    return FIXED.get(kind, Reply(403, "Forbidden", PLAIN))


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
