"""Opens the store that a person chose. Never another one: not even when this one fails."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wizard.text.secret import Secret
from wizard.vault import Closed, Vault, VaultTrouble
from wizard.vault.deadline import ATTENDED, UNATTENDED
from wizard.vault.environment import EnvironmentFirst

DEFAULT = "os-keyring"
#: What `store` of a choice may be. "environment" keeps nothing, "sandbox" is for play.
STORES = ("os-keyring", "encrypted-file", "command", "environment", "sandbox")


@dataclass(frozen=True)
class Person:
    """Who is there while a store is in use: nobody, unless the program runs on a terminal.

    `waiting` is called, once for each call, when a store has been silent for a second.
    `passphrase` asks for that of the encrypted file, twice when it is told that it is a new one;
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
    *,
    folder: Path,
    person: Person | None = None,
) -> Vault:
    """The store of a choice, behind the environment.

    {"store": "os-keyring"}; {"store": "encrypted-file", "path": …} (path: else in the folder);
    {"store": "command", "preset": "pass"} or with the keys of `command.Helper`.

    The sandbox's stands alone: real secrets of the environment have no business there. Opening
    reaches for nothing yet; VaultTrouble BROKEN for a store that does not exist.
    """
    opening = Opening(profile, choice or {}, environ, folder, person or Person())
    store = str(opening.choice.get("store") or DEFAULT)
    if store not in _OPENERS:
        raise VaultTrouble(Closed.BROKEN, store, f"{' | '.join(STORES)}")
    behind = _OPENERS[store](opening)
    if store == "sandbox" and behind:
        return behind
    return EnvironmentFirst(environ, behind)


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
    home = str(opening.folder.parent.resolve())
    return (
        f"{opening.profile}@{hashlib.sha256(home.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    )


def keyring_seconds(opening: Opening) -> float:
    """WA_WIZARD_KEYRING_TIMEOUT where it is a number above 0, else by who is there."""
    usual = ATTENDED if opening.person.attended else UNATTENDED
    try:
        seconds = float(opening.environ.get("WA_WIZARD_KEYRING_TIMEOUT") or usual)
    except ValueError:
        return usual
    return seconds if 0 < seconds < 1e6 else usual


def _encrypted_file(opening: Opening) -> Vault:
    from wizard.vault.encrypted_file import EncryptedFile
    from wizard.vault.passphrase import passphrase_from

    person = opening.person
    passphrase = passphrase_from(opening.environ, person.passphrase_file, person.passphrase)
    path = Path(opening.choice.get("path") or opening.folder / "secrets.json")
    return EncryptedFile(path, opening.profile, passphrase)


def _command(opening: Opening) -> Vault:
    from wizard.vault.command import CommandVault, Helper

    return CommandVault(opening.profile, Helper.chosen(opening.choice), opening.environ)


def _sandbox(opening: Opening) -> Vault:
    from wizard.vault.play import PlayVault

    return PlayVault(opening.folder / "play-secrets.json")


_OPENERS: dict[str, Callable[[Opening], Vault | None]] = {
    "os-keyring": _os_keyring,
    "encrypted-file": _encrypted_file,
    "command": _command,
    "environment": lambda opening: None,
    "sandbox": _sandbox,
}
