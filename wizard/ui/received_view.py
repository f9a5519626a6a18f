"""What arrives, one line each: messages, statuses, and what else Meta reports."""

from __future__ import annotations

from datetime import UTC, datetime

from wizard.text.sanitise import clean, clean_lines
from wizard.ui.screen import Screen
from wizard.ui.words import Words
from wizard.webhook.inbox import Message, StatusUpdate, Update


def show_message(screen: Screen, words: Words, message: Message) -> None:
    """When, from whom, what. What customers write is cleaned: it may try to steer the screen."""
    who = f"+{message.sender}" if message.sender else message.sender_user_id
    name = clean(message.sender_name, 40)
    sender = f"{name} ({clean(who, 60)})" if name else clean(who, 60)
    lead = f"{_local(message.timestamp)}  {sender}  "
    text = clean_lines(message.text)
    if message.type != "text":
        text = f"[{clean(message.type, 30)}] {text}".strip()
    if message.test:
        text = f"{words.say('messages.test')} {text}"
    first, *rest = text.splitlines() or [""]
    screen.line(first, "dim" if message.test else "", lead, "    ")
    for line in rest:
        screen.line(line, "", "    ")


def show_status(screen: Screen, words: Words, status: StatusUpdate) -> None:
    """What became of a message of ours."""
    to = f"+{status.recipient}" if status.recipient else status.recipient_user_id
    values = {"to": clean(to, 60), "state": clean(status.state, 30)}
    screen.line(words.say("messages.status", **values), "dim", f"{_local(status.timestamp)}  ")
    if status.code:
        why = clean(status.details or status.title, 200)
        screen.line(
            words.say("messages.status_failed", code=status.code, details=why), "red", "    "
        )


def show_update(screen: Screen, words: Words, update: Update) -> None:
    """Anything else, by its field."""
    screen.line(words.say("messages.update", field=clean(update.field or "?", 60)), "dim")


def _local(timestamp: str) -> str:
    """Meta's unix seconds as this machine's time; what is none stays as it is."""
    try:
        moment = datetime.fromtimestamp(int(timestamp), UTC).astimezone()
    except (ValueError, OverflowError, OSError):
        return clean(timestamp, 20)
    return f"{moment:%Y-%m-%d %H:%M}"
