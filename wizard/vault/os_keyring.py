"""The store "os-keyring": the keyring of the operating system, proven before it is trusted."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.state.private_file import UnsafeFile, alone
from wizard.text.secret import Secret
from wizard.vault import Closed, Description, Kept, VaultTrouble
from wizard.vault.backend import LONGEST, PLACES, choose, class_path, disk_full
from wizard.vault.causes import explain
from wizard.vault.deadline import UNATTENDED, Deadline
from wizard.vault.pieces import Pieces, Torn

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

STORE = "os-keyring"
_PROBE = "probe"
# A back end may hold several items of one name and delete one at a time.
_MOST_COPIES = 20


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

    def get(self, name: str) -> Kept | None:
        """A secret, or None when there is none of this name."""
        value = self._deadline.run(lambda: self._read(name))
        return None if value is None else Kept(Secret(value), STORE)

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
        except VaultTrouble:
            return Description(STORE)
        return Description(STORE, backend, PLACES.get(backend, ""))

    def _reach(self) -> KeyringBackend:
        if self._backend is None:
            self._backend = self._choose(STORE)
        return self._backend

    def _entries(self) -> Pieces:
        backend = self._reach()
        return Pieces(_Entries(backend, self._profile), LONGEST.get(class_path(backend)))

    def _read(self, name: str) -> str | None:
        try:
            return self._entries().get(name)
        except Torn:
            raise VaultTrouble(Closed.LOSING, STORE, "pieces") from None

    def _write(self, name: str, value: str) -> None:
        try:
            before = self._read(name)
        except VaultTrouble as trouble:
            if trouble.closed is not Closed.LOSING:
                raise
            before = None  # torn: there is nothing to lose, and writing mends it
        if before == value:
            return
        try:
            self._entries().set(name, value)
            if self._read(name) != value:
                raise VaultTrouble(Closed.LOSING, STORE)
            return
        except Exception as error:  # noqa: BLE001 (explained below)
            failure = explain(STORE, error)
        self._put_back(name, before, value)
        if failure.closed is Closed.BROKEN and disk_full(len(value)):
            failure = VaultTrouble(Closed.FULL, STORE, failure.detail)
        raise failure

    def _put_back(self, name: str, before: str | None, value: str) -> None:
        """macOS deletes before it adds, others may truncate: what was there must not be lost."""
        with suppress(Exception):
            try:
                now = self._read(name)
            except VaultTrouble:
                now = ""  # torn
            if now is not None and not value.startswith(now):
                return  # whole: the value before, or that of somebody who wrote meanwhile
            if before is not None:
                self._entries().set(name, before)
            elif now is not None:
                self._erase(name)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer of this profile at a time: reading back must not see the value of another.

        Where no lock file can be made (a read-only home) the keyring has to do without.
        """
        with ExitStack() as held:
            if self._folder is not None:
                try:
                    held.enter_context(alone(self._folder / "keyring", self._deadline.seconds))
                except TimeoutError:
                    raise
                except (OSError, UnsafeFile):
                    pass
            yield

    def _erase(self, name: str) -> None:
        entries = self._entries()
        for _ in range(_MOST_COPIES):
            with suppress(Torn):
                if entries.get(name) is None:
                    return
            entries.delete(name)
        raise VaultTrouble(Closed.BROKEN, STORE, "undeletable")

    def _try_out(self) -> None:
        # A name of its own: two probes at the same time must not judge each other's value.
        name, value = f"{_PROBE}-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
        try:
            self._write(name, value)
        finally:
            with suppress(Exception):
                self._erase(name)
        if self._read(name) is not None:
            raise VaultTrouble(Closed.LOSING, STORE, "undeletable")


class _Entries:
    """The entries of one profile in a back end."""

    def __init__(self, backend: KeyringBackend, profile: str) -> None:
        self._backend, self._profile = backend, profile

    def _service(self, entry: str) -> str:
        return f"wa-wizard/{self._profile}/{entry}"

    def get(self, entry: str) -> str | None:
        return self._backend.get_password(self._service(entry), self._profile)

    def set(self, entry: str, value: str) -> None:
        self._backend.set_password(self._service(entry), self._profile, value)

    def delete(self, entry: str) -> None:
        self._backend.delete_password(self._service(entry), self._profile)
