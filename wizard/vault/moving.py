"""Moves secrets from one store to another: copied, proven, and only then removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from wizard.vault import Closed, Vault, VaultTrouble
from wizard.vault.environment import EnvironmentFirst


def move(
    names: Iterable[str],
    source: Vault,
    target: Vault,
    settle: Callable[[], None] = lambda: None,
) -> tuple[str, ...]:
    """The names that were there and are now in `target` alone.

    All are copied and read back before `settle` is called, which records the new choice; only
    then are they removed. Whoever is killed at any moment leaves every secret in one of the
    stores, and in the one that is recorded. VaultTrouble leaves the source whole. Moving to the
    same place moves nothing.
    """
    # The environment would answer for the store behind it, and prove nothing.
    source, target = _bare(source), _bare(target)
    if source.describe() == target.describe():
        return ()
    moved = []
    for name in names:
        if kept := source.get(name):
            target.put(name, kept.secret)
            back = target.get(name)
            if back is None or back.secret != kept.secret:
                raise VaultTrouble(Closed.LOSING, target.describe().store, name)
            moved.append(name)
    settle()
    for name in moved:
        source.remove(name)
    return tuple(moved)


def _bare(vault: Vault) -> Vault:
    if not isinstance(vault, EnvironmentFirst):
        return vault
    if vault.behind is None:
        raise VaultTrouble(Closed.READ_ONLY, vault.describe().store)
    return vault.behind
