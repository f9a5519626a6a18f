"""What has to happen so that the templates at Meta are those of the files, and what cannot.

Source of what may be edited: Meta's page on template management. A template may be edited while
it is approved, rejected or paused; its category not while it is approved; its name, language and
parameter format never. An approved one may be edited once in 24 hours and ten times in 30 days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wizard.templates.compare import (
    Difference,
    differences,
    has_variables,
    needs_upload,
    same_part,
)
from wizard.templates.files import SourceFile
from wizard.templates.model import (
    READ_ONLY,
    Node,
    Row,
    authored,
    kind_of,
    turned,
    written,
)

#: What is asked of each template; names that a version does not know are left out.
FIELDS = (
    *("id", "name", "language", "status", "category", "components", "parameter_format"),
    *("message_send_ttl_seconds", "previous_category", "correct_category", "rejected_reason"),
    "quality_score",
)
EDITABLE = frozenset({"APPROVED", "REJECTED", "PAUSED"})
GOING = frozenset({"PENDING_DELETION", "DELETED"})
#: Meta puts it into every account.
SAMPLE = "hello_world"
TTL = "message_send_ttl_seconds"


@dataclass(frozen=True)
class Change:
    """One thing to do, or that cannot be done.

    `action`: create, edit, delete, blocked. `reason` says why it is blocked: category (that of an
    approved template stays), category_by_meta (and Meta has changed it itself), parameter_format
    (has to be created under another name), status (Meta is reviewing it, or it is disabled),
    deleting (its name is free again later), sample (the header's sample has to be uploaded anew),
    disabled (cannot be deleted). `body` is what is sent.
    """

    action: str
    name: str
    language: str
    reason: str = ""
    id: str = ""
    status: str = ""
    category: str = ""
    differences: tuple[Difference, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """Every change in the order in which it is made, and what needs none."""

    changes: tuple[Change, ...] = ()
    unchanged: int = 0
    #: Names at Meta of which no file speaks.
    unnamed: tuple[str, ...] = ()
    #: The file or folder that cannot be read, where that is why nothing was compared.
    broken: str = ""


def plan(
    files: Sequence[SourceFile],
    rows: Sequence[Row],
    *,
    delete: bool = False,
    unknown: frozenset[str] = frozenset(),
) -> Plan:
    """What differs. `unknown` are fields that this version of Graph does not show."""
    there = {(str(row.get("name")), str(row.get("language"))): row for row in rows}
    wanted = {
        (file.name, str(row["language"])): _cleaned(row, unknown)
        for file in files
        for row in file.rows
    }
    changes: list[Change] = []
    unchanged = 0
    for place, row in wanted.items():
        found = _compare(row, there[place]) if place in there else [_create(row)]
        changes += found
        unchanged += not found
    extra = [place for place, row in there.items() if place not in wanted and _may_go(row)]
    if delete:
        changes += [_delete(there[place]) for place in extra]
    names = {file.name for file in files}
    unnamed = tuple(dict.fromkeys(name for name, _ in extra if name not in names))
    return Plan(tuple(changes), unchanged, unnamed)


def _cleaned(row: Node, unknown: frozenset[str]) -> Node:
    return {key: value for key, value in row.items() if key not in unknown}


def _may_go(row: Row) -> bool:
    return row.get("name") != SAMPLE and row.get("status") not in GOING


def _create(row: Node) -> Change:
    change = _change("create", row)
    if needs_upload(row):
        return _blocked(change, "sample")
    return change


def _change(action: str, row: Row, theirs: Row | None = None, **more: Any) -> Change:
    theirs = theirs or {}
    more.setdefault("body", row if action == "create" else {})
    return Change(
        action,
        str(row.get("name")),
        str(row.get("language")),
        id=str(theirs.get("id", "")),
        status=str(theirs.get("status", "")),
        category=str(row.get("category", "")).upper(),
        **more,
    )


def _blocked(change: Change, reason: str, *found: Difference) -> Change:
    return Change(
        "blocked",
        change.name,
        change.language,
        reason,
        change.id,
        change.status,
        change.category,
        found or change.differences,
    )


def _delete(row: Row) -> Change:
    change = _change("delete", row, row)
    return _blocked(change, "disabled") if change.status == "DISABLED" else change


def _compare(ours: Node, theirs: Row) -> list[Change]:
    """What has to be done about one template that is there already."""
    found = differences(ours, theirs)
    ttl = _difference(TTL, ours, theirs) if TTL in ours else None
    category = _difference("category", ours, theirs)
    style = _difference("parameter_format", ours, theirs) if has_variables(ours) else None
    every = [one for one in (*found, ttl, category, style) if one]
    change = _change("edit", ours, theirs, differences=tuple(every))
    if not every:
        return []
    if change.status in GOING:
        return [_blocked(change, "deleting")]
    if style:
        return [_blocked(change, "parameter_format")]
    blocked = []
    if category and change.status not in EDITABLE - {"APPROVED"}:
        by_meta = bool(theirs.get("previous_category"))
        blocked = [_blocked(change, "category_by_meta" if by_meta else "category", category)]
        category = None
    left = tuple(one for one in (*found, ttl, category) if one)
    if not left:
        return blocked
    return [*blocked, _edit(change, ours, found, ttl, category)]


def _edit(
    change: Change,
    ours: Node,
    found: list[Difference],
    ttl: Difference | None,
    category: Difference | None,
) -> Change:
    body: Node = {}
    if category:
        body["category"] = ours["category"]
    if ttl:
        body[TTL] = ours[TTL]
    if found:
        # Meta replaces all components by those it gets.
        body["components"] = ours["components"]
    left = tuple(one for one in (*found, ttl, category) if one)
    if change.status not in EDITABLE:
        return _blocked(change, "status", *left)
    if found and needs_upload(ours):
        return _blocked(change, "sample", *left)
    return Change(
        "edit",
        change.name,
        change.language,
        id=change.id,
        status=change.status,
        category=change.category,
        differences=left,
        body=body,
    )


#: What stands for a value that Meta does not show because it is the usual one.
_USUAL = {TTL: "", "category": None, "parameter_format": None}


def _difference(key: str, ours: Row, theirs: Row) -> Difference | None:
    """One key of a template itself; None where it is the same, or where one side is silent."""
    usual = "POSITIONAL" if key == "parameter_format" else ""
    mine, other = ours.get(key) or usual, theirs.get(key, _USUAL[key])
    if not mine or other is None or str(mine).upper() == str(other).upper():
        return None
    return Difference(key, str(mine), str(other))


def pulled(file: SourceFile, rows: Sequence[Row]) -> Node:
    """What a file holds once it says what Meta says; what does not differ stays as it is.

    A language that Meta does not have stays as well: someone may be about to create it.
    """
    ours = {str(row["language"]): row for row in file.rows}
    shared = {key: file.node[key] for key in _SHARED if file.node.get(key) is not None}
    given = file.node.get("languages") or {}
    languages = {code: {**shared, **(own or {})} for code, own in given.items()}
    for row in map(authored, rows):
        code = str(row["language"])
        if code not in ours:
            languages[code] = _fresh(row, file.node)
        elif _compare(ours[code], row):
            languages[code] = _adopted(languages[code], ours[code], row)
    return _gathered({**file.node, "languages": languages}, shared, given)


_SHARED = ("category", "parameter_format", TTL)


def _fresh(row: Row, node: Node) -> Node:
    """A language that the file did not have."""
    left = {"name", "language", "components", *READ_ONLY}
    said = {k: v for k, v in row.items() if k not in left and (k in _SHARED or v != node.get(k))}
    return {**said, "components": turned(row.get("components"), written)}


def _adopted(own: Node, ours: Row, row: Row) -> Node:
    """A language with what Meta says, each component in the file's form where it says the same."""
    own = dict(own)
    for key in _SHARED:
        if _difference(key, ours, row):
            own |= {key: row.get(key)}
    category = str(row.get("category", ""))
    kept = {
        kind_of(part): part for part in own.get("components") or [] if isinstance(part, Mapping)
    }
    parts = turned(row.get("components"), written) or []
    own["components"] = [
        kept[kind_of(part)]
        if kind_of(part) in kept and same_part(kept[kind_of(part)], part, category)
        else part
        for part in parts
    ]
    return {key: value for key, value in own.items() if value is not None}


def _gathered(node: Node, shared: Node, before: Mapping[str, Any]) -> Node:
    """What languages say alike is said once, unless each said it for itself before."""
    languages: dict[str, Node] = node["languages"]
    for key in _SHARED:
        said = [own.get(key) for own in languages.values()]
        apart = any(key in (own or {}) for own in before.values()) and key not in shared
        top = said[0] if said and all(one == said[0] for one in said) else shared.get(key)
        node = {k: v for k, v in node.items() if k != key}
        if top is not None and None not in said and not apart:
            node = {**node, key: top}
            languages = {
                code: {k: v for k, v in own.items() if k != key or v != top}
                for code, own in languages.items()
            }
    return {**node, "languages": languages}
