"""The last audit on one screen, and the three ids it begins with; without rich, for start-up."""

from __future__ import annotations

from datetime import UTC, datetime

from wizard.audit.checklist import Checklist
from wizard.audit.results import AuditResult, remembered, stands
from wizard.state.record import ProfileRecord, SecretNote, Status, parse_time
from wizard.text.durations import days_left
from wizard.text.sanitise import clean
from wizard.ui.audit_view import AuditView
from wizard.ui.screen import SIGNS, Screen
from wizard.ui.words import Words, message

#: Up to here the lines of a narrow screen have no room for a column of labels.
NARROW = 60


def show_identity(
    screen: Screen, words: Words, record: ProfileRecord, now: datetime, token_from: str = ""
) -> None:
    """Prints them. `token_from` names the environment variable that supplies the token, if any."""
    number = clean(record.ids.get("phone_number_id", ""))
    display = clean(record.ids.get("display_phone_number", ""))
    rows = [
        ("WABA ID", clean(record.ids.get("waba_id", ""))),
        ("Phone number ID", f"{number} ({display})" if number and display else number),
        ("Access token", _token(words, record.secrets.get("access_token"), now, token_from)),
    ]
    longest = max(len(label) for label, _ in rows)
    for label, value in rows:
        shown = value or words.say("essentials.none")
        if screen.width < NARROW:
            screen.line(f"{label}:", "bold")
            screen.line(shown, first="  ")
        else:
            screen.line(shown, first=f"{label:<{longest}}  ")


def _token(words: Words, note: SecretNote | None, now: datetime, token_from: str) -> str:
    parts = []
    if note is not None and note.kind:
        parts.append(_named(words, "kind", note.kind))
    if note is not None:
        parts.append(lifetime(words, note.expires_at, now))
    if token_from:
        parts.append(words.say("essentials.from_environment", name=token_from))
    elif note is not None:
        place = _named(words, "store", note.store)
        backend = f" ({clean(note.backend)})" if note.backend else ""
        parts.append(words.say("essentials.kept", place=f"{place}{backend}"))
    return ", ".join(part for part in parts if part)


def lifetime(words: Words, expires_at: str, now: datetime) -> str:
    """How long a secret with this `SecretNote.expires_at` still lives; "" when it is not known."""
    if expires_at == "never":
        return words.say("essentials.never")
    try:
        until = parse_time(expires_at)
    except ValueError:
        return ""
    day = f"{until.astimezone():%Y-%m-%d}"
    if until <= now:
        return words.say("essentials.expired", day=day)
    if days := days_left(until, now):
        return words.say("essentials.days", days=days, day=day)
    return words.say("essentials.hours", hours=(until - now).seconds // 3600)


def _named(words: Words, what: str, name: str) -> str:
    """Our words for one of Meta's kinds or one of our stores; the name itself when we have none."""
    key = f"essentials.{what}_{name.lower().replace('-', '_')}"
    return words.say(key) if message(key) else clean(name)


def show_in_short(screen: Screen, words: Words, profile: str, audit: AuditResult) -> None:
    """A profile in one line: how it stands, its number, when it was looked at, what is wrong."""
    record = audit.record
    status = stands(record, audit.checklist, record.goals)
    first = next(iter(audit.open(required=True)), None)
    parts = [
        profile,
        words.say(f"status.short_{status if record.checked_at else 'never'}"),
        clean(record.ids.get("display_phone_number") or record.ids.get("phone_number_id") or "–"),
        words.time(record.checked_at) if record.checked_at else "",
        f"{SIGNS[first.status][0]} {words.text(first.item.title)}" if first else "",
    ]
    screen.marked(SIGNS[status], " · ".join(part for part in parts if part))


class Overview:
    """Shows a record: the three things to have, what is ready, what is not in order."""

    def __init__(self, screen: Screen, words: Words, now: datetime | None = None) -> None:
        self._screen, self._words = screen, words
        self._now = now or datetime.now(UTC)

    def show(self, record: ProfileRecord, checklist: Checklist, token_from: str = "") -> None:
        """`token_from` is the variable of the environment that gives the token, "" for none."""
        show_identity(self._screen, self._words, record, self._now, token_from)
        self._screen.line()
        if not record.checked_at:
            self._screen.line(self._words.say("status.never_checked"), "bold")
            return
        self._audit(remembered(checklist, record))

    def _looked_at(self, audit: AuditResult) -> str:
        """When; of what was looked at in parts (`--only`), also when the oldest part was."""
        record = audit.record
        seen = [record.verdicts[one.item.id].checked_at for one in audit.results]
        oldest = self._words.time(min(filter(None, seen), default=record.checked_at))
        when = self._words.time(record.checked_at)
        key = "checked" if oldest == when else "checked_in_parts"
        return self._words.say(f"status.{key}", when=when, oldest=oldest)

    def _audit(self, audit: AuditResult) -> None:
        view = AuditView(self._screen, self._words)
        view.ready(audit, self._now)
        self._screen.line(self._looked_at(audit), "dim")
        view.open_items(audit)
        skipped = [
            result
            for result in audit.results
            if result.status is Status.SKIPPED and audit.concerns(result)
        ]
        self._screen.line()
        if skipped:
            self._screen.line(self._words.say("status.skipped", count=len(skipped)), "dim")
        view.closing(audit)
