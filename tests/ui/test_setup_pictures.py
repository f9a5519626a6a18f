"""The whole setup as a person sees it, by Enter alone: golden screens from real pseudo-terminals.

`pytest tests/ui/test_setup_pictures.py --update-golden` records all of them anew.
"""

import re
import shutil
import tempfile
import time
from pathlib import Path

import pyte
import pytest

from tests.support.terminal import DOWN, ENTER, Terminal
from wizard.text.localised import LANGUAGES
from wizard.ui.words import Words

GOLDEN = Path(__file__).parents[1] / "golden"
SIZES = [(80, 24), (40, 30)]
GOALS = {"sending": "", "receiving": DOWN}
#: Seconds without a character before a question that waits is answered.
QUIET = 0.3
LONGEST = 120


@pytest.fixture
def place():
    """A folder whose path is always as long: what stands behind it is wrapped the same way."""
    folder = Path(tempfile.mkdtemp(prefix="wa-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


def walk(terminal):
    """Enter, as often as something waits for it; True when the program ended by itself."""
    end, seen, since = time.monotonic() + LONGEST, -1, time.monotonic()
    while time.monotonic() < end:
        if not terminal._read():
            return True
        if len(terminal.raw) != seen:
            seen, since = len(terminal.raw), time.monotonic()
        elif time.monotonic() - since > QUIET and not terminal.settings()[1]:
            # Keys go one by one to what asks; between two questions the terminal edits lines.
            terminal.send(ENTER)
            since = time.monotonic()
    return False


def printed(raw, columns):
    """Everything that was ever printed, as a terminal without end would hold it."""
    screen = pyte.Screen(columns, 1000)
    pyte.Stream(screen).feed(raw)
    lines = [line.rstrip() for line in screen.display]
    return "\n".join(lines).rstrip() + "\n"


def lasting(text, place):
    """Without what every run has of its own, each as long as it was."""
    text = text.replace(str(place), "/tmp/wa-" + "x" * 8)
    text = re.sub(r"(wa-wizard,\s+ID\s+)\d{15}\b", r"\g<1>123456789012345", text)
    day = "2026-11-27 12:34"
    text = re.sub(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?", lambda found: day[: len(found[0])], text)
    text = re.sub(r"\(\d+(\s+)(ms|мс)\)", r"(5\1\2)", text)
    return re.sub(r"(127\.0\.0\.1|localhost):\d{4,5}", r"\1:54321", text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("columns", "rows"), SIZES)
@pytest.mark.parametrize("goal", GOALS)
def test_the_whole_setup(goal, columns, rows, language, place, request):
    words = ["-m", "wizard", "setup", "--sandbox", "--lang", language]
    zone = {"WA_WIZARD_HOME": str(place), "TZ": "UTC"}
    terminal = Terminal(words, columns=columns, rows=rows, **zone)
    terminal.until(Words(language).say("guide.goals"))
    terminal.send(GOALS[goal])
    assert walk(terminal), "by Enter alone it never ended:\n" + "\n".join(terminal.lines)
    last = [line for line in terminal.lines if line]
    terminal.end()
    # The result and the three ids are on the screen when the shell comes back.
    assert any(Words(language).say(f"report.{goal}_passed")[:30] in line for line in last)
    shown = " ".join(last)
    assert all(name in shown for name in ("WABA ID", "Phone number ID", "Access token"))
    text = lasting(printed(terminal.raw, columns), place)
    path = GOLDEN / f"setup.{goal}.{language}.{columns}x{rows}.txt"
    if request.config.getoption("--update-golden"):
        path.write_text(text, "utf-8")
    # A port of four digits breaks a line elsewhere than one of five: the words are compared.
    assert text.split() == path.read_text("utf-8").split()
