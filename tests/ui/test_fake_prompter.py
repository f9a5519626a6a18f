"""The fake prompter of other tests is itself to be trusted."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fake_prompter import ANY, FakePrompter
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
    prompter = FakePrompter(
        {"waba_id": ["x", "1"], "goals": "ui.agree"}, moves={ANY: NextAction.LATER}
    )
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
    prompter = FakePrompter()
    with pytest.raises(AssertionError, match="nobody answered"):
        surprise(prompter)
    with pytest.raises(AssertionError, match="nobody answered"):
        prompter.finish()  # although the first failure may have been caught


def test_a_leftover_is_a_failure():
    prompter = FakePrompter({"x": "1"})
    with pytest.raises(AssertionError, match="nobody asked for"):
        prompter.finish()


def test_a_leftover_fails_the_test_at_its_end(tmp_path):
    file = tmp_path / "test_leftover.py"
    file.write_text(
        "from tests.support.fake_prompter import FakePrompter\n"
        "def test_leftover():\n    FakePrompter({'x': '1'})\n"
    )
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", file],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed, 1 error" in run.stdout


def test_a_move_that_is_not_offered_is_a_failure():
    with pytest.raises(AssertionError, match="not offered"):
        FakePrompter(moves={ANY: NextAction.FIX}).next_action(OPEN, [NextAction.LATER])


def test_a_word_that_does_not_exist_is_a_failure():
    with pytest.raises(KeyError):
        FakePrompter().tell("ui.no_such_word")


def test_leaving_can_be_scripted():
    prompter = FakePrompter({"x": UserAbort()})
    with pytest.raises(UserAbort):
        prompter.ask(Question("x", ASK))
