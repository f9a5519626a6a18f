"""What every prompter of ours does in the same way, whether a person answers or not."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wizard.actions.prompter import Question
from wizard.audit.checklist import Item
from wizard.audit.results import ItemResult
from wizard.text.errors import Unavailable
from wizard.text.localised import Value
from wizard.ui.item_view import ItemView
from wizard.ui.keyboard import stop_echo
from wizard.ui.screen import Screen
from wizard.ui.words import Glossary, Words

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

        self._loud = stop_echo()
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


#: (upper, lower) module dark → what shows it, dark on light.
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
#: Readers want four modules of quiet around a code; on a screen two do.
_QUIET = 2


def show_code(screen: Screen, text: str) -> None:
    """Prints the code where a camera could read it: on a terminal that can show it, wide enough."""
    if not screen.terminal or screen.fit("▀▄█") != "▀▄█":
        return
    lines = code_rows(text)
    if len(lines[0]) > screen.width:
        return
    screen.line()
    for line in lines:
        # Dark on light whatever the window's own colours are; without colours a code drawn in
        # light on dark is read by most cameras all the same.
        shown = f"\x1b[30;107m{line}\x1b[0m" if screen.colour else line
        screen.stream.write(f"  {shown}\n")
    screen.line()


def code_image(text: str, *, svg: bool) -> bytes:
    """The code as a picture to print: SVG, else PNG."""
    import segno

    target = io.BytesIO()
    # Four modules of quiet, and more that may be damaged than on a screen.
    segno.make(text, micro=False, error="m").save(target, kind="svg" if svg else "png", scale=10)
    return target.getvalue()


def code_rows(text: str) -> list[str]:
    """The code as lines of half blocks, all as long."""
    import segno

    matrix = [
        [bool(module) for module in row]
        for row in segno.make(text, micro=False, error="l").matrix_iter(border=_QUIET)
    ]
    if len(matrix) % 2:
        matrix.append([False] * len(matrix[0]))
    pairs = zip(matrix[::2], matrix[1::2], strict=True)
    return ["".join(_HALVES[both] for both in zip(*pair, strict=True)) for pair in pairs]


#: What people write for "no" where they are asked for words of their own, and what they add.
_NO = frozenset(
    {"no", "not", "nope", "nah", "nobody", "nothing", "none", "never", "n", "false", "off", "0"}
    | {"нет", "нету", "не", "неа", "ничего", "никто", "никогда", "н", "ложь"}
)
#: Said of what is still to be done; in a longer text they may speak of something else.
_LATER = frozenset(
    {"later", "tomorrow", "soon", "todo", "tbd", "pending", "waiting", "unknown", "unsure", "maybe"}
    | {"потом", "позже", "завтра", "скоро", "жду", "ждём", "неизвестно", "наверное"}
)
_ADDED = frozenset(
    {"yet", "done", "ready", "published", "sure", "is", "it", "i", "am", "know", "we", "have", "at"}
    | {"all", "so", "far", "do", "did", "for", "now", "there", "был", "было", "она", "оно", "это"}
    | {"так", "ещё", "еще", "пока", "что", "сделано", "сделал", "сделала", "готово", "опубликовано"}
    | {"я", "мы", "знаю", "уверен", "уверена", "совсем", "вроде", "точно", "же", "был", "и"}
)
_CONTRACTED = re.compile(r"n['’]t\b")


def affirmed(words: str) -> str:
    """A person's words that something is done; "" where they say that it is not: "not yet"."""
    said = set(re.findall(r"\w+", _CONTRACTED.sub(" not ", words.casefold())))
    known = _NO | _LATER | _ADDED | {"isn", "hasn", "haven", "didn", "wasn", "don", "does", "has"}
    denied = said & (_NO | _LATER) and said <= known
    return "" if denied or not said else words


class BasePrompter:
    """The half of a Prompter that expects no answer. Whatever is printed pauses the moving line.

    `suggestions` are answers by question name that no one has to type: the sandbox's own values.
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
        self._glossary = Glossary(words) if words.explains else None
        self._showing = ItemView(screen, words, sandbox)
        self._waiting = WaitingLine(screen, words)
        self._links: Sequence[str] = ()  # those that were shown last

    def tell(self, key: str, /, **values: Value) -> None:
        """See Prompter."""
        with self._printing():
            self._screen.line(self._words.say(key, **values))

    def show_problem(
        self, result: ItemResult, ids: Mapping[str, str], *, brief: bool = False
    ) -> None:
        """See Prompter."""
        with self._printing():
            self._showing.show_problem(result, ids, brief=brief)

    def show_result(self, result: ItemResult) -> None:
        """See Prompter."""
        with self._printing():
            self._showing.show_result(result)

    def show_steps(self, item: Item, ids: Mapping[str, str]) -> Sequence[str]:
        """See Prompter."""
        with self._printing():
            self._links = self._showing.show_steps(item, ids)
        return self._links

    def show_link(self, link: str) -> None:
        """See Prompter."""
        with self._printing():
            self._showing.link(link)
            show_code(self._screen, link)

    def show_error(self, error: Unavailable) -> None:
        """See Prompter."""
        with self._printing():
            self._showing.show_error(error)

    @contextmanager
    def _printing(self) -> Iterator[None]:
        """Prints; Meta's terms are explained below the text that first names them."""
        with self._waiting.paused():
            yield
            self._explain()

    def _explain(self, text: str = "") -> None:
        """The terms of what was just printed, and of a text that is about to be."""
        if self._glossary is not None:
            for explained in self._glossary.of((*self._screen.recent, text)):
                self._screen.line(explained, "dim", "  ")
        self._screen.recent.clear()

    def _offered(self, question: Question) -> str:
        """What Enter takes: the sandbox's own value, else the question's."""
        return self._suggestions.get(question.name, "") or question.default

    def _preselected(self, question: Question, values: Sequence[str]) -> str:
        """The value that Enter takes from a list; "" when none of them was suggested."""
        own = self._suggestions.get(question.name, "") if question.suggest else ""
        suggested = (own, question.default)
        return next((value for value in suggested if value in values), "")
