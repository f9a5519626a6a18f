"""Every Talk has the same face: the terminal's, the unattended one, and the script of the tests."""

import inspect
import io

import pytest
from fake_talk import Script

from wizard.model import (
    Finding,
    Item,
    failed,
    passed,
)
from wizard.talk import Talk
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import Text, phrase
from wizard.ui.prompts import TerminalTalk
from wizard.ui.screen import Screen
from wizard.ui.unattended import UnattendedTalk
from wizard.ui.words import Words

T = Text("т", "t")
ITEM = Item("sample.item", T, T, steps=(T,), links=("https://a.example/{app_id}",))
METHODS = [name for name in vars(Talk) if not name.startswith("_")]


def plain(kind):
    return kind(Screen(io.StringIO(), colour=False), Words("ru"))


@pytest.fixture(params=[TerminalTalk, UnattendedTalk, Script], ids=lambda kind: kind.__name__)
def talk(request):
    return Script() if request.param is Script else plain(request.param)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_there_with_the_same_parameters(talk, name):
    asked = inspect.signature(getattr(Talk, name)).parameters.values()
    there = list(inspect.signature(getattr(type(talk), name)).parameters.values())
    assert [(p.name, p.kind, p.default) for p in there] == [
        (p.name, p.kind, p.default) for p in asked
    ]


def test_what_expects_no_answer_works_without_anybody(talk):
    talk.say("ui.agree")
    talk.present(Finding(ITEM, failed("odd")), {})
    talk.instruct(ITEM, {"app_id": "1"})
    talk.settled(Finding(ITEM, passed()))
    talk.show_error(Unavailable(ErrorKind.UNREACHABLE, cause="dns"))
    with talk.wait(phrase("ui.move")):
        talk.say("ui.agree")
    talk.browse("https://a.example")


def test_waiting_is_silent_without_a_terminal():
    for kind in (TerminalTalk, UnattendedTalk):
        out = io.StringIO()
        with kind(Screen(out, colour=True), Words("ru")).wait(phrase("ui.move")):
            pass
        assert out.getvalue() == ""
