"""What a person may change on a profile that is in order already."""

from __future__ import annotations

from collections.abc import Callable

from wizard.desk import Desk
from wizard.facts import Facts
from wizard.guide.goals import ask_goals
from wizard.repairs import access, message, token
from wizard.talk import Choice, Question
from wizard.text.localised import phrase

NOTHING = "nothing"


def offer_changes(desk: Desk) -> bool:
    """Asks what to change and changes it; False when nothing was."""
    changes: dict[str, Callable[[Desk, Facts], None]] = {
        "message": message.send_test,
        "token": token.renew,
        "number": _choose_again,
        "goals": _other_goals,
    }
    choices = [Choice(name, phrase(f"guide.change_{name}")) for name in (NOTHING, *changes)]
    question = Question("change", phrase("guide.change_ask"), default=NOTHING)
    picked = desk.talk.choose(question, choices)
    if picked == NOTHING:
        return False
    changes[picked](desk, desk.facts())
    return True


def _choose_again(desk: Desk, facts: Facts) -> None:
    """Everything the token reaches is offered again, the number of now among it."""
    access.take_assets(desk, desk.graph())


def _other_goals(desk: Desk, facts: Facts) -> None:
    ask_goals(desk)
