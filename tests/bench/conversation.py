"""How much a setup asks and says, by Enter alone: in real pseudo-terminals of 80 columns.

    python -m tests.bench.conversation [language]

Counted are the answers, lines and words before and after the access token was pasted. Every answer
is Enter, except for the goal of the last world.
"""

import sys
import tempfile
import time
from dataclasses import dataclass

from tests.support.terminal import ENTER, Terminal
from wizard.ui.words import messages

#: What stands before every question of the sandbox.
ASKS = "SANDBOX ?"
#: The most answers after the token.
MOST = {
    "test-number": 2,
    "healthy": 3,
    "no-number": 9,
    "rehearsal": 11,
    "send and receive": 16,
}
#: World → its scenario and the row of the goal.
WORLDS = {name: (name, "1") for name in MOST} | {"send and receive": ("rehearsal", "2")}
SECONDS = 90


@dataclass
class Count:
    """What one conversation was made of, before and after the token."""

    answers: tuple[int, int]
    lines: tuple[int, int]
    words: tuple[int, int]
    exit_code: int | None
    screen: list[str]


def measure(world, language="en"):
    """One setup to its end; AssertionError when it does not end in time."""
    scenario, goal = WORLDS[world]
    with tempfile.TemporaryDirectory() as home:
        line = ["-m", "wizard", "setup", f"--sandbox={scenario}", "--lang", language]
        terminal = Terminal(line, columns=80, rows=400, WA_WIZARD_HOME=home)
        try:
            return _walk(terminal, goal, language)
        finally:
            terminal.child.close(force=True)


def _walk(terminal, goal, language):
    words = {key: getattr(messages()[key], language) for key in ("access.paste", "guide.goals")}
    answers, token, end = 0, None, time.monotonic() + SECONDS
    while terminal._read():
        assert time.monotonic() < end, "\n".join(terminal.lines)
        if terminal.text.count(ASKS) <= answers:
            continue
        answers += 1
        asked = terminal.text.rpartition(ASKS)[2]
        if words["access.paste"] in asked and token is None:
            token = answers, *_size(terminal.lines)
        if words["guide.goals"] in asked:
            terminal.send(goal)
        terminal.send(ENTER)
    assert token is not None, "\n".join(terminal.lines)
    code, screen = terminal.end(), [line for line in terminal.lines if line]
    whole = answers, *_size(screen)
    asked, lines, said = [(was, now - was) for was, now in zip(token, whole, strict=True)]
    return Count(asked, lines, said, code, screen)


def _size(lines):
    """(lines, words) of a screen; an empty line is none."""
    return sum(map(bool, lines)), sum(len(line.split()) for line in lines)


def table(language="en"):
    """Prints a row for each world."""
    print(f"\n{'setup, by Enter alone':<22}{'before the token':>28}{'after the token':>32}")
    heads = ("answers", "lines", "words")
    print(" " * 22 + "".join(f"{head:>9}" for head in heads * 2) + f"{'at most':>9}")
    for world, most in MOST.items():
        found = measure(world, language)
        seen = (found.answers, found.lines, found.words)
        cells = [pair[when] for when in (0, 1) for pair in seen]
        shown = "".join(f"{cell:>9}" for cell in cells)
        print(f"{world:<22}{shown}{most:>9}", flush=True)


if __name__ == "__main__":
    table(*sys.argv[1:2])
