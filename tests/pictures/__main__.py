"""Takes the pictures of the READMEs from real runs: `python -m tests.pictures`.

The tool runs in a real pseudo-terminal against its own sandbox; what stands on the screen becomes
an SVG in docs/. Nothing is drawn by hand.
"""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from pathlib import Path

import pexpect
import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

DOCS = Path(__file__).parents[2] / "docs"
COLUMNS, LINES = 84, 76
QUIET = 1.2  # seconds without output: the tool waits for a person
LONGEST = 60  # seconds until the first sign of life, or until the end

ENTER = "\r"
#: name → (arguments, keys pressed one after the other)
SHOTS = {
    "setup": (["setup", "--sandbox"], [ENTER, ENTER, ENTER]),
    "audit": (["audit", "--sandbox=payment-missing"], []),
    "webhook": (["webhook", "show", "--sandbox=webhook-elsewhere"], []),
    "status": (["status", "--sandbox"], []),
}


def shoot(arguments: list[str], keys: list[str], home: str) -> pyte.Screen:
    """The screen after these keys."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.Stream(screen)
    environment = os.environ | {"WA_WIZARD_HOME": home, "TERM": "xterm-256color", "COLORTERM": ""}
    child = pexpect.spawn(
        sys.executable,
        ["-m", "wizard", *arguments],
        env=environment,
        dimensions=(LINES, COLUMNS),
        encoding="utf-8",
        timeout=QUIET,
    )
    if not keys:
        _read(child, stream, quiet=LONGEST)
    for key in keys:
        _read(child, stream)
        child.send(key)
    _read(child, stream)
    child.close(force=True)
    return screen


def _read(child: pexpect.spawn, stream: pyte.Stream, quiet: float = QUIET) -> None:
    """Reads until nothing comes for a while; the first sign of life may take longer."""
    patience: float = LONGEST
    try:
        while True:
            stream.feed(child.read_nonblocking(4096, timeout=patience))
            patience = quiet
    except (pexpect.TIMEOUT, pexpect.EOF):
        return


def picture(screen: pyte.Screen, title: str, path: Path) -> None:
    """The screen as an SVG."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    lines = [_line(screen, row) for row in range(LINES)]
    while lines and not lines[-1].plain.strip():
        lines.pop()
    for line in lines:
        console.print(line, soft_wrap=True)
    # The reader's own fixed-width font will do: a picture must not fetch anything.
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title=title), flags=re.S)
    path.write_text(drawn.replace("Fira Code, monospace", "monospace"), "utf-8")


def _line(screen: pyte.Screen, row: int) -> Text:
    text = Text()
    for column in range(COLUMNS):
        cell = screen.buffer[row][column]
        colour = None if cell.fg == "default" else _colour(cell.fg)
        text.append(cell.data, Style(color=colour, bold=cell.bold, reverse=cell.reverse))
    text.rstrip()
    return text


def _colour(name: str) -> str:
    """pyte's names as rich knows them."""
    if _is_hex(name):
        return f"#{name}"
    return name.replace("brown", "yellow").replace("bright", "bright_")


def _is_hex(name: str) -> bool:
    return len(name) == 6 and all(digit in "0123456789abcdef" for digit in name)


def main() -> None:
    for language in ("en", "ru"):
        with tempfile.TemporaryDirectory() as home:
            for name, (arguments, keys) in SHOTS.items():
                screen = shoot([*arguments, "--lang", language], keys, home)
                title = "wa-wizard " + " ".join(arguments)
                picture(screen, title, DOCS / f"{name}.{language}.svg")


if __name__ == "__main__":
    main()
