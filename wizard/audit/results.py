"""What an audit saw of each item, and how it is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec import structs

from wizard.audit.checklist import Checklist, Item
from wizard.state.record import (
    HISTORY_LENGTH,
    Change,
    Goal,
    ProfileRecord,
    SavedResult,
    Status,
    parse_time,
    write_time,
)
from wizard.text.durations import days_left, hours_left
from wizard.text.errors import ErrorKind, Exit, Unavailable
from wizard.text.localised import Phrase, Value, phrase


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


def not_used(reason: str) -> CheckResult:
    """Did not look, because the profile does not use what the item is about."""
    return CheckResult(Status.SKIPPED, reason)


def waiting(reason: str = "confirm", /, **values: Value) -> CheckResult:
    """Only a person, or the passing of time, can settle it."""
    return CheckResult(Status.WAITING, reason, values)


#: What the words about a trouble may count on, whatever raised it.
_SAID: Mapping[ErrorKind, Mapping[str, Value]] = {
    ErrorKind.NOT_GIVEN: {"name": ""},
    ErrorKind.UNREACHABLE: {"cause": "other"},
}
#: What every report shows of a refusal of Graph's.
SAID_BY_GRAPH: Mapping[str, Value] = {
    "code": 0,
    "subcode": 0,
    "message": "",
    "details": "",
    "trace": "",
}


def from_error(error: Unavailable) -> CheckResult:
    """UNKNOWN for this trouble, with every value that its words may use."""
    always = _SAID.get(error.kind, SAID_BY_GRAPH)
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

    def required(self, goals: Collection[Goal]) -> bool:
        """Whether one of these goals needs it; else it is advice."""
        return self.item.required(goals, self.reason)


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


#: What makes an audit end with another code than 0: something required, advice too, or nothing.
FAIL_ON = ("required", "advice", "never")


def exit_code(
    results: Iterable[ItemResult], goals: Collection[Goal], fail_on: str = FAIL_ON[0]
) -> Exit:
    """The exit code of an audit that saw these results.

    Advice that could not be looked at counts in none of FAIL_ON.
    """
    if fail_on == "never":
        return Exit.FINE
    required, seen = frozenset(goals), list(results)
    wrong = (Status.FAILED, Status.WAITING)
    if fail_on == "advice" and any(
        one.item.needed_for is None and one.status in wrong for one in seen
    ):
        return Exit.NOT_IN_ORDER
    return EXIT_CODES[standing(one.status for one in seen if one.required(required))]


def keep_results(record: ProfileRecord, results: list[ItemResult], at: str) -> dict[str, str]:
    """Takes over the verdicts of an audit; returns item id → "new", "same" or "fixed".

    "new" stands for an item that is not in order and was, or was never seen before; "fixed"
    for one that was not in order and is; everything else is "same". Items that this audit did
    not look at (`--only`, `--skip`) keep their old verdict and its date.
    """
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
            result.required(record.goals),
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
    never = SavedResult(Status.UNKNOWN)
    saved = ((item, record.verdicts.get(item.id, never)) for item in checklist.items)
    seen = [one.status for item, one in saved if item.required(goals, one.reason)]
    return standing(seen or [Status.UNKNOWN])


def saved_exit_code(record: ProfileRecord, checklist: Checklist) -> Exit:
    """The exit code of what was saved last."""
    return EXIT_CODES[stands(record, checklist, record.goals)]


#: How long before its end a token is warned of.
NOTICE = timedelta(days=14)
A_DAY = timedelta(hours=24)


def cautions(record: ProfileRecord, now: datetime) -> list[Phrase]:
    """What a person must not miss beside "ready", by the last look at each item; no verdict."""
    never = SavedResult(Status.UNKNOWN)
    seen = {name: record.verdicts.get(name, never) for name in SAID_BESIDE_READY}
    said = _end_of_token(record, seen["token.expiry"], now)
    if seen["message.template"].status is Status.FAILED:
        said.append(phrase("report.caution_template"))
    if seen["number.kind"].reason == "test":
        said.append(phrase("report.caution_test_number"))
    if record.received_here and Goal.RECEIVING in record.goals:
        said.append(phrase("report.caution_here"))
    return said


SAID_BESIDE_READY = ("token.expiry", "message.template", "number.kind")


def _end_of_token(record: ProfileRecord, seen: SavedResult, now: datetime) -> list[Phrase]:
    note = record.secrets.get("access_token")
    replaced = note is not None and note.set_at > seen.checked_at
    try:
        ends = parse_time(note.expires_at if note and replaced else str(seen.values.get("ends")))
    except ValueError:  # never, or not known
        return []
    if ends - now >= NOTICE:
        return []
    if ends <= now:
        return [phrase("report.caution_ended", ends=write_time(ends))]
    if ends - now < A_DAY:
        return [phrase("report.caution_today", hours=hours_left(ends, now))]
    return [phrase("report.caution_soon", ends=write_time(ends), days=days_left(ends, now))]


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


#: What a real message proves best is asked of a person last.
LAST = frozenset({"app.published"})


def turn(result: ItemResult) -> tuple[bool, bool]:
    """When an item has its turn: what only receiving needs comes once sending is in order."""
    return result.item.needed_for is Goal.RECEIVING, result.item.id in LAST


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
        return result.required(self.goals)

    def concerns(self, result: ItemResult) -> bool:
        """Whether it is about a goal of the profile, or about none: what needs no other goal."""
        return result.item.needed_for is None or self.required(result)

    def open(self, required: bool) -> list[ItemResult]:
        """What is not in order and can be acted on: what the goals need, or else the advice.

        In the order in which setup works on it.
        """
        settled = (Status.PASSED, Status.SKIPPED)
        found = (
            result
            for result in self.results
            if result.status not in settled
            and self.concerns(result)
            and self.required(result) is required
        )
        return sorted(found, key=turn)


def remembered(checklist: Checklist, record: ProfileRecord) -> AuditResult:
    """The verdicts that the status file holds; items it never saw are left out."""
    found = saved_results(record, checklist)
    return AuditResult(checklist, record, found, last_changes(record))
