"""What is remembered of a profile between runs, and the port of the place that remembers it.

Times are ISO 8601 strings in UTC with a Z (`2026-11-22T20:00:00Z`), as they stand in the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from msgspec import Struct, structs, to_builtins

from wizard.state import private_file
from wizard.state.typed import Misshapen, Node, convert, lenient, restore, unknown_keys
from wizard.state.yaml_file import StateFileError, YamlFile
from wizard.text.localised import Value
from wizard.text.secret import PIN

SCHEMA = 1
#: The ids of a profile, in the order they are shown.
ID_NAMES = ("app_id", "business_id", "waba_id", "phone_number_id", "display_phone_number")
#: How many changes of verdicts are remembered.
HISTORY_LENGTH = 500


def write_time(moment: datetime) -> str:
    """A moment as the status file writes it, to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def parse_time(written: str) -> datetime:
    """The moment that `write_time` wrote."""
    return datetime.fromisoformat(written).astimezone(UTC)


class Goal(StrEnum):
    """What the number is wanted for; decides which items are required."""

    SENDING = "sending"
    RECEIVING = "receiving"


class Status(StrEnum):
    """The five answers to "is this item in order?"; one of a later version is UNKNOWN."""

    PASSED = "passed"
    FAILED = "failed"  # seen, and wrong
    UNKNOWN = "unknown"  # could not look: no network, no permission
    SKIPPED = "skipped"  # something it requires has not passed
    WAITING = "waiting"  # no API shows it: a person has to say so, and has not yet

    @classmethod
    def _missing_(cls, value: object) -> Status:
        return cls.UNKNOWN


class SavedResult(Struct, frozen=True, omit_defaults=True):
    """What an audit saw of one item.

    `since` is when it began to stand like this, `checked_at` when it was last looked at.
    """

    status: Status
    reason: str = ""
    values: Mapping[str, Value] = {}
    since: str = ""
    required: bool = False
    checked_at: str = ""


class Change(NamedTuple):
    """An item went from one status to another."""

    at: str
    item: str
    was: str
    now: str
    reason: str = ""

    @classmethod
    def parse(cls, line: str) -> Change:
        """The change that a line of the history holds."""
        return cls(*(*line.split(), "", "", "", "", "")[:5])

    def __str__(self) -> str:
        return " ".join(self).rstrip()


class Confirmation(Struct, frozen=True, omit_defaults=True):
    """A person confirmed an item: in which words, when, and who (login name).

    `about` names what they spoke of: an app, a message, a callback. Of another it says nothing.
    """

    words: str
    at: str
    by: str = ""
    about: str = ""


class SecretNote(Struct, frozen=True, omit_defaults=True):
    """That a secret exists and where: keyring cannot list, so its names are kept here.

    `kind` is what Meta says of a token (`SYSTEM_USER`, `USER`, `PAGE` …), "" for other secrets;
    `expires_at` an ISO time, "never" or "" (not known); `fingerprint` the first 8 hex digits of
    the SHA-256, only of tokens and the app secret: a PIN could be found by trying.
    """

    store: str
    backend: str = ""
    kind: str = ""
    set_at: str = ""
    expires_at: str = ""
    fingerprint: str = ""


class TestMessage(Struct, frozen=True, omit_defaults=True):
    """The last test message. `state`: accepted, sent, delivered, read or failed.

    Answers without an error that promise no delivery are held, paused and no_message.
    """

    __test__ = False  # pytest: not a test class

    phone_number_id: str
    to: str  # as Meta answered it (wa_id), else as typed
    wamid: str
    at: str
    state: str = "accepted"
    template: str = ""
    code: int = 0  # of a failure
    subcode: int = 0
    details: str = ""
    message: str = ""
    token: str = ""  # the fingerprint of the one that sent it; another may fare differently


class Closed(Struct, frozen=True, omit_defaults=True):
    """Meta refuses an act until a moment, and answered so (with `code`) at another."""

    until: str
    code: int = 0
    at: str = ""


class OrderedCode(Struct, frozen=True, omit_defaults=True):
    """A verification code that Meta was asked to send: when, and by which way (sms, voice)."""

    at: str
    method: str = ""


class ProfileRecord(Struct, omit_defaults=True):
    """One profile, in the order of the file, what people read most first."""

    profile: str = "default"
    goals: tuple[Goal, ...] = (Goal.SENDING,)
    ids: dict[str, str] = {}
    graph_version: str = ""
    checked_at: str = ""  # when the last audit ended, whichever items it looked at
    secrets: dict[str, SecretNote] = {}
    webhook: dict[str, str] = {}  # callback_url, level; kept_by "here", any_token "meant"
    test_message: TestMessage | None = None
    #: A person's word, by item id.
    confirmed: dict[str, Confirmation] = {}
    verdicts: dict[str, SavedResult] = {}
    #: "register:<phone number id>" → when each attempt was made; Meta counts 10 in 72 hours.
    attempts: dict[str, list[str]] = {}
    #: "<act>:<phone number id>" → until when Meta refuses it; acts: register, request_code,
    #: verify_code, pin.
    closed: dict[str, Closed] = {}
    #: The last code ordered, by phone number id.
    codes: dict[str, OrderedCode] = {}
    #: Each a Change in one line: a file of five hundred stays quick to read.
    history: list[str] = []
    #: The keys that a later version wrote and this one does not know, where they stood.
    extra: dict[str, Any] = {}

    @property
    def changes(self) -> list[Change]:
        """The history, oldest first."""
        return [Change.parse(line) for line in self.history]

    def kept_as(self, name: str) -> str:
        """The name a secret is kept and noted under: a PIN under that of the number in use."""
        number = self.ids.get("phone_number_id")
        return f"{PIN}:{number}" if name == PIN and number else name

    def called(self, name: str) -> str:
        """The same the other way round: what people call the secret of this name."""
        return PIN if name == self.kept_as(PIN) else name

    @property
    def secret_names(self) -> set[str]:
        """What people call the secrets that are noted."""
        return {self.called(name) for name in self.secrets}

    def note_of(self, name: str) -> SecretNote | None:
        """What is noted of a secret."""
        return self.secrets.get(self.kept_as(name)) or self.secrets.get(name)

    def drop_note(self, name: str) -> None:
        """Forgets what is noted of a secret."""
        for key in (self.kept_as(name), name):
            self.secrets.pop(key, None)

    @property
    def started(self) -> bool:
        """Whether anything was ever done with this profile."""
        return bool(self.checked_at or self.ids or self.secrets)

    @property
    def received_here(self) -> bool:
        """Whether messages go to this computer's own receiver, which ends with its window."""
        return self.webhook.get("kept_by") == "here"

    def tries(self, what: str, since: datetime) -> list[datetime]:
        """When `what` ("register:<phone number id>") was tried after a moment, oldest first."""
        moments = (parse_time(written) for written in self.attempts.get(what, ()))
        return sorted(moment for moment in moments if moment > since)

    def closed_until(self, what: str, now: datetime) -> datetime | None:
        """Until when Meta refuses `what` ("register:<phone number id>"); None: it does not now."""
        closed = self.closed.get(what)
        until = parse_time(closed.until) if closed else now
        return until if until > now else None

    def become(self, other: ProfileRecord) -> None:
        """Takes over everything that `other` holds; all who share this record see it."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(other, name))


class RecordStore(Protocol):
    """Keeps the record of one profile between runs."""

    def load(self) -> ProfileRecord:
        """What was saved last, or a fresh record; StateFileError when it cannot be trusted."""

    def save(self, record: ProfileRecord) -> None:
        """Replace what was saved, whole or not at all; StateFileError when that fails."""

    def acting(self) -> AbstractContextManager[bool]:
        """No other run acts on this profile within; True unless this one is within already.

        StateFileError when another run does not end in time, or nothing can be written there.
        """


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
        #: Why what was loaded may be only a part of it: a later version wrote the file.
        self.newer: StateFileError | None = None
        self._patience, self._acting = patience, False

    @property
    def path(self) -> str:
        """Where the file is, for people."""
        return str(self._file.path)

    def load(self) -> ProfileRecord:
        """What was saved last, or a fresh record; StateFileError when it cannot be trusted."""
        node = self._file.load() or {}
        schema = self._file.newer
        self.newer = StateFileError("newer", self.path, str(schema)) if schema else None
        node["profile"] = node.get("profile") or self._file.path.parent.name
        try:
            record = decode(node)
        except Misshapen as error:
            raise self._file.misshapen(error.path) from None
        self._known = encode(record)
        # Noted before PINs were kept by number: it is that of the number of this file.
        if (key := record.kept_as(PIN)) != PIN and (note := record.secrets.pop(PIN, None)):
            record.secrets.setdefault(key, note)
        return record

    @contextmanager
    def acting(self) -> Iterator[bool]:
        """See RecordStore. The lock stands beside the status file and ends with its process."""
        if self._acting:
            yield False
            return
        with ExitStack() as held:
            with self._file.state_errors():
                lock = private_file.locked(self._file.path.with_name("acting"), self._patience)
                try:
                    held.enter_context(lock)
                except private_file.LockTimeout as error:
                    raise StateFileError("at_work", self.path, error.pid) from None
            self._acting = True
            try:
                yield True
            finally:
                self._acting = False

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
