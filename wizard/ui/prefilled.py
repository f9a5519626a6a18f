"""A conversation part of which was given on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from wizard.model import Finding, Item
from wizard.talk import (
    Choice,
    Move,
    Question,
    Talk,
)
from wizard.text.errors import Unavailable
from wizard.text.localised import Phrase, Value


class BadAnswer(Exception):
    """What the command line gave for a question will not do; `remark` says why."""

    def __init__(self, option: str, phrase: Phrase) -> None:
        super().__init__(option)
        self.option, self.phrase = option, phrase


class Prefilled:
    """See Talk. Questions that `answers` holds are not asked; `--yes` is a consent to everything.

    A wrong answer of the command line raises BadAnswer: asking instead would hang a script.
    """

    def __init__(self, talk: Talk, answers: Mapping[str, str | None], yes: bool = False) -> None:
        self._talk, self._yes = talk, yes
        self._answers = {name: answer for name, answer in answers.items() if answer}

    def ask(self, question: Question) -> str:
        """See Talk."""
        if question.name not in self._answers:
            return self._talk.ask(question)
        answer = self._answers[question.name]
        mended = question.mend(answer) if question.mend else answer
        if isinstance(mended, Phrase):
            raise BadAnswer(question.option, mended)
        return mended

    def choose(self, question: Question, choices: Sequence[Choice]) -> str:
        """See Talk."""
        if question.name not in self._answers:
            return self._talk.choose(question, choices)
        answer, offered = self._answers[question.name], [choice.value for choice in choices]
        if answer not in offered:
            listed = Phrase("ui.not_offered", {"answer": answer, "offered": ", ".join(offered)})
            raise BadAnswer(question.option, listed)
        return answer

    def consent(
        self, item_id: str, text: Phrase, sends: Sequence[str] = (), spends: bool = False
    ) -> bool:
        """See Talk."""
        return self._yes or self._talk.consent(item_id, text, sends, spends)

    def say(self, key: str, /, **values: Value) -> None:
        """See Talk."""
        self._talk.say(key, **values)

    def present(self, finding: Finding, ids: Mapping[str, str], *, brief: bool = False) -> None:
        """See Talk."""
        self._talk.present(finding, ids, brief=brief)

    def settled(self, finding: Finding) -> None:
        """See Talk."""
        self._talk.settled(finding)

    def instruct(self, item: Item, ids: Mapping[str, str]) -> None:
        """See Talk."""
        self._talk.instruct(item, ids)

    def show_error(self, error: Unavailable) -> None:
        """See Talk."""
        self._talk.show_error(error)

    def move(self, finding: Finding, moves: Sequence[Move]) -> Move:
        """See Talk."""
        return self._talk.move(finding, moves)

    def vouch(self, finding: Finding) -> str:
        """See Talk."""
        return self._talk.vouch(finding)

    def wait(self, text: Phrase) -> AbstractContextManager[None]:
        """See Talk."""
        return self._talk.wait(text)

    def show_link(self, link: str) -> None:
        """See Talk."""
        self._talk.show_link(link)

    def browse(self, link: str) -> None:
        """See Talk."""
        self._talk.browse(link)
