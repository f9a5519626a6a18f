"""docs/reasons.md and docs/reasons.ru.md: every reason, from the checklists: `make reasons`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.support.check_tables import tables
from wizard.audit import checklist
from wizard.audit.checklist import Item, Reason
from wizard.audit.error_codes import entries
from wizard.text.localised import Text
from wizard.ui.words import family

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {"en": DOCS / "reasons.md", "ru": DOCS / "reasons.ru.md"}
GENERATED = Text(
    "Собрано из `checklists/` и таблиц `tests/audit/checks/` командой `make reasons`.",
    "Made from `checklists/` and the tables of `tests/audit/checks/` by `make reasons`.",
)
TITLE = Text("Все причины", "Every reason")
LEAD = Text(
    "Что аудит может увидеть в каждом пункте, что это значит и что делать дальше; где причина не"
    " доказана, следующий шаг — то, что покажет больше. В {скобках} стоит то, что аудит подставит"
    " сам. Слова Meta идут следом всегда, когда она что-то ответила. На экране то же самое"
    " покажет `wa-wizard help reasons`.",
    "What an audit can see of each item, what it means and what to do next; where the cause is not"
    " proven, the next step is what would tell more. In {braces} stands what the audit fills in."
    " Meta's own words follow wherever it answered. On the screen: `wa-wizard help reasons`.",
)
NEEDED = {
    "sending": Text("нужно для отправки", "needed for sending"),
    "receiving": Text("нужно для приёма", "needed for receiving"),
    "": Text("совет", "advice"),
}
HEAD = Text(
    "| причина | итог | что увидели и что это значит | что дальше или что покажет больше |",
    "| reason | status | what was seen, and what it means | next, or what would tell more |",
)
ANY = Text("Причины, возможные у любого пункта", "Reasons that any item can have")
ANY_LEAD = Text(
    "Почему посмотреть не удалось или почему Meta не сделала того, о чём её просили. После"
    " косой черты — то, из-за чего не вышло (`cause`).",
    "Why something could not be looked at, or why Meta did not do what it was asked. After the"
    " slash stands what was in the way (`cause`).",
)
REFUSALS = Text("Отказы Meta, по кодам", "Refusals of Meta's, by code")
REFUSALS_LEAD = Text(
    "Те же слова и у пункта, который не удалось прочитать, и у действия, в котором Meta отказала;"
    " `wa-wizard explain КОД` показывает их по одному.",
    "The same words for an item that could not be read and for an action that Meta refused;"
    " `wa-wizard explain CODE` shows one of them.",
)
REFUSALS_HEAD = Text("| код | что это значит | что дальше |", "| code | what it means | next |")
#: Sentences that follow another one, and are no reason.
NOT_REASONS = {"meta_said", "meta_said_more"}


def page(language: str) -> str:
    """The text of the page in one language."""
    lines = [f"# {_say(TITLE, language)}", "", _say(LEAD, language), "", _say(GENERATED, language)]
    statuses = seen()
    for section in checklist.load().sections:
        lines += ["", f"## {_say(section.title, language)}"]
        for item in section.items:
            title, goal = _say(item.title, language), _say(needed(item), language)
            known = [(name, statuses[item.id, name], why) for name, why in item.reasons.items()]
            lines += ["", f"### `{item.id}`", "", f"{title} ({goal}).", "", *_rows(known, language)]
    lines += ["", f"## {_say(ANY, language)}", "", _say(ANY_LEAD, language), ""]
    lines += [*_rows(of_any(), language), "", f"## {_say(REFUSALS, language)}", ""]
    lines += [_say(REFUSALS_LEAD, language), "", _say(REFUSALS_HEAD, language), "|---|---|---|"]
    for one in (one for entry in entries() for one in (entry.own, *entry.details.values())):
        means, do = _cell(one.means, language), _cell(one.do, language, one.link)
        lines.append(f"| `{one.key}` | {means} | {do} |")
    return "\n".join(lines) + "\n"


def _say(text: Text, language: str) -> str:
    return re.sub(r"\{\w+:(?:[^{}]*\|)?([^{}|]*)\}", _form, str(getattr(text, language)))


def _form(found: re.Match[str]) -> str:
    """Of a number's forms the one for many; of a time that is shown as a day its name alone."""
    return found[1] if "|" in found[0] else found[0].replace(":day", "")


def _cell(text: Text | None, language: str, link: str = "") -> str:
    said = _say(text, language) if text else "–"
    if link and link.partition("{")[0] not in said:
        said += f" `{link}`" if "{" in link else f" <{link}>"
    return re.sub(r"\s*\n\s*", " ", said.replace("|", "\\|"))


def _rows(reasons: Iterable[tuple[str, str, Reason]], language: str) -> Iterator[str]:
    yield from (_say(HEAD, language), "|---|---|---|---|")
    for name, status, reason in reasons:
        says, told = _cell(reason.says, language), _cell(reason.next, language, reason.link)
        yield f"| `{name}` | {status} | {says} | {told} |"


def needed(item: Item) -> Text:
    """What the item is needed for, in words."""
    return NEEDED[item.needed_for or ""]


def seen() -> dict[tuple[str, str], str]:
    """(item, reason) → the statuses that its table has with this reason."""
    found: dict[tuple[str, str], set[str]] = {}
    for cases in tables().values():
        for item, _, result in cases:
            found.setdefault((item, result.reason), set()).add(result.status.value)
    return {key: ", ".join(sorted(statuses)) for key, statuses in found.items()}


def of_any() -> Iterator[tuple[str, str, Reason]]:
    """The reasons that any item can have; those with a cause as `unreachable/dns`."""
    texts = family("reason")
    status = {"requires": "skipped", "confirm": "waiting", "confirmed": "passed"}
    for name, text in texts.items():
        if name in NOT_REASONS or name.endswith("_next"):
            continue
        shown = re.sub(r"^(unreachable|odd)_", r"\1/", name)
        yield shown, status.get(name, "unknown"), Reason(text, texts.get(f"{name}_next"))


def main() -> None:
    """Writes both pages."""
    for language, path in PAGES.items():
        path.write_text(page(language), "utf-8")


if __name__ == "__main__":
    main()
