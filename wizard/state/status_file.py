"""The status file of a profile: YAML on disk, ProfileRecord in the program."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, replace
from typing import Any, TypeVar

from wizard.state.record import (
    SCHEMA,
    Change,
    Confirmation,
    Goal,
    ProfileRecord,
    SavedResult,
    SecretNote,
    Status,
    TestMessage,
)
from wizard.state.yaml_file import StateFileError, YamlFile

Node = dict[str, Any]
Entry = TypeVar("Entry", SavedResult, Confirmation, SecretNote, TestMessage)

#: Mappings of entries by name: an entry that is gone is not brought back by what is kept of it.
CONTAINERS = {"verdicts": SavedResult, "confirmed": Confirmation, "secrets": SecretNote}


class Misshapen(Exception):
    """A key holds something else than this version would ever write there."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


def encode(record: ProfileRecord) -> Node:
    """The record as plain data, most read first."""
    node: Node = {
        "profile": record.profile,
        "goals": [goal.value for goal in record.goals],
        "graph_version": record.graph_version,
        "checked_at": record.checked_at,
        "ids": dict(record.ids),
        "secrets": {name: _fields(note) for name, note in record.secrets.items()},
        "webhook": dict(record.webhook),
        "test_message": _fields(record.test_message) if record.test_message else {},
        "confirmed": {name: _fields(entry) for name, entry in record.confirmed.items()},
        "verdicts": {name: _fields(verdict) for name, verdict in record.verdicts.items()},
        "attempts": {name: list(times) for name, times in record.attempts.items() if times},
        "history": [_line(change) for change in record.history],
    }
    node = {key: value for key, value in node.items() if value or key in ("profile", "goals")}
    return _restored(node, record.extra)


def decode(node: Node, profile: str) -> ProfileRecord:
    """The record behind plain data of this schema or a later one; Misshapen names the key."""
    message = _map(node, "test_message")
    record = ProfileRecord(
        profile=_text(node.get("profile"), "profile") or profile,
        goals=_goals(node),
        ids=_texts(node, "ids"),
        graph_version=_text(node.get("graph_version"), "graph_version"),
        checked_at=_text(node.get("checked_at"), "checked_at"),
        attempts={
            name: [_text(time, f"attempts.{name}") for time in _list(times, f"attempts.{name}")]
            for name, times in _map(node, "attempts").items()
        },
        webhook=_texts(node, "webhook"),
        test_message=_entry(TestMessage, message, "test_message") if message else None,
        history=[_change(line) for line in _list(node.get("history"), "history")],
        verdicts=_entries(SavedResult, node, "verdicts"),
        confirmed=_entries(Confirmation, node, "confirmed"),
        secrets=_entries(SecretNote, node, "secrets"),
    )
    record.extra = _unknown(node)
    return record


def _fields(entry: Any) -> Node:
    node = {field.name: getattr(entry, field.name) for field in fields(entry)}
    if isinstance(entry, SavedResult):
        node["status"], node["values"] = entry.status.value, dict(entry.values)
    return {key: value for key, value in node.items() if value not in ("", 0, False, {}, None)}


def _entries(kind: type[Entry], node: Node, key: str) -> dict[str, Entry]:
    return {name: _entry(kind, value, f"{key}.{name}") for name, value in _map(node, key).items()}


def _entry(kind: type[Entry], node: object, where: str) -> Entry:
    """One dataclass; a missing field has its default, or is empty where there is none."""
    if not isinstance(node, dict):
        raise Misshapen(where)
    values = {
        field.name: _READERS.get(str(field.type), _text)(node.get(field.name), where)
        for field in fields(kind)
        if field.name in node or field.default is MISSING
    }
    return kind(**values)


def _status(value: object, where: str) -> Status:
    """A status that a later version knows and this one does not is one we could not look at."""
    try:
        return Status(_text(value, where))
    except ValueError:
        return Status.UNKNOWN


def _goals(node: Node) -> tuple[Goal, ...]:
    known = {goal.value: goal for goal in Goal}
    names = _list(node.get("goals", [Goal.SENDING.value]), "goals")
    return tuple(known[name] for name in names if name in known)


def _line(change: Change) -> str:
    """One line of history as one scalar: a file of five hundred stays quick to read."""
    return " ".join((change.at, change.item, change.was, change.now, change.reason)).rstrip()


def _change(line: object) -> Change:
    at, item, was, now, reason, *_ = (*_text(line, "history").split(), "", "", "", "", "")
    return Change(at, item, was, now, reason)


def _text(value: object, where: str) -> str:
    """A string, also where somebody took the quotes away from an id."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise Misshapen(where)


def _number(value: object, where: str) -> int:
    try:
        return int(_text(value, where) or 0)
    except ValueError:
        raise Misshapen(where) from None


def _plain_values(value: object, where: str) -> Node:
    if value is None:
        return {}
    if not isinstance(value, dict) or any(isinstance(v, dict | list) for v in value.values()):
        raise Misshapen(where)
    return {key: str(v) if isinstance(v, float) else v for key, v in value.items()}


_READERS: Mapping[str, Callable[[object, str], Any]] = {
    "Status": _status,
    "int": _number,
    "bool": lambda value, where: _text(value, where) == "true",
    "Mapping[str, Value]": _plain_values,
}


def _texts(node: Node, key: str) -> dict[str, str]:
    return {name: _text(value, f"{key}.{name}") for name, value in _map(node, key).items()}


def _map(node: Node, key: str) -> Node:
    value = node.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Misshapen(key)
    return value


def _list(value: object, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Misshapen(where)
    return value


KNOWN = {field.name for field in fields(ProfileRecord)} - {"extra"}


def _unknown(node: Node) -> Node:
    """Every key that this version does not know, in the place where it stood."""
    extra: Node = {key: value for key, value in node.items() if key not in KNOWN}
    for key, kind in CONTAINERS.items():
        known = {field.name for field in fields(kind)}
        strange = {
            name: {k: v for k, v in entry.items() if k not in known}
            for name, entry in _map(node, key).items()
        }
        if strange := {name: keys for name, keys in strange.items() if keys}:
            extra[key] = strange
    known = {field.name for field in fields(TestMessage)}
    if strange := {k: v for k, v in _map(node, "test_message").items() if k not in known}:
        extra["test_message"] = strange
    return extra


def _restored(node: Node, extra: Node) -> Node:
    """What was kept goes back to its place; known keys win, and what is gone stays gone."""
    for key, value in extra.items():
        if key in CONTAINERS:
            for name, keys in value.items():
                if name in node.get(key, {}):
                    node[key][name] = {**keys, **node[key][name]}
        elif key == "test_message":
            if key in node:
                node[key] = {**value, **node[key]}
        else:
            node.setdefault(key, value)
    return node


#: One message: the state of one must not meet the id of another.
WHOLE = ("test_message",)


class RecordFile:
    """`<profile>/status.yaml`; a fresh record is named after the folder.

    Two runs may use one file at a time: a save writes what changed since the load or save before
    it, and leaves alone what the other one wrote meanwhile.
    """

    def __init__(self, path: str | os.PathLike[str], *, patience: float = 10.0) -> None:
        self._document = YamlFile(path, schema=SCHEMA, patience=patience)
        self._known: Node | None = None

    @property
    def path(self) -> str:
        """Where the file is, for people."""
        return str(self._document.path)

    def load(self) -> ProfileRecord:
        """What was saved last, or a fresh record; StateFileError when it cannot be trusted."""
        profile = self._document.path.parent.name
        node = self._document.load()
        try:
            record = ProfileRecord(profile=profile) if node is None else decode(node, profile)
        except Misshapen as error:
            raise self._document.malformed(error.where) from None
        self._known = encode(record)
        return record

    def save(self, record: ProfileRecord) -> None:
        """Replace what was saved, whole or not at all; StateFileError when that fails."""
        node = encode(record)
        try:
            self._document.save(node, self._known, WHOLE)
        except StateFileError as error:
            if error.kind != "too_big" or not record.history:
                raise
            # The verdicts matter; of the history only as much as can be read again.
            self.save(replace(record, history=record.history[len(record.history) // 2 + 1 :]))
        else:
            self._known = node
