"""The last audit on one screen; without rich, for start-up."""

from __future__ import annotations

from datetime import UTC, datetime

from wizard.audit.checklist import Checklist
from wizard.audit.results import AuditResult, remembered, stands
from wizard.state.record import ProfileRecord
from wizard.text.sanitise import clean
from wizard.ui.audit_view import AuditView, show_identity
from wizard.ui.screen import SIGNS, Screen
from wizard.ui.words import Words


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
    """Shows a record: the three things to have, what is not in order, and last what is ready."""

    def __init__(self, screen: Screen, words: Words, now: datetime | None = None) -> None:
        self._screen, self._words = screen, words
        self._now = now or datetime.now(UTC)

    def show(self, record: ProfileRecord, checklist: Checklist, token_from: str = "") -> None:
        """`token_from` is the variable of the environment that gives the token, "" for none."""
        show_identity(self._screen, self._words, record, self._now, token_from)
        if record.checked_at:
            self._audit(remembered(checklist, record))
            return
        self._screen.line()
        self._screen.line(self._words.say("status.never_checked"), "bold")

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
        view.open_items(audit)
        self._screen.line()
        skipped = [
            result
            for result in audit.results
            if result.reason == "requires" and audit.concerns(result)
        ]
        if skipped:
            self._screen.line(self._words.say("status.skipped", count=len(skipped)), "dim")
        self._screen.line(self._looked_at(audit), "dim")
        view.closing(audit)
        self._screen.line()
        view.ready(audit, self._now)
