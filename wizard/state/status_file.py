"""The status file of a profile: YAML on disk, ProfileRecord in the program."""

from __future__ import annotations

import os

from msgspec import structs, to_builtins

from wizard.state.record import SCHEMA, Goal, ProfileRecord
from wizard.state.typed import Misshapen, Node, convert, lenient, restore, unknown_keys
from wizard.state.yaml_file import StateFileError, YamlFile


def encode(record: ProfileRecord) -> Node:
    """The record as plain data, without what is empty; TypeError for a Secret in it."""
    always = {"profile": record.profile, "goals": [goal.value for goal in record.goals]}
    node = {**always, **to_builtins(record)}
    return restore(node, node.pop("extra", {}), ProfileRecord)


def decode(node: Node) -> ProfileRecord:
    """The record behind plain data of this schema or a later one; Misshapen names the key."""
    node = lenient({key: value for key, value in node.items() if value != {}}, ProfileRecord)
    extra = unknown_keys(node, ProfileRecord)
    if isinstance(goals := node.get("goals"), list):
        node["goals"] = [goal for goal in goals if goal in list(Goal)]
    return convert({**node, "extra": extra}, ProfileRecord)


#: One message: the state of one must not meet the id of another.
WHOLE = ("test_message",)


class RecordFile:
    """`<profile>/status.yaml`; a fresh record is named after the folder.

    Two runs may use one file at a time: a save writes what changed since the load or save before
    it, and leaves alone what the other one wrote meanwhile.
    """

    def __init__(self, path: str | os.PathLike[str], *, patience: float = 10.0) -> None:
        self._file = YamlFile(path, schema=SCHEMA, patience=patience)
        self._known: Node | None = None

    @property
    def path(self) -> str:
        """Where the file is, for people."""
        return str(self._file.path)

    def load(self) -> ProfileRecord:
        """What was saved last, or a fresh record; StateFileError when it cannot be trusted."""
        node = self._file.load() or {}
        node["profile"] = node.get("profile") or self._file.path.parent.name
        try:
            record = decode(node)
        except Misshapen as error:
            raise self._file.misshapen(error.path) from None
        self._known = encode(record)
        return record

    def save(self, record: ProfileRecord) -> None:
        """Replace what was saved, whole or not at all; StateFileError when that fails."""
        node = encode(record)
        try:
            self._file.save(node, self._known, WHOLE)
        except StateFileError as error:
            if error.kind != "too_big" or not record.history:
                raise
            # The verdicts matter; of the history only as much as can be read again.
            half = record.history[len(record.history) // 2 + 1 :]
            self.save(structs.replace(record, history=half))
        else:
            self._known = node
