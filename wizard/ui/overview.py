"""The last verdict on one screen: plain aligned text, without any library that takes its time."""

from __future__ import annotations

from datetime import UTC, datetime

from wizard.model import Checklist
from wizard.state.record import ProfileRecord, Status
from wizard.ui import essentials
from wizard.ui.report import Report
from wizard.ui.screen import Screen
from wizard.ui.verdicts import Verdicts, remembered
from wizard.ui.words import Words


class Overview:
    """Shows a record: the three things to have, what is ready, what is not in order."""

    def __init__(self, screen: Screen, words: Words, now: datetime | None = None) -> None:
        self._screen, self._words = screen, words
        self._now = now or datetime.now(UTC)

    def show(self, record: ProfileRecord, checklist: Checklist, token_from: str = "") -> None:
        """`token_from` is the variable of the environment that gives the token, "" for none."""
        essentials.show(self._screen, self._words, record, self._now, token_from)
        self._screen.line()
        if not record.checked_at:
            self._screen.line(self._words.say("status.never_checked"), "bold")
            return
        self._verdict(remembered(checklist, record))

    def _verdict(self, verdicts: Verdicts) -> None:
        report = Report(self._screen, self._words)
        report.ready(verdicts)
        when = self._words.time(verdicts.record.checked_at)
        self._screen.line(self._words.say("status.checked", when=when), "dim")
        report.open_items(verdicts)
        skipped = [
            finding
            for finding in verdicts.findings
            if finding.outcome.status is Status.SKIPPED and verdicts.concerns(finding)
        ]
        self._screen.line()
        if skipped:
            self._screen.line(self._words.say("status.skipped", count=len(skipped)), "dim")
        report.closing(verdicts)
