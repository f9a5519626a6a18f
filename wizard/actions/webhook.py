"""Repairs of receiving: the callback, its field, the subscription, and the message that arrives."""

from __future__ import annotations

from wizard.actions import receive_test as hearing
from wizard.actions import set_callback as pointing
from wizard.actions.callback_target import (
    ask_verify_token,
    choose_target,
    proven,
    verify_token,
)
from wizard.actions.registry import action
from wizard.actions.session import Session
from wizard.facts.facts import Facts
from wizard.text.errors import Unavailable


@action(
    "webhook.callback",
    "webhook.effective",
    "webhook.reachable/dns",
    "webhook.reachable/refused",
    "webhook.reachable/timeout",
    "webhook.reachable/tunnel_gone",
    "webhook.reachable/behind_tunnel",
    "webhook.reachable/warning_page",
)
def set_callback(session: Session, facts: Facts) -> None:
    """Asks where messages are to go, proves that address, and tells Meta."""
    try:
        target = choose_target(session, facts)
        if target is None:
            return
        token = verify_token(session, target.here)
        if proven(session, target, token):
            pointing.point(session, target, token)
    except Unavailable as error:
        session.prompter.show_error(error)


@action("webhook.fields")
def add_field(session: Session, facts: Facts) -> None:
    """Switches `messages` on; the other fields stay as they are."""
    pointing.add_field(session)


@action("webhook.subscribed")
def subscribe(session: Session, facts: Facts) -> None:
    """Subscribes this app to the WABA."""
    pointing.subscribe(session)


@action("webhook.reachable/no_token")
def keep_verify_token(session: Session, facts: Facts) -> None:
    """The verify token of a server that somebody else set up."""
    ask_verify_token(session, "webhook.token_ask")


@action("webhook.received")
def hear(session: Session, facts: Facts) -> None:
    """The closed loop: until a real message arrives, or the broken link has a name."""
    heard = hearing.hear(session, facts)
    if heard and session.listener and session.listener.tunnel:
        # The chain is proven; that this address is a passing one must not surprise tomorrow.
        session.prompter.tell("webhook.address_ends", url=session.listener.public_url)
