"""One output stream: its colours, its width, the characters and signs it can show."""

from __future__ import annotations

import codecs
import os
import re
import sys
import unicodedata
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from wizard.state.record import Status

if TYPE_CHECKING:
    from rich.console import Console


def cells(text: str) -> int:
    """How many columns a text takes: wide East Asian characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


#: Stands for a space within a command: it is never the end of a line, and printed as a space.
GLUE = "\u00a0"
_BREAKABLE = re.compile(rf"[^\S{GLUE}]+")


def wrap(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """The text in lines of at most `width` columns, led by `first`, then by `rest`.

    A line break stays, and so do the spaces behind it. A word that is wider than a line stays
    whole, and so do words that GLUE ties together: a broken link or command cannot be copied.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        pieces = filter(None, _BREAKABLE.split(paragraph))
        indent = " " * (len(paragraph) - len(paragraph.lstrip(" "))) if lines else ""
        lines += fill(pieces, width, (rest if lines else first) + indent, rest + indent)
    return [line.replace(GLUE, " ") for line in lines]


def fill(
    pieces: Iterable[str], width: int, first: str = "", rest: str = "", between: str = " "
) -> list[str]:
    """The pieces, each whole, in lines of at most `width` columns."""
    lines: list[str] = []
    line, bare = first, True
    for piece in pieces:
        if not bare and cells(line) + cells(between) + cells(piece) > width:
            lines.append(line)
            line, bare = rest, True
        line += piece if bare else between + piece
        bare = False
    return [*lines, line.rstrip()]


#: Sign and style of a status. The sign alone must tell them apart: colour may be off.
SIGNS = {
    Status.PASSED: ("✓", "green"),
    Status.FAILED: ("✗", "bold red"),
    Status.UNKNOWN: ("?", "bold yellow"),
    Status.SKIPPED: ("–", "dim"),
    Status.WAITING: ("…", "bold cyan"),
}
#: Not in order, but nothing that a goal needs.
ADVICE = ("!", "bold yellow")
NEW, FIXED = ("▲", "bold red"), ("✓", "bold green")

_SIMILAR_SIGNS = str.maketrans(
    {
        "✓": "+",
        "✗": "x",
        "–": "-",
        "—": "-",
        "…": "...",
        "▲": "^",
        "•": "*",
        "·": "*",
        "→": ">",
        "»": '"',
        "«": '"',
        "„": '"',
        "“": '"',
        "”": '"',
        "’": "'",
        "↑": "^",
        "↓": "v",
        "≤": "<",
        "×": "x",
        "─": "-",
        "№": "N",
        "\u202f": " ",
    }
)

#: The name of the error handler for streams that cannot show everything.
HANDLER = "wa_wizard_similar_sign"


def _similar_sign(error: UnicodeError) -> tuple[str | bytes, int]:
    """A similar ASCII sign where there is one, else the escape Python would write."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    plain = "".join(map(_without_accent, signs.translate(_SIMILAR_SIGNS)))
    return plain.encode("ascii", "backslashreplace").decode("ascii"), error.end


def _without_accent(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[:1]
    return base if base.isascii() else letter


codecs.register_error(HANDLER, _similar_sign)


def fit_encoding(text: str, encoding: str) -> str:
    """The text as this encoding can show it, the same number of columns wide where that can be."""
    return text.encode(encoding, HANDLER).decode(encoding)


def plain_sign(sign: str, encoding: str) -> str:
    """The sign of a status as this encoding can show it, one column wide."""
    fitting = fit_encoding(sign, encoding)
    return fitting if len(fitting) == 1 else "~"


#: Lines longer than this are hard to read, however wide the window is.
WIDEST = 100
USUAL = 80
_CODES = {"bold": 1, "dim": 2, "reverse": 7, "red": 31, "green": 32, "yellow": 33, "cyan": 36}


def wants_colour(choice: str, environ: Mapping[str, str], terminal: bool) -> bool:
    """Whether to use colours: the option, then the environment, then what the stream is.

    The order of no-color.org, force-color.org and bixense.com/clicolors; an empty variable is
    the same as none.
    """
    if choice in ("always", "never"):
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    if environ.get("CLICOLOR") == "0" or environ.get("FORCE_COLOR") == "0":
        return False
    return terminal and environ.get("TERM") != "dumb"


class Screen:
    """A stream to print on, without markup: a business called `[/]` is only a name."""

    def __init__(self, stream: TextIO, *, colour: bool, width: int = USUAL) -> None:
        """`width` is that of a stream which is no terminal; a terminal is asked: people resize."""
        self.stream, self.colour, self._width = stream, colour, width
        self.encoding = getattr(stream, "encoding", None) or "utf-8"
        self._console: Console | None = None
        #: What was printed last, for those who explain it.
        self.recent: deque[str] = deque(maxlen=60)
        self.bannered = False

    @property
    def terminal(self) -> bool:
        """Whether a person looks at it."""
        return is_terminal(self.stream)

    @property
    def width(self) -> int:
        """Columns, as many as can be read with ease."""
        return min(_columns(self.stream), WIDEST) or self._width

    def fit(self, text: str) -> str:
        """The text with every sign this stream cannot show replaced by a similar one."""
        return self.tied(text).replace(GLUE, " ")

    def tied(self, text: str) -> str:
        """The same, with the words of a command still tied together."""
        return GLUE.join(fit_encoding(part, self.encoding) for part in text.split(GLUE))

    def line(
        self, text: str = "", style: str = "", first: str = "", rest: str | None = None
    ) -> None:
        """Print a text, wrapped; `first` leads its first line and `rest` (as wide) the others."""
        self.recent.append(text)
        first, text = self.fit(first), self.tied(text)
        lead = " " * cells(first) if rest is None else rest
        for line in wrap(text, self.width, first, lead):
            self.stream.write(self.styled(line, style) + "\n")

    def whole(self, text: str, style: str = "") -> None:
        """Print a line as it is, never wrapped: what other programs read."""
        self.stream.write(self.styled(self.fit(text), style) + "\n")

    def pieces(self, pieces: Iterable[str], between: str) -> None:
        """Print short texts one after another, none of them broken."""
        fitting = [self.fit(piece) for piece in pieces]
        for line in fill(fitting, self.width, between=self.fit(between)):
            self.stream.write(f"{line}\n")

    def marked(self, sign: tuple[str, str], text: str, style: str = "", indent: str = "") -> None:
        """Print a text after a coloured sign."""
        self.recent.append(text)
        mark, colour = plain_sign(sign[0], self.encoding), sign[1]
        lead = f"{indent}{mark} "
        for number, line in enumerate(wrap(self.tied(text), self.width, lead, " " * len(lead))):
            shown = self.styled(line[len(lead) :], style)
            self.stream.write(
                (indent + self.styled(mark, colour) + " " if number == 0 else " " * len(lead))
                + shown
                + "\n"
            )

    def styled(self, text: str, style: str) -> str:
        """The text between the codes of a style such as "bold red"; bare without colours."""
        if not (style and text and self.colour):
            return text
        codes = ";".join(str(_CODES[word]) for word in style.split())
        return f"\x1b[{codes}m{text}\x1b[0m"

    def flush(self) -> None:
        """Everything printed so far is out."""
        self.stream.flush()

    @property
    def console(self) -> Console:
        """The rich console of this stream, with our decisions."""
        if self._console is None:
            from rich.console import Console

            self._console = Console(
                file=self.stream,
                no_color=not self.colour,
                force_terminal=self.terminal and os.environ.get("TERM") != "dumb",
                markup=False,
                highlight=False,
                emoji=False,
            )
        self._console.width = self.width
        return self._console


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is there and is a terminal; a closed one is not."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def discard(stream: TextIO) -> None:
    """What is still in its buffer must not complain once more at exit; the rest goes nowhere."""
    with suppress(OSError, ValueError):
        stream.flush()
    with suppress(OSError, ValueError), open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), stream.fileno())


def open_screen(
    stream: TextIO | None = None, colour: str = "auto", environ: Mapping[str, str] = os.environ
) -> Screen:
    """The screen of a stream (standard output by default); `colour`: auto, always or never."""
    stream = stream or sys.stdout
    # Whatever others print there (argparse, a traceback) must not die of a sign either.
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors=HANDLER)
    wanted = wants_colour(colour, environ, is_terminal(stream))
    if wanted and sys.platform == "win32":
        os.system("")  # noqa: S605, S607 (makes the console of Windows obey colour codes)
    written = environ.get("COLUMNS", "")
    usual = min(int(written), WIDEST) if written.isdecimal() else 0
    return Screen(stream, colour=wanted, width=usual or USUAL)


def _columns(stream: TextIO) -> int:
    """The columns of a terminal; 0 for anything else."""
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError, AttributeError):
        return 0


def show_rows(screen: Screen, pairs: Iterable[tuple[str, str]]) -> None:
    """Two columns: a name, and what it means."""
    pairs = list(pairs)
    width = max(cells(name) for name, _ in pairs)
    for name, says in pairs:
        screen.line(says, first=f"  {name}{' ' * (width - cells(name))}  ")
