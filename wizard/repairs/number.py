"""The ladder of a phone number: added, its code verified, registered, its PIN kept."""

from __future__ import annotations

from wizard.checks.number import REGISTRATIONS, WINDOW
from wizard.desk import Desk
from wizard.facts import Facts, Number
from wizard.graph import GraphError
from wizard.repairs.choosing import choose_number
from wizard.repairs.keeping import put_back
from wizard.repairs.pin import NAME as PIN
from wizard.repairs.pin import pin_for, replace_pin
from wizard.repairs.registry import repair
from wizard.talk import Choice, Question
from wizard.text import phone
from wizard.text.errors import Unavailable
from wizard.text.localised import Phrase, phrase
from wizard.text.paste import mend_code

WRONG_PIN, TOO_MANY_GUESSES = 133005, 133008


@repair("number.added")
def add(desk: Desk, facts: Facts) -> None:
    """Takes a number the WABA has, or adds a new one to it."""
    numbers = facts.numbers
    if numbers and choose_number(desk, numbers, may_add=True):
        return
    waba = desk.record.ids["waba_id"]
    typed = desk.talk.ask(
        Question("phone_number", phrase("number.add_ask"), mend=_mend_phone, option="NUMBER")
    )
    name = desk.talk.ask(
        Question("display_name", phrase("number.name_ask"), mend=_mend_name, option="--name")
    )
    country, national = phone.split(typed)
    body = {"cc": country, "phone_number": national, "verified_name": name}
    consent = phrase("number.add_consent", number=phone.pretty(typed), name=name)
    shown = f'POST /{waba}/phone_numbers  {{"cc": "{country}", "phone_number": "{national}", …}}'
    if not desk.talk.consent("number.added", consent, [shown]):
        return
    try:
        with desk.talk.wait(phrase("number.adding")):
            answer = desk.graph().post(f"{waba}/phone_numbers", body)
    except Unavailable as error:
        desk.talk.show_error(error)
        return
    desk.record.ids |= {"phone_number_id": str(answer.get("id", "")), "display_phone_number": typed}
    desk.save()
    desk.talk.say("number.added", number=phone.pretty(typed))


@repair("number.code_verified")
def verify(desk: Desk, facts: Facts) -> None:
    """Requests the code (unless one was just sent) and verifies what the person received."""
    number = facts.number
    if request_code(desk, number):
        enter_code(desk, number)


def request_code(desk: Desk, number: Number) -> bool:
    """Asks Meta to send the code; True when a code is on its way, or the person has one."""
    way = desk.talk.choose(
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
    language = {"ru": "ru_RU"}.get(desk.language, "en_US")
    shown = f'POST /{number.id}/request_code  {{"code_method": "{way.upper()}", …}}'
    consent = phrase(f"number.code_consent_{way}", number=number.display)
    if not desk.talk.consent("number.code_verified", consent, [shown]):
        return False
    try:
        with desk.talk.wait(phrase("number.code_requesting")):
            body = {"code_method": way.upper(), "language": language}
            desk.graph().post(f"{number.id}/request_code", body)
    except Unavailable as error:
        desk.talk.show_error(error)
        return False
    desk.talk.say("number.code_sent", number=number.display)
    return True


def enter_code(desk: Desk, number: Number) -> bool:
    """Asks for the code and hands it to Meta; True when Meta took it."""
    code = desk.talk.ask(
        Question("verification_code", phrase("number.code_ask"), mend=mend_code, option="CODE")
    )
    try:
        with desk.talk.wait(phrase("number.code_verifying")):
            desk.graph().post(f"{number.id}/verify_code", {"code": code})
    except Unavailable as error:
        desk.talk.show_error(error)
        return False
    return True


@repair(
    "number.registered/not_registered",
    "number.registered/on_premises",
    "number.name/register_again",
)
def register(desk: Desk, facts: Facts) -> None:
    """Registers the number with the Cloud API: after a plain yes, once, and counted."""
    number, graph = facts.number, desk.graph()
    left = registrations_left(desk, number.id)
    if left <= 0:
        desk.talk.say("number.register_spent", until=_free_again(desk, number.id))
        return
    before = desk.vault.get(PIN)
    pin = pin_for(desk, graph, number, doubted=left < REGISTRATIONS)
    if pin is None:
        return
    shown = f'POST /{number.id}/register  {{"messaging_product": "whatsapp", "pin": "••••••"}}'
    consent = phrase("number.register_consent", number=number.display, left=left)
    if not desk.talk.consent("number.registered", consent, [shown], spends=True):
        put_back(desk, PIN, before)
        return
    # Counted before it is made: a crash in between must not give an attempt away.
    desk.record.attempts.setdefault(_key(number.id), []).append(desk.stamp())
    desk.save()
    try:
        with desk.talk.wait(phrase("number.registering")):
            graph.post(f"{number.id}/register", {"messaging_product": "whatsapp", "pin": pin})
    except Unavailable as error:
        if isinstance(error, GraphError) and error.code == WRONG_PIN:
            # Refused by Meta itself: not to be tried again by mistake, guesses are limited.
            put_back(desk, PIN, None if before and before.secret == pin else before)
            desk.talk.say("number.pin_wrong")
        elif isinstance(error, GraphError) and error.code == TOO_MANY_GUESSES:
            put_back(desk, PIN, before)  # what was typed now is as unproven as it was
        desk.talk.show_error(error)


@repair("number.pin")
def keep_pin(desk: Desk, facts: Facts) -> None:
    """Sets a PIN, or puts the one that is known into the vault."""
    number = facts.number
    if number.pin_enabled:
        pin_for(desk, desk.graph(), number)
    else:
        replace_pin(desk, desk.graph(), number)


def registrations_left(desk: Desk, number_id: str) -> int:
    """How many of Meta's ten registrations this tool knows to be left. Others' are not seen."""
    return REGISTRATIONS - len(desk.record.tries(_key(number_id), desk.now() - WINDOW))


def _free_again(desk: Desk, number_id: str) -> str:
    first = desk.record.tries(_key(number_id), desk.now() - WINDOW)[0]
    return f"{first + WINDOW:%Y-%m-%d %H:%M} UTC"


def _key(number_id: str) -> str:
    return f"register:{number_id}"


def _mend_phone(typed: str) -> str | Phrase:
    return phone.normalise(typed)


def _mend_name(typed: str) -> str | Phrase:
    """Display names have 2 to 75 characters (source: Meta's specification)."""
    name = typed.strip()
    return name if 2 <= len(name) <= 75 else phrase("number.name_length")
