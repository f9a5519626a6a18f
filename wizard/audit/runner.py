"""Walks the checklist and yields the result of each item. Prints nothing, changes nothing."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping

from wizard.audit.checklist import Checklist, Item
from wizard.audit.checks import CHECKS
from wizard.audit.results import (
    CheckResult,
    ItemResult,
    from_error,
    passed,
    skipped,
    unknown,
    waiting,
)
from wizard.facts.facts import Facts
from wizard.state.record import ProfileRecord, Status
from wizard.text.errors import ErrorKind, Unavailable

log = logging.getLogger(__name__)


def audit(
    checklist: Checklist, facts: Facts, only: Collection[str] = (), skip: Collection[str] = ()
) -> Iterator[ItemResult]:
    """Results in the order of the checklist, each as soon as it is known.

    `only` and `skip` hold ids of items or of whole sections. What an item of `only` requires is
    checked too, but not yielded; a skipped item never blocks the items that require it.
    """
    yielded = {
        item.id
        for item in checklist.items
        if is_named(item, only, True) and not is_named(item, skip)
    }
    wanted = _with_required(checklist, yielded) if only else yielded
    if not only:
        facts.gather()
    seen: dict[str, CheckResult] = {}
    for item in checklist.items:
        if item.id in wanted and not is_named(item, skip):
            seen[item.id] = look(item, facts, seen)
            if item.id in yielded:
                yield ItemResult(item, seen[item.id])


def look(item: Item, facts: Facts, seen: Mapping[str, CheckResult] = {}) -> CheckResult:
    """The result of one item, given the results of those before it."""
    roots = _roots(item.requires, seen)
    if blocking := [root for root in roots if _blocks(root, seen[root])]:
        return skipped(blocking[0])
    by_hand = item.confirm is not None and item.id not in CHECKS
    check_result = waiting() if by_hand else _run_check(item, facts)
    repeated = [root for root in roots if _repeats(check_result, seen[root])]
    if check_result.status is Status.WAITING:
        before = _roots(item.waits_for, seen)
        repeated += [root for root in before if _blocks(root, seen[root])]
    if repeated:
        return skipped(repeated[0])
    if item.confirm is None or check_result.status in (Status.PASSED, Status.FAILED):
        return check_result
    return _confirmed(item, facts, check_result)


def _roots(names: Iterable[str], seen: Mapping[str, CheckResult]) -> list[str]:
    return [root for name in names if (root := _root(name, seen)) in seen]


def _root(required: str, seen: Mapping[str, CheckResult]) -> str:
    """A person can act on the first item that has not passed, not on those after it."""
    before = seen.get(required)
    behind = before.values.get("item") if before and before.status is Status.SKIPPED else None
    return str(behind or required)


#: Nothing can be seen at Meta while this item is not in order, whatever its reason is called.
THE_WAY_TO_META = "environment.reachable"
NOTHING_TO_SEE = frozenset({ErrorKind.UNREACHABLE, ErrorKind.NOT_GIVEN})


def _blocks(required: str, result: CheckResult) -> bool:
    """Whether what requires this item is not worth a look.

    What Meta would not show of one item says nothing of the next: that has reads of its own.
    """
    if result.status is Status.UNKNOWN:
        return required == THE_WAY_TO_META or result.reason in NOTHING_TO_SEE
    return result.status is not Status.PASSED


def _repeats(result: CheckResult, root: CheckResult) -> bool:
    """Whether the same refusal, word for word, already stands at what this item requires."""
    said = [
        (one.status, one.reason, *map(one.values.get, ("code", "subcode", "message")))
        for one in (result, root)
    ]
    unseen = result.status is Status.UNKNOWN and result.reason in set(ErrorKind)
    return unseen and said[0] == said[1]


def _run_check(item: Item, facts: Facts) -> CheckResult:
    try:
        return CHECKS[item.id](facts)
    except Unavailable as error:
        return from_error(error)
    except Exception as error:  # noqa: BLE001 (one broken check must not end the audit)
        log.debug("%s broke: %s at %s", item.id, type(error).__name__, _place(error))
        return unknown("broke", error=type(error).__name__)


def _confirmed(item: Item, facts: Facts, check_result: CheckResult) -> CheckResult:
    given = facts.record.confirmed.get(item.id)
    # A confirmation kept by an earlier version does not say what it is about.
    if given and given.about in ("", spoken_of(item, facts.record)):
        return passed("confirmed", words=given.words, at=given.at, by=given.by)
    # What a check saw is more precise than "a person has to confirm it".
    return check_result if check_result.status is Status.WAITING else waiting()


def spoken_of(item: Item, record: ProfileRecord) -> str:
    """What a person who confirms this item speaks of; when it changes, the confirmation lapses."""
    if item.section == "message":
        return record.test_message.wamid if record.test_message else ""
    if item.section == "webhook":
        callback = record.webhook.get("callback_url", "")
        return f"{record.ids.get('phone_number_id', '')} {callback}".strip()
    return record.ids.get("app_id", "")


def _place(error: Exception) -> str:
    """File and line alone: the message of an exception may hold a value."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"


def is_named(item: Item, names: Collection[str], otherwise: bool = False) -> bool:
    """Whether an item, or its section, is among the names; `otherwise` when there are none."""
    return item.id in names or item.section in names if names else otherwise


def _with_required(checklist: Checklist, ids: Iterable[str]) -> set[str]:
    wanted: set[str] = set()
    waiting_for = list(ids)
    while waiting_for:
        if (item_id := waiting_for.pop()) not in wanted:
            wanted.add(item_id)
            item = checklist.item(item_id)
            waiting_for += [*item.requires, *item.waits_for]
    return wanted


def unknown_names(checklist: Checklist, names: Iterable[str]) -> list[str]:
    """The names that are neither an item nor a section."""
    known = {known for item in checklist.items for known in (item.id, item.section)}
    return [name for name in names if name not in known]
