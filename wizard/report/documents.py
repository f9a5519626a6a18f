"""The JSON documents that commands print, and what they are made from."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NotRequired, TypedDict

from wizard import __version__
from wizard.audit.checklist import Item
from wizard.audit.results import AuditResult, ItemResult
from wizard.state.record import ID_NAMES, Goal, ProfileRecord, Status
from wizard.text.errors import Exit, meta_of
from wizard.text.localised import Value
from wizard.text.sanitise import json_text

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
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    ascii_only = not encoding.startswith("utf")
    text = json_text(content, indent=None if line else 2, ascii_only=ascii_only)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


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


#: The libraries whose versions matter when something goes wrong.
LIBRARIES = ("requests", "urllib3", "keyring", "questionary", "prompt_toolkit", "rich", "PyYAML")
#: Their presence is shown, never their value: a proxy's address may hold a password.
VARIABLES = (
    *("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE"),
    *("DBUS_SESSION_BUS_ADDRESS", "SSH_CONNECTION", "CI", "PYTHON_KEYRING_BACKEND"),
)
RECENT = 30


def bug_report(verdict: AuditResult, environ: Mapping[str, str]) -> dict[str, Any]:
    """Everything that helps, not yet redacted: see `wizard.text.redact`."""
    record = verdict.record
    return {
        **audit_document(verdict),
        "machine": _machine(environ),
        "goals": [goal.value for goal in record.goals],
        "secrets": _secrets(record),
        "confirmed": {item: said.at for item, said in record.confirmed.items()},
        "attempts": record.attempts,
        "test_message": _test_message(record),
        "history": [change._asdict() for change in record.changes[-RECENT:]],
    }


def _machine(environ: Mapping[str, str]) -> dict[str, Any]:
    # Heavy, and every other document does without them.
    import platform
    from importlib.metadata import PackageNotFoundError, version

    def known(library: str) -> str:
        try:
            return version(library)
        except PackageNotFoundError:
            return "-"

    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "terminal": os.environ.get("TERM", ""),
        "encoding": sys.stdout.encoding,
        "set": [name for name in VARIABLES if environ.get(name)],
        "libraries": {library: known(library) for library in LIBRARIES},
    }


def _secrets(record: ProfileRecord) -> dict[str, dict[str, str]]:
    """Where secrets are kept, and of what kind they are; not even fingerprints of them."""
    shown = ("store", "backend", "kind", "set_at", "expires_at")
    return {
        name: {field: getattr(note, field) for field in shown}
        for name, note in record.secrets.items()
    }


def _test_message(record: ProfileRecord) -> dict[str, Any]:
    sent = record.test_message
    if sent is None:
        return {}
    return {"at": sent.at, "state": sent.state, "code": sent.code, "details": sent.details}
