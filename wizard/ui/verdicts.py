"""What an audit saw, or the status file remembers, as the screens of the tool ask about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wizard import verdicts
from wizard.model import Checklist, Finding
from wizard.state.record import Goal, ProfileRecord, Status


@dataclass(frozen=True)
class Verdicts:
    """Findings in the order of the checklist, with the record they were judged into.

    `changes` is what `ProfileRecord.judge` returned: item id → new, same or fixed.
    """

    checklist: Checklist
    record: ProfileRecord
    findings: Sequence[Finding]
    changes: Mapping[str, str] = field(default_factory=dict)

    @property
    def goals(self) -> frozenset[Goal]:
        """What the number is wanted for."""
        return frozenset(self.record.goals)

    @property
    def first_time(self) -> bool:
        """Whether everything was looked at for the first time: then nothing is news."""
        record = self.record
        return all(seen.since == record.checked_at for seen in record.verdicts.values())

    def stands(self, goal: Goal) -> Status:
        """How everything stands that this goal needs; see `wizard.verdicts.stands`."""
        return verdicts.stands(self.record, self.checklist, {goal})

    def required(self, finding: Finding) -> bool:
        """Whether a goal of the profile needs it; else it is advice."""
        return finding.item.required(self.goals)

    def concerns(self, finding: Finding) -> bool:
        """Whether it is about a goal of the profile, or about none: what needs no other goal."""
        return finding.item.needed_for is None or self.required(finding)

    def open(self, required: bool) -> list[Finding]:
        """What is not in order and can be acted on: what the goals need, or else the advice."""
        settled = (Status.PASSED, Status.SKIPPED)
        return [
            finding
            for finding in self.findings
            if finding.outcome.status not in settled
            and self.concerns(finding)
            and self.required(finding) is required
        ]

    def as_json(self) -> dict[str, Any]:
        """The object that `audit --json` prints."""
        return verdicts.as_data(self.record, self.checklist, self.findings, self.changes)


def remembered(checklist: Checklist, record: ProfileRecord) -> Verdicts:
    """The verdicts that the status file holds; items it never saw are left out."""
    found = verdicts.findings(record, checklist)
    return Verdicts(checklist, record, found, verdicts.last_changes(record))
