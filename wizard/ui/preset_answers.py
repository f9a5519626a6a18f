"""A conversation part of which was given on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from wizard.actions.prompter import (
    Choice,
    NextAction,
    Prompter,
    Question,
)
from wizard.audit.checklist import Item
from wizard.audit.results import ItemResult
from wizard.graph.consent import Consent, granted
from wizard.text.errors import Exit, Unavailable, WizardError
from wizard.text.localised import Phrase, Value


class InvalidAnswer(WizardError):
    """What the command line gave for a question will not do; `phrase` says why."""

    exit_code = Exit.USAGE

    def __init__(self, option: str, phrase: Phrase) -> None:
        super().__init__(phrase.key, **phrase.values)
        self.option, self.phrase = option, phrase


class PresetAnswers:
    """See Prompter. Questions that `answers` holds are not asked; `--yes` consents to everything.

    A wrong answer of the command line raises BadAnswer: asking instead would hang a script.
    """

    def __init__(
        self, prompter: Prompter, answers: Mapping[str, str | None], yes: bool = False
    ) -> None:
        self._prompter, self._yes = prompter, yes
        self._answers = {name: answer for name, answer in answers.items() if answer}

    def ask(self, question: Question) -> str:
        """See Prompter."""
        if question.name not in self._answers:
            return self._prompter.ask(question)
        answer = self._answers[question.name]
        parsed = question.parse(answer) if question.parse else answer
        if isinstance(parsed, Phrase):
            raise InvalidAnswer(question.option, parsed)
        return parsed

    def choose(self, question: Question, choices: Sequence[Choice]) -> str:
        """See Prompter."""
        if question.name not in self._answers:
            return self._prompter.choose(question, choices)
        answer, offered = self._answers[question.name], [choice.value for choice in choices]
        if answer not in offered:
            listed = Phrase("ui.not_offered", {"answer": answer, "offered": ", ".join(offered)})
            raise InvalidAnswer(question.option, listed)
        return answer

    def consent(
        self, item_id: str, text: Phrase, sends: Sequence[str] = (), spends: bool = False
    ) -> Consent | None:
        """See Prompter."""
        if self._yes:
            return granted(item_id, sends)
        return self._prompter.consent(item_id, text, sends, spends)

    def tell(self, key: str, /, **values: Value) -> None:
        """See Prompter."""
        self._prompter.tell(key, **values)

    def show_problem(
        self, result: ItemResult, ids: Mapping[str, str], *, brief: bool = False
    ) -> None:
        """See Prompter."""
        self._prompter.show_problem(result, ids, brief=brief)

    def show_result(self, result: ItemResult) -> None:
        """See Prompter."""
        self._prompter.show_result(result)

    def show_steps(self, item: Item, ids: Mapping[str, str]) -> Sequence[str]:
        """See Prompter."""
        return self._prompter.show_steps(item, ids)

    def show_error(self, error: Unavailable) -> None:
        """See Prompter."""
        self._prompter.show_error(error)

    def next_action(self, result: ItemResult, moves: Sequence[NextAction]) -> NextAction:
        """See Prompter."""
        return self._prompter.next_action(result, moves)

    def confirm(self, result: ItemResult) -> str:
        """See Prompter."""
        return self._prompter.confirm(result)

    def waiting(self, text: Phrase) -> AbstractContextManager[None]:
        """See Prompter."""
        return self._prompter.waiting(text)

    def show_link(self, link: str) -> None:
        """See Prompter."""
        self._prompter.show_link(link)

    def offer_page(self, link: str) -> None:
        """See Prompter."""
        self._prompter.offer_page(link)
