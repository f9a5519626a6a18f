"""What Meta counts: whether it takes an attempt now, the PIN it needs, and what a message costs.

The acts are register, request_code, verify_code and pin, each of one number. The PIN of two-step
verification is six digits that are either being *set* or must be *known*.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import structs

from wizard.actions.prompter import Choice, Question
from wizard.actions.results import (
    ActionResult,
    AlreadySo,
    Declined,
    Done,
    Refused,
    action,
    post,
    refused,
)
from wizard.actions.session import Session
from wizard.audit.checks.number import registration_opens, registrations_left
from wizard.audit.error_codes import explain, variant_of
from wizard.facts.facts import Facts
from wizard.facts.models import Number
from wizard.graph import GraphError
from wizard.state.record import Closed, OrderedCode, write_time
from wizard.templates.values import CHARGED
from wizard.text.durations import wait_in
from wizard.text.errors import Unavailable
from wizard.text.localised import phrase
from wizard.text.paste import parse_pin
from wizard.text.secret import PIN, Secret, generate_pin
from wizard.vault import StoredSecret, VaultError
from wizard.webhook.inbox import InboxError
from wizard.webhook.local_receiver import FREE_A_MONTH, services_this_month

#: Act → the command that makes it.
COMMANDS = {
    "register": "number register",
    "request_code": "number request-code",
    "verify_code": "number verify",
    "pin": "number pin",
}
#: How long a code that was ordered is good, as Meta writes in its message.
CODE_LIVES = timedelta(minutes=10)
#: No wait that Meta names is longer; a larger one was read wrongly.
LONGEST_WAIT = timedelta(days=30)


#: Kinds of number for which Meta refuses the code, the registration and the PIN.
OF_THE_PHONE_APP = frozenset({"phone_app", "coexistence"})


def refused_by_kind(session: Session, number: Number) -> bool:
    """Says why nothing is asked of Meta for this number, where its kind rules it out."""
    if number.kind not in OF_THE_PHONE_APP:
        return False
    session.prompter.tell(f"number.is_{number.kind}", number=number.display)
    return True


def is_closed(session: Session, act: str, number: Number) -> bool:
    """Whether Meta refuses this act now; then until when is said, and nothing may be sent."""
    record, now, key = session.record, session.now(), f"number.{act}_closed"
    until = record.closed_until(f"{act}:{number.id}", now)
    if until is None and act == "register" and not registrations_left(record, number.id, now):
        until, key = registration_opens(record, number.id, now), "number.register_spent"
    if until is None:
        return False
    session.prompter.tell(
        key,
        number=number.display,
        until=write_time(until),
        command=f"wa-wizard {COMMANDS[act]}",
    )
    return True


def note_refusal(session: Session, act: str, number: Number, error: Unavailable) -> None:
    """Remembers until when Meta refuses this act: as its answer says, else as is documented."""
    if not isinstance(error, GraphError):
        return
    now = session.now()
    if wait := _wait(error, now):
        closed = Closed(write_time(now + wait), error.code, session.stamp())
        session.prompter.tell("number.closed_now", until=closed.until)
        session.record.closed[f"{act}:{number.id}"] = closed
        session.save()


def _wait(error: GraphError, now: datetime) -> timedelta:
    said = f"{error.message} {error.details}"
    found = explain(error.code, error.subcode, variant_of(error.code, said, error.proof))
    documented = timedelta(minutes=found.wait_minutes if found else 0)
    announced = timedelta(seconds=error.announced)
    wait = wait_in(said, now) or announced or documented
    return wait if timedelta(0) < wait <= LONGEST_WAIT else documented


def note_order(session: Session, number: Number, method: str) -> None:
    """Remembers that a code is on its way."""
    session.record.codes[number.id] = OrderedCode(session.stamp(), method)
    session.save()


def order_of(session: Session, number: Number) -> OrderedCode | None:
    """The code that was ordered for this number and is still good; None when there is none."""
    order = session.record.codes.get(number.id)
    return order if order and order.at > write_time(session.now() - CODE_LIVES) else None


#: The command that supplies it where no one can be asked.
PIN_OPTION = "credentials set two_step_pin"


class KnownPin(NamedTuple):
    """A PIN that is in the vault, and what is put back there when Meta does not take it."""

    secret: Secret
    before: StoredSecret | None


def pin_for(
    session: Session, number: Number, *, doubted: bool = False, later: bool = False
) -> KnownPin | ActionResult:
    """The PIN to register with, already in the vault; or why there is none.

    With two-step verification off, the PIN of `register` *becomes* the number's PIN. With it on,
    another PIN is refused (133005) and guesses are limited, so a lost one is replaced first;
    `doubted` after an attempt that failed: then a new one is proposed. With `later` it may be put
    off.
    """
    if kept := session.vault.get(PIN):
        session.prompter.tell("number.pin_kept", source=kept.source)
        return KnownPin(kept.secret, kept)
    if number.pin_enabled is not True and not later:
        # Meta did not say (None), or said that none is set: this one will be the first.
        session.prompter.tell(
            "number.pin_will_be_set" if number.pin_enabled is False else "number.pin_unsure"
        )
        pin = Secret(_new_pin(session))
        session.keep(PIN, pin)
        return KnownPin(pin, None)
    session.prompter.tell("number.pin_must_be_known")
    default = "replace" if doubted else "known"
    ways = ("known", "replace", "later") if later else ("known", "replace")
    way = session.prompter.choose(
        Question("two_step_pin_way", phrase("number.pin_way"), default=default, again=later),
        [Choice(way, phrase(f"number.pin_way_{way}")) for way in ways],
    )
    if way == "later":
        return Declined()
    if way == "replace":
        replaced = replace_pin(session, number)
        kept = session.vault.get(PIN)
        return KnownPin(kept.secret, kept) if replaced.ok and kept else replaced
    pin = Secret(_ask_pin(session, "number.pin_known_ask"))
    session.keep(PIN, pin)
    return KnownPin(pin, None)


def replace_pin(session: Session, number: Number) -> ActionResult:
    """Sets a new PIN, which the API can do without the old one."""
    before = session.vault.get(PIN)
    with session.acting():
        if is_closed(session, "pin", number):
            return Refused()
        now = session.vault.get(PIN)
        if now is not None and (before is None or now.secret != before.secret):
            session.prompter.tell("number.pin_kept_there")
            return AlreadySo()
        return _set_pin(session, number, before, Secret(_new_pin(session)))


def _set_pin(
    session: Session, number: Number, before: StoredSecret | None, pin: Secret
) -> ActionResult:
    consent = session.prompter.consent(
        "number.pin",
        phrase("number.pin_replace_consent", number=number.display),
        [f'POST /{number.id}  {{"pin": "••••••"}}'],
    )
    if consent is None:
        return Declined()
    # Kept before it is sent: a PIN that Meta has and no one knows would lock the number.
    session.keep(PIN, pin)
    try:
        post(session, number.id, {"pin": pin}, consent, "number.pin_setting")
    except Unavailable as error:
        result = refused(session, error)
        note_refusal(session, "pin", number, error)
        if isinstance(error, GraphError):
            put_back(session, before)
        else:
            # Whether Meta has it is not known: the one who forgets it now may lock the number.
            _note_pin(session, UNCONFIRMED)
            session.prompter.tell("number.pin_unconfirmed")
        return result
    _note_pin(session, "")
    session.prompter.tell("number.pin_set")
    return Done()


#: The kind of a PIN that was sent, and whose answer never came.
UNCONFIRMED = "unconfirmed"


def _note_pin(session: Session, kind: str) -> None:
    if (note := session.record.note_of(PIN)) and note.kind != kind:
        session.record.secrets[session.record.kept_as(PIN)] = structs.replace(note, kind=kind)
        session.save()


def _new_pin(session: Session) -> str:
    """A PIN the person chose, or (nothing typed) one of ours."""
    return _ask_pin(session, "number.pin_new_ask", default=generate_pin())


def _ask_pin(session: Session, key: str, default: str = "") -> str:
    question = Question(
        PIN, phrase(key), secret=True, default=default, parse=parse_pin, option=PIN_OPTION
    )
    return session.prompter.ask(question)


def put_back(session: Session, before: StoredSecret | None) -> None:
    """A store that fails now is said, and outweighs nothing that Meta answered."""
    try:
        session.put_back(PIN, before)
    except VaultError as error:
        session.prompter.tell(error.key, **error.values)


@action("number.pin")
def keep_pin(session: Session, facts: Facts) -> ActionResult:
    """Sets a PIN, or puts the one that is known into the vault."""
    number = facts.number
    if refused_by_kind(session, number):
        return Refused()
    if not number.pin_enabled:
        return replace_pin(session, number)
    kept, note = session.vault.get(PIN), session.record.note_of(PIN)
    if kept and note and note.kind == UNCONFIRMED:
        with session.acting():
            return _set_pin(session, number, kept, kept.secret)
    pin = pin_for(session, number)
    if isinstance(pin, ActionResult):
        return pin
    return AlreadySo() if kept else Done()


@dataclass(frozen=True)
class Charge:
    """Whether Meta charges a message (None: not known), in which category, and why.

    `services` are the service messages of this month that the inbox knows of; None without one.
    """

    category: str
    charged: bool | None
    reason: str
    services: int | None = None


#: Free after a person came by an advertisement or a button of Meta's.
ENTRY_POINT, WINDOW = timedelta(hours=72), timedelta(hours=24)
SERVICE = "SERVICE"


def charge_of(session: Session, number: Number, to: str, category: str) -> Charge:
    """What is known before a message goes. Sources: docs/meta-facts.md; no price is stated there.

    Since October 2026 a utility template is charged inside the 24 hours as well.
    """
    if number.is_test_number:
        return Charge(category, False, "test_number")
    inbox, now, services = session.listener and session.listener.reader, session.now(), None
    with suppress(InboxError):
        if inbox and inbox.path.exists():
            origin = {"type": "free_entry_point", "to": to[-8:]}
            if inbox.priced(number.id, now - ENTRY_POINT, 1, **origin):
                return Charge(category, False, "entry_point")
            services = services_this_month(inbox, number.id, now)
    if category in CHARGED:
        return Charge(category, True, category.lower())
    if category != SERVICE:
        return Charge(category, None, "unknown")
    if services is None:
        return Charge(category, None, "service_unseen")
    over = services >= FREE_A_MONTH
    return Charge(category, True if over else None, "service_over" if over else "service", services)


def window_open(session: Session, number: Number, to: str) -> bool:
    """Whether the inbox has a message of this person's within the last 24 hours."""
    inbox = session.listener and session.listener.reader
    with suppress(InboxError):
        found = inbox.messages(number=number.id, since=session.now() - WINDOW) if inbox else []
        return any(one.sender[-8:] == to[-8:] for one in found)
    return False
