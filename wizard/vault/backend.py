"""Which back end of `keyring` may hold secrets: the operating system's own, chosen by class.

`keyring.get_keyring()` may return one that loses them (`null`), refuses them (`fail`) or writes
them in plain text, depending on which packages happen to be installed.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.text.sanitise import clean
from wizard.vault import Closed, VaultTrouble

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_SECRET_SERVICE = "keyring.backends.SecretService.Keyring"
_LIBSECRET = "keyring.backends.libsecret.Keyring"
_KWALLET = "keyring.backends.kwallet.DBusKeyring"
_KEYCHAIN = "keyring.backends.macOS.Keyring"
_WINDOWS = "keyring.backends.Windows.WinVaultKeyring"

#: What people call the place behind a class.
PLACES = {
    _SECRET_SERVICE: "Secret Service",
    _LIBSECRET: "Secret Service (libsecret)",
    _KWALLET: "KWallet",
    _KEYCHAIN: "macOS Keychain",
    _WINDOWS: "Windows Credential Manager",
}
#: UTF-16 units that fit into one entry. Windows keeps 2560 bytes (CRED_MAX_CREDENTIAL_BLOB_SIZE).
LONGEST = {_WINDOWS: 1200}

# Bytes. Less than this is no room for anything.
_SOME_ROOM = 64 << 10
_CHAINER = "keyring.backends.chainer.ChainerBackend"
_REFUSED = {
    "keyring.backends.null.Keyring": Closed.LOSING,
    "keyring.backends.fail.Keyring": Closed.MISSING,
}
# Plain text, or encrypted without authentication and asking questions in the middle of a call.
_REFUSED_PACKAGES = ("keyrings.alt.",)


def class_path(backend: KeyringBackend) -> str:
    """The back end's class as `module.Class`."""
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def choose(store: str) -> KeyringBackend:
    """The back end this person configured for `keyring`, else the system's; VaultTrouble if none.

    What `keyring` itself would take is not asked: it depends on the packages around.
    """
    from keyring import core

    configured = core.load_env() or core.load_config()
    if configured is None or class_path(configured) == _CHAINER:
        return _prepared(_of_the_system(store))
    path = class_path(configured)
    if path in _REFUSED or path.startswith(_REFUSED_PACKAGES):
        raise VaultTrouble(_REFUSED.get(path, Closed.MISSING), store, path)
    return _prepared(configured)


def disk_full(needed: int) -> bool:
    """Whether the disk under the user's keyrings lacks room for a value of this many bytes.

    gnome-keyring says of a full disk only "Couldn't set item secret".
    """
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    try:
        return shutil.disk_usage(home).free < max(_SOME_ROOM, 4 * needed)
    except (OSError, RuntimeError):
        return False


def _of_the_system(store: str) -> KeyringBackend:
    from keyring import core

    reasons = []
    for path in _candidates():
        try:
            return core.load_keyring(path)
        except (RuntimeError, ImportError, AttributeError) as error:
            # These speak of the machine only: no secret was anywhere near.
            reasons.append(f"{PLACES[path]}: {clean(error, 120)}")
    raise VaultTrouble(Closed.MISSING, store, "; ".join(reasons[:1]))


def _candidates() -> tuple[str, ...]:
    if sys.platform == "darwin":
        return (_KEYCHAIN,)
    if sys.platform == "win32":
        return (_WINDOWS,)
    if "KDE" in os.environ.get("XDG_CURRENT_DESKTOP", "").split(":"):
        return (_KWALLET, _SECRET_SERVICE, _LIBSECRET)
    return (_SECRET_SERVICE, _LIBSECRET, _KWALLET)


def _prepared(backend: KeyringBackend) -> KeyringBackend:
    if class_path(backend) == _WINDOWS:
        # The default, "enterprise", roams with the profile to other machines of the company.
        setattr(backend, "persist", "local machine")  # noqa: B010 (typed on Windows only)
    return backend
