"""The YAML status file of a profile: ids, verdicts and names of secrets; never a secret."""

from __future__ import annotations

from wizard.status.record import (
    Confirmation,
    Record,
    SecretNote,
    StatusTrouble,
    Store,
    TestMessage,
    Verdict,
    parse_time,
    write_time,
)

__all__ = [
    "Confirmation",
    "Record",
    "SecretNote",
    "StatusTrouble",
    "Store",
    "TestMessage",
    "Verdict",
    "parse_time",
    "write_time",
]
