"""The conversation in a terminal: Prompter, spoken by a screen and a keyboard."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urlsplit

from wizard.actions.prompter import (
    AnswerParser,
    Choice,
    NextAction,
    Question,
)
from wizard.audit.results import ItemResult
from wizard.graph.consent import Consent, granted
from wizard.text.errors import Back, InputRequired
from wizard.text.localised import Phrase
from wizard.text.sanitise import looks_secret
from wizard.ui.base_prompter import BasePrompter, affirmed
from wizard.ui.keyboard import NUMBERED, Keyboard, Option, PlainKeyboard, without_echo
from wizard.ui.screen import Screen, is_terminal
from wizard.ui.words import Words


def _open(link: str) -> bool:
    import webbrowser

    try:
        return webbrowser.open(link)
    except webbrowser.Error:
        return False


class Browser:
    """The browser, and whether the person wants pages opened there (None: not asked yet)."""

    def __init__(
        self,
        environ: Mapping[str, str] = os.environ,
        opener: Callable[[str], bool] = _open,
        platform: str = sys.platform,
    ) -> None:
        self._environ, self._opener, self._platform = environ, opener, platform
        self.wanted: bool | None = None

    def can_open(self, link: str) -> bool:
        """Whether a page would appear in front of this person: not through ssh."""
        if urlsplit(link).scheme != "https":
            return False
        given = self._environ
        if given.get("SSH_CONNECTION") or given.get("SSH_TTY") or given.get("CI"):
            return False
        if self._platform in ("darwin", "win32"):
            return True
        # WSL opens pages on the Windows side.
        return any(given.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))

    def open(self, link: str) -> bool:
        """Open it; False when that failed."""
        return self._opener(link)


ANSWERS = "--answers FILE"
#: So often Enter alone may be no answer; then it means "back".
SILENT = 3


def open_keyboard(
    screen: Screen, mark: str = "?", environ: Mapping[str, str] = os.environ
) -> Keyboard | None:
    """The keyboard in front of this screen; None without a terminal: then nothing may be asked.

    questionary on a pipe would answer by itself: confirm gives True, select the first row.
    """
    if not (is_terminal(sys.stdin) and screen.terminal):
        return None
    usual = "windows" if os.name == "nt" else "dumb"
    if environ.get("TERM", usual) in ("", "dumb", "unknown"):
        return PlainKeyboard(screen, mark)
    from wizard.ui.full_keyboard import FullKeyboard

    return FullKeyboard(screen, mark)


class ConsolePrompter(BasePrompter):
    """Asks the person at this screen; without a keyboard every question is InputRequired."""

    def __init__(
        self,
        screen: Screen,
        words: Words,
        *,
        suggestions: Mapping[str, str] | None = None,
        sandbox: bool = False,
        keyboard: Keyboard | None = None,
        browser: Browser | None = None,
    ) -> None:
        super().__init__(screen, words, sandbox, suggestions)
        #: What was typed since the last consent, and what of it may be typed once more.
        self._entered: dict[str, str] = {}
        self._returned: dict[str, str] = {}
        self._keys = keyboard or open_keyboard(screen, "SANDBOX ?" if sandbox else "?")
        self._browser = browser or Browser()

    @property
    def attended(self) -> bool:
        """See Prompter."""
        return self._keys is not None

    def ask(self, question: Question) -> str:
        """See Prompter."""
        suggested = self._returned.get(question.name, "") or self._offered(question)
        if question.quiet:
            parsed = _parsed(suggested, question.parse)
            if isinstance(parsed, str):
                return parsed
        text = self._words.phrase(question.text)
        asked = _ending(f"{text}{self._hint(question, suggested)}")
        typed: list[str] = []
        silent = 0
        asking = self._asking(question.name, question.option, text)
        with asking as keys, without_echo(question.secret):
            while True:
                answer = keys.line(asked, secret=question.secret, history=typed)
                pasted = not question.secret and looks_secret(answer)
                parsed = _parsed(answer or suggested, question.parse, pasted)
                if isinstance(parsed, str):
                    if not (question.once or question.again):
                        self._entered[question.name] = answer or suggested
                    return parsed
                silent = 0 if answer else silent + 1
                if silent >= SILENT:
                    raise Back  # Enter alone must not ask for ever
                if not (question.secret or pasted):
                    typed.append(answer)  # the up arrow brings it back
                self._showing.wrong(parsed)
                self._explain()

    def choose(self, question: Question, choices: Sequence[Choice]) -> str:
        """See Prompter."""
        values = [choice.value for choice in choices]
        if len(values) == 1:
            return values[0]
        preselected = self._preselected(question, values)
        if question.quiet and preselected:
            return preselected
        default = values.index(preselected) if preselected else 0
        rows = [Option(choice.value, self._words.phrase(choice.label)) for choice in choices]
        text = self._words.phrase(question.text)
        with self._asking(question.name, question.option, text) as keys:
            return keys.pick(text, self._pick_hint(rows), rows, default)

    def next_action(
        self, result: ItemResult, moves: Sequence[NextAction], default: NextAction | None = None
    ) -> NextAction:
        """See Prompter."""
        # Nothing that was entered on the way here is lost: it is offered when asked for again.
        self._returned |= self._entered
        first = moves.index(default) if default in moves else 0
        rows = [Option(move.value, self._words.say(f"ui.move_{move.value}")) for move in moves]
        with self._asking(f"move:{result.item.id}") as keys:
            text = self._words.say("ui.move")
            return NextAction(keys.pick(text, self._pick_hint(rows), rows, first))

    def confirm(self, result: ItemResult) -> str:
        """See Prompter."""
        confirm = result.item.confirm
        text = self._words.text(confirm) if confirm else self._words.say("ui.confirm_ask")
        with self._asking(f"confirm.{result.item.id}", ANSWERS, text) as keys:
            if not self._sandbox:
                keys.forget()  # an Enter typed out of impatience confirms nothing
            if not self._yes(text, default=False):
                return ""
            words = keys.line(_ending(self._words.say("ui.confirm_words")))
            return affirmed(words or self._words.say("ui.confirmed_plainly"))

    def consent(
        self, item_id: str, text: Phrase, sends: Sequence[str] = (), spends: bool = False
    ) -> Consent | None:
        """See Prompter."""
        with self._asking(f"consent.{item_id}", ANSWERS) as keys:
            self._showing.requests(sends)
            if not self._sandbox:
                keys.forget()  # an Enter typed out of impatience is not a consent
            agreed = self._yes(self._words.phrase(text), not spends, "do")
        if not agreed:
            return None
        self._entered.clear()
        self._returned.clear()
        return granted(item_id, sends)

    def waiting(self, text: Phrase) -> AbstractContextManager[None]:
        """See Prompter."""
        return self._waiting.shown(self._words.phrase(text))

    def offer_page(self, link: str) -> None:
        """See Prompter."""
        with self._waiting.paused():
            if link not in self._links:
                self._showing.link(link)
            if self._sandbox or self._keys is None or not self._browser.can_open(link):
                return
            if self._browser.wanted is None:
                self._browser.wanted = self._yes(self._words.say("ui.browse"), True)
            if self._browser.wanted and not self._browser.open(link):
                self._screen.line(self._words.say("ui.browse_failed"))

    def _yes(self, text: str, default: bool, agree: str = "agree") -> bool:
        rows = [
            Option("yes", self._words.say(f"ui.{agree}"), "yд"),
            Option("no", self._words.say("ui.decline"), "nн"),
        ]
        with self._asking("consent", text=text) as keys:
            return keys.pick(text, self._pick_hint(rows), rows, 0 if default else 1) == "yes"

    @contextmanager
    def _asking(self, name: str, option: str = "", text: str = "") -> Iterator[Keyboard]:
        if self._keys is None:
            raise InputRequired(name, option)
        with self._waiting.paused():
            self._explain(text)
            self._screen.flush()
            yield self._keys

    def _pick_hint(self, rows: Sequence[Option]) -> str:
        if self._keys is not None and self._keys.plain:
            return self._words.say("ui.pick_hint_plain")
        return self._words.say("ui.pick_hint_long" if len(rows) > NUMBERED else "ui.pick_hint")

    def _hint(self, question: Question, suggested: str) -> str:
        parts = []
        if question.secret:
            plain = self._keys is not None and self._keys.plain
            parts.append(self._words.say("ui.secret_hint_plain" if plain else "ui.secret_hint"))
        if question.secret and question.name in self._returned:
            parts.append(self._words.say("ui.enter_takes_before"))
        elif question.name in self._suggestions and question.name not in self._returned:
            parts.append(self._words.say("ui.enter_takes_sandbox"))
        elif suggested and not question.secret:
            parts.append(self._words.say("ui.enter_takes", value=suggested))
        return "".join(f" {part}" for part in parts)


def _parsed(answer: str, parse: AnswerParser | None, pasted: bool = False) -> str | Phrase:
    """The answer as it is used, or what is wrong with it; `pasted`: a secret, in a wrong place."""
    parsed = parse(answer) if parse is not None else answer or Phrase("ui.answer_needed")
    return Phrase("ui.secret_here") if pasted and isinstance(parsed, str) else parsed


def _ending(text: str) -> str:
    return text if text.endswith(("?", ":", ".")) else f"{text}:"
