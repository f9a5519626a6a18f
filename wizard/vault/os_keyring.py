"""The store "os-keyring": the keyring of the operating system, proven before it is trusted."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.state.private_file import UnsafeFile, locked
from wizard.text.sanitise import clean
from wizard.text.secret import Secret
from wizard.vault import Description, SecretSource, StoredSecret, VaultError, VaultProblem, explain
from wizard.vault.deadline import UNATTENDED, Deadline

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend


STORE = "os-keyring"
_PROBE = "probe"
# A back end may hold several items of one name and delete one at a time.
_MOST_COPIES = 20


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
    "keyring.backends.null.Keyring": VaultProblem.LOSING,
    "keyring.backends.fail.Keyring": VaultProblem.MISSING,
}
# Plain text, or encrypted without authentication and asking questions in the middle of a call.
_REFUSED_PACKAGES = ("keyrings.alt.",)


def class_path(backend: KeyringBackend) -> str:
    """The back end's class as `module.Class`."""
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def choose(store: str) -> KeyringBackend:
    """The back end this person configured for `keyring`, else the system's; VaultError if none.

    What `keyring` itself would take is not asked: it depends on the packages around.
    """
    from keyring import core

    configured = core.load_env() or core.load_config()
    if configured is None or class_path(configured) == _CHAINER:
        return _prepared(_of_the_system(store))
    path = class_path(configured)
    if path in _REFUSED or path.startswith(_REFUSED_PACKAGES):
        raise VaultError(_REFUSED.get(path, VaultProblem.MISSING), store, path)
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
    raise VaultError(VaultProblem.MISSING, store, "; ".join(reasons[:1]))


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


class OsKeyring:
    """One service for each secret: Windows moves entries about when users share a service.

    `folder` is where writers of the profile, of all processes, wait for one another.
    """

    def __init__(
        self,
        profile: str,
        seconds: float = UNATTENDED,
        waiting: Callable[[], None] | None = None,
        choose: Callable[[str], KeyringBackend] = choose,
        folder: Path | None = None,
    ) -> None:
        self._profile, self._choose, self._folder = profile, choose, folder
        self._backend: KeyringBackend | None = None
        self._deadline = Deadline(STORE, seconds, partial(explain, STORE), waiting)

    def get(self, name: str) -> StoredSecret | None:
        """A secret, or None when there is none of this name."""
        value = self._deadline.run(lambda: self._read(name))
        return None if value is None else StoredSecret(Secret(value), STORE)

    def source_of(self, name: str) -> SecretSource:
        """This store, for every name."""
        return SecretSource(STORE)

    def put(self, name: str, secret: Secret) -> None:
        """Keep it and read it back. An unchanged value is not written again."""

        def write() -> None:
            with self._alone():
                self._write(name, secret.reveal())

        self._deadline.run(write)

    def remove(self, name: str) -> None:
        """Drop every copy of it; dropping what is not there is fine."""

        def erase() -> None:
            with self._alone():
                self._erase(name)

        self._deadline.run(erase)

    def probe(self) -> None:
        """Write, read back, compare and delete a value of no worth."""
        self._deadline.run(self._try_out)

    def describe(self) -> Description:
        """The back end by class; no names where none can be reached."""
        try:
            backend = class_path(self._deadline.run(self._reach))
        except VaultError:
            return Description(STORE)
        return Description(STORE, backend, PLACES.get(backend, ""))

    def _reach(self) -> KeyringBackend:
        if self._backend is None:
            self._backend = self._choose(STORE)
        return self._backend

    def _service(self, name: str) -> str:
        return f"wa-wizard/{self._profile}/{name}"

    def _read(self, name: str) -> str | None:
        return self._reach().get_password(self._service(name), self._profile)

    def _set(self, name: str, value: str) -> None:
        self._reach().set_password(self._service(name), self._profile, value)

    def _write(self, name: str, value: str) -> None:
        before = self._read(name)
        if before == value:
            return
        longest = LONGEST.get(class_path(self._reach()))
        if longest and len(value.encode("utf-16-le", "surrogatepass")) > 2 * longest:
            raise VaultError(VaultProblem.LOSING, STORE, f"{name}: > {longest}")
        try:
            self._set(name, value)
            if self._read(name) != value:
                raise VaultError(VaultProblem.LOSING, STORE)
            return
        except Exception as error:  # noqa: BLE001 (explained below)
            failure = explain(STORE, error)
        self._put_back(name, before, value)
        if failure.closed is VaultProblem.BROKEN and disk_full(len(value)):
            failure = VaultError(VaultProblem.FULL, STORE, failure.detail)
        raise failure

    def _put_back(self, name: str, before: str | None, value: str) -> None:
        """macOS deletes before it adds, others may truncate: what was there must not be lost."""
        with suppress(Exception):
            now = self._read(name)
            if now is not None and not value.startswith(now):
                return  # whole: the value before, or that of someone who wrote meanwhile
            if before is not None:
                self._set(name, before)
            elif now is not None:
                self._erase(name)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer of this profile at a time: reading back must not see the value of another.

        Where no lock file can be made (a read-only home) the keyring has to do without.
        """
        with ExitStack() as held:
            if self._folder is not None:
                with suppress(OSError, UnsafeFile):  # LockTimeout goes on
                    held.enter_context(locked(self._folder / "keyring", self._deadline.seconds))
            yield

    def _erase(self, name: str) -> None:
        for _ in range(_MOST_COPIES):
            if self._read(name) is None:
                return
            self._reach().delete_password(self._service(name), self._profile)
        raise VaultError(VaultProblem.BROKEN, STORE, "undeletable")

    def _try_out(self) -> None:
        # A name of its own: two probes at the same time must not judge each other's value.
        name, value = f"{_PROBE}-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
        try:
            self._write(name, value)
        finally:
            with suppress(Exception):
                self._erase(name)
        if self._read(name) is not None:
            raise VaultError(VaultProblem.LOSING, STORE, "undeletable")
