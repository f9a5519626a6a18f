"""The JSON documents that several commands print, and the writing of all; see also `outputs`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import NotRequired, TypedDict

from wizard.text.errors import Exit, meta_of
from wizard.text.localised import Value

Values = dict[str, Value]


class Meta(TypedDict):
    """What Graph itself said; `trace` is its fbtrace_id."""

    code: int
    subcode: int
    message: str
    trace: str


class ErrorContent(TypedDict):
    """Why a command could not do it. `key` names the text that a person is shown."""

    exit_code: int
    key: str
    values: Values
    meta: Meta | None


class ErrorDocument(TypedDict):
    """A failure. `profile` stands in the lines of `audit --all` alone."""

    schema: int
    profile: NotRequired[str]
    error: ErrorContent


class Outcome(TypedDict):
    """A command that did what it was asked and has nothing else to say."""

    schema: int
    exit_code: int


class Ready(TypedDict):
    """Whether everything stands that a goal needs."""

    sending: bool
    receiving: bool


class Ids(TypedDict):
    """The ids of a profile; "" where one is not known."""

    app_id: str
    business_id: str
    waba_id: str
    phone_number_id: str
    display_phone_number: str


class ItemRow(TypedDict):
    """One item of an audit."""

    id: str
    status: str
    reason: str
    required: bool
    values: Values
    since: str
    checked_at: str
    change: str
    meta: Meta | None


class AuditDocument(TypedDict):
    """A verdict: what `audit`, `status` and `setup` print."""

    schema: int
    tool: str
    profile: str
    checked_at: str
    graph_version: str
    ready: Ready
    ids: Ids
    items: list[ItemRow]


def error_document(code: Exit, key: str, values: Mapping[str, Value]) -> ErrorDocument:
    """A failure. Meta's own words stand in `meta` alone."""
    meta = meta_of(values)
    return {
        "schema": 1,
        "error": {
            "exit_code": int(code),
            "key": key,
            "values": without_meta(values) if meta else dict(values),
            "meta": Meta(**meta) if meta else None,  # type: ignore[typeddict-item]
        },
    }


def without_meta(values: Mapping[str, Value]) -> Values:
    """The values without what `meta` says."""
    return {name: value for name, value in values.items() if name not in ("message", "trace")}


def outcome_document(code: int) -> Outcome | ErrorDocument:
    """What is printed of a command that has nothing else to say than how it ended."""
    if code == Exit.FINE:
        return {"schema": 1, "exit_code": 0}
    return error_document(Exit(code), f"help.exit_{int(code)}", {})


def write_document(content: object, *, line: bool = False) -> None:
    """One document on standard output, on a line of its own where more may follow."""
    text = json.dumps(content, ensure_ascii=False, indent=None if line else 2)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
