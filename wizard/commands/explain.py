"""`explain`: an error code of Graph's, or an item of the checklist, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.text.errors import Exit

if TYPE_CHECKING:
    from wizard.commands import Chosen
    from wizard.commands.parser import Parser
    from wizard.commands.parts import Parts
    from wizard.graph_errors import Explanation

#: Meta's own list, for codes that we have no words for.
META_LIST = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes"


def options(parser: Parser) -> None:
    """The code, or the id of an item."""
    parser.option("code", says="explain.code_help", metavar="CODE")


def run(chosen: Chosen) -> int:
    """Explains it; 3 when nobody here knows the code."""
    from wizard import graph_errors
    from wizard.commands.parts import Parts

    parts = Parts(chosen)
    asked = chosen.code.strip()
    if found := graph_errors.find(asked):
        _tell(parts, found)
        return Exit.FINE
    if any(character.isdigit() for character in asked) and "." not in asked:
        return _unknown(parts, asked)
    return _item(parts, asked)


def _tell(parts: Parts, found: Explanation) -> None:
    from wizard.graph_errors import related

    words, screen = parts.words, parts.screen
    whole, _, detail = found.key.partition("/")
    more = related(int(whole)) if whole.isdecimal() and not detail else ()
    if parts.chosen.json:
        parts.print_json({"schema": 1, **_data(parts, found), "more": [one.key for one in more]})
        return
    screen.line(words.text(found.means), "bold", f"{found.key}: ")
    screen.line(words.say("ui.next", text=words.text(found.do)), "cyan", "  ")
    screen.line(words.say(f"explain.retry_{found.retry}"), first="  ")
    if found.link:
        screen.line(found.link, "cyan", "  → ")
    if more:
        screen.line()
        screen.line(words.say("explain.more"))
    for one in more:
        screen.line(words.text(one.means), first=f"  {one.key}: ", rest="    ")


def _data(parts: Parts, found: Explanation) -> dict[str, str]:
    return {
        "code": found.key,
        "means": parts.words.text(found.means),
        "do": parts.words.text(found.do),
        "retry": found.retry.value,
        "link": found.link,
    }


def _unknown(parts: Parts, asked: str) -> int:
    if parts.chosen.json:
        parts.print_json({"schema": 1, "code": asked, "link": META_LIST})
    else:
        parts.screen.line(parts.words.say("explain.unknown", code=asked))
        parts.screen.line(META_LIST, "cyan", "  → ")
    return Exit.NOT_SEEN


def _item(parts: Parts, asked: str) -> int:
    """The item, and where the last audit saw it wrong, what it saw."""
    from wizard.commands.arguments import unknown
    from wizard.state.record import Status
    from wizard.ui.showing import Showing
    from wizard.ui.verdicts import remembered

    known = {item.id: item for item in parts.checklist.items}
    if asked not in known:
        raise unknown("explain.no_such", asked, known)
    item, words, screen = known[asked], parts.words, parts.screen
    goal = item.needed_for.value if item.needed_for else None
    if parts.chosen.json:
        parts.print_json(
            {"schema": 1, "id": item.id, "needed_for": goal, "requires": list(item.requires)}
        )
        return Exit.FINE
    showing = Showing(screen, words, bool(parts.chosen.sandbox))
    screen.line(words.say(f"help.needed_{goal or 'advice'}"), "dim", f"{item.id}: ")
    for found in remembered(parts.checklist, parts.record).findings:
        if found.item.id == item.id and found.outcome.status is not Status.PASSED:
            showing.present(found, parts.record.ids)
            return Exit.FINE
    screen.line(words.text(item.title), "bold")
    screen.line(words.say("ui.why", text=words.text(item.why)), first="  ")
    showing.instruct(item, parts.record.ids)
    return Exit.FINE
