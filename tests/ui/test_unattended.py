"""Nobody is there: what is known is answered, the rest is said by name, and nothing loops."""

import io

import pytest

from wizard.actions.prompter import Choice, NextAction, Question
from wizard.audit.checklist import Item
from wizard.audit.results import ItemResult, failed, waiting
from wizard.state.answers import Answers
from wizard.text.errors import InputRequired
from wizard.text.localised import Text, phrase
from wizard.ui.noninteractive_prompter import NonInteractivePrompter
from wizard.ui.screen import Screen
from wizard.ui.words import Words

ASK = phrase("ui.move")
T = Text("т", "t")
OPEN = ItemResult(Item("number.registered", T, T), failed("x"))
CHOICES = [Choice("1", "one"), Choice("2", "two")]


@pytest.fixture
def out():
    return io.StringIO()


@pytest.fixture
def make(out):
    def make(answers=None, **options):
        return NonInteractivePrompter(Screen(out, colour=False), Words("en"), answers, **options)

    return make


def given(**answers):
    return Answers(given=answers)


def test_the_file_goes_before_the_sandbox_and_that_before_the_default(make):
    question = Question("x", ASK, default="d", parse=str.upper)
    both = {"suggestions": {"x": "s"}}
    assert make(given(x="a"), **both).ask(question) == "A"
    assert make(**both).ask(question) == "S"
    assert make().ask(question) == "D"


def test_what_the_question_makes_of_enter_counts(make):
    assert (
        make().ask(Question("two_step_pin", ASK, parse=lambda text: text or "831604")) == "831604"
    )


def test_a_missing_answer_names_its_option(make):
    with pytest.raises(InputRequired) as caught:
        make().ask(Question("x", ASK, option="--answers FILE"))
    assert (caught.value.name, caught.value.option) == ("x", "--answers FILE")


def test_a_wrong_answer_is_explained_and_not_tried_again(make, out):
    parse = lambda text: phrase("ui.not_offered", answer=text, offered="2")  # noqa: E731
    with pytest.raises(InputRequired):
        make(given(x="1")).ask(Question("x", ASK, parse=parse))
    said = " ".join(out.getvalue().split())
    assert Words("en").say("ui.not_offered", answer="1", offered="2") in said


def test_an_answer_that_is_never_good_enough_ends(make):
    prompter = make(given(x="1"))
    answers = [prompter.ask(Question("x", ASK)) for _ in range(3)]
    assert answers == ["1", "1", "1"]
    with pytest.raises(InputRequired):
        prompter.ask(Question("x", ASK))


@pytest.mark.parametrize(
    ("answers", "default", "choices", "value"),
    [({"x": "2"}, "1", CHOICES, "2"), ({}, "2", CHOICES, "2"), ({}, "9", CHOICES[:1], "1")],
    ids=["given", "default", "the only one"],
)
def test_choosing(make, answers, default, choices, value):
    assert make(given(**answers)).choose(Question("x", ASK, default=default), choices) == value


def test_in_the_sandbox_a_choice_falls_as_enter_would(make):
    stale = {"suggestions": {"x": "not offered"}, "sandbox": True}
    assert make(**stale).choose(Question("x", ASK), CHOICES) == "1"
    assert make(**stale).choose(Question("x", ASK, default="2"), CHOICES) == "2"
    with pytest.raises(InputRequired):
        make(given(x="3"), **stale).choose(Question("x", ASK), CHOICES)


@pytest.mark.parametrize("answers", [{}, {"x": "3"}], ids=["none", "not offered"])
def test_a_choice_between_several_needs_a_person(make, answers):
    with pytest.raises(InputRequired):
        make(given(**answers)).choose(Question("x", ASK), CHOICES)


@pytest.mark.parametrize(
    ("consent", "sandbox", "may"),
    [((), False, False), (("number.registered",), False, True), ((), True, True)],
)
def test_consent_is_given_item_by_item(make, out, consent, sandbox, may):
    prompter = make(Answers(consent=frozenset(consent)), sandbox=sandbox)
    consent = prompter.consent("number.registered", ASK, ["POST /1/register"], spends=True)
    assert (consent is not None) is may
    assert consent is None or consent.covers("POST", "1/register")
    assert ("POST /1/register" in out.getvalue()) is may
    assert ("number.registered" in out.getvalue()) is not may
    moves = [prompter.next_action(OPEN, list(NextAction)) for _ in range(2)]
    assert moves == [NextAction.FIX if may else NextAction.LATER, NextAction.LATER]


def test_where_nothing_can_be_put_off_it_leaves(make):
    assert make().next_action(OPEN, [NextAction.AGAIN, NextAction.LEAVE]) is NextAction.LEAVE


DENIALS = [
    *("not yet", "no", "No.", "nope", "nah", "not published yet", "it isn't published", "n", "—"),
    *("I don't know", "later", "tomorrow", "TODO", "maybe", "haven’t done it yet", "false", "?"),
    *("нет", "Нет ещё", "ничего", "пока нет", "неа", "ещё не опубликовано", "не сделано пока"),
    *("потом", "завтра", "не знаю", "вроде не готово", "Нету"),
]


def test_a_confirmation_comes_from_the_file(make):
    manual = ItemResult(Item("app.published", T, T), waiting())
    assert make(Answers(confirm={"app.published": "on 3 May"})).confirm(manual) == "on 3 May"
    for denied in DENIALS:
        assert make(Answers(confirm={"app.published": denied})).confirm(manual) == "", denied
    for words in ("Никто кроме меня, 3 мая", "published, nothing else to do", "done", "да", "yes"):
        assert make(Answers(confirm={"app.published": words})).confirm(manual) == words
    assert make().confirm(manual) == ""
    assert make(sandbox=True).confirm(manual) != ""


def test_waiting_and_browsing_are_silent(make, out):
    prompter = make()
    with prompter.waiting(ASK):
        prompter.offer_page("https://a.example")
    assert out.getvalue() == ""
