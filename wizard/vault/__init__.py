"""The only door to keyring and to every other place where secrets are kept: this page is the port.

Stores never fall back to one another, and none of them keeps a secret in plain text (the play
store of the sandbox apart, whose secrets open nothing).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from wizard.text.errors import Exit, WizardError
from wizard.text.secret import Secret


class VaultProblem(StrEnum):
    """Why a store cannot be used, in the kinds a person can act on."""

    MISSING = "missing"  # no keyring service on this machine (ssh, container, cron)
    LOCKED = "locked"
    TIMEOUT = "timeout"  # no answer within the deadline (a window may be asking for a password)
    LOSING = "losing"  # what was written did not come back: null back ends, truncation
    FULL = "full"  # disk full
    PASSPHRASE = "passphrase"  # encrypted file: none given, or the wrong one
    UNSAFE = "unsafe"  # a file or folder that others own or may write; `detail` says which
    READ_ONLY = "read_only"  # the environment: set it where it comes from
    INVALID = "invalid"  # a value from outside that cannot be right; `detail`: where it stands
    BROKEN = "broken"  # anything else; `detail` has the class of the error


class VaultError(WizardError):
    """A store could not be used. `detail` is for people who look closer; never holds a value."""

    exit_code = Exit.VAULT

    def __init__(self, closed: VaultProblem, store: str, detail: str = "") -> None:
        super().__init__(f"vault.{closed}", store=store, detail=detail)
        self.closed, self.store, self.detail = closed, store, detail


@dataclass(frozen=True)
class StoredSecret:
    """A secret and where it came from.

    `source` is the store's name ("os-keyring", "encrypted-file", "command", "sandbox") or, for
    the read-only ones, "environment" with `detail` naming the variable or the file.
    """

    secret: Secret
    source: str
    detail: str = ""


@dataclass(frozen=True)
class Description:
    """A store for people: its name, the back end behind it, and where that keeps things."""

    store: str
    backend: str = ""
    place: str = ""


@dataclass(frozen=True)
class SecretSource:
    """Where a secret would come from: a store's name, and the variable, file or program in it."""

    store: str
    detail: str = ""


class Vault(Protocol):
    """Keeps the secrets of one profile. Every call ends within a deadline or in VaultError."""

    def get(self, name: str) -> StoredSecret | None:
        """A secret, or None when there is none of this name."""

    def source_of(self, name: str) -> SecretSource:
        """Where `get` would take it from. Reads no secret, unlocks and asks nothing."""

    def put(self, name: str, secret: Secret) -> None:
        """Keep it and read it back. An unchanged value is not written again.

        macOS wipes the "Always Allow" of an item that is written, and replaces it by
        delete-then-add, which can lose it.
        """

    def remove(self, name: str) -> None:
        """Drop it; dropping what is not there is fine."""

    def probe(self) -> None:
        """Write, read back, compare and delete a value of no worth."""

    def describe(self) -> Description:
        """Which store this is. Reads no secret and unlocks nothing."""
