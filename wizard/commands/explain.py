"""`explain`: an error code of Graph's, or an item of the checklist, in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wizard.audit.error_codes import Explanation, find, related
from wizard.context.context import Context
from wizard.state.record import Status
from wizard.text.errors import Exit, unknown_word
from wizard.text.sanitise import DOTS
from wizard.ui.item_view import ItemView
from wizard.ui.screen import GLUE

if TYPE_CHECKING:
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments

#: Meta's own list, for codes that we have no words for.
_SHOWN = re.compile(r"[0-9#()/ ]{1,20}")
META_LIST = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes"


def options(parser: OptionParser) -> None:
    """The code, or the id of an item."""
    parser.option("code", says="explain.code_help", metavar="CODE")


def run(chosen: Arguments) -> int:
    """Explains it; 3 when no one here knows the code."""
    context = Context(chosen)
    asked = chosen.code.strip()
    if found := find(asked):
        _tell(context, found)
        return Exit.FINE
    if "#" in asked or (any(character.isdigit() for character in asked) and "." not in asked):
        # Whatever else someone typed here may be a secret.
        return _unknown(context, asked if _SHOWN.fullmatch(asked) else DOTS)
    return _item(context, asked)


def _tell(context: Context, found: Explanation) -> None:
    words, screen = context.words, context.screen
    whole, _, detail = found.key.partition("/")
    more = related(int(whole)) if whole.isdecimal() and not detail else ()
    if context.chosen.json:
        context.print_json(
            {"schema": 1, **_data(context, found), "more": [one.key for one in more]}
        )
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


def _data(context: Context, found: Explanation) -> dict[str, str]:
    return {
        "code": found.key,
        "means": context.words.text(found.means).replace(GLUE, " "),
        "do": context.words.text(found.do).replace(GLUE, " "),
        "retry": found.retry.value,
        "link": found.link,
    }


def _unknown(context: Context, asked: str) -> int:
    if context.chosen.json:
        context.print_json({"schema": 1, "code": asked, "link": META_LIST})
    else:
        context.screen.line(context.words.say("explain.unknown", code=asked))
        context.screen.line(META_LIST, "cyan", "  → ")
    return Exit.NOT_SEEN


def _item(context: Context, asked: str) -> int:
    """The item, and where the last audit saw it wrong, what it saw."""
    known = {item.id: item for item in context.checklist.items}
    if asked not in known:
        raise unknown_word("explain.no_such", asked, known)
    item, words, screen = known[asked], context.words, context.screen
    goal = item.needed_for.value if item.needed_for else None
    if context.chosen.json:
        document = {"schema": 1, "id": item.id, "needed_for": goal}
        context.print_json(document | {"requires": list(item.requires)})
        return Exit.FINE
    showing = ItemView(screen, words, bool(context.chosen.sandbox))
    screen.line(words.say(f"help.needed_{goal or 'advice'}"), "dim", f"{item.id}: ")
    for found in context.verdict.results:
        if found.item.id == item.id and found.status is not Status.PASSED:
            showing.show_problem(found, context.record.ids)
            return Exit.FINE
    screen.line(words.text(item.title), "bold")
    screen.line(words.say("ui.why", text=words.text(item.why)), first="  ")
    showing.show_steps(item, context.record.ids)
    return Exit.FINE
