"""The saved verdict of a profile: what `status` shows and `audit --json` prints."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from wizard import __version__
from wizard.model import Checklist, Finding, Goal, Outcome, Status
from wizard.status.record import ID_NAMES, Record

SCHEMA = 1
TOOL = f"wa-wizard {__version__}"


def findings(record: Record, checklist: Checklist) -> list[Finding]:
    """What was seen of each item, in the order of the checklist; without items never looked at."""
    return [
        Finding(item, Outcome(seen.status, seen.reason, seen.values))
        for item in checklist.items
        if (seen := record.verdicts.get(item.id)) is not None
    ]


def ready(record: Record, checklist: Checklist) -> dict[str, bool]:
    """For each goal, whether everything that it needs was seen to be in order."""
    return {goal.value: _ready(goal, record, checklist) for goal in Goal}


def _ready(goal: Goal, record: Record, checklist: Checklist) -> bool:
    needed = [item for item in checklist.items if item.required(frozenset({goal}))]
    seen = [record.verdicts.get(item.id) for item in needed]
    return bool(seen) and all(v is not None and v.status is Status.PASSED for v in seen)


def exit_code(record: Record, checklist: Checklist) -> int:
    """0 in order, 1 something required failed or waits, 3 something required was not seen."""
    required = [item for item in checklist.items if item.required(frozenset(record.goals))]
    seen = [record.verdicts.get(item.id) for item in required]
    statuses = {Status.UNKNOWN if verdict is None else verdict.status for verdict in seen}
    if statuses & {Status.FAILED, Status.WAITING}:
        return 1
    return 3 if statuses - {Status.PASSED} else 0


def as_data(
    record: Record, checklist: Checklist, changes: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The JSON object of the interface: keys are always there, ids are strings, no prose.

    `changes` is what `Record.judge` returned; without it, what the last audit changed is read
    from the history.
    """
    known = _last_changes(record) if changes is None else changes
    return {
        "schema": SCHEMA,
        "tool": TOOL,
        "profile": record.profile,
        "checked_at": record.checked_at,
        "graph_version": record.graph_version,
        "ready": ready(record, checklist),
        "ids": {name: record.ids.get(name, "") for name in ID_NAMES},
        "items": [_item(record, found, known) for found in findings(record, checklist)],
    }


def _item(record: Record, found: Finding, changes: Mapping[str, str]) -> dict[str, Any]:
    item, outcome = found.item, found.outcome
    return {
        "id": item.id,
        "status": outcome.status.value,
        "reason": outcome.reason,
        "required": item.required(frozenset(record.goals)),
        "values": dict(outcome.values),
        "since": record.verdicts[item.id].since,
        "change": changes.get(item.id, "same"),
    }


def _last_changes(record: Record) -> dict[str, str]:
    changes = {}
    for name, verdict in record.verdicts.items():
        if verdict.status is not Status.PASSED and verdict.since == record.checked_at:
            changes[name] = "new"
    for change in record.history:
        if change.at == record.checked_at and change.now == Status.PASSED:
            changes[change.item] = "fixed"
    return changes


def out_of_order(
    seen: Iterable[Finding], goals: Collection[Goal]
) -> tuple[list[Finding], list[Finding]]:
    """(required, advice): the findings that are not in order."""
    wrong = [found for found in seen if found.outcome.status is not Status.PASSED]
    needed = [found for found in wrong if found.item.required(frozenset(goals))]
    return needed, [found for found in wrong if found not in needed]
