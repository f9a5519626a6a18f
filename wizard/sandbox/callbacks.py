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
WARNING_PAGE = (
    "<!DOCTYPE html><html><body><h1>You are about to visit a free tunnel</h1>"
    "<button>Visit Site</button></body></html>"
)


@dataclass(frozen=True)
class Reply:
    """What a receiver answers."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def reply(world: World, method: str, kind: str, params: Answer, body: bytes, sign: str) -> Reply:
    """The answer of one kind of receiver to a handshake, or to a delivery."""
    if method == "POST":
        return _receive(world, kind, body, sign)
    challenge = str(params.get("hub.challenge", ""))
    known = params.get("hub.verify_token") == VERIFY_TOKEN
    plain = {"Content-Type": "text/plain"}
    if kind == "slow":
        time.sleep(TOO_LONG)
    if kind == "anyone" or (kind in ("good", "slow") and known):
        return Reply(200, challenge, plain)
    return {
        "good": Reply(403, "Forbidden", plain),
        "slow": Reply(403, "Forbidden", plain),
        "forbidden": Reply(403, "Forbidden", plain),
        "missing": Reply(404, "Not Found", plain),
        "broken": Reply(500, "Internal Server Error", plain),
        "page": Reply(200, WARNING_PAGE, {"Content-Type": "text/html"}),
        "quoted": Reply(200, f'"{challenge}"', {"Content-Type": "application/json"}),
        "moved": Reply(301, "", {"Location": f"{world.base_url}/_sandbox/callback/good"}),
    }.get(kind, Reply(404, "Not Found", plain))


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
