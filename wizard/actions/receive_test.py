"""The closed loop: everything ready, "write to the number now", and what happens then."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.actions.callback_target import choose_target
from wizard.actions.results import ActionResult, Done, Refused, action
from wizard.actions.session import Session
from wizard.actions.set_callback import prove_and_set, remove, subscribe
from wizard.audit.results import ItemResult
from wizard.audit.runner import audit
from wizard.facts.facts import Facts
from wizard.facts.models import Number
from wizard.facts.reads import seen_callbacks
from wizard.state.record import Status
from wizard.text.errors import Unavailable
from wizard.text.localised import phrase
from wizard.webhook.endpoint import Event, ReceivedDelivery
from wizard.webhook.inbox import Message, RejectedDelivery
from wizard.webhook.local_receiver import LocalReceiver
from wizard.webhook.tunnel import AUTO

#: The links in the order in which a message passes them; the last is shown by no API.
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


@action("webhook.received", asks=False)
def receive_and_explain(session: Session, facts: Facts) -> ActionResult:
    """The closed loop: until a real message arrives, or the broken link has a name."""
    if receive(session, facts) is None:
        return Refused()
    if session.listener and session.listener.tunnel:
        # The chain is proven; that this address is a passing one must not surprise tomorrow.
        session.prompter.tell("webhook.address_ends", url=session.listener.public_url)
    return Done()


def receive(
    session: Session, facts: Facts, tunnel: str = AUTO, *, here: bool = False
) -> Message | None:
    """Waits for a real message of this number; None when none came, and why has been said.

    `here`: on this computer, even where the messages go to someone's server now. Unavailable
    when the number itself cannot be read.
    """
    mark = session.listener.mark() if session.listener else 0
    number = facts.number
    try:
        if not here and _goes_elsewhere(session, facts):
            _invite(session, number, "webhook.write_to_server")
            return None
        listener = _ready(session, facts, tunnel)
    except Unavailable as error:
        session.prompter.show_error(error)
        return None
    if listener is None:
        return None
    _invite(session, number, "webhook.write_now")
    session.nudge()
    with session.prompter.waiting(phrase("webhook.waiting", number=number.display)):
        message = listener.wait(ArrivalWatcher(session, number), listener.patience, mark)
    if message is None:
        diagnose(session, listener)
        return None
    session.prompter.tell(
        "webhook.arrived", sender=message.name or message.sender, text=message.text
    )
    return message


def diagnose(session: Session, listener: LocalReceiver) -> ItemResult | None:
    """Walks the chain after a silence and presents the first link that is not in order."""
    session.prompter.tell("webhook.silence")
    if listener.tunnel is not None and not listener.tunnel.alive:
        session.prompter.tell("webhook.tunnel_died", program=listener.tunnel.program)
        return None
    facts = session.facts()
    facts.may_probe = True
    with session.prompter.waiting(phrase("webhook.walking")):
        found = {f.item.id: f for f in audit(session.checklist, facts, only=CHAIN)}
    broken = _broken(found)
    if broken is None:
        session.prompter.tell("webhook.chain_whole")
        return None
    session.prompter.show_problem(broken, session.record.ids)
    return broken


def _broken(found: Mapping[str, ItemResult]) -> ItemResult | None:
    for item_id in CHAIN:
        status = found[item_id].status
        # That nothing was received yet is what is being explained; a wrong signature explains it.
        silent = item_id == "webhook.received" and status is not Status.FAILED
        if not silent and status not in (Status.PASSED, Status.SKIPPED):
            return found[item_id]
    return None


def take_back(session: Session) -> None:
    """After a test over a passing address: what would lead nowhere is taken away, or said."""
    listener, chosen = session.listener, session.record.webhook
    if listener is None or listener.tunnel is None or not session.record.received_here:
        return
    if chosen.get("level") == "app":
        session.prompter.tell("webhook.address_ends", url=chosen["callback_url"])
        return
    try:
        remove(session, session.facts(), chosen["level"])
    except Unavailable as error:
        session.prompter.show_error(error)


def _goes_elsewhere(session: Session, facts: Facts) -> bool:
    """Whether messages go to a server of the person's: then our receiver gets nothing."""
    chosen = session.record.webhook
    if session.listener is None or not chosen:
        return session.listener is None or bool(seen_callbacks(facts).callbacks.winner[1])
    return not session.record.received_here


def _ready(session: Session, facts: Facts, tunnel: str) -> LocalReceiver | None:
    """Our receiver up, public, known to Meta, and subscribed."""
    listener = session.listener
    assert listener is not None
    chosen = session.record.webhook.get("callback_url", "")
    if listener.at is None or not chosen or chosen != listener.public_url:
        target = choose_target(session, facts, tunnel)
        if target is None or not prove_and_set(session, target).ok:
            return None
    return listener if subscribe(session).ok else None


def _invite(session: Session, number: Number, words: str) -> None:
    session.prompter.tell(words, number=number.display)
    session.prompter.show_link(f"https://wa.me/{number.digits}")


class ArrivalWatcher:
    """Looks at what arrives; says what is no proof, and returns the message that is one."""

    def __init__(self, session: Session, number: Number) -> None:
        self._session, self._number = session, number
        self._said: set[str] = set()

    def __call__(self, event: Event) -> Message | None:
        """The message of this number in the event; None when there is none."""
        if isinstance(event, ReceivedDelivery):
            return self._message(event)
        if isinstance(event, RejectedDelivery):
            self._refused(event)
        return None

    def _message(self, event: ReceivedDelivery) -> Message | None:
        for message in event.delivery.messages:
            if message.test:
                self._once("webhook.test_event")
            elif message.phone_number_id == self._number.id:
                return message
            else:
                self._once("webhook.other_number", phone_number_id=message.phone_number_id)
        return None

    def _refused(self, refusal: RejectedDelivery) -> None:
        ids = self._session.record.ids
        ours = {ids.get("phone_number_id"), ids.get("waba_id")} & {
            refusal.phone_number_id,
            refusal.waba_id,
        }
        if ours and refusal.reason == "bad_signature":
            self._once("webhook.wrong_signature")
        elif ours and refusal.reason != "bad_json":
            here = self._session.listener.at if self._session.listener else None
            path = {"path": refusal.path, "here": here.path} if refusal.path and here else {}
            self._once(f"webhook.refused_{refusal.reason}", **path)

    def _once(self, key: str, **values: str) -> None:
        if key not in self._said:
            self._said.add(key)
            self._session.prompter.tell(key, **values)
