"""What an audit saw of each item, and how it is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from msgspec import structs

from wizard.audit.checklist import Item
from wizard.state.record import HISTORY_LENGTH, Change, Goal, ProfileRecord, SavedResult, Status
from wizard.text.errors import ErrorKind, Exit, Unavailable
from wizard.text.localised import Value


@dataclass(frozen=True)
class CheckResult:
    """What was seen. `reason` names a text of the item; `values` fill its placeholders."""

    status: Status
    reason: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)


def passed(reason: str = "", /, **values: Value) -> CheckResult:
    """Looked, and it is right; `reason` may name a remark worth saying all the same."""
    return CheckResult(Status.PASSED, reason, values)


def failed(reason: str, /, **values: Value) -> CheckResult:
    """Looked, and it is wrong."""
    return CheckResult(Status.FAILED, reason, values)


def unknown(reason: str, /, **values: Value) -> CheckResult:
    """Could not look."""
    return CheckResult(Status.UNKNOWN, reason, values)


def skipped(blocker: str) -> CheckResult:
    """Did not look, because something it requires has not passed."""
    return CheckResult(Status.SKIPPED, "requires", {"item": blocker})


def waiting(reason: str = "confirm", /, **values: Value) -> CheckResult:
    """Only a person, or the passing of time, can settle it."""
    return CheckResult(Status.WAITING, reason, values)


#: What the words about a trouble may count on, whoever raised it.
_SAID: Mapping[ErrorKind, Mapping[str, Value]] = {
    ErrorKind.NOT_GIVEN: {"name": ""},
    ErrorKind.UNREACHABLE: {"cause": "other"},
}
_SAID_BY_GRAPH: Mapping[str, Value] = {
    "code": 0,
    "subcode": 0,
    "message": "",
    "details": "",
    "trace": "",
}


def from_error(error: Unavailable) -> CheckResult:
    """UNKNOWN for this trouble, with every value that its words may use."""
    always = _SAID.get(error.kind, _SAID_BY_GRAPH)
    return unknown(error.kind.value, **{**always, **error.values})


@dataclass(frozen=True)
class ItemResult:
    """An item together with what was seen of it."""

    item: Item
    result: CheckResult

    @property
    def status(self) -> Status:
        """The status of the result."""
        return self.result.status

    @property
    def reason(self) -> str:
        """The key of the item's text that says what was seen."""
        return self.result.reason

    @property
    def values(self) -> Mapping[str, Value]:
        """What fills the placeholders of the reason."""
        return self.result.values


def standing(statuses: Iterable[Status]) -> Status:
    """How several required items stand together.

    FAILED: something is wrong, or waits for a person. UNKNOWN: nothing is known to be wrong, but
    not all of it was seen. PASSED: everything is in order.
    """
    seen = set(statuses)
    if seen & {Status.FAILED, Status.WAITING}:
        return Status.FAILED
    return Status.UNKNOWN if seen - {Status.PASSED} else Status.PASSED


#: The one exit rule: 0 in order, 1 something required failed or waits, 3 it was not all seen.
EXIT_CODES = {
    Status.PASSED: Exit.FINE,
    Status.FAILED: Exit.NOT_IN_ORDER,
    Status.UNKNOWN: Exit.NOT_SEEN,
}


def exit_code(results: Iterable[ItemResult], goals: Collection[Goal]) -> Exit:
    """The exit code of an audit that saw these results."""
    required = frozenset(goals)
    return EXIT_CODES[standing(one.status for one in results if one.item.required(required))]


def keep_results(record: ProfileRecord, results: list[ItemResult], at: str) -> dict[str, str]:
    """Takes over the verdicts of an audit; returns item id → "new", "same" or "fixed".

    "new" stands for an item that is not in order and was, or was never seen before; "fixed"
    for one that was not in order and is; everything else is "same". Items that this audit did
    not look at (`--only`, `--skip`) keep their old verdict and its date.
    """
    goals = frozenset(record.goals)
    changes: dict[str, str] = {}
    for name, saved in record.verdicts.items():
        if not saved.checked_at:  # saved by a version that dated all of them together
            record.verdicts[name] = structs.replace(saved, checked_at=record.checked_at)
    for result in results:
        item, check_result = result.item, result.result
        before = record.verdicts.get(item.id)
        changes[item.id] = _change(before, check_result.status)
        stands = before is not None and (before.status, before.reason) == (
            check_result.status,
            check_result.reason,
        )
        since = before.since if before is not None and stands else at
        if before is not None and before.status is not check_result.status:
            was, now = before.status.value, check_result.status.value
            record.history.append(str(Change(at, item.id, was, now, check_result.reason)))
        record.verdicts[item.id] = SavedResult(
            check_result.status,
            check_result.reason,
            dict(check_result.values),
            since,
            item.required(goals),
            at,
        )
    record.history = record.history[-HISTORY_LENGTH:]
    record.checked_at = at
    return changes


def _change(before: SavedResult | None, now: Status) -> str:
    was_fine = before is not None and before.status is Status.PASSED
    if now is Status.PASSED:
        return "same" if was_fine or before is None else "fixed"
    if before is None or was_fine:
        return "new"
    return "same" if before.status is now else "new"
