"""A phone number: added, its code verified, and registered."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from wizard.actions.access import choose_number
from wizard.actions.attempts import (
    is_closed,
    keep_pin,
    note_order,
    note_refusal,
    order_of,
    pin_for,
    put_back,
    refused_by_kind,
    replace_pin,
)
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
from wizard.audit.checks.number import REGISTRATIONS, awaits_registration
from wizard.audit.checks.number import registrations_left as counted
from wizard.facts.facts import Facts
from wizard.facts.models import Number
from wizard.graph import GraphError
from wizard.graph.consent import Consent
from wizard.state.record import OrderedCode
from wizard.text import phone
from wizard.text.errors import Unavailable
from wizard.text.localised import Phrase, phrase
from wizard.text.paste import parse_code
from wizard.text.secret import PIN, Secret
from wizard.vault import StoredSecret
from wizard.vault.environment import SOURCE

__all__ = [
    "add",
    "add_new",
    "enter_code",
    "keep_pin",
    "register",
    "registrations_left",
    "replace_pin",
    "request_code",
    "verify",
]

WRONG_PIN, TOO_MANY_GUESSES = 133005, 133008
WRONG_CODE, NOT_BY_CODE = 136025, 2388093
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")


@action("number.added")
def add(session: Session, facts: Facts) -> ActionResult:
    """Takes a number the WABA has, or adds a new one to it."""
    numbers = facts.numbers
    if numbers and choose_number(session, numbers, may_add=True):
        return AlreadySo()
    return add_new(session)


def add_new(session: Session) -> ActionResult:
    """Adds a new number to the WABA, whatever numbers it has."""
    waba = session.id_of("waba_id")
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
    with session.acting():
        consent = session.prompter.consent("number.added", text, [shown])
        if consent is None:
            return Declined()
        edge = f"{waba}/phone_numbers"
        try:
            answer = post(session, edge, body, consent, "number.adding", wants="id")
        except Unavailable as error:
            result = refused(session, error)
            said = f"{error.values.get('message', '')} {error.values.get('details', '')}".lower()
            if "existing whatsapp account" in said:
                session.prompter.tell("number.in_an_app", number=phone.pretty(typed))
            return result
        session.prompter.tell("number.added", number=phone.pretty(typed))
        session.record.ids |= {"phone_number_id": str(answer["id"]), "display_phone_number": typed}
        session.save()
        return Done()


@action(
    "number.code_verified/not_verified",
    "number.code_verified/expired",
    "number.code_verified/not_shown",
    "number.code_verified/other",
)
def verify(session: Session, facts: Facts) -> ActionResult:
    """Requests the code (unless the person has one) and verifies what the person received."""
    number = facts.number
    requested = request_code(session, number)
    return enter_code(session, number) if isinstance(requested, Done) else requested


def _verified(session: Session, number: Number) -> bool:
    """Says that no code is needed, where none is."""
    if number.registered is not True and number.code_verification != "VERIFIED":
        return False
    session.prompter.tell("number.verified_already", number=number.display)
    return True


def request_code(session: Session, number: Number, *, another: bool = False) -> ActionResult:
    """Asks Meta to send the code; Done also where the person has one, AlreadySo without need.

    `another`: the one that came did not fit.
    """
    if hindrance := _hindrance(session, number):
        return hindrance
    way = _way_of_code(session, number, another)
    if way == "have":
        return Done()
    # Meta's table says two letters, every example of Meta's says en_US: the longer form works
    # in both readings of the specification.
    default = {"ru": "ru_RU"}.get(session.language, "en_US")
    question = Question(
        "code_language",
        phrase("number.code_language"),
        default=default,
        parse=_parse_language,
        quiet=True,
    )
    body = {"code_method": way.upper(), "language": session.prompter.ask(question)}
    before = session.record.codes.get(number.id)
    result = _order(session, number, way, body, before)
    if isinstance(result, Declined) and way == "sms" and session.prompter.attended and not another:
        # A person who wants no SMS may want a call, or has the code already.
        return request_code(session, number, another=True)
    return result


def _order(
    session: Session, number: Number, way: str, body: dict[str, str], before: OrderedCode | None
) -> ActionResult:
    with session.acting():
        if session.record.codes.get(number.id) != before:
            session.prompter.tell("number.code_ordered_there", number=number.display)
            return Done()
        hindrance = _hindrance(session, session.facts().number)
        return hindrance or _order_code(session, number, way, body)


def _hindrance(session: Session, number: Number) -> ActionResult | None:
    """Why no code is ordered, and says it; None when one may be."""
    if refused_by_kind(session, number):
        return Refused()
    if _verified(session, number):
        return AlreadySo()
    return Refused() if is_closed(session, "request_code", number) else None


def _way_of_code(session: Session, number: Number, another: bool) -> str:
    """How the code shall come; who ordered one minutes ago has it, or is about to."""
    order = None if another else order_of(session, number)
    if order is not None:
        session.prompter.tell("number.code_ordered", number=number.display, at=order.at)
    ways = ("sms", "voice", "have")
    return session.prompter.choose(
        Question(
            "code_method",
            phrase("number.code_way", number=number.display),
            default="have" if order else "sms",
            option="--method",
            suggest=order is None,
            again=another,
            quiet=order is None and not another,
        ),
        [Choice(way, phrase(f"number.code_way_{way}")) for way in ways],
    )


def _order_code(session: Session, number: Number, way: str, body: dict[str, str]) -> ActionResult:
    shown = f"POST /{number.id}/request_code  {json.dumps(body)}"
    text = phrase(f"number.code_consent_{way}", number=number.display)
    consent = session.prompter.consent("number.code_verified", text, [shown])
    if consent is None:
        return Declined()
    try:
        post(session, f"{number.id}/request_code", body, consent, "number.code_requesting")
    except Unavailable as error:
        result = refused(session, error)
        note_refusal(session, "request_code", number, error)
        return result
    session.prompter.tell("number.code_sent", number=number.display)
    note_order(session, number, way)
    return Done()


#: How often a code may be typed before the person has to begin anew.
CODE_TRIES = 5
#: What is typed instead of a code, in both languages.
NEW, LATER = "new", "later"
_INSTEAD = {"new": NEW, "новый": NEW, "later": LATER, "позже": LATER}


def enter_code(session: Session, number: Number) -> ActionResult:
    """Asks for the code and hands it to Meta; a wrong one is asked for again in place."""
    question = Question(
        "verification_code", phrase("number.code_ask"), parse=parse_code, option="CODE", once=True
    )
    result = _hand_over(session, number, session.prompter.ask(question))
    question = replace(
        question, text=phrase("number.code_again"), parse=_parse_code_or_way, again=True
    )
    tries = 1
    while _is_wrong_code(result) and session.prompter.attended and tries < CODE_TRIES:
        typed = session.prompter.ask(question)
        if typed == LATER:
            break
        if typed == NEW:
            requested = request_code(session, number, another=True)
            if isinstance(requested, AlreadySo):
                return requested
            continue
        result, tries = _hand_over(session, number, typed), tries + 1
    return result


def _hand_over(session: Session, number: Number, code: str) -> ActionResult:
    path = f"{number.id}/verify_code"
    with session.acting():
        if is_closed(session, "verify_code", number):
            return Refused()
        consent = Consent.given_by_command("the person typed the code", f"POST /{path}")
        try:
            post(session, path, {"code": code}, consent, "number.code_verifying")
        except Unavailable as error:
            result = refused(session, error)
            note_refusal(session, "verify_code", number, error)
            return result
        session.prompter.tell("number.code_taken", number=number.display)
        return Done()


def _is_wrong_code(result: ActionResult) -> bool:
    """Whether Meta refused the code itself, and not the number."""
    error = result.error if isinstance(result, Refused) else None
    if not isinstance(error, GraphError) or error.code != WRONG_CODE:
        return False
    # The same code is Meta's answer about a number of the phone app.
    whose = f"{error.message} {error.details}".casefold()
    return error.subcode != NOT_BY_CODE and "smb" not in whose


def _parse_code_or_way(typed: str) -> str | Phrase:
    return _INSTEAD.get(typed.strip().casefold()) or parse_code(typed)


@action(
    "number.registered/not_registered",
    "number.registered/on_premises",
    "number.name/register_again",
)
def register(session: Session, facts: Facts) -> ActionResult:
    """Registers the number with the Cloud API: after a plain yes, once, and counted.

    A wrong PIN is asked for again in place, as long as Meta takes attempts.
    """
    with session.acting():
        # What another run did meanwhile counts: an attempt is scarcer than a read.
        number = session.facts().number
        if refused_by_kind(session, number):
            return Refused()
        if number.registered is True:
            if not awaits_registration(number):
                session.prompter.tell("number.registered_already", number=number.display)
                return AlreadySo()
            session.prompter.tell("number.registers_again")
        result = _register(session, number)
        while _is(result, WRONG_PIN) and session.prompter.attended and not session.vault.get(PIN):
            result = _register(session, number, doubted=True)
        return result


def _register(session: Session, number: Number, *, doubted: bool = False) -> ActionResult:
    if is_closed(session, "register", number):
        return Refused()
    left = registrations_left(session, number.id)
    known = pin_for(session, number, doubted=doubted or left < REGISTRATIONS, later=doubted)
    if isinstance(known, ActionResult):
        return known
    pin, before = known
    consent = _may_register(session, number, left, before)
    if consent is None:
        return Declined()
    # Counted before it is made: a crash in between must not lose the attempt.
    session.record.attempts.setdefault(f"register:{number.id}", []).append(session.stamp())
    session.save()
    body = {"messaging_product": "whatsapp", "pin": pin}
    try:
        post(session, f"{number.id}/register", body, consent, "number.registering")
    except Unavailable as error:
        result = refused(session, error)
        note_refusal(session, "register", number, error)
        if _is(result, WRONG_PIN, TOO_MANY_GUESSES):
            _doubt(session, before, pin, wrong=_is(result, WRONG_PIN))
        if number.registered and isinstance(error, GraphError):
            session.prompter.tell("number.registered_before", number=number.display)
        return result
    session.prompter.tell("number.registered", number=number.display)
    if number.registered and before is None:
        # Meta does not look at the PIN of a number that is registered: this one is not proven.
        put_back(session, None)
        session.prompter.tell("number.pin_unproven")
    return Done()


#: With so few of the ten attempts left, Enter alone does not spend one.
SCARCE = 5


def _may_register(
    session: Session, number: Number, left: int, before: StoredSecret | None
) -> Consent | None:
    """The consent; without one the PIN is again what it was before."""
    shown = f'POST /{number.id}/register  {{"messaging_product": "whatsapp", "pin": "••••••"}}'
    text = phrase("number.register_consent", number=number.display, left=left)
    consent = None
    try:
        scarce = left <= SCARCE
        consent = session.prompter.consent("number.registered", text, [shown], spends=scarce)
    finally:
        if consent is None:
            put_back(session, before)
    return consent


def _doubt(session: Session, before: StoredSecret | None, pin: Secret, wrong: bool) -> None:
    """A PIN that Meta refused is not kept: it would be tried again, and guesses are limited."""
    if before is not None and before.source == SOURCE:
        if wrong:
            session.prompter.tell("number.pin_wrong_there", source=before.detail)
        return
    # What was typed while Meta took no guesses is as unproven as it was.
    tried = wrong and before is not None and before.secret == pin
    put_back(session, None if tried else before)
    if wrong:
        session.prompter.tell("number.pin_wrong")


def _is(result: ActionResult, *codes: int) -> bool:
    """Whether Meta refused it with one of these codes."""
    error = result.error if isinstance(result, Refused) else None
    return isinstance(error, GraphError) and error.code in codes


def registrations_left(session: Session, number_id: str) -> int:
    """How many of Meta's ten registrations are left; see the check."""
    return counted(session.record, number_id, session.now())


def _parse_language(typed: str) -> str | Phrase:
    """A language as Meta writes it: `en`, `en_US`."""
    code = typed.strip().replace("-", "_")
    return code if _LANGUAGE.fullmatch(code) else phrase("number.code_language_form")


def _parse_name(typed: str) -> str | Phrase:
    """Display names have 2 to 75 characters (source: Meta's specification)."""
    name = typed.strip()
    return name if 2 <= len(name) <= 75 else phrase("number.name_length")
