"""The scripted person of other tests is itself to be trusted."""

import pytest
from fake_talk import ANY, Script

from wizard.model import Finding, Item, failed
from wizard.talk import Choice, Move, Question
from wizard.text.errors import UserAbort
from wizard.text.localised import Text, phrase

T = Text("т", "t")
OPEN = Finding(Item("sample.item", T, T), failed("x"))
ASK = phrase("ui.move")


def test_answers_come_by_name_and_in_order():
    mend = lambda text: text if text.isdecimal() else phrase("ui.answer_needed")  # noqa: E731
    with Script({"waba_id": ["x", "1"], "goals": "ui.agree"}, moves={ANY: Move.LATER}) as talk:
        assert talk.ask(Question("waba_id", ASK, mend=mend)) == "1"
        assert talk.choose(Question("goals", ASK), [Choice("y", phrase("ui.agree"))]) == "y"
        assert talk.move(OPEN, [Move.AGAIN, Move.LATER]) is Move.LATER
    assert talk.keys == ["ui.answer_needed"]
    assert talk.asked_names == ["waba_id", "goals"]


@pytest.mark.parametrize(
    "surprise",
    [
        lambda talk: talk.ask(Question("x", ASK)),
        lambda talk: talk.move(OPEN, [Move.LATER]),
        lambda talk: talk.consent("a.b", ASK),
        lambda talk: talk.vouch(OPEN),
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
        Script(moves={ANY: Move.REPAIR}).move(OPEN, [Move.LATER])


def test_a_word_that_does_not_exist_is_a_failure():
    with pytest.raises(KeyError):
        Script().say("ui.no_such_word")


def test_leaving_can_be_scripted():
    with pytest.raises(UserAbort), Script({"x": UserAbort()}) as talk:
        talk.ask(Question("x", ASK))
