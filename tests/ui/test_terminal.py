"""The conversation on a real terminal: what the screen shows, and in what state it is left."""

import re
import signal
import subprocess
import sys
import time

import pytest

from tests.support import scenes
from tests.support.terminal import CTRL_C, CTRL_D, DOWN, ENTER, ROOT, Terminal
from wizard.ui.words import Words

RU, EN = Words("ru").say, Words("en").say
USUAL = (True, True)  # echo and line editing
ESCAPE = "\x1b"
WAITED = EN("ui.browse")[:20]  # what the scene waits for; a narrow screen cuts it


@pytest.fixture
def scene():
    open_ones = []

    def scene(name, language="ru", *more, **options):
        terminal = Terminal(["tests/support/scenes.py", name, language, *more], **options)
        open_ones.append(terminal)
        return terminal

    yield scene
    for terminal in open_ones:
        terminal.child.close(force=True)


@pytest.mark.parametrize("columns", [40, 80])
def test_an_item_and_its_moves_fit_the_screen_without_breaking_words(scene, columns):
    terminal = scene("move", columns=columns, rows=30).until(RU("ui.move_leave"))
    shown = terminal.text
    for words in (scenes.WHY.ru, scenes.STEP.ru, RU("ui.move_fix")):
        assert words in shown
    assert "waba_id=102290129340398" in shown.replace(" ", "")
    terminal.send(DOWN + ENTER).until("RESULT <NextAction.AGAIN")
    # Terminals that do not answer "where is the cursor?" would get a warning on the screen.
    assert "\x1b[6n" not in terminal.raw
    assert terminal.end() == 0


def test_forty_numbers_scroll_and_are_found_by_typing(scene):
    terminal = scene("numbers", columns=40, rows=14).until("1. ООО")
    assert "40. ООО" not in terminal.text
    terminal.send("\x1b[A").until("40. ООО «Ромашка» [/]]0;x +7 900 000-00-39")
    terminal.send("00-17").until("/00-17")
    terminal.send(ENTER).until("RESULT '17'")


def test_foreign_control_bytes_never_reach_the_terminal(scene):
    terminal = scene("numbers").until("1. ООО")
    assert "\x07" not in terminal.raw
    assert "\x1b]0" not in terminal.raw


@pytest.mark.parametrize("dumb", [False, True])
def test_a_secret_pasted_while_the_last_one_is_tried_is_not_echoed(scene, dumb):
    terminal = scene("refused_secret", "en", TERM="dumb" if dumb else "xterm")
    terminal.until(EN("ui.move"))
    time.sleep(0.3)
    terminal.send("first" + ENTER)
    time.sleep(0.5)
    terminal.send("EAAleaked")
    terminal.until(EN("ui.answer_needed"))
    time.sleep(0.5)
    assert "EAAleaked" not in terminal.raw


def test_a_secret_is_never_echoed(scene):
    # Typed in single keys and in one piece; before it is asked for, too.
    terminal = scene("secret", "en").until(EN("ui.move"))
    for key in "EAAcanary":
        terminal.send(key)
    terminal.send("x" * 200).until("(209)").send(ENTER).until("RESULT")
    before = terminal.raw.split("RESULT")[0]
    assert "•" in before
    assert "canary" not in before
    assert "EAA" not in before


@pytest.mark.parametrize(
    "pasted",
    ["EAAG" + "canary7" * 30, "3f2a9c0dcafe5a6978f0e1d2c3b4a596", "123456789|" + "ab" * 12],
)
def test_a_secret_pasted_where_another_thing_is_asked_is_neither_shown_nor_taken(scene, pasted):
    terminal = scene("two", "en").until(EN("ui.move"))
    terminal.send(f"\x1b[200~{pasted}\x1b[201~").until("•").send(ENTER)
    terminal.until(EN("ui.secret_here")[:40])
    terminal.send("\x1b[A" + "one" + ENTER)  # the up arrow does not bring it back
    time.sleep(0.5)
    terminal.send("two" + ENTER).until("RESULT ['one', 'two']")
    assert pasted[:12] not in terminal.raw


@pytest.mark.parametrize("dumb", [False, True])
def test_a_pasted_newline_answers_one_question_only(scene, dumb):
    # A terminal without bracketed paste: the newlines arrive as Enter.
    terminal = scene("two", TERM="dumb" if dumb else "xterm").until(RU("ui.move"))
    terminal.send("one\nstray\n" if dumb else "one\rstray\r")
    time.sleep(0.7)
    terminal.send("two" + ENTER).until("RESULT ['one', 'two']")


def test_a_bracketed_paste_waits_for_enter(scene):
    terminal = scene("line").until(RU("ui.move")).send("\x1b[200~ab\ncd\n\x1b[201~").until("ab cd")
    assert "RESULT" not in terminal.text
    terminal.send(ENTER).until("RESULT 'ab cd'")


def test_a_wrong_answer_says_why_and_asks_again(scene):
    terminal = (
        scene("mend", "en").until(EN("ui.move")).send("bad" + ENTER).until(EN("ui.answer_needed"))
    )
    terminal.send("good" + ENTER).until("RESULT 'good'")


# Every kind of question, and on a dumb terminal every kind of prompt there is.
KINDS = [("line", False), ("secret", False), ("numbers", False), ("consent", False)]
KINDS += [("line", True), ("secret", True), ("numbers", True)]


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D], ids=["Ctrl-C", "Ctrl-D"])
@pytest.mark.parametrize(("name", "dumb"), KINDS)
def test_leaving_at_any_question_restores_the_terminal(scene, name, key, dumb):
    terminal = scene(name, rows=60, TERM="dumb" if dumb else "xterm").until("?")
    _until_it_listens(terminal, dumb and name != "secret")
    terminal.send(key).until("LEFT")
    assert terminal.settings() == USUAL
    assert terminal.end() == 130


def test_leaving_a_list_does_not_look_like_an_answer(scene):
    terminal = scene("consent", "en").until(f"1. {EN('ui.do')}").send(CTRL_C).until("LEFT")
    assert EN("ui.do") not in terminal.text


@pytest.mark.parametrize(("name", "dumb"), KINDS)
@pytest.mark.parametrize("word", ["назад", "позже"])
def test_a_person_goes_back_from_every_question(scene, name, dumb, word):
    terminal = scene(name, rows=60, TERM="dumb" if dumb else "xterm").until("?")
    _until_it_listens(terminal, dumb and name != "secret")
    terminal.send(word + ENTER if dumb else ESCAPE)
    terminal.until("WENT " + ("PutOff" if dumb and word == "позже" else "Back"))
    assert terminal.settings() == USUAL


def test_enter_alone_does_not_ask_for_ever(scene):
    terminal = scene("secret").until("?")
    for times in (1, 2):
        terminal.send(ENTER).until(RU("ui.answer_needed")[:13], times)
    terminal.send(ENTER).until("WENT Back")


@pytest.mark.parametrize(("name", "dumb"), [*KINDS, ("wait", False)])
def test_sigterm_at_any_question_restores_the_terminal(scene, name, dumb):
    more = ("20",) if name == "wait" else ()
    terminal = scene(name, "en", *more, rows=60, TERM="dumb" if dumb else "xterm")
    if name == "wait":
        terminal.until(WAITED)
    else:
        terminal.until("?")
        _until_it_listens(terminal, dumb and name != "secret")
    terminal.child.kill(signal.SIGTERM)
    code = terminal.end()
    assert code == 143
    shown, hidden = terminal.raw.rfind("\x1b[?25h"), terminal.raw.rfind("\x1b[?25l")
    assert shown >= hidden, "the cursor stays hidden"
    assert "Traceback" not in terminal.raw


def _until_it_listens(terminal, cooked):
    """Waits until the prompt has taken the terminal over (a plain one leaves it as it is)."""
    end = time.monotonic() + 10
    while not cooked and terminal.settings()[0]:
        assert time.monotonic() < end
        time.sleep(0.02)
    time.sleep(0.1)


def test_a_dumb_terminal_gets_no_escape_codes(scene):
    terminal = scene("move", TERM="dumb", columns=40, rows=40).until("1-4 [1]")
    terminal.send("9" + ENTER).until("1-4 [1]", times=2).send("3" + ENTER).until(
        "RESULT <NextAction.LATER"
    )
    assert ESCAPE not in terminal.raw


def test_no_color_means_none(scene):
    terminal = scene("move", NO_COLOR="1").until(RU("ui.move_leave")).send(ENTER).until("RESULT")
    codes = {
        code for found in re.findall(r"\x1b\[([\d;]*)m", terminal.raw) for code in found.split(";")
    }
    assert codes <= {"", "0", "1"}, "bold at most"


def test_an_old_encoding_gets_signs_it_can_show(scene):
    environ = {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    terminal = scene("move", "en", encoding="cp1252", **environ).until(EN("ui.move"))
    assert f"x {EN('ui.state_failed', item=scenes.TITLE.en)}" in terminal.text
    assert "> https://business.facebook.com" in terminal.text
    terminal.send(ENTER).until("RESULT")
    assert terminal.end() == 0


def test_waiting_moves_and_leaves_no_trace(scene):
    terminal = scene("wait", "en", "3.3", columns=40).until(WAITED).until("(3 s)")
    terminal.until(EN("ui.move")).send("x" + ENTER).until("RESULT 'x'")
    assert WAITED not in terminal.text
    assert EN("ui.agree") in terminal.text


def test_what_is_pasted_while_waiting_is_not_echoed(scene):
    terminal = scene("wait", "en", "1.5").until(WAITED)
    assert terminal.settings()[0] is False
    terminal.send("EAAcanary")
    terminal.until(EN("ui.move")).until("EAAcanary")  # the next question shows what it was given
    shown_before = terminal.raw.split(EN("ui.move"))[0]
    assert "EAAcanary" not in shown_before
    terminal.send(ENTER).until("RESULT 'EAAcanary'")
    assert terminal.settings() == USUAL


def test_a_question_stops_the_moving_line(scene):
    terminal = scene("ask_while_waiting", "en").until(EN("ui.sends")).until(EN("ui.move"))
    before = len(terminal.raw)
    time.sleep(0.5)
    terminal.send("x" + ENTER).until("RESULT 'x'")
    while_asking = terminal.raw[before:].split("RESULT")[0]
    assert EN("ui.sends") not in while_asking
    assert EN("ui.agree") not in while_asking
    assert terminal.end() == 0


def test_leaving_while_waiting_restores_the_terminal(scene):
    terminal = scene("wait", "en", "9").until(WAITED).send(CTRL_C).until("LEFT")
    assert terminal.settings() == USUAL
    assert terminal.raw.rfind("\x1b[?25h") > terminal.raw.rfind("\x1b[?25l")


def test_an_impatient_enter_is_no_consent(scene):
    # Typed before the question was there, it must not spend anything.
    terminal = scene("late_consent", "en").until("soon")
    terminal.send(ENTER).until(EN("ui.sends"))
    time.sleep(0.5)
    assert "RESULT" not in terminal.text
    terminal.send("n" + ENTER).until("RESULT False")


def test_the_sandbox_says_so(scene):
    terminal = scene("move", "ru", "sandbox").until(RU("ui.move_leave"))
    assert terminal.text.count("SANDBOX") >= 2  # the item, and the question itself


@pytest.mark.parametrize("where", ["</dev/null", "< <(yes)", "<&-", "| cat", "> /dev/null 2>&1"])
def test_without_a_terminal_there_is_never_a_prompt(where, tmp_path):
    command = f"{sys.executable} tests/support/scenes.py secret en {where}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        check=False,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "TERM": "xterm", "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 2
    assert EN("ui.move") not in done.stdout
