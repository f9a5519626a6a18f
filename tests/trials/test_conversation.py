"""How many answers a setup takes by Enter alone, and that it comes to an end in every world."""

import functools

import pytest

from tests.bench.conversation import MOST, measure
from wizard.__main__ import main
from wizard.context.context import Context
from wizard.graph.client import GraphClient
from wizard.sandbox import scenarios
from wizard.ui.words import Words

#: Worlds that wait on purpose are left out.
WORLDS = [world.name for world in scenarios() if world.name not in ("slow", "callback-slow")]
#: More answers than any world has questions for somebody who never goes back.
BOUND = 40


class EnterAlone:
    """A Keyboard on which only Enter is pressed."""

    plain = False

    def __init__(self):
        self.asked = []

    def line(self, message, *, secret=False, history=()):
        self._press(message)
        return ""

    def pick(self, message, hint, options, default):
        self._press(message)
        return options[default].value

    def forget(self):
        pass

    def _press(self, message):
        self.asked.append(message)
        assert len(self.asked) <= BOUND, "\n".join(self.asked)


@pytest.fixture
def enter(monkeypatch):
    """The person, in front of a program that does not wait."""
    person = EnterAlone()
    patch = monkeypatch.setattr
    patch("wizard.ui.console_prompter.open_keyboard", lambda *_, **__: person)
    patch(Context, "attended", property(lambda self: True))
    patch("wizard.graph.client.GraphClient", functools.partial(GraphClient, pause=lambda _: None))
    patch("wizard.context.context.PLAY_SECONDS", 1.0)
    patch("wizard.actions.message.DELIVERY_SECONDS", 0.2)
    return person


@pytest.mark.parametrize("world", WORLDS)
def test_a_walk_by_enter_alone_ends(world, enter, capsys):
    language = ("ru", "en")[len(world) % 2]
    words = Words(language)
    for _ in ("the first run", "the next one")[: 2 if WORLDS.index(world) % 4 == 0 else 1]:
        enter.asked.clear()
        code = main(["setup", f"--sandbox={world}", "--lang", language])
        out, err = capsys.readouterr()
        assert (code in (0, 1, 3), err) == (True, ""), f"{code}\n{out}\n{err}"
        shown = " ".join(out.split())
        assert words.say("ending.next") in shown, shown
        if code == 1:
            assert words.say("report.act_there", item="") in shown, shown


@pytest.mark.parametrize(("world", "most"), MOST.items(), ids=list(MOST))
def test_a_setup_takes_so_many_answers_after_the_token_at_most(world, most):
    language = ("ru", "en")[len(world) % 2]
    found = measure(world, language)
    shown = "\n".join(found.screen)
    assert found.exit_code == 0, shown
    assert found.answers[1] <= most, shown
