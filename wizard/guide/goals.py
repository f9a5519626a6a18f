"""What the number is wanted for; decides which items are required."""

from __future__ import annotations

from wizard.desk import Desk
from wizard.state.record import Goal
from wizard.talk import Choice, Question
from wizard.text.localised import phrase


def ask_goals(desk: Desk) -> None:
    """Asks for the goal and keeps it."""
    both = f"{Goal.SENDING},{Goal.RECEIVING}"
    question = Question("goals", phrase("guide.goals"), default=Goal.SENDING, option="--answers")
    choices = [
        Choice(Goal.SENDING, phrase("guide.goals_sending")),
        Choice(both, phrase("guide.goals_receiving")),
    ]
    picked = desk.talk.choose(question, choices)
    desk.record.goals = tuple(Goal(goal) for goal in picked.split(","))
    desk.save()
