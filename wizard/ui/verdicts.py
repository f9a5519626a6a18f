"""What an audit saw, or the status file remembers, put together for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wizard import __version__
from wizard.model import Checklist, Finding, Goal, Outcome, Status
from wizard.status import Record
from wizard.status.record import ID_NAMES

SCHEMA = 1


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
        """Whether all that this goal needs has passed."""
        return self.stands(goal) is Status.PASSED

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
        """The object that `audit --json` and `status --json` print: ids and values, no prose."""
        record = self.record
        return {
            "schema": SCHEMA,
            "tool": f"wa-wizard {__version__}",
            "profile": record.profile,
            "checked_at": record.checked_at,
            "graph_version": record.graph_version,
            "ready": {goal.value: self.ready(goal) for goal in Goal},
            "ids": {name: record.ids.get(name, "") for name in ID_NAMES},
            "items": [self._row(finding) for finding in self.findings],
        }

    def _row(self, finding: Finding) -> dict[str, Any]:
        item, outcome = finding.item, finding.outcome
        verdict = self.record.verdicts.get(item.id)
        return {
            "id": item.id,
            "status": outcome.status.value,
            "reason": outcome.reason,
            "required": self.required(finding),
            "values": dict(outcome.values),
            "since": verdict.since if verdict else "",
            "change": self.changes.get(item.id, "same"),
        }


def remembered(checklist: Checklist, record: Record) -> Verdicts:
    """The verdicts that the status file holds; items it never saw are left out."""
    findings = [
        Finding(item, Outcome(verdict.status, verdict.reason, verdict.values))
        for item in checklist.items
        if (verdict := record.verdicts.get(item.id))
    ]
    return Verdicts(checklist, record, findings)
