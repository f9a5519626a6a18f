"""A real terminal for tests: pexpect gives the pseudo-terminal, pyte reads its screen."""

import os
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import pexpect
import pyte

ROOT = Path(__file__).parents[2]
ENTER, CTRL_C, CTRL_D, DOWN = "\r", "\x03", "\x04", "\x1b[B"


class Terminal:
    """A program in a terminal of this size; `raw` is every character it ever wrote."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        encoding: str = "utf-8",
        **environ: str,
    ) -> None:
        environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **environ}
        for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"):
            if name not in environ:
                environment.pop(name, None)
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        self.raw = ""
        self.child: Any = pexpect.spawn(
            sys.executable,
            arguments,
            cwd=str(ROOT),
            env=environment,
            dimensions=(rows, columns),
            encoding=encoding,
            timeout=20,
        )
        self.child.delaybeforesend = None

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """The screen, its lines joined as a reader joins them."""
        return " ".join(" ".join(self.lines).split())

    def until(self, wanted: str, times: int = 1, seconds: float = 20) -> Self:
        """Reads until the screen shows this so many times."""
        end = time.monotonic() + seconds
        while self.text.count(wanted) < times:
            assert time.monotonic() < end, f"never saw {wanted!r}:\n" + "\n".join(self.lines)
            if not self._read():
                assert wanted in self.text, f"ended without {wanted!r}:\n" + "\n".join(self.lines)
        return self

    def send(self, keys: str) -> Self:
        self.child.send(keys)
        return self

    def end(self) -> int | None:
        """Reads until the program ends; its exit status."""
        while self._read():
            pass
        self.child.close()
        status: int | None = self.child.exitstatus
        return status

    def settings(self) -> tuple[bool, bool]:
        """Whether the terminal echoes, and whether it edits lines: both are so in a shell."""
        flags = termios.tcgetattr(self.child.child_fd)[3]
        return bool(flags & termios.ECHO), bool(flags & termios.ICANON)

    def _read(self) -> bool:
        try:
            new = self.child.read_nonblocking(4096, timeout=0.2)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += new
        self._stream.feed(new)
        return True
