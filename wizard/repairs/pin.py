"""The PIN of two-step verification: six digits that are either being *set* or must be *known*."""

from __future__ import annotations

from wizard.desk import Desk
from wizard.facts import Number
from wizard.graph import Graph
from wizard.repairs.keeping import keep, put_back
from wizard.talk import Choice, Question
from wizard.text.errors import Unavailable
from wizard.text.localised import phrase
from wizard.text.paste import mend_pin
from wizard.text.secret import Secret, generate_pin

NAME = "two_step_pin"
#: What supplies it to a run that nobody watches.
OPTION = "credentials set two_step_pin"


def pin_for(desk: Desk, graph: Graph, number: Number, *, doubted: bool = False) -> Secret | None:
    """The PIN to register with, already in the vault; None when the person declined.

    With two-step verification off, the PIN of `register` *becomes* the number's PIN. With it on,
    another PIN is refused (133005) and guesses are limited, so a lost one is replaced first;
    `doubted` after an attempt that failed: then a new one is proposed.
    """
    if kept := desk.vault.get(NAME):
        desk.talk.say("number.pin_kept", source=kept.source)
        return kept.secret
    if number.pin_enabled is not True:
        # Meta did not say (None), or said that none is set: this one will be the first.
        desk.talk.say(
            "number.pin_will_be_set" if number.pin_enabled is False else "number.pin_unsure"
        )
        pin = Secret(_new_pin(desk))
        keep(desk, NAME, pin)
        return pin
    desk.talk.say("number.pin_must_be_known")
    default = "replace" if doubted else "known"
    way = desk.talk.choose(
        Question("two_step_pin_way", phrase("number.pin_way"), default=default),
        [
            Choice("known", phrase("number.pin_way_known")),
            Choice("replace", phrase("number.pin_way_replace")),
        ],
    )
    if way == "replace":
        return replace_pin(desk, graph, number)
    pin = Secret(_ask_pin(desk, "number.pin_known_ask"))
    keep(desk, NAME, pin)
    return pin


def replace_pin(desk: Desk, graph: Graph, number: Number) -> Secret | None:
    """Sets a new PIN, which the API can do without the old one; None when declined or refused."""
    before = desk.vault.get(NAME)
    pin = Secret(_new_pin(desk))
    if not desk.talk.consent(
        "number.pin",
        phrase("number.pin_replace_consent", number=number.display),
        [f'POST /{number.id}  {{"pin": "••••••"}}'],
    ):
        return None
    keep(desk, NAME, pin)
    try:
        with desk.talk.wait(phrase("number.pin_setting")):
            graph.post(number.id, {"pin": pin})
    except Unavailable as error:
        put_back(desk, NAME, before)
        desk.talk.show_error(error)
        return None
    desk.talk.say("number.pin_set")
    return pin


def _new_pin(desk: Desk) -> str:
    """A PIN the person chose, or (nothing typed) one of ours."""
    return _ask_pin(desk, "number.pin_new_ask", default=generate_pin())


def _ask_pin(desk: Desk, key: str, default: str = "") -> str:
    question = Question(
        NAME, phrase(key), secret=True, default=default, mend=mend_pin, option=OPTION
    )
    return desk.talk.ask(question)
