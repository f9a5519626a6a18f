"""Why a store failed, from the exceptions that come through `keyring` raw.

KeyringError is only some of them: D-Bus, Unicode, Windows and macOS errors arrive as they are.
Their messages stay here; a detail holds classes, codes and names of errors alone.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

from wizard.vault import Closed, VaultTrouble

#: By the name of the class, so that no library has to be there to be recognised.
_CLASSES = {
    "NoKeyringError": Closed.MISSING,
    "InitError": Closed.MISSING,  # the first keyring of a machine was not created
    "SecretServiceNotAvailableException": Closed.MISSING,
    "ConnectionError": Closed.MISSING,  # the bus died between two calls
    "FileNotFoundError": Closed.MISSING,  # the socket of a bus that is gone
    "AuthenticationError": Closed.MISSING,  # the bus of another user (sudo)
    "EOFError": Closed.MISSING,
    "TimeoutError": Closed.TIMEOUT,
    "KeyringLocked": Closed.LOCKED,
    "LockedException": Closed.LOCKED,
    "PromptDismissedException": Closed.LOCKED,
}
_DBUS = {
    "org.freedesktop.DBus.Error.Disconnected": Closed.MISSING,
    "org.freedesktop.DBus.Error.NameHasNoOwner": Closed.MISSING,
    "org.freedesktop.DBus.Error.NoReply": Closed.MISSING,
    "org.freedesktop.DBus.Error.NoServer": Closed.MISSING,
    "org.freedesktop.DBus.Error.ServiceUnknown": Closed.MISSING,
    "org.freedesktop.Secret.Error.IsLocked": Closed.LOCKED,
}
_NUMBERS = {
    errno.ENOSPC: Closed.FULL,
    errno.EDQUOT: Closed.FULL,
    errno.EFBIG: Closed.FULL,
    112: Closed.FULL,  # ERROR_DISK_FULL
    1312: Closed.MISSING,  # ERROR_NO_SUCH_LOGON_SESSION: Windows over ssh has no vault, by design
    1783: Closed.LOSING,  # RPC_X_BAD_STUB_DATA: longer than Windows keeps in one credential
    -34: Closed.FULL,  # macOS: dskFulErr
    -25291: Closed.MISSING,  # errSecNotAvailable
    -25293: Closed.LOCKED,  # errSecAuthFailed
    -25307: Closed.MISSING,  # errSecNoDefaultKeychain
    -25308: Closed.LOCKED,  # errSecInteractionNotAllowed: a keychain over ssh
}


def explain(store: str, error: BaseException) -> VaultTrouble:
    """The trouble behind an exception, or behind the one that caused it; else BROKEN.

    `detail` names them all, the causes to the right.
    """
    causes = list(_chain(error))
    detail = " < ".join(_named(cause) for cause in causes)
    for cause in causes:
        if isinstance(cause, VaultTrouble):
            # A copy: the frames that the original remembers hold the value.
            return VaultTrouble(cause.closed, cause.store, cause.detail)
        if closed := _closed(cause):
            return VaultTrouble(closed, store, detail)
    return VaultTrouble(Closed.BROKEN, store, detail)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _closed(error: BaseException) -> Closed | None:
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
