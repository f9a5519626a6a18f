"""Why a store failed, from the exceptions that come through `keyring` raw.

KeyringError is only some of them: D-Bus, Unicode, Windows and macOS errors arrive as they are.
Their messages stay here; a detail holds classes, codes and names of errors alone.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from wizard.state.private_file import LockTimeout, UnsafeFile
from wizard.text.errors import UserAbort
from wizard.vault import VaultError, VaultProblem

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
        detail = f"{error.path} ({error.kind})"
        raise VaultError(VaultProblem.UNSAFE, store, detail) from None
    except LockTimeout as error:
        held = f"{error.path} (PID {error.pid})" if error.pid else str(error.path)
        raise VaultError(VaultProblem.TIMEOUT, store, held) from None
    except Exception as error:  # noqa: BLE001 (the port promises VaultError)
        raise explain(store, error) from None
