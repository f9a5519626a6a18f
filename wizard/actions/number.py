"""The PIN of two-step verification: six digits that are either being *set* or must be *known*."""

from __future__ import annotations

from wizard.actions.prompter import Choice, Question
from wizard.actions.registry import action
from wizard.actions.save_secret import keep, put_back
from wizard.actions.select_assets import choose_number
from wizard.actions.session import Session
from wizard.audit.checks.number import REGISTRATIONS, WINDOW
from wizard.facts.facts import Facts
from wizard.facts.models import Number
from wizard.graph import Graph, GraphError
from wizard.text import phone
from wizard.text.errors import Unavailable
from wizard.text.localised import Phrase, phrase
from wizard.text.paste import parse_code, parse_pin
from wizard.text.secret import Secret, generate_pin

PIN = "two_step_pin"
#: What supplies it to a run that nobody watches.
PIN_OPTION = "credentials set two_step_pin"


def pin_for(
    session: Session, graph: Graph, number: Number, *, doubted: bool = False
) -> Secret | None:
    """The PIN to register with, already in the vault; None when the person declined.

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
        keep(session, PIN, pin)
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
        return replace_pin(session, graph, number)
    pin = Secret(_ask_pin(session, "number.pin_known_ask"))
    keep(session, PIN, pin)
    return pin


def replace_pin(session: Session, graph: Graph, number: Number) -> Secret | None:
    """Sets a new PIN, which the API can do without the old one; None when declined or refused."""
    before = session.vault.get(PIN)
    pin = Secret(_new_pin(session))
    if not session.prompter.consent(
        "number.pin",
        phrase("number.pin_replace_consent", number=number.display),
        [f'POST /{number.id}  {{"pin": "••••••"}}'],
    ):
        return None
    keep(session, PIN, pin)
    try:
        with session.prompter.waiting(phrase("number.pin_setting")):
            graph.post(number.id, {"pin": pin})
    except Unavailable as error:
        put_back(session, PIN, before)
        session.prompter.show_error(error)
        return None
    session.prompter.tell("number.pin_set")
    return pin


def _new_pin(session: Session) -> str:
    """A PIN the person chose, or (nothing typed) one of ours."""
    return _ask_pin(session, "number.pin_new_ask", default=generate_pin())


def _ask_pin(session: Session, key: str, default: str = "") -> str:
    question = Question(
        PIN, phrase(key), secret=True, default=default, parse=parse_pin, option=PIN_OPTION
    )
    return session.prompter.ask(question)


WRONG_PIN, TOO_MANY_GUESSES = 133005, 133008


@action("number.added")
def add(session: Session, facts: Facts) -> None:
    """Takes a number the WABA has, or adds a new one to it."""
    numbers = facts.numbers
    if numbers and choose_number(session, numbers, may_add=True):
        return
    waba = session.record.ids["waba_id"]
    typed = session.prompter.ask(
        Question("phone_number", phrase("number.add_ask"), parse=_parse_phone, option="NUMBER")
    )
    name = session.prompter.ask(
        Question("display_name", phrase("number.name_ask"), parse=_parse_name, option="--name")
    )
    country, national = phone.split(typed)
    body = {"cc": country, "phone_number": national, "verified_name": name}
    consent = phrase("number.add_consent", number=phone.pretty(typed), name=name)
    shown = f'POST /{waba}/phone_numbers  {{"cc": "{country}", "phone_number": "{national}", …}}'
    if not session.prompter.consent("number.added", consent, [shown]):
        return
    try:
        with session.prompter.waiting(phrase("number.adding")):
            answer = session.graph().post(f"{waba}/phone_numbers", body)
    except Unavailable as error:
        session.prompter.show_error(error)
        return
    session.record.ids |= {
        "phone_number_id": str(answer.get("id", "")),
        "display_phone_number": typed,
    }
    session.save()
    session.prompter.tell("number.added", number=phone.pretty(typed))


@action("number.code_verified")
def verify(session: Session, facts: Facts) -> None:
    """Requests the code (unless one was just sent) and verifies what the person received."""
    number = facts.number
    if request_code(session, number):
        enter_code(session, number)


def request_code(session: Session, number: Number) -> bool:
    """Asks Meta to send the code; True when a code is on its way, or the person has one."""
    way = session.prompter.choose(
        Question(
            "code_method",
            phrase("number.code_way", number=number.display),
            default="sms",
            option="--method",
        ),
        [
            Choice("sms", phrase("number.code_way_sms")),
            Choice("voice", phrase("number.code_way_voice")),
            Choice("have", phrase("number.code_way_have")),
        ],
    )
    if way == "have":
        return True
    # Meta's table says two letters, every example of Meta's says en_US: the longer form works
    # in both readings of the specification.
    language = {"ru": "ru_RU"}.get(session.language, "en_US")
    shown = f'POST /{number.id}/request_code  {{"code_method": "{way.upper()}", …}}'
    consent = phrase(f"number.code_consent_{way}", number=number.display)
    if not session.prompter.consent("number.code_verified", consent, [shown]):
        return False
    try:
        with session.prompter.waiting(phrase("number.code_requesting")):
            body = {"code_method": way.upper(), "language": language}
            session.graph().post(f"{number.id}/request_code", body)
    except Unavailable as error:
        session.prompter.show_error(error)
        return False
    session.prompter.tell("number.code_sent", number=number.display)
    return True


def enter_code(session: Session, number: Number) -> bool:
    """Asks for the code and hands it to Meta; True when Meta took it."""
    code = session.prompter.ask(
        Question("verification_code", phrase("number.code_ask"), parse=parse_code, option="CODE")
    )
    try:
        with session.prompter.waiting(phrase("number.code_verifying")):
            session.graph().post(f"{number.id}/verify_code", {"code": code})
    except Unavailable as error:
        session.prompter.show_error(error)
        return False
    return True


@action(
    "number.registered/not_registered",
    "number.registered/on_premises",
    "number.name/register_again",
)
def register(session: Session, facts: Facts) -> None:
    """Registers the number with the Cloud API: after a plain yes, once, and counted."""
    number, graph = facts.number, session.graph()
    left = registrations_left(session, number.id)
    if left <= 0:
        session.prompter.tell("number.register_spent", until=_free_again(session, number.id))
        return
    before = session.vault.get(PIN)
    pin = pin_for(session, graph, number, doubted=left < REGISTRATIONS)
    if pin is None:
        return
    shown = f'POST /{number.id}/register  {{"messaging_product": "whatsapp", "pin": "••••••"}}'
    consent = phrase("number.register_consent", number=number.display, left=left)
    if not session.prompter.consent("number.registered", consent, [shown], spends=True):
        put_back(session, PIN, before)
        return
    # Counted before it is made: a crash in between must not give an attempt away.
    session.record.attempts.setdefault(_key(number.id), []).append(session.stamp())
    session.save()
    try:
        with session.prompter.waiting(phrase("number.registering")):
            graph.post(f"{number.id}/register", {"messaging_product": "whatsapp", "pin": pin})
    except Unavailable as error:
        if isinstance(error, GraphError) and error.code == WRONG_PIN:
            # Refused by Meta itself: not to be tried again by mistake, guesses are limited.
            put_back(session, PIN, None if before and before.secret == pin else before)
            session.prompter.tell("number.pin_wrong")
        elif isinstance(error, GraphError) and error.code == TOO_MANY_GUESSES:
            put_back(session, PIN, before)  # what was typed now is as unproven as it was
        session.prompter.show_error(error)


@action("number.pin")
def keep_pin(session: Session, facts: Facts) -> None:
    """Sets a PIN, or puts the one that is known into the vault."""
    number = facts.number
    if number.pin_enabled:
        pin_for(session, session.graph(), number)
    else:
        replace_pin(session, session.graph(), number)


def registrations_left(session: Session, number_id: str) -> int:
    """How many of Meta's ten registrations this tool knows to be left. Others' are not seen."""
    return REGISTRATIONS - len(session.record.tries(_key(number_id), session.now() - WINDOW))


def _free_again(session: Session, number_id: str) -> str:
    first = session.record.tries(_key(number_id), session.now() - WINDOW)[0]
    return f"{first + WINDOW:%Y-%m-%d %H:%M} UTC"


def _key(number_id: str) -> str:
    return f"register:{number_id}"


def _parse_phone(typed: str) -> str | Phrase:
    return phone.normalise(typed)


def _parse_name(typed: str) -> str | Phrase:
    """Display names have 2 to 75 characters (source: Meta's specification)."""
    name = typed.strip()
    return name if 2 <= len(name) <= 75 else phrase("number.name_length")
