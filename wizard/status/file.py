"""The record of one profile in a YAML file: the real Store."""

from __future__ import annotations

import os
from dataclasses import replace

from wizard.document import Document, StatusTrouble
from wizard.status.form import Misshapen, Node, decode, encode
from wizard.status.record import SCHEMA, Record

#: One message: the state of one must not meet the id of another.
WHOLE = ("test_message",)


class FileStore:
    """`<profile>/status.yaml`; a fresh record is named after the folder.

    Two runs may use one file at a time: a save writes what changed since the load or save before
    it, and leaves alone what the other one wrote meanwhile.
    """

    def __init__(self, path: str | os.PathLike[str], *, patience: float = 10.0) -> None:
        self._document = Document(path, schema=SCHEMA, patience=patience)
        self._known: Node | None = None

    @property
    def path(self) -> str:
        """Where the file is, for people."""
        return str(self._document.path)

    def load(self) -> Record:
        """What was saved last, or a fresh record; StatusTrouble when the file cannot be trusted."""
        profile = self._document.path.parent.name
        node = self._document.load()
        try:
            record = Record(profile=profile) if node is None else decode(node, profile)
        except Misshapen as error:
            raise self._document.malformed(error.where) from None
        self._known = encode(record)
        return record

    def save(self, record: Record) -> None:
        """Replace what was saved, whole or not at all; StatusTrouble when that fails."""
        node = encode(record)
        try:
            self._document.save(node, self._known, WHOLE)
        except StatusTrouble as error:
            if error.kind != "too_big" or not record.history:
                raise
            # The verdicts matter; of the history only as much as can be read again.
            self.save(replace(record, history=record.history[len(record.history) // 2 + 1 :]))
        else:
            self._known = node
