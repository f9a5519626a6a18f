"""Real questionary prompts, typed into through a pipe."""

import io

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from wizard.actions.prompter import Choice, NextAction, Question
from wizard.audit.checklist import Item, Step
from wizard.audit.results import (
    ItemResult,
    failed,
    passed,
    waiting,
)
from wizard.text.errors import Back, InputRequired
from wizard.text.localised import Text, phrase
from wizard.ui.console_prompter import ConsolePrompter
from wizard.ui.full_keyboard import FullKeyboard
from wizard.ui.screen import Screen
from wizard.ui.words import Words

DOWN, UP, ENTER, CTRL_C, CTRL_D, BACK = "\x1b[B", "\x1b[A", "\r", "\x03", "\x04", "\x7f"
STEP = Step("шаг", "step")
T = Text("т", "t")
ITEM = Item("sample.item", T, T)
ASK = phrase("ui.move")  # any text of ours
OPEN = ItemResult(ITEM, failed("odd"))
PASTE = "\x1b[200~{}\x1b[201~"


@pytest.fixture
def typed():
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        yield keys.send_text


@pytest.fixture
def out():
    return io.StringIO()


@pytest.fixture
def make(out):
    def make(language="ru", **options):
        screen = Screen(out, colour=False)
        words = Words(language)
        return ConsolePrompter(screen, words, keyboard=FullKeyboard(screen), **options)

    return make


@pytest.fixture
def prompter(make):
    return make()


# --- ask


@pytest.mark.parametrize(
    "keys",
    [
        "  EAAnew " + ENTER,
        PASTE.format("EAAnew\n") + ENTER,
        PASTE.format("\r\n  EAAnew  \r\n") + ENTER,
    ],
    ids=["typed", "pasted with a newline", "pasted with white space"],
)
@pytest.mark.parametrize("secret", [True, False])
def test_a_value_is_trimmed(typed, prompter, keys, secret):
    typed(keys)
    assert prompter.ask(Question("access_token", ASK, secret=secret)) == "EAAnew"


def test_a_paste_of_several_lines_is_one_line_and_waits_for_enter(typed, prompter):
    typed(PASTE.format("one\ntwo\n") + "!" + ENTER)
    assert prompter.ask(Question("x", ASK)) == "one two!"


def test_the_rest_of_a_plain_paste_does_not_answer_the_next_question(typed, prompter):
    typed("one" + ENTER + "two" + ENTER)
    assert prompter.ask(Question("x", ASK)) == "one"
    typed("three" + ENTER)
    assert prompter.ask(Question("y", ASK)) == "three"


def test_a_wrong_answer_is_explained_and_asked_again(typed, prompter, out):
    def parse(text):
        if text == "5":
            return "five"
        typed("5" + ENTER)
        return phrase("ui.answer_needed")

    typed("four" + ENTER)
    assert prompter.ask(Question("x", ASK, parse=parse)) == "five"
    assert Words("ru").say("ui.answer_needed")[:40] in out.getvalue()


def test_a_wrong_answer_comes_back_with_the_up_arrow(typed, prompter):
    def parse(text):
        if text.endswith("!"):
            return text
        typed(UP + "!" + ENTER)
        return phrase("ui.answer_needed")

    typed("long answer" + ENTER)
    assert prompter.ask(Question("x", ASK, parse=parse)) == "long answer!"


def test_a_wrong_secret_does_not_come_back(typed, prompter):
    def parse(text):
        if text == "!":
            return text
        typed(UP + "!" + ENTER)
        return phrase("ui.answer_needed")

    typed("wrong" + ENTER)
    assert prompter.ask(Question("x", ASK, secret=True, parse=parse)) == "!"


@pytest.mark.parametrize(
    ("options", "default", "answer"),
    [
        ({}, "d", "d"),
        ({"suggestions": {"x": "s"}}, "", "s"),
        ({"suggestions": {"x": "s"}}, "d", "s"),
    ],
    ids=["default", "suggestion", "suggestion first"],
)
def test_enter_takes_what_is_offered(typed, make, options, default, answer):
    typed(ENTER)
    assert (
        make(**options).ask(Question("x", ASK, default=default, parse=str.upper)) == answer.upper()
    )


def test_enter_is_an_answer_where_the_question_allows_it(typed, prompter):
    typed(ENTER)
    assert prompter.ask(Question("x", ASK, parse=lambda text: text or "made by us")) == "made by us"


@pytest.mark.parametrize("keys", [CTRL_C, CTRL_D, "half" + CTRL_C])
def test_leaving_is_not_an_answer(typed, prompter, keys):
    typed(keys)
    with pytest.raises(KeyboardInterrupt):
        prompter.ask(Question("x", ASK))


# --- choose

FEW = [Choice("a", "Анна"), Choice("b", "[red]Борис[/]\x1b]52;c;x\x07"), Choice("c", "Вера")]
MANY = [Choice(str(1000 + n), f"Номер +7 900 {n:03}") for n in range(40)]


@pytest.mark.parametrize(
    ("keys", "choices", "default", "value"),
    [
        (ENTER, FEW, "", "a"),
        (ENTER, FEW, "c", "c"),
        (DOWN + ENTER, FEW, "", "b"),
        (UP + ENTER, FEW, "", "c"),
        ("2" + ENTER, FEW, "", "b"),
        ("2\n", FEW, "", "b"),
        ("23" + ENTER, FEW, "", "c"),
        ("7x" + ENTER, FEW, "b", "b"),
        (PASTE.format("3\n") + ENTER, FEW, "", "a"),
        ("38" + ENTER, MANY, "", "1037"),
        ("900 017" + ENTER, MANY, "", "1017"),
        ("НОМЕР +7 900 002" + ENTER, MANY, "", "1002"),
        ("38" + BACK + BACK + ENTER, MANY, "", "1000"),
        (DOWN * 39 + ENTER, MANY, "", "1039"),
        ("\x1b[F" + ENTER, MANY, "", "1039"),
        ("900 00" + DOWN + ENTER, MANY, "", "1001"),
    ],
)
def test_a_row_is_chosen(typed, prompter, keys, choices, default, value):
    typed(keys)
    assert prompter.choose(Question("x", ASK, default=default), choices) == value


def test_the_sandbox_preselects_its_own(typed, make):
    typed(ENTER)
    assert make(suggestions={"x": "c"}).choose(Question("x", ASK, default="b"), FEW) == "c"


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D])
def test_leaving_a_list_is_not_a_choice(typed, prompter, key):
    typed(key)
    with pytest.raises(KeyboardInterrupt):
        prompter.choose(Question("x", ASK), FEW)


# --- the rest


def test_a_move_is_chosen_and_the_first_is_the_default(typed, prompter):
    typed(ENTER)
    assert prompter.next_action(OPEN, [NextAction.FIX, NextAction.LEAVE]) is NextAction.FIX
    typed(DOWN + ENTER)
    assert prompter.next_action(OPEN, [NextAction.FIX, NextAction.LEAVE]) is NextAction.LEAVE


@pytest.mark.parametrize(
    ("keys", "sandbox", "spends", "answer"),
    [
        (ENTER, False, False, True),
        (ENTER, False, True, False),
        (ENTER, True, True, False),
        (ENTER, True, False, True),
        ("н" + ENTER, False, False, False),
        ("Y" + ENTER, False, True, True),
        ("2" + ENTER, True, False, False),
    ],
)
def test_consent(typed, make, keys, sandbox, spends, answer):
    typed(keys)
    asked = make(sandbox=sandbox).consent("sample.item", ASK, ["POST /1/register"], spends=spends)
    assert (asked is not None) is answer
    assert asked is None or asked.covers("POST", "1/register")


def test_consent_shows_exactly_what_is_sent(typed, prompter, out):
    typed(ENTER)
    prompter.consent("sample.item", ASK, ['POST /1/register {"pin": "••••••"}', "GET /[bold]\x9b"])
    assert 'POST /1/register {"pin": "••••••"}' in out.getvalue()
    assert "GET /[bold]\n" in out.getvalue()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (ENTER, ""),
        ("n" + ENTER, ""),
        ("y" + ENTER + "опубликовано 3 мая" + ENTER, "опубликовано 3 мая"),
        ("y" + ENTER + ENTER, "да"),
        # Somebody who changes their mind at the second question has confirmed nothing.
        *(("y" + ENTER + no + ENTER, "") for no in ("нет", "Ещё нет.", "no", "not yet", "Ничего")),
        ("y" + ENTER + "Никто кроме меня, 3 мая" + ENTER, "Никто кроме меня, 3 мая"),
        ("y" + ENTER + "done" + ENTER, "done"),
    ],
)
@pytest.mark.parametrize("sandbox", [False, True])
def test_a_confirmation_asks_yes_or_no_first_and_words_second(typed, make, keys, words, sandbox):
    """A rehearsal must not teach another key than reality has."""
    typed(keys)
    assert make(sandbox=sandbox).confirm(ItemResult(ITEM, waiting())) == words


@pytest.mark.parametrize("explains", [False, True])
def test_a_newcomer_reads_once_what_a_term_means_above_the_question_that_names_it(
    typed, out, explains
):
    words, screen = Words("en"), Screen(out, colour=False)
    words.explains = explains
    prompter = ConsolePrompter(screen, words, keyboard=FullKeyboard(screen))
    prompter.tell("account.none_found")
    assert (words.say("terms.waba") in out.getvalue()) is explains
    for answer in ("1", "2"):
        typed(answer + ENTER)
        prompter.ask(Question("x", phrase("webhook.token_invent"), parse=str))
    assert out.getvalue().count(words.say("terms.verify_token")) == explains
    assert out.getvalue().count(words.say("terms.waba")) == explains


def test_the_sandbox_says_once_that_nothing_goes_to_meta(typed, make, out):
    prompter = make(sandbox=True)
    typed(ENTER * 2)
    for _ in range(2):
        prompter.show_problem(OPEN, {})
        prompter.consent("sample.item", ASK, ["POST /1/register"])
    assert out.getvalue().count(Words("ru").say("ui.sandbox")) == 1


def test_an_item_shows_what_was_seen_why_and_the_links_that_are_known(out, make):
    links = ("https://a.example/{app_id}/x", "https://a.example/{waba_id}/y")
    item = Item(
        "sample.item", Text("Имя", "Name"), Text("Потому", "Because"), links=links, steps=(STEP,)
    )
    make("en").show_problem(ItemResult(item, failed("odd")), {"app_id": "123"})
    shown = out.getvalue()
    assert "https://a.example/123/x" in shown
    assert "/y" not in shown
    assert "Because" in shown
    assert "1. step" in shown


def test_foreign_text_is_clean_and_never_markup(out, make):
    item = Item("a.b", T, T, reasons={"odd": _reason("{name}")})
    make("en").show_result(
        ItemResult(item, failed("odd", name="[red]Acme [/]\x1b[2J\u202eltd\x9b1m"))
    )
    title = Words("en").say("ui.state_failed", item="t")
    assert out.getvalue() == f"✗ {title}\n  [red]Acme [/][2Jltd1m\n"


def _reason(text):
    from wizard.audit.checklist import Reason

    return Reason(Text(text, text))


def test_a_settled_item_is_one_line(out, prompter):
    prompter.show_result(ItemResult(ITEM, passed()))
    assert out.getvalue() == f"✓ {Words('ru').say('ui.state_passed', item='т')}\n"


def test_without_a_terminal_nothing_is_ever_asked(out):
    prompter = ConsolePrompter(Screen(out, colour=False), Words("ru"))
    for question in (
        lambda: prompter.ask(Question("waba_id", ASK, option="--answers", default="1")),
        lambda: prompter.choose(Question("waba_id", ASK, option="--answers"), FEW),
        lambda: prompter.next_action(OPEN, [NextAction.LATER]),
        lambda: prompter.consent("a.b", ASK),
        lambda: prompter.confirm(OPEN),
    ):
        with pytest.raises(InputRequired):
            question()


def test_needs_person_names_the_option_that_supplies_the_answer(out):
    prompter = ConsolePrompter(Screen(out, colour=False), Words("ru"))
    with pytest.raises(InputRequired) as caught:
        prompter.ask(Question("waba_id", ASK, option="--answers FILE"))
    assert (caught.value.name, caught.value.option) == ("waba_id", "--answers FILE")


@pytest.mark.parametrize("secret", [False, True])
def test_what_was_entered_is_offered_again_to_whoever_went_back(typed, prompter, secret):
    question = Question("two_step_pin", ASK, secret=secret)
    typed("271828" + ENTER)
    assert prompter.ask(question) == "271828"
    typed("\x1b")
    with pytest.raises(Back):
        prompter.consent("sample.item", ASK, ["POST /1/register"])
    typed(DOWN + ENTER)
    prompter.next_action(OPEN, [NextAction.FIX, NextAction.LEAVE])
    typed(ENTER)
    assert prompter.ask(question) == "271828"
    typed(ENTER)
    assert prompter.consent("sample.item", ASK, ["POST /1/register"])
    typed(ENTER * 3)
    with pytest.raises(Back):  # what was used is forgotten, and Enter alone is no answer
        prompter.ask(question)


def test_what_is_good_for_one_try_is_not_offered_again(typed, prompter):
    question = Question("verification_code", ASK, once=True)
    typed("123830" + ENTER)
    assert prompter.ask(question) == "123830"
    typed(ENTER)
    prompter.next_action(OPEN, [NextAction.LATER])
    typed("\x1b")
    with pytest.raises(Back):
        prompter.ask(question)
