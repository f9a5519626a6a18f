"""Opens the store that a person chose. Never another one: not even when this one fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    """

    attended: bool = False
    waiting: Callable[[], None] | None = None


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
    """The store of a choice such as {"store": "os-keyring"}, behind the environment.

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
        opening.profile, keyring_seconds(opening), opening.person.waiting, folder=opening.folder
    )


def keyring_seconds(opening: Opening) -> float:
    """WA_WIZARD_KEYRING_TIMEOUT where it is a number above 0, else by who is there."""
    usual = ATTENDED if opening.person.attended else UNATTENDED
    try:
        seconds = float(opening.environ.get("WA_WIZARD_KEYRING_TIMEOUT") or usual)
    except ValueError:
        return usual
    return seconds if 0 < seconds < 1e6 else usual


def _sandbox(opening: Opening) -> Vault:
    from wizard.vault.play import PlayVault

    return PlayVault(opening.folder / "play-secrets.json")


_OPENERS: dict[str, Callable[[Opening], Vault | None]] = {
    "os-keyring": _os_keyring,
    "environment": lambda opening: None,
    "sandbox": _sandbox,
}
