"""What the number is wanted for; decides which items are required."""

from __future__ import annotations

from wizard.desk import Desk
from wizard.model import Goal
from wizard.talk import Choice, Question, remark


def ask_goals(desk: Desk) -> None:
    """Asks for the goal and keeps it."""
    both = f"{Goal.SENDING},{Goal.RECEIVING}"
    question = Question("goals", remark("guide.goals"), default=Goal.SENDING, option="--answers")
    choices = [
        Choice(Goal.SENDING, remark("guide.goals_sending")),
        Choice(both, remark("guide.goals_receiving")),
    ]
    picked = desk.talk.choose(question, choices)
    desk.record.goals = tuple(Goal(goal) for goal in picked.split(","))
    desk.save()
