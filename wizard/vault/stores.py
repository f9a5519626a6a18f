"""Opens the store that a person chose, never another one, and moves secrets between stores."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from wizard.state.record import ProfileRecord
from wizard.text.secret import PIN, SECRET_NAMES, Secret, is_secret_name, kind_of
from wizard.vault import (
    Around,
    Listing,
    SecretSource,
    StoredSecret,
    Vault,
    VaultError,
    VaultProblem,
)
from wizard.vault.deadline import ATTENDED, UNATTENDED
from wizard.vault.environment import SOURCE, EnvironmentFirst, cleaned

DEFAULT = "os-keyring"
#: "environment" keeps nothing, "sandbox" is for play.
STORES = ("os-keyring", "encrypted-file", "command", "environment", "sandbox")
#: The entry points of packages that bring a store: its name → a function of `Opening`.
BROUGHT = "wa_wizard.stores"


@dataclass(frozen=True)
class Person:
    """Who is there while a store is in use: no one, unless the program runs on a terminal.

    `waiting` is called, once for each call, when a store has been silent for a second.
    `passphrase` asks for that of the encrypted file, twice when it is a new one;
    `passphrase_file` (the option --passphrase-file) goes before it.
    """

    attended: bool = False
    waiting: Callable[[], None] | None = None
    passphrase: Callable[[bool], Secret | None] | None = None
    passphrase_file: Path | None = None


@dataclass(frozen=True)
class Opening:
    """What every store is opened with. `folder` is the profile's (the sandbox's, for "sandbox")."""

    profile: str
    choice: Mapping[str, Any]
    environ: Mapping[str, str]
    folder: Path
    person: Person


def open_vault(
    profile: str,
    choice: Mapping[str, Any] | None,
    environ: Mapping[str, str],
    person: Person | None = None,
    *,
    folder: Path,
    record: Callable[[], ProfileRecord] = ProfileRecord,
) -> Vault:
    """The store of a choice, behind the environment.

    {"store": "os-keyring"}; {"store": "encrypted-file", "path": …} (path: else in the folder);
    {"store": "command", "preset": "pass"} or with the keys of `command.Helper`.

    The sandbox's stands alone: real secrets of the environment have no business there. `record`
    says which number a PIN is of. Reaches for nothing yet; BROKEN for a store that is none.
    """
    opening = Opening(profile, choice or {}, environ, folder, person or Person())
    store = str(opening.choice.get("store") or DEFAULT)
    behind = _opener(store)(opening)
    if store == "sandbox" and behind:
        return PinByNumber(behind, record)
    reading = behind and PinByNumber(ReadOnce(behind, shared=store == "command"), record)
    return EnvironmentFirst(environ, reading, profile)


class ReadOnce(Around):
    """A store each of whose secrets is asked for once in a run.

    A read may run a program, wait for a key to be touched, or be counted by those who share it.
    """

    def __init__(self, store: Vault, *, shared: bool = False) -> None:
        super().__init__(store)
        self._shared, self._probed = shared, False
        self._known: dict[str, StoredSecret | None] = {}

    def get(self, name: str) -> StoredSecret | None:
        """What the store answered the first time."""
        if name not in self._known:
            self._known[name] = self.store.get(name)
        return self._known[name]

    def put(self, name: str, secret: Secret) -> None:
        """Keep it; the next read is a new one."""
        self._known.pop(name, None)
        self.store.put(name, secret)

    def remove(self, name: str) -> None:
        """Drop it; the next read is a new one."""
        self._known.pop(name, None)
        self.store.remove(name)

    def probe(self) -> None:
        """The store's own proof; one that is shared with others is only read.

        A value that is written to it leaves commits there, and this machine may not be allowed to
        write at all: `prove_writing` tries that. A second probe is a new look at everything.
        """
        if self._probed:
            self._known.clear()
        self._probed = True
        if self._shared:
            self.get(SECRET_NAMES[0])
        else:
            self.store.probe()


class PinByNumber(Around):
    """A store in which `two_step_pin` is the PIN of the number in use.

    One that was kept under the plain name is of the number that has a note and no entry of its
    own, of the number in use where nothing is noted; it moves when a PIN is written.
    """

    def __init__(self, store: Vault, record: Callable[[], ProfileRecord]) -> None:
        super().__init__(store)
        self._record = record

    def get(self, name: str) -> StoredSecret | None:
        """A secret, or None when there is none of this name."""
        if kind_of(name) != PIN:
            return self.store.get(name)
        key = self._record().kept_as(name)
        kept = self.store.get(key)
        return self.store.get(PIN) if kept is None and self._may_be_plain(key) else kept

    def put(self, name: str, secret: Secret) -> None:
        """Keep it; of a PIN under the plain name its number is said first."""
        if kind_of(name) != PIN:
            self.store.put(name, secret)
            return
        key = self._record().kept_as(name)
        if key != PIN:
            self._move_plain(key)
        self.store.put(key, secret)

    def remove(self, name: str) -> None:
        """Drop it, under either name."""
        key = self._record().kept_as(name)
        if self._may_be_plain(key) and self.store.get(key) is None:
            self.store.remove(PIN)
        self.store.remove(key)

    def names(self) -> tuple[str, ...] | None:
        """The secrets it has, as people call them."""
        listed, record = super().names(), self._record()
        if listed is None:
            return None
        owner = self._owner(listed) if PIN in listed else PIN
        return tuple(dict.fromkeys(record.called(owner if n == PIN else n) for n in listed))

    def _noted(self) -> list[str]:
        return [name for name in self._record().secrets if name.startswith(f"{PIN}:")]

    def _may_be_plain(self, key: str) -> bool:
        noted = self._noted()
        return key.startswith(f"{PIN}:") and (key in noted or not noted)

    def _owner(self, listed: Container[str]) -> str:
        """The number that the plain PIN is of."""
        own = self._record().kept_as(PIN)
        return next((key for key in self._noted() if key not in listed), own)

    def _move_plain(self, key: str) -> None:
        plain = self.store.get(PIN)
        if plain is None:
            return
        there = [name for name in {*self._noted(), key} if self.store.get(name)]
        owner = self._owner(there)
        if owner not in there:
            self.store.put(owner, plain.secret)
        self.store.remove(PIN)


class Lent(Around):
    """Secrets of this run alone, before a store that can keep none; they count as environment."""

    def __init__(self, secrets: Mapping[str, StoredSecret], store: Vault) -> None:
        super().__init__(store)
        self.secrets = secrets

    def get(self, name: str) -> StoredSecret | None:
        """What was lent, else what the store has."""
        return self.secrets.get(name) or self.store.get(name)

    def source_of(self, name: str) -> SecretSource:
        """The place it was lent from, else the store."""
        lent = self.secrets.get(name)
        return SecretSource(lent.source, lent.detail) if lent else self.store.source_of(name)


def lend(
    vault: Vault,
    environ: Mapping[str, str],
    places: Mapping[str, tuple[str, Secret]],
    profile: str,
) -> Vault:
    """The same vault, with secrets by name and place that it could not keep.

    Where it can be written to, or is none at all, it stays what it is.
    """
    if not isinstance(vault, EnvironmentFirst):
        return vault
    try:
        prove_writing(vault)
    except VaultError:
        secrets = {n: StoredSecret(secret, SOURCE, at) for n, (at, secret) in places.items()}
        return EnvironmentFirst(environ, Lent(secrets, vault.behind or vault), profile)
    return vault


def prove_writing(vault: Vault) -> None:
    """Writes, reads back and deletes a value of no worth in the store behind the environment."""
    store = _bare(vault)
    while isinstance(store, Around):
        store = store.store
    store.probe()


def held(vault: Vault, names: Iterable[str]) -> dict[str, StoredSecret | None]:
    """The secrets that the store behind the environment has: all that it can list, else of these.

    A store may have been filled by someone else, or the notes about it may be lost. None: the
    store says that it has one, and it was not opened for that.
    """
    try:
        behind = _bare(vault)
    except VaultError:
        return {}
    listed = behind.names() if isinstance(behind, Listing) else None
    if listed is not None:
        return {name: None for name in sorted(listed) if is_secret_name(name)}
    found = {name: behind.get(name) for name in sorted(names)}
    return {name: secret for name, secret in found.items() if secret}


def _os_keyring(opening: Opening) -> Vault:
    from wizard.vault.os_keyring import OsKeyring

    return OsKeyring(
        keyring_name(opening),
        keyring_seconds(opening),
        opening.person.waiting,
        folder=opening.folder,
    )


def keyring_name(opening: Opening) -> str:
    """The profile as the keyring knows it. A keyring is one for all homes of a user, so entries of
    a home of its own (WA_WIZARD_HOME) carry its mark: two homes must not share a token."""
    if not opening.environ.get("WA_WIZARD_HOME"):
        return opening.profile
    home = os.fsencode(opening.folder.parent.resolve())
    mark = hashlib.sha256(home).hexdigest()[:8]
    return f"{opening.profile}@{mark}"


def keyring_seconds(opening: Opening) -> float:
    """WA_WIZARD_KEYRING_TIMEOUT where it is a number above 0, else by who is there."""
    with suppress(ValueError):
        seconds = float(opening.environ.get("WA_WIZARD_KEYRING_TIMEOUT") or 0)
        if 0 < seconds < 1e6:
            return seconds
    return ATTENDED if opening.person.attended else UNATTENDED


def _encrypted_file(opening: Opening) -> Vault:
    from wizard.vault.encrypted_file import EncryptedFile, passphrase_from

    person = opening.person
    passphrase = passphrase_from(opening.environ, person.passphrase_file, person.passphrase)
    path = Path(opening.choice.get("path") or opening.folder / "secrets.json")
    seen = opening.folder / "secrets.json.revision"
    return EncryptedFile(path, opening.profile, passphrase, seen=seen)


def _command(opening: Opening) -> Vault:
    from wizard.vault.command import CommandVault, Helper

    return CommandVault(opening.profile, Helper.chosen(opening.choice), opening.environ)


def _sandbox(opening: Opening) -> Vault:
    from wizard.vault.sandbox_store import SandboxVault

    return SandboxVault(opening.folder / "play-secrets.json")


_OPENERS: dict[str, Callable[[Opening], Vault | None]] = {
    "os-keyring": _os_keyring,
    "encrypted-file": _encrypted_file,
    "command": _command,
    "environment": lambda opening: None,
    "sandbox": _sandbox,
}


def _opener(store: str) -> Callable[[Opening], Vault | None]:
    """How a store is opened: one of ours, or one that an installed package brings."""
    if store in _OPENERS:
        return _OPENERS[store]
    from importlib.metadata import entry_points

    brought = {point.name: point for point in entry_points(group=BROUGHT)}
    if store not in brought:
        raise VaultError(VaultProblem.BROKEN, store, " | ".join((*STORES, *brought)))
    return cast("Callable[[Opening], Vault | None]", brought[store].load())


def move(
    names: Iterable[str],
    source: Vault,
    target: Vault,
    settle: Callable[[], None] = lambda: None,
) -> tuple[str, ...]:
    """The names that were there and are now in `target` alone.

    All are copied and read back before `settle` is called, which records the new choice; only
    then are they removed. A run that is killed at any moment leaves every secret in one of the
    stores, and in the one that is recorded. VaultError leaves the source whole. Moving to the
    same place moves nothing.
    """
    # The environment would answer for the store behind it, and prove nothing.
    source, target = _bare(source), _bare(target)
    if source.describe() == target.describe():
        return ()
    moved = []
    for name in names:
        if kept := cleaned(name, source.get(name)):
            target.put(name, kept.secret)
            back = target.get(name)
            if back is None or back.secret != kept.secret:
                raise VaultError(VaultProblem.LOSING, target.describe().store, name)
            moved.append(name)
    settle()
    for name in moved:
        source.remove(name)
    return tuple(moved)


def _bare(vault: Vault) -> Vault:
    while isinstance(vault, EnvironmentFirst | Lent):
        behind = vault.store if isinstance(vault, Lent) else vault.behind
        if behind is None:
            raise VaultError(VaultProblem.READ_ONLY, vault.describe().store)
        vault = behind
    return vault
