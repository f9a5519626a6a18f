"""The saved verdict of a profile: what `status` shows and `audit --json` prints."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from wizard import __version__
from wizard.model import Checklist, Finding, Outcome
from wizard.state.record import ID_NAMES, Goal, ProfileRecord, Status

SCHEMA = 1
TOOL = f"wa-wizard {__version__}"


def findings(record: ProfileRecord, checklist: Checklist) -> list[Finding]:
    """What was seen of each item, in the order of the checklist; without items never looked at."""
    return [
        Finding(item, Outcome(seen.status, seen.reason, seen.values))
        for item in checklist.items
        if (seen := record.verdicts.get(item.id)) is not None
    ]


def stands(record: ProfileRecord, checklist: Checklist, goals: Collection[Goal]) -> Status:
    """How everything stands that these goals need, by the last look at each item.

    PASSED: ready. FAILED: something is wrong, or waits for a person. UNKNOWN: nothing is known to
    be wrong, but not all of it was seen.
    """
    needed = [item for item in checklist.items if item.required(frozenset(goals))]
    verdicts = [record.verdicts.get(item.id) for item in needed]
    seen = {Status.UNKNOWN if verdict is None else verdict.status for verdict in verdicts}
    if seen & {Status.FAILED, Status.WAITING}:
        return Status.FAILED
    return Status.PASSED if seen == {Status.PASSED} else Status.UNKNOWN


def exit_code(record: ProfileRecord, checklist: Checklist) -> int:
    """0 in order, 1 something required failed or waits, 3 something required was not seen."""
    codes = {Status.PASSED: 0, Status.FAILED: 1, Status.UNKNOWN: 3}
    return codes[stands(record, checklist, record.goals)]


def as_data(
    record: ProfileRecord,
    checklist: Checklist,
    seen: Iterable[Finding] | None = None,
    changes: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The JSON object of the interface: keys are always there, ids are strings, no prose.

    `seen` and `changes` are what an audit found and what `ProfileRecord.judge` made of it; without them,
    everything that is remembered, and what the last audit changed by the history.
    """
    rows = findings(record, checklist) if seen is None else seen
    known = last_changes(record) if changes is None else changes
    return {
        "schema": SCHEMA,
        "tool": TOOL,
        "profile": record.profile,
        "checked_at": record.checked_at,
        "graph_version": record.graph_version,
        "ready": {g.value: stands(record, checklist, {g}) is Status.PASSED for g in Goal},
        "ids": {name: record.ids.get(name, "") for name in ID_NAMES},
        "items": [_item(record, found, known) for found in rows],
    }


def _item(record: ProfileRecord, found: Finding, changes: Mapping[str, str]) -> dict[str, Any]:
    item, outcome = found.item, found.outcome
    verdict = record.verdicts.get(item.id)
    return {
        "id": item.id,
        "status": outcome.status.value,
        "reason": outcome.reason,
        "required": item.required(frozenset(record.goals)),
        "values": dict(outcome.values),
        "since": verdict.since if verdict else "",
        "change": changes.get(item.id, "same"),
    }


def last_changes(record: ProfileRecord) -> dict[str, str]:
    """Item id → new or fixed, as the last audit judged it."""
    changes = {}
    for name, verdict in record.verdicts.items():
        if verdict.status is not Status.PASSED and verdict.since == record.checked_at:
            changes[name] = "new"
    for change in record.history:
        if change.at == record.checked_at and change.now == Status.PASSED:
            changes[change.item] = "fixed"
    return changes
