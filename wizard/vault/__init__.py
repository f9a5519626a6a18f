"""The only door to keyring and to every other place where secrets are kept: this page is the port.

Stores never fall back to one another, and none of them keeps a secret in plain text (the play
store of the sandbox apart, whose secrets open nothing).
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from wizard.state.private_file import LockTimeout, UnsafeFile
from wizard.text.errors import Exit, UserAbort, WizardError
from wizard.text.secret import Secret


class VaultProblem(StrEnum):
    """Why a store cannot be used, in the kinds a person can act on."""

    MISSING = "missing"  # no keyring service on this machine (ssh, container, cron)
    LOCKED = "locked"
    TIMEOUT = "timeout"  # no answer within the deadline (a window may be asking for a password)
    SLOW = "slow"  # the same of a program that keeps secrets: its deadline stands in the profile
    LOSING = "losing"  # what was written did not come back: null back ends, truncation
    FULL = "full"  # disk full
    PASSPHRASE = "passphrase"  # encrypted file: none given, or the wrong one
    UNSAFE = "unsafe"  # a file or folder that others own or may write; `detail` says which
    READABLE = "readable"  # others can read the passphrase's file or the store; `detail`: which
    OLDER = "older"  # the encrypted file of before; `detail`: the file that knows of a later write
    READ_ONLY = "read_only"  # the environment: set it where it comes from
    NOT_WRITABLE = "not_writable"  # a program that keeps secrets, and takes none from here
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
        """Write, read back, compare and delete a value of no worth.

        A store that is shared with others is read only; `stores.prove_writing` writes to it too.
        """

    def describe(self) -> Description:
        """Which store this is. Reads no secret and unlocks nothing."""


@runtime_checkable
class Listing(Protocol):
    """A store that can say which secrets it has."""

    def names(self) -> tuple[str, ...] | None:
        """Their names, without opening any; None when it cannot say."""


class Around:
    """A store with something before it; what a subclass does not change is the store's matter."""

    def __init__(self, store: Vault) -> None:
        self.store = store

    def get(self, name: str) -> StoredSecret | None:
        """A secret, or None when there is none of this name."""
        return self.store.get(name)

    def source_of(self, name: str) -> SecretSource:
        """The store, or what was put before it."""
        return self.store.source_of(name)

    def put(self, name: str, secret: Secret) -> None:
        """Keep it and read it back."""
        self.store.put(name, secret)

    def remove(self, name: str) -> None:
        """Drop it; dropping what is not there is fine."""
        self.store.remove(name)

    def probe(self) -> None:
        """The store's own."""
        self.store.probe()

    def describe(self) -> Description:
        """The store."""
        return self.store.describe()

    def names(self) -> tuple[str, ...] | None:
        """The secrets it has, without opening any; None when it cannot say."""
        return self.store.names() if isinstance(self.store, Listing) else None


#: By the name of the class, so that no library has to be there to be recognised.
_CLASSES = {
    "NoKeyringError": VaultProblem.MISSING,
    "InitError": VaultProblem.MISSING,  # the first keyring of a machine was not created
    "SecretServiceNotAvailableException": VaultProblem.MISSING,
    "ConnectionError": VaultProblem.MISSING,  # the bus died between two calls
    "FileNotFoundError": VaultProblem.MISSING,  # the socket of a bus that is gone
    "AuthenticationError": VaultProblem.MISSING,  # the bus of another user (sudo)
    "EOFError": VaultProblem.MISSING,
    "TimeoutError": VaultProblem.TIMEOUT,
    "KeyringLocked": VaultProblem.LOCKED,
    "LockedException": VaultProblem.LOCKED,
    "PromptDismissedException": VaultProblem.LOCKED,
}
_DBUS = {
    "org.freedesktop.DBus.Error.Disconnected": VaultProblem.MISSING,
    "org.freedesktop.DBus.Error.NameHasNoOwner": VaultProblem.MISSING,
    "org.freedesktop.DBus.Error.NoReply": VaultProblem.MISSING,
    "org.freedesktop.DBus.Error.NoServer": VaultProblem.MISSING,
    "org.freedesktop.DBus.Error.ServiceUnknown": VaultProblem.MISSING,
    "org.freedesktop.Secret.Error.IsLocked": VaultProblem.LOCKED,
}
_NUMBERS = {
    errno.ENOSPC: VaultProblem.FULL,
    errno.EDQUOT: VaultProblem.FULL,
    errno.EFBIG: VaultProblem.FULL,
    112: VaultProblem.FULL,  # ERROR_DISK_FULL
    1312: VaultProblem.MISSING,  # ERROR_NO_SUCH_LOGON_SESSION: Windows over ssh has no vault
    1783: VaultProblem.LOSING,  # RPC_X_BAD_STUB_DATA: longer than Windows keeps in one credential
    -34: VaultProblem.FULL,  # macOS: dskFulErr
    -25291: VaultProblem.MISSING,  # errSecNotAvailable
    -25293: VaultProblem.LOCKED,  # errSecAuthFailed
    -25307: VaultProblem.MISSING,  # errSecNoDefaultKeychain
    -25308: VaultProblem.LOCKED,  # errSecInteractionNotAllowed: a keychain over ssh
}


def explain(store: str, error: BaseException) -> VaultError:
    """The trouble behind an exception, or behind the one that caused it; else BROKEN.

    `detail` names them all, the causes to the right.
    """
    causes = list(_chain(error))
    detail = " < ".join(_named(cause) for cause in causes)
    for cause in causes:
        if isinstance(cause, VaultError):
            # A copy: the frames that the original remembers hold the value.
            return VaultError(cause.closed, cause.store, cause.detail)
        if closed := _closed(cause):
            return VaultError(closed, store, detail)
    return VaultError(VaultProblem.BROKEN, store, detail)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _closed(error: BaseException) -> VaultProblem | None:
    for known in (_CLASSES.get(kind.__name__) for kind in type(error).__mro__):
        if known:
            return known
    return _DBUS.get(_dbus_name(error)) or _NUMBERS.get(_number(error))


def _number(error: BaseException) -> int:
    """The code of a Windows, macOS or system error; 0 when there is none."""
    for number in (getattr(error, "winerror", None), getattr(error, "errno", None), *error.args):
        if isinstance(number, int):
            return number
    return 0


def _dbus_name(error: BaseException) -> str:
    return str(getattr(error, "name", None) or "")


def _named(error: BaseException) -> str:
    number = _number(error)
    parts = [type(error).__name__, _dbus_name(error), str(number) if number else ""]
    return " ".join(part for part in parts if part)


@contextmanager
def guarded(store: str) -> Iterator[None]:
    """Everything raised within comes out as VaultError, whose traceback hides where from."""
    try:
        yield
    except UserAbort:  # of the person who was asked for a passphrase
        raise
    except UnsafeFile as error:
        if error.kind == "readable":
            raise VaultError(VaultProblem.READABLE, store, str(error.path)) from None
        detail = f"{error.path} ({error.kind})"
        raise VaultError(VaultProblem.UNSAFE, store, detail) from None
    except LockTimeout as error:
        held = f"{error.path} (PID {error.pid})" if error.pid else str(error.path)
        raise VaultError(VaultProblem.TIMEOUT, store, held) from None
    except Exception as error:  # noqa: BLE001 (the port promises VaultError)
        raise explain(store, error) from None
