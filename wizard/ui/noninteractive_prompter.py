"""The conversation when nobody is there: answers come from a file, or from the sandbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from wizard.actions.prompter import Choice, NextAction, Question
from wizard.audit.results import ItemResult
from wizard.graph.consent import Consent, granted
from wizard.state.answers import Answers
from wizard.text.errors import InputRequired
from wizard.text.localised import Phrase
from wizard.ui.base_prompter import BasePrompter
from wizard.ui.screen import Screen
from wizard.ui.words import Words

#: The same question asked more often: the answer was not taken, and there is no other.
PATIENCE = 3


class NonInteractivePrompter(BasePrompter):
    """Prompter without a person: an answer it does not have is InputRequired.

    In the sandbox everything is consented to and confirmed, and `suggestions` answer.
    """

    def __init__(
        self,
        screen: Screen,
        words: Words,
        answers: Answers | None = None,
        *,
        suggestions: Mapping[str, str] | None = None,
        sandbox: bool = False,
    ) -> None:
        super().__init__(screen, words, sandbox, suggestions)
        self._file = answers or Answers()
        self._asked: Counter[str] = Counter()

    def ask(self, question: Question) -> str:
        """See Prompter."""
        given = self._given(question) or self._offered(question)
        answer: str | Phrase = question.parse(given) if question.parse else given
        if isinstance(answer, str) and answer:
            return answer
        if isinstance(answer, Phrase) and given:
            self._showing.wrong(answer)
        raise InputRequired(question.name, question.option)

    def choose(self, question: Question, choices: Sequence[Choice]) -> str:
        """See Prompter. What can only be one thing need not be given."""
        values = [choice.value for choice in choices]
        if given := self._given(question):
            if given in values:
                return given
            offered = ", ".join(values)
            self._showing.wrong(Phrase("ui.not_offered", {"answer": given, "offered": offered}))
        elif preselected := self._preselected(question, values):
            return preselected
        elif len(values) == 1 or self._sandbox:
            return values[0]  # in the sandbox, as Enter alone would
        raise InputRequired(question.name, question.option)

    def next_action(self, result: ItemResult, moves: Sequence[NextAction]) -> NextAction:
        """See Prompter. What is consented to is done once for each item; the rest is put off."""
        item_id = result.item.id
        self._asked[f"move:{item_id}"] += 1
        if NextAction.FIX in moves and self._may(item_id) and self._asked[f"move:{item_id}"] == 1:
            return NextAction.FIX
        return NextAction.LATER if NextAction.LATER in moves else NextAction.LEAVE

    def confirm(self, result: ItemResult) -> str:
        """See Prompter."""
        if words := self._file.confirm.get(result.item.id, ""):
            return words
        return self._words.say("ui.vouched_in_sandbox") if self._sandbox else ""

    def consent(
        self, item_id: str, text: Phrase, sends: Sequence[str] = (), spends: bool = False
    ) -> Consent | None:
        """See Prompter."""
        if not self._may(item_id):
            self._screen.line(self._words.say("ui.no_consent", item=item_id))
            return None
        self._showing.requests(sends)
        return granted(item_id, sends)

    def waiting(self, text: Phrase) -> AbstractContextManager[None]:
        """See Prompter."""
        return nullcontext()

    def offer_page(self, link: str) -> None:
        """See Prompter."""

    def _may(self, item_id: str) -> bool:
        return self._sandbox or item_id in self._file.consent

    def _given(self, question: Question) -> str:
        self._asked[question.name] += 1
        if self._asked[question.name] > PATIENCE:
            raise InputRequired(question.name, question.option)
        return self._file.given.get(question.name, "")
