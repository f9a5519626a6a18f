"""A conversation part of which was given on the command line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from wizard.actions.prompter import (
    Choice,
    NextAction,
    Prompter,
    Question,
)
from wizard.audit.checklist import Item
from wizard.audit.results import ItemResult
from wizard.graph.consent import Consent, granted
from wizard.state.answers import Answers, key_of
from wizard.text.errors import Exit, InputRequired, Unavailable, WizardError
from wizard.text.localised import Phrase, Value
from wizard.ui.base_prompter import BasePrompter, affirmed
from wizard.ui.screen import Screen
from wizard.ui.words import Words


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

    @property
    def attended(self) -> bool:
        """See Prompter."""
        return self._prompter.attended

    def ask(self, question: Question) -> str:
        """See Prompter."""
        if question.again or question.name not in self._answers:
            return self._prompter.ask(question)
        answer = self._answers[question.name]
        parsed = question.parse(answer) if question.parse else answer
        if isinstance(parsed, Phrase):
            raise InvalidAnswer(question.option, parsed)
        return parsed

    def choose(self, question: Question, choices: Sequence[Choice]) -> str:
        """See Prompter."""
        if question.again or question.name not in self._answers:
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

    def next_action(
        self, result: ItemResult, moves: Sequence[NextAction], default: NextAction | None = None
    ) -> NextAction:
        """See Prompter."""
        return self._prompter.next_action(result, moves, default)

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


#: The same question asked more often: the answer was not taken, and there is no other.
PATIENCE = 3


class NonInteractivePrompter(BasePrompter):
    """Prompter without a person: an answer it does not have is InputRequired.

    In the sandbox everything is consented to and confirmed, and `suggestions` answer. A command
    with a `consent_option` (--yes) asks for that; without one, what the answers file does not
    consent to is left alone.
    """

    def __init__(
        self,
        screen: Screen,
        words: Words,
        answers: Answers | None = None,
        *,
        suggestions: Mapping[str, str] | None = None,
        sandbox: bool = False,
        consent_option: str = "",
    ) -> None:
        super().__init__(screen, words, sandbox, suggestions)
        self._consent_option = consent_option
        self.attended = False
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
        raise InputRequired(key_of(question.name), question.option, self._offer(choices))

    def _offer(self, choices: Sequence[Choice]) -> str:
        """What there is, each by its name and by the value that chooses it."""
        named = ((choice.value, self._words.phrase(choice.label)) for choice in choices)
        return "; ".join(text if value in text else f"{value} · {text}" for value, text in named)

    def next_action(
        self, result: ItemResult, moves: Sequence[NextAction], default: NextAction | None = None
    ) -> NextAction:
        """See Prompter. What is consented to is done once for each item; the rest is put off."""
        item_id = result.item.id
        self._asked[f"move:{item_id}"] += 1
        if NextAction.FIX in moves and self._may(item_id) and self._asked[f"move:{item_id}"] == 1:
            return NextAction.FIX
        return NextAction.LATER if NextAction.LATER in moves else NextAction.LEAVE

    def confirm(self, result: ItemResult) -> str:
        """See Prompter."""
        if words := self._file.confirm.get(result.item.id, ""):
            return affirmed(words)
        return self._words.say("ui.confirmed_in_sandbox") if self._sandbox else ""

    def consent(
        self, item_id: str, text: Phrase, sends: Sequence[str] = (), spends: bool = False
    ) -> Consent | None:
        """See Prompter."""
        if not self._may(item_id) and self._consent_option:
            raise InputRequired(item_id, self._consent_option)
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
