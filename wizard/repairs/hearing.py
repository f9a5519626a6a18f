"""The closed loop: everything ready, "write to the number now", and what happens then."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.audit import audit
from wizard.desk import Desk
from wizard.facts import Facts, Number
from wizard.inbox import Message, RejectedDelivery
from wizard.listening import Listener
from wizard.model import Finding
from wizard.receiver import Arrived, Event
from wizard.repairs.pointing import point, remove, subscribe
from wizard.repairs.target import HERE, Target, choose_target, proven, verify_token
from wizard.state.record import Status
from wizard.text.errors import Unavailable
from wizard.text.localised import phrase
from wizard.tunnel import AUTO

#: The links in the order in which a message passes them; the last is told by no API.
CHAIN = (
    "webhook.received",
    "app.secret",
    "webhook.subscribed",
    "webhook.callback",
    "webhook.fields",
    "webhook.effective",
    "webhook.reachable",
    "app.published",
)


def hear(desk: Desk, facts: Facts, tunnel: str = AUTO, *, here: bool = False) -> Message | None:
    """Waits for a real message of this number; None when none came, and why has been said.

    `here`: on this computer, even where the messages go to somebody's server now.
    """
    mark = desk.listener.mark() if desk.listener else 0
    try:
        number = facts.number
        if not here and _of_somebody_else(desk, number):
            _invite(desk, number, "webhook.write_to_server")
            return None
        listener = _ready(desk, facts, tunnel)
    except Unavailable as error:
        desk.talk.show_error(error)
        return None
    if listener is None:
        return None
    _invite(desk, number, "webhook.write_now")
    desk.nudge()
    with desk.talk.wait(phrase("webhook.waiting", number=number.display)):
        message = listener.wait(_Watch(desk, number), listener.patience, mark)
    if message is None:
        diagnose(desk, listener)
        return None
    desk.talk.say("webhook.heard", sender=message.sender_name or message.sender, text=message.text)
    return message


def diagnose(desk: Desk, listener: Listener) -> Finding | None:
    """Walks the chain after a silence and presents the first link that is not in order."""
    desk.talk.say("webhook.silence")
    if listener.tunnel is not None and not listener.tunnel.alive:
        desk.talk.say("webhook.tunnel_died", program=listener.tunnel.program)
        return None
    with desk.talk.wait(phrase("webhook.walking")):
        found = {f.item.id: f for f in audit(desk.checklist, desk.facts(), only=CHAIN)}
    broken = _broken(found)
    if broken is None:
        desk.talk.say("webhook.chain_whole")
        return None
    desk.talk.present(broken, desk.record.ids)
    return broken


def _broken(found: Mapping[str, Finding]) -> Finding | None:
    for item_id in CHAIN:
        status = found[item_id].outcome.status
        # That nothing was received yet is what is being explained; a wrong signature explains it.
        silent = item_id == "webhook.received" and status is not Status.FAILED
        if not silent and status not in (Status.PASSED, Status.SKIPPED):
            return found[item_id]
    return None


def take_back(desk: Desk) -> None:
    """After a test over a passing address: what would lead nowhere is taken away, or said."""
    listener, chosen = desk.listener, desk.record.webhook
    if listener is None or listener.tunnel is None or chosen.get("kept_by") != HERE:
        return
    if chosen.get("level") == "app":
        desk.talk.say("webhook.address_ends", url=chosen["callback_url"])
        return
    try:
        remove(desk, desk.facts(), chosen["level"])
    except Unavailable as error:
        desk.talk.show_error(error)


def _of_somebody_else(desk: Desk, number: Number) -> bool:
    """Whether messages go to a server of the person's: then our receiver hears nothing."""
    chosen = desk.record.webhook
    if desk.listener is None or not chosen:
        return desk.listener is None or bool(number.callbacks.winner[1])
    return chosen.get("kept_by") != HERE


def _ready(desk: Desk, facts: Facts, tunnel: str) -> Listener | None:
    """Our receiver up, public, known to Meta, and subscribed."""
    listener = desk.listener
    assert listener is not None
    chosen = desk.record.webhook.get("callback_url", "")
    if listener.at is None or not chosen or chosen != listener.public_url:
        target = choose_target(desk, facts, tunnel)
        if target is None or not _set(desk, target):
            return None
    return listener if subscribe(desk) else None


def _set(desk: Desk, target: Target) -> bool:
    token = verify_token(desk, target.here)
    return proven(desk, target, token) and point(desk, target, token)


def _invite(desk: Desk, number: Number, words: str) -> None:
    desk.talk.say(words, number=number.display)
    desk.talk.show_link(f"https://wa.me/{number.digits}")


class _Watch:
    """Looks at what arrives; says what is no proof, and returns the message that is one."""

    def __init__(self, desk: Desk, number: Number) -> None:
        self._desk, self._number = desk, number
        self._said: set[str] = set()

    def __call__(self, event: Event) -> Message | None:
        """The message of this number in the event; None when there is none."""
        if isinstance(event, Arrived):
            return self._message(event)
        if isinstance(event, RejectedDelivery):
            self._refused(event)
        return None

    def _message(self, event: Arrived) -> Message | None:
        for message in event.delivery.messages:
            if message.test:
                self._once("webhook.test_event")
            elif message.phone_number_id == self._number.id:
                return message
            else:
                self._once("webhook.other_number", phone_number_id=message.phone_number_id)
        return None

    def _refused(self, refusal: RejectedDelivery) -> None:
        ids = self._desk.record.ids
        ours = {ids.get("phone_number_id"), ids.get("waba_id")} & {
            refusal.phone_number_id,
            refusal.waba_id,
        }
        if ours and refusal.reason == "bad_signature":
            self._once("webhook.wrong_signature")

    def _once(self, key: str, **values: str) -> None:
        if key not in self._said:
            self._said.add(key)
            self._desk.talk.say(key, **values)
