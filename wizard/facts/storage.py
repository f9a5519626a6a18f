"""The store for secrets, as a fact. Asked on one thread only: keyrings may show a window."""

from __future__ import annotations

from wizard.facts import Origin, VaultState
from wizard.text.errors import ErrorKind, Unavailable
from wizard.vault import Vault, VaultError


def state(vault: Vault) -> VaultState:
    """How the store stands after a probe, and which secrets the environment supplies anyway."""
    about = vault.describe()
    supplied: frozenset[str] = getattr(vault, "from_environment", frozenset())
    try:
        vault.probe()
    except VaultError as trouble:
        return VaultState(about.store, about.backend, trouble.closed, trouble.detail, supplied)
    return VaultState(about.store, about.backend, from_environment=supplied)


def origin(vault: Vault, name: str) -> Origin:
    """Where a secret comes from; NOT_GIVEN when there is none or the store keeps it shut in."""
    try:
        kept = vault.get(name)
    except VaultError as trouble:
        raise Unavailable(ErrorKind.NOT_GIVEN, name=name, closed=trouble.closed.value) from None
    if kept is None:
        raise Unavailable(ErrorKind.NOT_GIVEN, name=name)
    return Origin(kept.source, kept.detail)
