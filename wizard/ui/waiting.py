"""One line that moves while something is awaited: on a terminal only, and gone afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wizard.ui.keyboard import hush
from wizard.ui.screen import Screen
from wizard.ui.words import Words

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

#: Seconds after which the line says how long it has been.
PATIENCE = 3
_FRAMES, _PLAIN_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\"
_FRAMES_PER_SECOND = 8


class WaitingLine:
    """The moving line of one screen. Waits may stand inside each other; the innermost is shown."""

    def __init__(self, screen: Screen, words: Words) -> None:
        self._screen, self._words = screen, words
        self._texts: list[tuple[str, float]] = []
        self._live: Live | None = None
        self._loud: Callable[[], None] | None = None
        self._pauses = 0

    @contextmanager
    def shown(self, text: str) -> Iterator[None]:
        """Moves while the block runs."""
        self._texts.append((text, time.monotonic()))
        try:
            self._start()
            yield
        finally:
            self._texts.pop()
            if not self._texts:
                self._stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Out of the way while the block asks or prints."""
        self._stop()
        self._pauses += 1
        try:
            yield
        finally:
            self._pauses -= 1
            self._start()

    def _start(self) -> None:
        if self._live is not None or not self._texts or self._pauses or not self._moves():
            return
        from rich.live import Live

        self._loud = hush()
        self._live = Live(
            get_renderable=self._line,
            console=self._screen.console,
            transient=True,
            refresh_per_second=_FRAMES_PER_SECOND,
        )
        self._live.start()

    def _stop(self) -> None:
        live, self._live = self._live, None
        try:
            if live is not None:
                live.stop()
        finally:
            loud, self._loud = self._loud, None
            if loud is not None:
                loud()

    def _line(self) -> Text:
        from rich.text import Text

        text, since = self._texts[-1] if self._texts else ("", time.monotonic())
        elapsed = int(time.monotonic() - since)
        tail = f" {self._words.say('ui.seconds', seconds=elapsed)}" if elapsed >= PATIENCE else ""
        frames = _FRAMES if self._screen.fit(_FRAMES) == _FRAMES else _PLAIN_FRAMES
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(frames[int(time.monotonic() * _FRAMES_PER_SECOND) % len(frames)], style="cyan")
        said = Text(f" {self._screen.fit(text)}")
        said.truncate(self._screen.width - 2 - len(tail), overflow="ellipsis")
        return line.append(said).append(tail, style="dim")

    def _moves(self) -> bool:
        return self._screen.terminal and not self._screen.console.is_dumb_terminal
