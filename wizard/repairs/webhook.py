"""Repairs of receiving: the callback, its field, the subscription, and the message that arrives."""

from __future__ import annotations

from wizard.desk import Desk
from wizard.facts import Facts
from wizard.repairs import hearing, pointing
from wizard.repairs.registry import repair
from wizard.repairs.target import ask_verify_token, choose_target, proven, verify_token
from wizard.text.errors import Unavailable


@repair(
    "webhook.callback",
    "webhook.effective",
    "webhook.reachable/dns",
    "webhook.reachable/refused",
    "webhook.reachable/timeout",
    "webhook.reachable/tunnel_gone",
    "webhook.reachable/behind_tunnel",
    "webhook.reachable/warning_page",
)
def set_callback(desk: Desk, facts: Facts) -> None:
    """Asks where messages are to go, proves that address, and tells Meta."""
    try:
        target = choose_target(desk, facts)
        if target is None:
            return
        token = verify_token(desk, target.here)
        if proven(desk, target, token):
            pointing.point(desk, target, token)
    except Unavailable as error:
        desk.talk.show_error(error)


@repair("webhook.fields")
def add_field(desk: Desk, facts: Facts) -> None:
    """Switches `messages` on; the other fields stay as they are."""
    pointing.add_field(desk)


@repair("webhook.subscribed")
def subscribe(desk: Desk, facts: Facts) -> None:
    """Subscribes this app to the WABA."""
    pointing.subscribe(desk)


@repair("webhook.reachable/no_token")
def keep_verify_token(desk: Desk, facts: Facts) -> None:
    """The verify token of a server that somebody else set up."""
    ask_verify_token(desk, "webhook.token_ask")


@repair("webhook.received")
def hear(desk: Desk, facts: Facts) -> None:
    """The closed loop: until a real message arrives, or the broken link has a name."""
    heard = hearing.hear(desk, facts)
    if heard and desk.listener and desk.listener.tunnel:
        # The chain is proven; that this address is a passing one must not surprise tomorrow.
        desk.talk.say("webhook.address_ends", url=desk.listener.public_url)
