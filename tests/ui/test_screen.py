"""Colour, width and encoding: decided by us, the same for everything that prints."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.state.record import Status
from wizard.ui.screen import (
    FIXED,
    GLUE,
    NEW,
    SIGNS,
    Screen,
    cells,
    fit_encoding,
    open_screen,
    plain_sign,
    wants_colour,
    wrap,
)
from wizard.ui.words import messages


@pytest.mark.parametrize(
    ("choice", "environ", "terminal", "wanted"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "0"}, True, False),
        ("auto", {"CLICOLOR_FORCE": "1", "CLICOLOR": "0"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "0"}, True, True),
        ("auto", {"CLICOLOR": "0"}, True, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ],
)
def test_who_decides_about_colour(choice, environ, terminal, wanted):
    assert wants_colour(choice, environ, terminal) is wanted


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("environ", [{"FORCE_COLOR": "0"}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_rich_obeys_the_same_decision(monkeypatch, environ, terminal):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    out = io.StringIO()
    out.isatty = lambda: terminal
    open_screen(out, environ=environ).console.print("[bold]x[/] 12", style="red")
    assert "31" not in out.getvalue()
    assert "[bold]x[/]" in out.getvalue()


def test_colours_are_asked_for_and_closed():
    out = io.StringIO()
    Screen(out, colour=True).marked(SIGNS[Status.FAILED], "x", "bold")
    assert out.getvalue() == "\x1b[1;31m✗\x1b[0m \x1b[1mx\x1b[0m\n"


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("Привет", 6), ("名前", 4), ("e\u0301", 1), ("a\u200bb", 2)]
)
def test_columns_are_counted_as_a_terminal_does(text, columns):
    assert cells(text) == columns


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("one two three", ["1. one two", "   three"]),
        ("名前 名前 名前", ["1. 名前", "   名前", "   名前"]),
        ("https://a.example/long/link x", ["1. https://a.example/long/link", "   x"]),
    ],
)
def test_text_wraps_at_words_and_keeps_links_whole(text, lines):
    assert wrap(text, 10, "1. ", "   ") == ([line.rstrip() for line in lines] if text else ["1."])


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=12)), st.integers(10, 60))
def test_wrapping_loses_nothing_and_fits(words, width):
    text = " ".join(words).replace(GLUE, "").replace("\n", "")
    lines = wrap(text, width, "* ", "  ")
    assert [word for line in lines for word in line[2:].split()] == text.split()
    for line in lines:
        assert cells(line) <= width or len(line[2:].split()) == 1


def test_the_spaces_behind_a_line_break_stay():
    text = f"Three lines:\n  {'wa-wizard setup'.replace(' ', GLUE)}\n  and more words"
    assert wrap(text, 16, "> ", "  ") == [
        *("> Three lines:", "    wa-wizard setup", "    and more", "    words"),
    ]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp866", "latin-1", "cp1251"])
def test_every_sign_has_a_similar_one_as_wide(encoding):
    for sign, _ in [*SIGNS.values(), NEW, FIXED]:
        assert len(plain_sign(sign, encoding)) == 1


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_the_signs_stay_apart_without_colour(encoding):
    signs = [plain_sign(sign, encoding) for sign, _ in SIGNS.values()]
    assert len(set(signs)) == len(Status)


def test_what_others_print_does_not_die_of_a_sign():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", write_through=True)
    open_screen(stream)
    stream.write("✓ → Я")
    assert stream.buffer.getvalue() == b"+ > \\u042f"


ENCODINGS = [("en", "ascii"), ("en", "cp1252"), ("en", "cp866"), ("ru", "cp866"), ("ru", "cp1251")]


@pytest.mark.parametrize(("language", "encoding"), ENCODINGS)
def test_no_text_of_ours_has_a_broken_sign(language, encoding):
    for key, text in messages().items():
        said = getattr(text, language)
        shown = fit_encoding(said, encoding)
        assert shown.count("\\") == said.count("\\"), key
        quotes = sum(map(said.count, "«»“”„")), sum(map(shown.count, '«»"')) - said.count('"')
        assert encoding not in ("ascii", "cp866") or quotes[0] == quotes[1], key


def test_the_width_is_the_terminals_own_and_never_unreadable():
    assert open_screen(io.StringIO(), environ={"COLUMNS": "40"}).width == 40
    assert open_screen(io.StringIO(), environ={"COLUMNS": "400"}).width == 100
    assert open_screen(io.StringIO(), environ={"COLUMNS": "x"}).width == 80


def test_a_closed_stream_is_no_terminal():
    closed = io.StringIO()
    closed.close()
    assert not Screen(closed, colour=False).terminal
