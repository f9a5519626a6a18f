"""The store "sandbox": a plain file for the secrets of the sandbox, which open nothing.

It is the one store without encryption. Its secrets are made up by the sandbox, and a rehearsal has
to run on machines that have no keyring yet.
"""

from __future__ import annotations

import json
from pathlib import Path

from wizard.state import private_file
from wizard.text.secret import Secret
from wizard.vault import Description, SecretSource, StoredSecret, VaultError, VaultProblem, guarded

STORE = "sandbox"
_MOST = 64 << 20
_PATIENCE = 10.0


class SandboxVault:
    """A JSON file, 0600, of names and values."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, name: str) -> StoredSecret | None:
        """A secret, or None when there is none of this name."""
        with guarded(STORE):
            value = self._load().get(name)
        return None if value is None else StoredSecret(Secret(value), STORE, str(self._path))

    def source_of(self, name: str) -> SecretSource:
        """This store, for every name."""
        return SecretSource(STORE, str(self._path))

    def put(self, name: str, secret: Secret) -> None:
        """Keep it and read it back. An unchanged value is not written again."""
        self._change(name, secret.reveal())

    def remove(self, name: str) -> None:
        """Drop it; dropping what is not there is fine."""
        self._change(name, None)

    def names(self) -> tuple[str, ...]:
        """The secrets it has."""
        with guarded(STORE):
            return tuple(self._load())

    def probe(self) -> None:
        """Write, read back and delete a value of no worth."""
        self.put("probe", Secret("probe"))
        self.remove("probe")

    def describe(self) -> Description:
        """The file."""
        return Description(STORE, "", str(self._path))

    def _change(self, name: str, value: str | None) -> None:
        with guarded(STORE), private_file.locked(self._path, _PATIENCE):
            values = self._load()
            if values.get(name) == value:
                return
            values.pop(name, None)
            if value is not None:
                values[name] = value
            private_file.replace(self._path, json.dumps(values).encode())
            if self._load() != values:
                raise VaultError(VaultProblem.LOSING, STORE)

    def _load(self) -> dict[str, str]:
        content = json.loads(private_file.read(self._path, _MOST, secret=True) or b"{}")
        return {str(name): str(value) for name, value in dict(content).items()}
