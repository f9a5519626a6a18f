"""The verdict of a profile: how everything stands, and what the last audit changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from wizard.audit.checklist import Checklist
from wizard.audit.results import EXIT_CODES, CheckResult, ItemResult, standing
from wizard.state.record import Goal, ProfileRecord, Status
from wizard.text.errors import Exit


def saved_results(record: ProfileRecord, checklist: Checklist) -> list[ItemResult]:
    """What was seen of each item, in the order of the checklist; without items never looked at."""
    return [
        ItemResult(item, CheckResult(seen.status, seen.reason, seen.values))
        for item in checklist.items
        if (seen := record.verdicts.get(item.id)) is not None
    ]


def stands(record: ProfileRecord, checklist: Checklist, goals: Collection[Goal]) -> Status:
    """How everything stands that these goals need, by the last look at each item.

    An item that was never looked at is UNKNOWN; so is a checklist that has none for these goals.
    """
    needed = [item for item in checklist.items if item.required(frozenset(goals))]
    saved = [record.verdicts.get(item.id) for item in needed]
    seen = [Status.UNKNOWN if one is None else one.status for one in saved]
    return standing(seen or [Status.UNKNOWN])


def saved_exit_code(record: ProfileRecord, checklist: Checklist) -> Exit:
    """The exit code of what was saved last."""
    return EXIT_CODES[stands(record, checklist, record.goals)]


def last_changes(record: ProfileRecord) -> dict[str, str]:
    """Item id → new or fixed, as the last audit from_health it."""
    changes = {}
    for name, verdict in record.verdicts.items():
        if verdict.status is not Status.PASSED and verdict.since == record.checked_at:
            changes[name] = "new"
    for change in record.changes:
        if change.at == record.checked_at and change.now == Status.PASSED:
            changes[change.item] = "fixed"
    return changes


@dataclass(frozen=True)
class AuditResult:
    """Findings in the order of the checklist, with the record they were from_health into.

    `changes` is what `keep_results` returned: item id → new, same or fixed.
    """

    checklist: Checklist
    record: ProfileRecord
    results: Sequence[ItemResult]
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
        """How everything stands that this goal needs; see the function `stands`."""
        return stands(self.record, self.checklist, {goal})

    def required(self, result: ItemResult) -> bool:
        """Whether a goal of the profile needs it; else it is advice."""
        return result.item.required(self.goals)

    def concerns(self, result: ItemResult) -> bool:
        """Whether it is about a goal of the profile, or about none: what needs no other goal."""
        return result.item.needed_for is None or self.required(result)

    def open(self, required: bool) -> list[ItemResult]:
        """What is not in order and can be acted on: what the goals need, or else the advice."""
        settled = (Status.PASSED, Status.SKIPPED)
        return [
            result
            for result in self.results
            if result.status not in settled
            and self.concerns(result)
            and self.required(result) is required
        ]


def remembered(checklist: Checklist, record: ProfileRecord) -> AuditResult:
    """The verdicts that the status file holds; items it never saw are left out."""
    found = saved_results(record, checklist)
    return AuditResult(checklist, record, found, last_changes(record))
