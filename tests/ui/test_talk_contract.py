"""Every Talk has the same face: the terminal's, the unattended one, and the script of the tests."""

import inspect
import io

import pytest

from tests.support.fake_prompter import FakePrompter
from wizard.actions.prompter import Prompter
from wizard.audit.checklist import Item, Step
from wizard.audit.results import ItemResult, failed, passed
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import Text, phrase
from wizard.ui.console_prompter import ConsolePrompter
from wizard.ui.noninteractive_prompter import NonInteractivePrompter
from wizard.ui.screen import Screen
from wizard.ui.words import Words

T = Text("т", "t")
STEP = Step("шаг", "step")
ITEM = Item("sample.item", T, T, steps=(STEP,), links=("https://a.example/{app_id}",))
METHODS = [name for name in vars(Prompter) if not name.startswith("_")]


def plain(kind):
    return kind(Screen(io.StringIO(), colour=False), Words("ru"))


@pytest.fixture(
    params=[ConsolePrompter, NonInteractivePrompter, FakePrompter], ids=lambda kind: kind.__name__
)
def prompter(request):
    return FakePrompter() if request.param is FakePrompter else plain(request.param)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_there_with_the_same_parameters(prompter, name):
    if isinstance(getattr(Prompter, name), property):
        assert isinstance(getattr(prompter, name), bool)
        return
    asked = inspect.signature(getattr(Prompter, name)).parameters.values()
    there = list(inspect.signature(getattr(type(prompter), name)).parameters.values())
    assert [(p.name, p.kind, p.default) for p in there] == [
        (p.name, p.kind, p.default) for p in asked
    ]


def test_what_expects_no_answer_works_without_anybody(prompter):
    prompter.tell("ui.agree")
    prompter.show_problem(ItemResult(ITEM, failed("odd")), {})
    prompter.show_steps(ITEM, {"app_id": "1"})
    prompter.show_result(ItemResult(ITEM, passed()))
    prompter.show_error(Unavailable(ErrorKind.UNREACHABLE, cause="dns"))
    with prompter.waiting(phrase("ui.move")):
        prompter.tell("ui.agree")
    prompter.offer_page("https://a.example")


def test_waiting_is_silent_without_a_terminal():
    for kind in (ConsolePrompter, NonInteractivePrompter):
        out = io.StringIO()
        with kind(Screen(out, colour=True), Words("ru")).waiting(phrase("ui.move")):
            pass
        assert out.getvalue() == ""
