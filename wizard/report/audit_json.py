"""A verdict as `audit --json` and `status --json` print it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wizard import __version__
from wizard.audit.checklist import Item
from wizard.audit.results import ItemResult
from wizard.audit.summary import AuditResult
from wizard.report.documents import AuditDocument, ItemRow, Meta, without_meta
from wizard.state.record import ID_NAMES, Goal, Status
from wizard.text.errors import meta_of

TOOL = f"wa-wizard {__version__}"


def audit_document(verdict: AuditResult) -> AuditDocument:
    """Keys are always there, ids are strings, and nothing is prose but what Meta said."""
    record = verdict.record
    ready = {goal.value: verdict.stands(goal) is Status.PASSED for goal in Goal}
    ids = {name: record.ids.get(name, "") for name in ID_NAMES}
    return {
        "schema": 1,
        "tool": TOOL,
        "profile": record.profile,
        "checked_at": record.checked_at,
        "graph_version": record.graph_version,
        "ready": ready,  # type: ignore[typeddict-item]
        "ids": ids,  # type: ignore[typeddict-item]
        "items": [_row(verdict, result) for result in verdict.results],
    }


def item_list(items: Iterable[Item]) -> dict[str, Any]:
    """The items of the checklist themselves, whatever was seen of them."""
    return {
        "schema": 1,
        "items": [
            {
                "id": item.id,
                "needed_for": item.needed_for.value if item.needed_for else None,
                "requires": list(item.requires),
            }
            for item in items
        ],
    }


def _row(verdict: AuditResult, result: ItemResult) -> ItemRow:
    saved = verdict.record.verdicts.get(result.item.id)
    meta = meta_of(result.values)
    return {
        "id": result.item.id,
        "status": result.status.value,
        "reason": result.reason,
        "required": verdict.required(result),
        "values": without_meta(result.values) if meta else dict(result.values),
        "since": saved.since if saved else "",
        "checked_at": (saved.checked_at if saved else "") or verdict.record.checked_at,
        "change": verdict.changes.get(result.item.id, "same"),
        "meta": Meta(**meta) if meta else None,  # type: ignore[typeddict-item]
    }
