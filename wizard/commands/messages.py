"""`messages`: what came in, newest first; and how it is followed, exported and purged."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.context.context import Context
from wizard.state import private_file
from wizard.text.durations import moment
from wizard.text.errors import Exit, UsageError
from wizard.ui.webhook_view import show_message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments
    from wizard.webhook.inbox import Message, Reader

#: How many a person is shown without --limit.
SHOWN = 20


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
    with Context(chosen) as context:
        reader = context.listener.reader
        if chosen.action == "purge":
            return _purge(context, reader)
        if chosen.export:
            return _export(context, reader)
        return _follow(context, reader) if chosen.follow else _list(context, reader)


def _list(context: Context, reader: Reader) -> int:
    chosen = context.chosen
    # A program gets everything unless it asks for less, a person a screenful.
    limit = chosen.limit or (None if chosen.json else SHOWN)
    found = _found(context, reader, None if limit is None else limit + 1)
    shown = found if limit is None else found[:limit]
    _print(context, shown)
    if not chosen.json and len(found) > len(shown):
        context.notes.line(context.words.say("messages.more", shown=len(shown)))
    if not chosen.json and not shown:
        context.notes.line(context.words.say("messages.none"))
        context.notes.line(context.words.say("messages.missed"))
    return Exit.FINE


def _follow(context: Context, reader: Reader) -> int:
    """What is there, oldest first, then what comes: until Ctrl-C."""
    row = reader.last_row()
    _print(context, reversed(_found(context, reader, context.chosen.limit or SHOWN)))
    sys.stdout.flush()  # into a pipe, what is there must not wait for the next message
    sender = _sender(context)
    for message in reader.follow(lambda: False, after_row=row):
        if not sender or sender in (message.sender, message.sender_user_id):
            _print(context, [message])
            sys.stdout.flush()
    return Exit.FINE


def _export(context: Context, reader: Reader) -> int:
    """One JSON object per line, oldest first, into a file that is new and only the owner's."""
    found = _found(context, reader, context.chosen.limit)
    lines = [f"{_line(message)}\n" for message in reversed(found)]
    text = "".join(lines)
    target = context.chosen.export
    if target == "-":
        sys.stdout.write(text)
    else:
        try:
            private_file.create(Path(target), text.encode())
        except FileExistsError:
            raise UsageError("messages.export_exists", path=target) from None
    context.notes.line(context.words.say("messages.exported", count=len(lines)))
    if context.chosen.json and target != "-":
        context.print_json({"schema": 1, "exported": len(lines)})
    return Exit.FINE


def _purge(context: Context, reader: Reader) -> int:
    if not context.chosen.older_than:
        raise UsageError("messages.purge_what")
    before = _when(context.chosen.older_than)
    gone = reader.purge(before)
    if context.chosen.json:
        context.print_json({"schema": 1, "purged": gone})
    else:
        context.screen.line(context.words.say("messages.purged", count=gone))
    return Exit.FINE


def _found(context: Context, reader: Reader, limit: int | None) -> list[Message]:
    since = _when(context.chosen.since) if context.chosen.since else None
    return reader.messages(sender=_sender(context), since=since, limit=limit)


def _sender(context: Context) -> str:
    """A number as it is stored, digits alone; a user id as it is."""
    given = str(context.chosen.sender or "").strip()
    digits = "".join(character for character in given if character.isdigit())
    return digits if digits and not any(c.isalpha() for c in given) else given


def _when(text: str) -> datetime:
    found = moment(text, datetime.now(UTC))
    if found is None:
        raise UsageError("messages.bad_time", given=text[:30])
    return found


def _print(context: Context, messages: Iterable[Message]) -> None:
    for message in messages:
        if context.chosen.json:
            sys.stdout.write(_line(message) + "\n")
        else:
            show_message(context.screen, context.words, message)


def _line(message: Message) -> str:
    return json.dumps(message.as_json(), ensure_ascii=False)
