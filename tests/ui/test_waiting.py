"""The moving line gives way to whatever else is printed or asked."""

import io
import time

import pytest

from wizard.ui.base_prompter import WaitingLine
from wizard.ui.screen import Screen
from wizard.ui.words import Words


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def out(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


def stands_still(out):
    """Whether nothing is written for longer than the line rests."""
    before = out.getvalue()
    time.sleep(0.4)
    return out.getvalue() == before


def until(true, seconds=5):
    """Waits for it: on a busy machine the line moves late."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def ends(out, text):
    return lambda: out.getvalue().rstrip("\r\n").endswith(text)


def test_pauses_may_stand_inside_each_other(out):
    line = WaitingLine(Screen(out, colour=False), Words("en"))
    with line.shown("looking"):
        with line.paused():
            with line.paused():
                pass
            assert stands_still(out)
        until(lambda: not stands_still(out))
    assert stands_still(out)


def test_the_innermost_wait_is_shown_and_the_outer_one_comes_back(out):
    line = WaitingLine(Screen(out, colour=False), Words("en"))
    with line.shown("outer"):
        with line.shown("inner"):
            until(ends(out, "inner"))
        until(ends(out, "outer"))


def test_a_failure_inside_ends_it(out):
    line = WaitingLine(Screen(out, colour=False), Words("en"))
    with pytest.raises(KeyboardInterrupt), line.shown("looking"):
        raise KeyboardInterrupt
    assert stands_still(out)


def test_the_signs_of_the_line_fit_the_encoding(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii", errors="strict", write_through=True)
    out.isatty = lambda: True
    with WaitingLine(Screen(out, colour=False), Words("en")).shown("looking … → x"):
        until(lambda: b"looking ... > x" in raw.getvalue())
