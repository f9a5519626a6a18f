"""The conversation, as everything left of `ui` knows it: keys and values, never a sentence.

The words behind a key live in `ui/words/*.yaml`. The key of a word is `<file>.<name>`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from wizard.audit.checklist import Item
from wizard.audit.results import ItemResult
from wizard.graph.consent import Consent
from wizard.text.errors import Unavailable
from wizard.text.localised import Phrase, Value


class NextAction(StrEnum):
    """What a person may do about an item that is not in order."""

    FIX = "fix"  # do it for me
    STEPS = "steps"  # show how to do it by hand
    AGAIN = "again"  # I did it: look again
    LATER = "later"  # put it off, go on with the rest
    CHANGE = "change"  # change something else: the goal, the number, the token …
    LEAVE = "leave"  # stop here; the next run resumes


@dataclass(frozen=True)
class Choice:
    """One answer to choose; `label` is ours, or foreign text such as a business name."""

    value: str
    label: Phrase | str


#: Returns the answer as it should be used (trimmed, unwrapped), or a Phrase saying what is wrong.
AnswerParser = Callable[[str], "str | Phrase"]


@dataclass(frozen=True)
class Question:
    """One thing asked of a person.

    `name` is what an answers file and the sandbox call the answer: `access_token`, `waba_id`,
    `verification_code`, `two_step_pin`, `test_message.to` …
    """

    name: str
    text: Phrase
    secret: bool = False
    default: str = ""
    parse: AnswerParser | None = None
    option: str = ""  # the command-line option that supplies it, for --no-input
    suggest: bool = True  # the sandbox may offer a value of its own instead of the default
    again: bool = False  # the answer given before was refused: only a person has another
    quiet: bool = False  # the default, unless another was given beforehand: no one is asked
    once: bool = False  # good for one try: not offered again to a person who went back


class Prompter(Protocol):
    """Everything that is said and asked. Raises KeyboardInterrupt on Ctrl-C and on end of input.

    Every question raises Back when the person goes back from it, PutOff when it is put off.
    """

    @property
    def attended(self) -> bool:
        """Whether a person answers, who can be asked again after a wrong answer."""

    def tell(self, key: str, /, **values: Value) -> None:
        """One message of our own words."""

    def show_problem(
        self, result: ItemResult, ids: Mapping[str, str], *, brief: bool = False
    ) -> None:
        """An item that is not in order: what was seen, why it matters, what to do, the links.

        `brief`: without what to do, where the tool offers to do it.
        """

    def show_result(self, result: ItemResult) -> None:
        """One line: this item is in order now, or still is not."""

    def show_steps(self, item: Item, ids: Mapping[str, str]) -> Sequence[str]:
        """The numbered steps and the links of an item, whatever its state; returns the links."""

    def show_error(self, error: Unavailable) -> None:
        """An answer that could not be had, in words: what it means, what to do, code and trace."""

    def next_action(
        self, result: ItemResult, moves: Sequence[NextAction], default: NextAction | None = None
    ) -> NextAction:
        """What next, after an item that is not in order; Enter takes `default`, else the first."""

    def ask(self, question: Question) -> str:
        """One value, as its parser returns it. Raises InputRequired when no one can answer."""

    def choose(self, question: Question, choices: Sequence[Choice]) -> str:
        """One of several values; `question.default` is preselected. InputRequired likewise.

        What can only be one thing is not asked. An answer that was given beforehand is never
        replaced: one that is not among the choices is InvalidAnswer, with the list of them.
        """

    def confirm(self, result: ItemResult) -> str:
        """The person's own words that a manual item is done; empty for "not yet"."""

    def consent(
        self, item_id: str, text: Phrase, sends: Sequence[str] = (), spends: bool = False
    ) -> Consent | None:
        """Asks for consent to a change at Meta. `sends` are the requests, as they will be made.

        `spends`: it uses up something scarce (one more attempt, a foreign callback), so Enter
        alone declines, in the sandbox as well; the text says what. The consent covers `sends` and
        nothing else. None when the person declines, or when unattended and the answers file does
        not consent.
        """

    def waiting(self, text: Phrase) -> AbstractContextManager[None]:
        """Shows that something is awaited, on a terminal; silent elsewhere."""

    def show_link(self, link: str) -> None:
        """A link to open on the telephone; on a terminal as a QR code as well."""

    def offer_page(self, link: str) -> None:
        """Offers to open a page in the browser; silent when unattended."""
