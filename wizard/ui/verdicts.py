"""What an audit saw, or the status file remembers, put together for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wizard import verdicts
from wizard.model import Checklist, Finding, Goal, Status
from wizard.status import Record


@dataclass(frozen=True)
class Verdicts:
    """Findings in the order of the checklist, with the record they were judged into.

    `changes` is what `Record.judge` returned: item id → new, same or fixed.
    """

    checklist: Checklist
    record: Record
    findings: Sequence[Finding]
    changes: Mapping[str, str] = field(default_factory=dict)

    @property
    def goals(self) -> frozenset[Goal]:
        """What the number is wanted for."""
        return frozenset(self.record.goals)

    def stands(self, goal: Goal) -> Status:
        """How everything stands that this goal needs, by this audit or an earlier one.

        PASSED: ready. FAILED: something is wrong, or waits for a person. UNKNOWN: nothing is
        known to be wrong, but not all of it could be looked at.
        """
        verdicts = self.record.verdicts
        needed = [item.id for item in self.checklist.items if item.required(frozenset({goal}))]
        seen = {verdicts[name].status if name in verdicts else Status.UNKNOWN for name in needed}
        if seen & {Status.FAILED, Status.WAITING}:
            return Status.FAILED
        return Status.PASSED if seen == {Status.PASSED} else Status.UNKNOWN

    def ready(self, goal: Goal) -> bool:
        """Whether all that this goal needs has passed, by this audit or an earlier one."""
        return verdicts.ready(self.record, self.checklist)[goal]

    def required(self, finding: Finding) -> bool:
        """Whether a goal of the profile needs it; else it is advice."""
        return finding.item.required(self.goals)

    def concerns(self, finding: Finding) -> bool:
        """Whether it is about a goal of the profile, or about none: what needs no other goal."""
        return finding.item.needed_for is None or self.required(finding)

    def first_open(self) -> Finding | None:
        """Where to begin: the first required item that is not in order and can be acted on."""
        waiting_turn = (Status.PASSED, Status.SKIPPED)
        return next(
            (f for f in self.findings if self.required(f) and f.outcome.status not in waiting_turn),
            None,
        )

    def as_json(self) -> dict[str, Any]:
        """The object that `audit --json` prints: the items of this audit, and no prose."""
        seen = {finding.item.id for finding in self.findings}
        data = verdicts.as_data(self.record, self.checklist, self.changes)
        return data | {"items": [row for row in data["items"] if row["id"] in seen]}


def remembered(checklist: Checklist, record: Record) -> Verdicts:
    """The verdicts that the status file holds; items it never saw are left out."""
    return Verdicts(checklist, record, verdicts.findings(record, checklist))
