"""What every Talk of ours says in the same way, whether somebody answers or not."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.model import CannotLook, Finding, Item, Value
from wizard.ui.screen import Screen
from wizard.ui.showing import Showing
from wizard.ui.waiting import WaitingLine
from wizard.ui.words import Words


class Announcing:
    """The half of Talk that expects no answer. Whatever is printed pauses the moving line."""

    def __init__(self, screen: Screen, words: Words, sandbox: bool = False) -> None:
        self._screen, self._words, self._sandbox = screen, words, sandbox
        self._showing = Showing(screen, words, sandbox)
        self._waiting = WaitingLine(screen, words)

    def say(self, key: str, /, **values: Value) -> None:
        """See Talk."""
        with self._waiting.paused():
            self._screen.line(self._words.say(key, **values))

    def present(self, finding: Finding, ids: Mapping[str, str]) -> None:
        """See Talk."""
        with self._waiting.paused():
            self._showing.present(finding, ids)

    def settled(self, finding: Finding) -> None:
        """See Talk."""
        with self._waiting.paused():
            self._showing.settled(finding)

    def instruct(self, item: Item, ids: Mapping[str, str]) -> None:
        """See Talk."""
        with self._waiting.paused():
            self._showing.instruct(item, ids)

    def trouble(self, error: CannotLook) -> None:
        """See Talk."""
        with self._waiting.paused():
            self._showing.trouble(error)
