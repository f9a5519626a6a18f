"""The nouns of this tool.

Pure: no input or output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wizard.state.record import HISTORY_LENGTH, Change, Goal, ProfileRecord, Status, Verdict
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import Text, Value


@dataclass(frozen=True)
class Outcome:
    """What was seen. `reason` names a text of the item; `values` fill its placeholders."""

    status: Status
    reason: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)


def passed(reason: str = "", /, **values: Value) -> Outcome:
    """Looked, and it is right; `reason` may name a remark worth saying all the same."""
    return Outcome(Status.PASSED, reason, values)


def failed(reason: str, /, **values: Value) -> Outcome:
    """Looked, and it is wrong."""
    return Outcome(Status.FAILED, reason, values)


def unknown(reason: str, /, **values: Value) -> Outcome:
    """Could not look."""
    return Outcome(Status.UNKNOWN, reason, values)


def skipped(blocker: str) -> Outcome:
    """Did not look, because something it requires has not passed."""
    return Outcome(Status.SKIPPED, "requires", {"item": blocker})


def waiting(reason: str = "confirm", /, **values: Value) -> Outcome:
    """Only a person, or the passing of time, can settle it."""
    return Outcome(Status.WAITING, reason, values)


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


def could_not(error: Unavailable) -> Outcome:
    """UNKNOWN for this trouble, with every value that its words may use."""
    always = _SAID.get(error.kind, _SAID_BY_GRAPH)
    return unknown(error.kind.value, **{**always, **error.values})


@dataclass(frozen=True)
class Reason:
    """One way an item can stand: what was seen and what it means, and the one next thing to do."""

    says: Text
    next: Text | None = None
    link: str = ""


@dataclass(frozen=True)
class Item:
    """One thing that must be true, and everything we say about it."""

    id: str
    title: Text
    why: Text
    needed_for: Goal | None = None  # None: advice, whatever the goals are
    requires: tuple[str, ...] = ()
    steps: tuple[Text, ...] = ()
    links: tuple[str, ...] = ()  # may hold {app_id}, {business_id}, {waba_id}, {phone_number_id}
    confirm: Text | None = None  # set: a person vouches for it; None: a check decides
    reasons: Mapping[str, Reason] = field(default_factory=dict)

    @property
    def section(self) -> str:
        """The part of the id before the dot: the name of its file and of its rooms."""
        return self.id.split(".")[0]

    def required(self, goals: frozenset[Goal]) -> bool:
        """Whether any of these goals needs it. Receiving needs all that sending needs.

        A number that cannot be reached by Meta's own checks receives nothing either, and a
        person who wants to receive will want to answer.
        """
        if self.needed_for is Goal.SENDING:
            return bool(goals)
        return self.needed_for in goals


@dataclass(frozen=True)
class Section:
    """One file of the checklist."""

    id: str
    title: Text
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Checklist:
    """Every section, in the order a person should walk them."""

    sections: tuple[Section, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item, in order."""
        return tuple(item for section in self.sections for item in section.items)

    def item(self, item_id: str) -> Item:
        """One item by its id; KeyError when there is none."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(item_id)


@dataclass(frozen=True)
class Finding:
    """An item together with what was seen of it."""

    item: Item
    outcome: Outcome


def keep_results(record: ProfileRecord, findings: list[Finding], at: str) -> dict[str, str]:
    """Takes over the verdicts of an audit; returns item id → "new", "same" or "fixed".

    "new" stands for an item that is not in order and was, or was never seen before; "fixed"
    for one that was not in order and is; everything else is "same". Items that this audit did
    not look at (`--only`, `--skip`) keep their old verdict.
    """
    goals = frozenset(record.goals)
    changes: dict[str, str] = {}
    for finding in findings:
        item, outcome = finding.item, finding.outcome
        before = record.verdicts.get(item.id)
        changes[item.id] = _change(before, outcome.status)
        stands = before is not None and (before.status, before.reason) == (
            outcome.status,
            outcome.reason,
        )
        since = before.since if before is not None and stands else at
        if before is not None and before.status is not outcome.status:
            was, now = before.status.value, outcome.status.value
            record.history.append(Change(at, item.id, was, now, outcome.reason))
        record.verdicts[item.id] = Verdict(
            outcome.status, outcome.reason, dict(outcome.values), since, item.required(goals)
        )
    record.history = record.history[-HISTORY_LENGTH:]
    record.checked_at = at
    return changes


def _change(before: Verdict | None, now: Status) -> str:
    was_fine = before is not None and before.status is Status.PASSED
    if now is Status.PASSED:
        return "same" if was_fine or before is None else "fixed"
    if before is None or was_fine:
        return "new"
    return "same" if before.status is now else "new"
