"""A vault in memory, for tests that are about something else. It passes the vault contract."""

from wizard.vault import Description, SecretSource, StoredSecret, VaultError, VaultProblem


class MemoryVault:
    """`closed` set: every call fails so. `written` counts the writes that really happened."""

    def __init__(self, closed=None, store="os-keyring", **secrets):
        self.closed, self.store = closed, store
        self.kept = dict(secrets)
        self.written = 0

    def _open(self):
        if self.closed is not None:
            raise VaultError(VaultProblem(self.closed), self.store, "as the test wants it")

    def get(self, name):
        self._open()
        return StoredSecret(self.kept[name], self.store) if name in self.kept else None

    def source_of(self, name):
        return SecretSource(self.store)

    def put(self, name, secret):
        self._open()
        if self.kept.get(name) != secret:
            self.kept[name] = secret
            self.written += 1

    def remove(self, name):
        self._open()
        self.kept.pop(name, None)

    def probe(self):
        self._open()

    def describe(self):
        return Description(self.store, "memory", "memory")
