"""QR codes: on a terminal that can show them, and the link in any case."""

import io

import pytest

from wizard.ui.base_prompter import code_rows, show_code
from wizard.ui.noninteractive_prompter import NonInteractivePrompter
from wizard.ui.screen import Screen
from wizard.ui.words import Words

LINK = "https://wa.me/447700900123"
#: The corner of every QR code, after two modules of quiet, as half blocks.
FINDER = ["", "  █▀▀▀▀▀█", "  █ ███ █", "  █ ▀▀▀ █", "  ▀▀▀▀▀▀▀"]


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


class Ancient(Terminal):
    encoding = "ascii"


def shown(stream, *, colour=False, width=80):
    show_code(Screen(stream, colour=colour, width=width), LINK)
    return stream.getvalue()


def test_a_code_has_its_corners_and_fits_a_narrow_window():
    lines = code_rows(LINK)
    assert [line[: len(corner)] for corner, line in zip(FINDER, lines, strict=False)] == FINDER
    assert {len(line) for line in lines} == {29}
    assert len(lines) == 15


def test_a_terminal_shows_it_dark_on_light():
    assert "\x1b[30;107m" in shown(Terminal(), colour=True)
    assert "\x1b" not in shown(Terminal())


@pytest.mark.parametrize(
    ("stream", "width"), [(io.StringIO(), 80), (Ancient(), 80), (Terminal(), 20)]
)
def test_where_it_could_not_be_read_it_is_left_out(stream, width):
    assert shown(stream, width=width) == ""


def test_the_link_itself_is_always_said():
    stream = io.StringIO()
    NonInteractivePrompter(Screen(stream, colour=False), Words("ru")).show_link(LINK)
    assert LINK in stream.getvalue()
