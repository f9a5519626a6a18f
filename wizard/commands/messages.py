"""`messages`: what came in, newest first; and how it is followed, exported and purged."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from wizard.commands.parts import Parts
from wizard.text.durations import moment
from wizard.text.errors import Exit, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wizard.commands import Chosen
    from wizard.commands.parser import Parser
    from wizard.inbox import Message, Reader

#: How many a person is shown unless she says otherwise.
SHOWN = 20


def options(parser: Parser) -> None:
    """Its own options."""
    parser.option("action", nargs="?", choices=("purge",), says="messages.action_help")
    parser.option("--follow", "-f", action="store_true", says="messages.follow_help")
    parser.option("--from", dest="sender", metavar="NUMBER", says="messages.from_help")
    parser.option("--since", metavar="WHEN", says="messages.since_help")
    parser.option("--limit", type=int, metavar="N", says="messages.limit_help")
    parser.option("--export", metavar="FILE", says="messages.export_help")
    parser.option("--older-than", metavar="WHEN", says="messages.older_than_help")


def run(chosen: Chosen) -> int:
    """0; 1 when `purge` was not consented to."""
    if chosen.older_than and chosen.action != "purge":
        raise UsageError("messages.only_with_purge")
    with Parts(chosen) as parts:
        reader = parts.listener.reader
        if chosen.action == "purge":
            return _purge(parts, reader)
        if chosen.export:
            return _export(parts, reader)
        return _follow(parts, reader) if chosen.follow else _list(parts, reader)


def _list(parts: Parts, reader: Reader) -> int:
    chosen = parts.chosen
    # A program gets everything unless it asks for less, a person a screenful.
    limit = chosen.limit or (None if chosen.json else SHOWN)
    found = _found(parts, reader, None if limit is None else limit + 1)
    shown = found if limit is None else found[:limit]
    _print(parts, shown)
    if not chosen.json and len(found) > len(shown):
        parts.notes.line(parts.words.say("messages.more", shown=len(shown)))
    if not chosen.json and not shown:
        parts.notes.line(parts.words.say("messages.none"))
        parts.notes.line(parts.words.say("messages.missed"))
    return Exit.FINE


def _follow(parts: Parts, reader: Reader) -> int:
    """What is there, oldest first, then what comes: until Ctrl-C."""
    row = reader.last_row()
    _print(parts, reversed(_found(parts, reader, parts.chosen.limit or SHOWN)))
    sender = _sender(parts)
    for message in reader.follow(lambda: False, after_row=row):
        if not sender or sender in (message.sender, message.sender_user_id):
            _print(parts, [message])
            sys.stdout.flush()
    return Exit.FINE


def _export(parts: Parts, reader: Reader) -> int:
    """One JSON object per line, oldest first, into a file that is new and only the owner's."""
    import os
    from contextlib import nullcontext
    from pathlib import Path

    lines = [_line(message) for message in reversed(_found(parts, reader, parts.chosen.limit))]
    if parts.chosen.export == "-":
        opened = nullcontext(sys.stdout)
    else:
        path = Path(parts.chosen.export)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise UsageError("messages.export_exists", path=str(path)) from None
        opened = os.fdopen(descriptor, "w", encoding="utf-8")  # type: ignore[assignment]
    with opened as file:
        file.writelines(line + "\n" for line in lines)
    parts.notes.line(parts.words.say("messages.exported", count=len(lines)))
    return Exit.FINE


def _purge(parts: Parts, reader: Reader) -> int:
    if not parts.chosen.older_than:
        raise UsageError("messages.purge_what")
    before = _when(parts.chosen.older_than)
    gone = reader.purge(before)
    if parts.chosen.json:
        parts.print_json({"schema": 1, "purged": gone})
    else:
        parts.screen.line(parts.words.say("messages.purged", count=gone))
    return Exit.FINE


def _found(parts: Parts, reader: Reader, limit: int | None) -> list[Message]:
    since = _when(parts.chosen.since) if parts.chosen.since else None
    return reader.messages(sender=_sender(parts), since=since, limit=limit)


def _sender(parts: Parts) -> str:
    """A number as it is stored, digits alone; a user id as it is."""
    given = str(parts.chosen.sender or "").strip()
    digits = "".join(character for character in given if character.isdigit())
    return digits if digits and not any(c.isalpha() for c in given) else given


def _when(text: str) -> datetime:
    found = moment(text, datetime.now(UTC))
    if found is None:
        raise UsageError("messages.bad_time", given=text[:30])
    return found


def _print(parts: Parts, messages: Iterable[Message]) -> None:
    from wizard.ui.arrivals import show_message

    for message in messages:
        if parts.chosen.json:
            sys.stdout.write(_line(message) + "\n")
        else:
            show_message(parts.screen, parts.words, message)


def _line(message: Message) -> str:
    return json.dumps(message.as_json(), ensure_ascii=False)
