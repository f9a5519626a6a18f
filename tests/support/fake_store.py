"""A Store without a disk, for every test that is not about the disk."""

from contextlib import nullcontext
from copy import deepcopy

from wizard.state.record import (
    Change,
    Closed,
    Confirmation,
    Goal,
    OrderedCode,
    ProfileRecord,
    SavedResult,
    SecretNote,
    Status,
    TestMessage,
)
from wizard.state.yaml_file import StateFileError

NOON = "2026-11-22T12:00:00Z"


def full_record():
    """A record in which every field is used, with values that YAML likes to misread."""
    return ProfileRecord(
        profile="default",
        goals=(Goal.SENDING, Goal.RECEIVING),
        ids={"waba_id": "0102290129340398", "display_phone_number": "+1 555-010-0123"},
        graph_version="v26.0",
        checked_at=NOON,
        verdicts={
            "token.scopes": SavedResult(
                Status.FAILED, "missing", {"n": 3, "on": True, "who": "no", "x": None}, NOON, True
            ),
            "token.kind": SavedResult(Status.PASSED, "", {"date": "2026-11-22", "n": "012"}, NOON),
        },
        confirmed={"app.published": Confirmation("да, 3 мая\nв обед", NOON, "olga")},
        secrets={"access_token": SecretNote("os-keyring", "SecretService", "USER", NOON, "never")},
        attempts={"register:106540352242922": [NOON, NOON]},
        closed={"register:106540352242922": Closed(NOON, 133016, NOON)},
        codes={"106540352242922": OrderedCode(NOON, "sms")},
        webhook={"callback_url": "https://shop.example/hook", "level": "app"},
        test_message=TestMessage("106540352242922", "79160000000", "wamid.X==", NOON, code=131030),
        history=[str(Change(NOON, "token.scopes", "passed", "failed", "missing"))],
    )


class MemoryStore:
    """Remembers what was saved last; `trouble` makes the next saves fail as a full disk would."""

    def __init__(self, record: ProfileRecord | None = None, trouble: StateFileError | None = None):
        self.saved = deepcopy(record) if record else None
        self.trouble = trouble
        self.saves = 0

    def load(self) -> ProfileRecord:
        return deepcopy(self.saved) if self.saved else ProfileRecord()

    def acting(self):
        return nullcontext(True)

    def save(self, record: ProfileRecord) -> None:
        if self.trouble:
            raise self.trouble
        self.saved = deepcopy(record)
        self.saves += 1
