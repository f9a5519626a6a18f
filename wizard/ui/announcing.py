"""What every Talk of ours says in the same way, whether somebody answers or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wizard.model import Finding, Item
from wizard.talk import Question
from wizard.text.errors import Unavailable
from wizard.text.localised import Value
from wizard.ui.codes import show_code
from wizard.ui.screen import Screen
from wizard.ui.showing import Showing
from wizard.ui.waiting import WaitingLine
from wizard.ui.words import Words


class Announcing:
    """The half of Talk that expects no answer. Whatever is printed pauses the moving line.

    `suggestions` are answers by question name that nobody has to type: the sandbox's own values.
    """

    def __init__(
        self,
        screen: Screen,
        words: Words,
        sandbox: bool = False,
        suggestions: Mapping[str, str] | None = None,
    ) -> None:
        self._screen, self._words, self._sandbox = screen, words, sandbox
        self._suggestions = suggestions or {}
        self._showing = Showing(screen, words, sandbox)
        self._waiting = WaitingLine(screen, words)

    def say(self, key: str, /, **values: Value) -> None:
        """See Talk."""
        with self._waiting.paused():
            self._screen.line(self._words.say(key, **values))

    def present(self, finding: Finding, ids: Mapping[str, str], *, brief: bool = False) -> None:
        """See Talk."""
        with self._waiting.paused():
            self._showing.present(finding, ids, brief=brief)

    def settled(self, finding: Finding) -> None:
        """See Talk."""
        with self._waiting.paused():
            self._showing.settled(finding)

    def instruct(self, item: Item, ids: Mapping[str, str]) -> None:
        """See Talk."""
        with self._waiting.paused():
            self._showing.instruct(item, ids)

    def show_link(self, link: str) -> None:
        """See Talk."""
        with self._waiting.paused():
            self._showing.link(link)
            show_code(self._screen, link)

    def show_error(self, error: Unavailable) -> None:
        """See Talk."""
        with self._waiting.paused():
            self._showing.show_error(error)

    def _offered(self, question: Question) -> str:
        """What Enter takes: the sandbox's own value, else the question's."""
        return self._suggestions.get(question.name, "") or question.default

    def _preselected(self, question: Question, values: Sequence[str]) -> str:
        """The value that Enter takes from a list; "" when none of them was suggested."""
        suggested = (self._suggestions.get(question.name, ""), question.default)
        return next((value for value in suggested if value in values), "")
