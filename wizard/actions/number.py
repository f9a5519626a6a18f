"""A phone number: added, its code verified, registered, and its PIN kept.

The PIN of two-step verification is six digits that are either being *set* or must be *known*.
"""

from __future__ import annotations

import json
import re

from wizard.actions.access import choose_number
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
from wizard.audit.checks.number import REGISTRATIONS, WINDOW
from wizard.facts.facts import Facts
from wizard.facts.models import Number
from wizard.graph import GraphError
from wizard.graph.consent import Consent
from wizard.text import phone
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import Phrase, phrase
from wizard.text.paste import parse_code, parse_pin
from wizard.text.secret import Secret, generate_pin
from wizard.vault import StoredSecret

PIN = "two_step_pin"
#: The command that supplies it where nobody can be asked.
PIN_OPTION = "credentials set two_step_pin"
WRONG_PIN, TOO_MANY_GUESSES = 133005, 133008
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")


def pin_for(session: Session, number: Number, *, doubted: bool = False) -> Secret | ActionResult:
    """The PIN to register with, already in the vault; or why there is none.

    With two-step verification off, the PIN of `register` *becomes* the number's PIN. With it on,
    another PIN is refused (133005) and guesses are limited, so a lost one is replaced first;
    `doubted` after an attempt that failed: then a new one is proposed.
    """
    if kept := session.vault.get(PIN):
        session.prompter.tell("number.pin_kept", source=kept.source)
        return kept.secret
    if number.pin_enabled is not True:
        # Meta did not say (None), or said that none is set: this one will be the first.
        session.prompter.tell(
            "number.pin_will_be_set" if number.pin_enabled is False else "number.pin_unsure"
        )
        pin = Secret(_new_pin(session))
        session.keep(PIN, pin)
        return pin
    session.prompter.tell("number.pin_must_be_known")
    default = "replace" if doubted else "known"
    way = session.prompter.choose(
        Question("two_step_pin_way", phrase("number.pin_way"), default=default),
        [
            Choice("known", phrase("number.pin_way_known")),
            Choice("replace", phrase("number.pin_way_replace")),
        ],
    )
    if way == "replace":
        replaced = replace_pin(session, number)
        kept = session.vault.get(PIN)
        return kept.secret if replaced.ok and kept else replaced
    pin = Secret(_ask_pin(session, "number.pin_known_ask"))
    session.keep(PIN, pin)
    return pin


def replace_pin(session: Session, number: Number) -> ActionResult:
    """Sets a new PIN, which the API can do without the old one."""
    before = session.vault.get(PIN)
    pin = Secret(_new_pin(session))
    consent = session.prompter.consent(
        "number.pin",
        phrase("number.pin_replace_consent", number=number.display),
        [f'POST /{number.id}  {{"pin": "••••••"}}'],
    )
    if consent is None:
        return Declined()
    # Kept before it is sent: a PIN that Meta has and nobody knows would lock the number.
    session.keep(PIN, pin)
    try:
        post(session, number.id, {"pin": pin}, consent, "number.pin_setting")
    except Unavailable as error:
        session.put_back(PIN, before)
        return refused(session, error)
    session.prompter.tell("number.pin_set")
    return Done()


def _new_pin(session: Session) -> str:
    """A PIN the person chose, or (nothing typed) one of ours."""
    return _ask_pin(session, "number.pin_new_ask", default=generate_pin())


def _ask_pin(session: Session, key: str, default: str = "") -> str:
    question = Question(
        PIN, phrase(key), secret=True, default=default, parse=parse_pin, option=PIN_OPTION
    )
    return session.prompter.ask(question)


@action("number.added")
def add(session: Session, facts: Facts) -> ActionResult:
    """Takes a number the WABA has, or adds a new one to it."""
    numbers = facts.numbers
    if numbers and choose_number(session, numbers, may_add=True):
        return AlreadySo()
    return add_new(session)


def add_new(session: Session) -> ActionResult:
    """Adds a new number to the WABA, whatever numbers it has."""
    waba = session.record.ids.get("waba_id")
    if not waba:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="waba_id")
    typed = session.prompter.ask(
        Question("phone_number", phrase("number.add_ask"), parse=phone.normalise, option="NUMBER")
    )
    name = session.prompter.ask(
        Question("display_name", phrase("number.name_ask"), parse=_parse_name, option="--name")
    )
    country, national = phone.split(typed)
    body = {"cc": country, "phone_number": national, "verified_name": name}
    text = phrase("number.add_consent", number=phone.pretty(typed), name=name)
    shown = f'POST /{waba}/phone_numbers  {{"cc": "{country}", "phone_number": "{national}", …}}'
    consent = session.prompter.consent("number.added", text, [shown])
    if consent is None:
        return Declined()
    try:
        answer = post(session, f"{waba}/phone_numbers", body, consent, "number.adding", wants="id")
    except Unavailable as error:
        return refused(session, error)
    session.record.ids |= {"phone_number_id": str(answer["id"]), "display_phone_number": typed}
    session.save()
    session.prompter.tell("number.added", number=phone.pretty(typed))
    return Done()


@action("number.code_verified")
def verify(session: Session, facts: Facts) -> ActionResult:
    """Requests the code (unless the person has one) and verifies what the person received."""
    number = facts.number
    requested = request_code(session, number)
    return enter_code(session, number) if requested.ok else requested


#: Kinds of number for which Meta refuses the code, the registration and the PIN.
OF_THE_PHONE_APP = frozenset({"phone_app", "coexistence"})


def _refused_by_kind(session: Session, number: Number) -> bool:
    """Says why nothing is asked of Meta for this number, where its kind rules it out."""
    if number.kind not in OF_THE_PHONE_APP:
        return False
    session.prompter.tell(f"number.is_{number.kind}", number=number.display)
    return True


def request_code(session: Session, number: Number) -> ActionResult:
    """Asks Meta to send the code; AlreadySo when the person has one."""
    if _refused_by_kind(session, number):
        return Refused()
    way = session.prompter.choose(
        Question(
            "code_method",
            phrase("number.code_way", number=number.display),
            default="sms",
            option="--method",
        ),
        [Choice(way, phrase(f"number.code_way_{way}")) for way in ("sms", "voice", "have")],
    )
    if way == "have":
        return AlreadySo()
    # Meta's table says two letters, every example of Meta's says en_US: the longer form works
    # in both readings of the specification.
    default = {"ru": "ru_RU"}.get(session.language, "en_US")
    question = Question(
        "code_language", phrase("number.code_language"), default=default, parse=_parse_language
    )
    body = {"code_method": way.upper(), "language": session.prompter.ask(question)}
    shown = f"POST /{number.id}/request_code  {json.dumps(body)}"
    text = phrase(f"number.code_consent_{way}", number=number.display)
    consent = session.prompter.consent("number.code_verified", text, [shown])
    if consent is None:
        return Declined()
    try:
        post(session, f"{number.id}/request_code", body, consent, "number.code_requesting")
    except Unavailable as error:
        return refused(session, error)
    session.prompter.tell("number.code_sent", number=number.display)
    return Done()


def enter_code(session: Session, number: Number) -> ActionResult:
    """Asks for the code and hands it to Meta."""
    code = session.prompter.ask(
        Question("verification_code", phrase("number.code_ask"), parse=parse_code, option="CODE")
    )
    path = f"{number.id}/verify_code"
    consent = Consent.given_by_command("the person typed the code", f"POST /{path}")
    try:
        post(session, path, {"code": code}, consent, "number.code_verifying")
    except Unavailable as error:
        return refused(session, error)
    return Done()


@action(
    "number.registered/not_registered",
    "number.registered/on_premises",
    "number.name/register_again",
)
def register(session: Session, facts: Facts) -> ActionResult:
    """Registers the number with the Cloud API: after a plain yes, once, and counted."""
    number = facts.number
    if _refused_by_kind(session, number):
        return Refused()
    left = registrations_left(session, number.id)
    if left <= 0:
        session.prompter.tell("number.register_spent", until=_free_again(session, number.id))
        return Refused()
    before = session.vault.get(PIN)
    pin = pin_for(session, number, doubted=left < REGISTRATIONS)
    if isinstance(pin, ActionResult):
        return pin
    consent = _may_register(session, number, left, before)
    if consent is None:
        return Declined()
    # Counted before it is made: a crash in between must not lose the attempt.
    session.record.attempts.setdefault(_key(number.id), []).append(session.stamp())
    session.save()
    body = {"messaging_product": "whatsapp", "pin": pin}
    try:
        post(session, f"{number.id}/register", body, consent, "number.registering")
    except Unavailable as error:
        if isinstance(error, GraphError) and error.code == WRONG_PIN:
            # Refused by Meta itself: not to be tried again by mistake, guesses are limited.
            session.put_back(PIN, None if before and before.secret == pin else before)
            session.prompter.tell("number.pin_wrong")
        elif isinstance(error, GraphError) and error.code == TOO_MANY_GUESSES:
            session.put_back(PIN, before)  # what was typed now is as unproven as it was
        return refused(session, error)
    return Done()


def _may_register(
    session: Session, number: Number, left: int, before: StoredSecret | None
) -> Consent | None:
    """The consent; without one the PIN is again what it was before."""
    shown = f'POST /{number.id}/register  {{"messaging_product": "whatsapp", "pin": "••••••"}}'
    text = phrase("number.register_consent", number=number.display, left=left)
    consent = None
    try:
        consent = session.prompter.consent("number.registered", text, [shown], spends=True)
    finally:
        if consent is None:
            session.put_back(PIN, before)
    return consent


@action("number.pin")
def keep_pin(session: Session, facts: Facts) -> ActionResult:
    """Sets a PIN, or puts the one that is known into the vault."""
    number = facts.number
    if _refused_by_kind(session, number):
        return Refused()
    if not number.pin_enabled:
        return replace_pin(session, number)
    kept = session.vault.get(PIN)
    pin = pin_for(session, number)
    if isinstance(pin, ActionResult):
        return pin
    return AlreadySo() if kept else Done()


def registrations_left(session: Session, number_id: str) -> int:
    """How many of Meta's ten registrations this tool knows to be left. Others' are not seen."""
    return REGISTRATIONS - len(session.record.tries(_key(number_id), session.now() - WINDOW))


def _free_again(session: Session, number_id: str) -> str:
    first = session.record.tries(_key(number_id), session.now() - WINDOW)[0]
    return f"{first + WINDOW:%Y-%m-%d %H:%M} UTC"


def _key(number_id: str) -> str:
    return f"register:{number_id}"


def _parse_language(typed: str) -> str | Phrase:
    """A language as Meta writes it: `en`, `en_US`."""
    code = typed.strip().replace("-", "_")
    return code if _LANGUAGE.fullmatch(code) else phrase("number.code_language_form")


def _parse_name(typed: str) -> str | Phrase:
    """Display names have 2 to 75 characters (source: Meta's specification)."""
    name = typed.strip()
    return name if 2 <= len(name) <= 75 else phrase("number.name_length")
