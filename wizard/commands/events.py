"""`events`: everything that Meta delivered, newest first; `messages`: what people wrote of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wizard.commands import Subcommand
from wizard.context.context import Context
from wizard.report.documents import write_document
from wizard.state import private_file
from wizard.state.record import parse_time
from wizard.text.durations import moment
from wizard.text.errors import Exit, UsageError
from wizard.text.sanitise import json_text
from wizard.ui.webhook_view import EventView
from wizard.webhook.inbox import Event, EventFilter, InboxError, Message
from wizard.webhook.summary import KINDS

if TYPE_CHECKING:
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments

#: How many a person is shown without --limit.
SHOWN = 20


def options(parser: OptionParser) -> None:
    """Its own options."""
    parser.option("--kind", metavar="KINDS", says="events.kind_help")
    parser.option("--of", metavar="WAMID", says="events.of_help")
    parser.option("--since", metavar="WHEN", says="events.since_help")
    parser.option("--limit", type=int, metavar="N", says="events.limit_help")
    parser.option("--follow", "-f", action="store_true", says="events.follow_help")
    parser.option("--export", metavar="FILE", says="events.export_help")


def run(chosen: Arguments) -> int:
    """0; 2 for a kind that there is not."""
    kinds = tuple(filter(None, (one.strip() for one in (chosen.kind or "").split(","))))
    if set(kinds) - set(KINDS):
        raise UsageError("events.bad_kind", kinds=", ".join(KINDS))
    which = EventFilter(
        kinds=kinds or KINDS, of=(chosen.of or "").strip(), since=when(chosen.since)
    )
    with Context(chosen) as context:
        return EventList(context, which, "events", Event.as_event).run()


def when(text: str | None) -> datetime | None:
    """A time as people write it, or a span before now; UsageError for anything else."""
    found = moment(text, datetime.now(UTC)) if text else None
    if text and found is None:
        raise UsageError("messages.bad_time", given=text[:30])
    return found


class EventList:
    """What is there and what comes, on the screen or into a file."""

    def __init__(
        self,
        context: Context,
        which: EventFilter,
        words: str,
        as_json: Callable[[Any], dict[str, Any]],
    ) -> None:
        """`words`: the family of texts that calls them by their name."""
        self._context, self._which, self._words = context, which, words
        self._as_json = as_json
        self._reader = context.listener.reader
        numbers = [] if context.chosen.json else sorted(self._reader.numbers())
        ids = bool(context.chosen.verbose)
        self._view = EventView(context.screen, context.words, numbers, ids=ids)

    def run(self) -> int:
        """As the command line wants it."""
        chosen = self._context.chosen
        if chosen.export:
            return self._export(chosen.export)
        return self._follow() if chosen.follow else self._list()

    def _list(self) -> int:
        chosen, context = self._context.chosen, self._context
        # A program gets everything unless it asks for less, a person a screenful.
        limit = chosen.limit or (None if chosen.json else SHOWN)
        found = self._reader.events(self._which, limit=None if limit is None else limit + 1)
        shown = found if limit is None else found[:limit]
        more, none = len(found) > len(shown), not shown
        found = shown[::-1]
        del shown
        self._print(_taken(found))
        if not chosen.json and more:
            context.notes.line(context.words.say(f"{self._words}.more", shown=limit))
        if not chosen.json and none:
            context.notes.line(context.words.say(f"{self._words}.none"))
            context.notes.line(context.words.say("messages.missed"))
        return Exit.FINE

    def _follow(self) -> int:
        """What is there, oldest first, then what comes: until Ctrl-C."""
        row = self._reader.last_row()
        self._print(_taken(self._reader.events(self._which, limit=self._limit() or SHOWN)))
        sys.stdout.flush()  # into a pipe, what is there must not wait for the next one
        for event in self._reader.follow(lambda: False, self._which, after_row=row):
            self._print([event])
            sys.stdout.flush()
        return Exit.FINE

    def _export(self, target: str) -> int:
        """One JSON object per line, oldest first, into a file that is new and only the owner's."""
        context = self._context
        found = self._reader.events(self._which, limit=self._limit())
        lines = [json_text(self._as_json(event)) + "\n" for event in _taken(found)]
        if target == "-":
            sys.stdout.writelines(lines)
        else:
            _create(target, "".join(lines))
        context.notes.line(context.words.say(f"{self._words}.exported", count=len(lines)))
        if context.chosen.json and target != "-":
            context.print_json({"schema": 1, "exported": len(lines)})
        return Exit.FINE

    def _limit(self) -> int | None:
        return self._context.chosen.limit or None

    def _print(self, events: Iterable[Event]) -> None:
        for event in events:
            if self._context.chosen.json:
                write_document(self._as_json(event), line=True)
            else:
                self._view.show(event)


def _taken(events: list[Event]) -> Iterator[Event]:
    """From the last one on; each is forgotten, with all that was parsed of it, before the next."""
    while events:
        yield events.pop()


#: What may have changed the account since someone looked, and how much of it is shown at once.
OF_THE_ACCOUNT = ("account", "number")
NEWS = 5


def tell_account_events(context: Context, since: str, key: str) -> None:
    """What Meta delivered about account and numbers after a time of the record ("": ever).

    `key`: the text that leads it. A damaged inbox is reported elsewhere.
    """
    if not context.home.inbox_path(context.profile).exists():
        return
    with suppress(InboxError, ValueError):
        after = parse_time(since) if since else None
        which = EventFilter(kinds=OF_THE_ACCOUNT, real=True, received_since=after)
        found = context.listener.reader.events(which, limit=NEWS + 1)
        if not found:
            return
        screen, words = context.screen, context.words
        screen.line()
        screen.line(words.say(f"events.{key}", when=words.time(since)), "bold")
        view = EventView(screen, words)
        for event in found[:NEWS]:
            view.show(event)
        if len(found) > NEWS:
            screen.line(words.say("events.all_of_them"), "dim")


def _create(target: str, text: str) -> None:
    try:
        private_file.create(Path(target), text.encode())
    except FileExistsError:
        raise UsageError("messages.export_exists", path=target) from None


def message_options(parser: OptionParser) -> None:
    """Its own options."""
    parser.option("action", nargs="?", choices=("purge",), says="messages.action_help")
    parser.option("--follow", "-f", action="store_true", says="messages.follow_help")
    parser.option("--from", dest="sender", metavar="NUMBER", says="messages.from_help")
    parser.option("--since", metavar="WHEN", says="messages.since_help")
    parser.option("--limit", type=int, metavar="N", says="messages.limit_help")
    parser.option("--export", metavar="FILE", says="messages.export_help")
    parser.option("--older-than", metavar="WHEN", says="messages.older_than_help")


def run_messages(chosen: Arguments) -> int:
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


#: Both read the inbox.
SHARED = {
    "events": Subcommand(options, run),
    "messages": Subcommand(message_options, run_messages),
}
