"""`messages`: what people wrote, newest first; and how it is followed, exported and purged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.commands.events import EventList, when
from wizard.context.context import Context
from wizard.text.errors import Exit, UsageError
from wizard.webhook.inbox import EventFilter, Message

if TYPE_CHECKING:
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments


def options(parser: OptionParser) -> None:
    """Its own options."""
    parser.option("action", nargs="?", choices=("purge",), says="messages.action_help")
    parser.option("--follow", "-f", action="store_true", says="messages.follow_help")
    parser.option("--from", dest="sender", metavar="NUMBER", says="messages.from_help")
    parser.option("--since", metavar="WHEN", says="messages.since_help")
    parser.option("--limit", type=int, metavar="N", says="messages.limit_help")
    parser.option("--export", metavar="FILE", says="messages.export_help")
    parser.option("--older-than", metavar="WHEN", says="messages.older_than_help")


def run(chosen: Arguments) -> int:
    """0; 1 when `purge` was not consented to."""
    if chosen.older_than and chosen.action != "purge":
        raise UsageError("messages.only_with_purge")
    which = EventFilter(kinds=("message",), sender=_sender(chosen), since=when(chosen.since))
    with Context(chosen) as context:
        if chosen.action == "purge":
            return _purge(context)
        return EventList(context, which, "messages", Message.as_json).run()


def _purge(context: Context) -> int:
    before = when(context.chosen.older_than)
    if before is None:
        raise UsageError("messages.purge_what")
    gone = context.listener.reader.purge(before)
    if context.chosen.json:
        context.print_json({"schema": 1, "purged": gone})
    else:
        context.screen.line(context.words.say("messages.purged", count=gone))
    return Exit.FINE


def _sender(chosen: Arguments) -> str:
    """A number as it is stored, digits alone; a user id as it is."""
    given = str(chosen.sender or "").strip()
    digits = "".join(character for character in given if character.isdigit())
    return digits if digits and not any(c.isalpha() for c in given) else given
