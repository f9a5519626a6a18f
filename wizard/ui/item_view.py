"""How an item, an error and a request are shown: what was seen, why it matters, what is next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from wizard.audit.checklist import Item
from wizard.audit.results import ItemResult, from_error
from wizard.state.content import placeholders
from wizard.state.record import Status
from wizard.text.errors import Unavailable
from wizard.text.localised import Text
from wizard.text.sanitise import clean
from wizard.ui.screen import SIGNS, Screen
from wizard.ui.words import Words, reason_of

if TYPE_CHECKING:
    from wizard.text.localised import Phrase


def deep(link: str, ids: Mapping[str, str]) -> str:
    """The link with its ids filled in; "" when one of them is not known yet."""
    known = {name: ids.get(name, "") for name in placeholders(link)}
    # Ids come from a file that people may edit: they must not lead to another address.
    if not all(value.isascii() and value.isalnum() for value in known.values()):
        return ""
    return link.format(**known)


def deep_links(links: Iterable[str], ids: Mapping[str, str]) -> list[str]:
    """Every link that can be filled in, each once, in order.

    A general page (`…/apps/`) is left out where a deeper one (`…/apps/123/…`) is known.
    """
    filled = {link: deep(link, ids) for link in links}
    deeper = tuple(page for link, page in filled.items() if page and page != link)
    shown = [
        page
        for link, page in filled.items()
        if page and not (page == link and any(other.startswith(page) for other in deeper))
    ]
    return list(dict.fromkeys(shown))


#: The values of an error that identify it at Meta, as they are shown.
TRACES = {"code": "code", "subcode": "subcode", "trace": "fbtrace_id"}
#: Requests hold no secrets, but may hold the text of a whole template.
LONGEST_REQUEST = 1000


class ItemView:
    """Prints in one language on one screen; says SANDBOX first where nothing is real."""

    def __init__(self, screen: Screen, words: Words, sandbox: bool = False) -> None:
        self._screen, self._words, self._sandbox = screen, words, sandbox

    def banner(self, again: bool = False) -> None:
        """In the sandbox, once on a screen: that nothing goes to Meta. Elsewhere nothing."""
        if self._sandbox and (again or not self._screen.bannered):
            self._screen.bannered = True
            self._screen.line(self._words.say("ui.sandbox"), "reverse bold")

    def show_problem(
        self, result: ItemResult, ids: Mapping[str, str], *, brief: bool = False
    ) -> None:
        """An item that is not in order."""
        item, screen, words = result.item, self._screen, self._words
        screen.line()
        self.banner()
        screen.marked(SIGNS[result.status], words.titled(result), "bold")
        self._said("ui.seen", words.reason(result))
        self._said("ui.why", words.text(item.why))
        if brief:
            return
        skipped = result.status is Status.SKIPPED
        shown = [] if skipped else self.show_steps(item.standing(result.reason), ids)
        self.show_next_step(result, ids, shown)

    def show_steps(self, item: Item, ids: Mapping[str, str]) -> list[str]:
        """The numbered steps and the links of an item; returns the links."""
        if item.steps:
            self._screen.line()
        own = []
        for number, step in enumerate(item.steps, start=1):
            self._screen.line(self._words.text(step), first=f"  {number}. ")
            if page := deep(step.link, ids):
                own.append(page)
                self.link(page, "     ")
        links = deep_links(item.links, ids)
        for link in links:
            self.link(link)
        return own + links

    def show_next_step(
        self, result: ItemResult, ids: Mapping[str, str], shown: Sequence[str], indent: str = "  "
    ) -> None:
        """The one next thing, with its link unless that has just been shown."""
        self._said("ui.next", self._words.next_step(result), indent, "cyan")
        reason = reason_of(result)
        link = deep(reason.link, ids) if reason is not None else ""
        if link and link not in shown:
            self.link(link, indent)

    def show_result(self, result: ItemResult, indent: str = "") -> None:
        """One line, and what is worth remarking all the same below it."""
        sign, phrase = SIGNS[result.status], self._words.reason(result)
        self._screen.marked(sign, self._words.titled(result), indent=indent)
        if phrase:
            self._screen.line(phrase, "dim", f"{indent}  ")

    def show_error(self, error: Unavailable) -> None:
        """An answer that could not be had, as if it were the reason of an item."""
        words = Text("-", "-")
        result = ItemResult(Item("ui.kind", words, words), from_error(error))
        self._screen.marked(SIGNS[Status.UNKNOWN], self._words.reason(result))
        self.show_next_step(result, {}, ())
        traces = [
            f"{shown} {clean(error.values[name])}"
            for name, shown in TRACES.items()
            if error.values.get(name)
        ]
        if traces:
            self._screen.line(", ".join(traces), "dim", "  ")

    def wrong(self, phrase: Phrase) -> None:
        """What is wrong with an answer; it is asked again afterwards."""
        self._screen.marked(SIGNS[Status.FAILED], self._words.phrase(phrase))

    def requests(self, sends: Sequence[str]) -> None:
        """Exactly what will go to Meta."""
        if not sends:
            return
        self.banner()
        self._screen.line(self._words.say("ui.sends_sandbox" if self._sandbox else "ui.sends"))
        for request in sends:
            self._screen.line(clean(request, LONGEST_REQUEST), "cyan", "    ")

    def link(self, link: str, indent: str = "  ") -> None:
        """A link on a line of its own, whole, so that it can be clicked and copied."""
        self._screen.line(clean(link, LONGEST_REQUEST), "cyan", f"{indent}→ ")

    def _said(self, key: str, text: str, indent: str = "  ", style: str = "") -> None:
        if text:
            self._screen.line(self._words.say(key, text=text), style, indent)
