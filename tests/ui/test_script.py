"""The scripted person of other tests is itself to be trusted."""

import pytest

from tests.support.fake_prompter import ANY, Script
from wizard.actions.prompter import Choice, NextAction, Question
from wizard.audit.checklist import Item
from wizard.audit.results import ItemResult, failed
from wizard.text.errors import UserAbort
from wizard.text.localised import Text, phrase

T = Text("т", "t")
OPEN = ItemResult(Item("sample.item", T, T), failed("x"))
ASK = phrase("ui.move")


def test_answers_come_by_name_and_in_order():
    parse = lambda text: text if text.isdecimal() else phrase("ui.answer_needed")  # noqa: E731
    with Script(
        {"waba_id": ["x", "1"], "goals": "ui.agree"}, moves={ANY: NextAction.LATER}
    ) as prompter:
        assert prompter.ask(Question("waba_id", ASK, parse=parse)) == "1"
        assert prompter.choose(Question("goals", ASK), [Choice("y", phrase("ui.agree"))]) == "y"
        assert prompter.next_action(OPEN, [NextAction.AGAIN, NextAction.LATER]) is NextAction.LATER
    assert prompter.keys == ["ui.answer_needed"]
    assert prompter.asked_names == ["waba_id", "goals"]


@pytest.mark.parametrize(
    "surprise",
    [
        lambda prompter: prompter.ask(Question("x", ASK)),
        lambda prompter: prompter.next_action(OPEN, [NextAction.LATER]),
        lambda prompter: prompter.consent("a.b", ASK),
        lambda prompter: prompter.confirm(OPEN),
    ],
)
def test_a_surprise_is_a_failure(surprise):
    with pytest.raises(AssertionError, match="nobody expected"):
        surprise(Script())


def test_a_leftover_is_a_failure():
    with pytest.raises(AssertionError, match="nobody asked for"), Script({"x": "1"}):
        pass


def test_a_move_that_is_not_offered_is_a_failure():
    with pytest.raises(AssertionError, match="not offered"):
        Script(moves={ANY: NextAction.FIX}).next_action(OPEN, [NextAction.LATER])


def test_a_word_that_does_not_exist_is_a_failure():
    with pytest.raises(KeyError):
        Script().tell("ui.no_such_word")


def test_leaving_can_be_scripted():
    with pytest.raises(UserAbort), Script({"x": UserAbort()}) as prompter:
        prompter.ask(Question("x", ASK))
