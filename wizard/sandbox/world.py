"""The state of the play world: one plain tree, kept as JSON between processes."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Tree = dict[str, Any]

HOUR = 3600
DAY = 24 * HOUR
#: Without these a file is not a world.
NEEDED = {"accounts", "apps", "businesses", "graph", "numbers", "people", "tokens"}


class World:
    """A tree of businesses, apps, people, tokens, accounts and numbers behind one lock.

    With a `path` the tree is read anew whenever another process wrote it, and written whole or
    not at all (mode 0600). Without one it lives as long as this object.
    """

    def __init__(self, tree: Tree, path: Path | None = None) -> None:
        self.tree = tree
        self.path = path
        self.base_url = ""
        self._lock = threading.RLock()
        self._seen: tuple[int, int] | None = None
        if path is not None:
            self._reread()
            self.save()

    def __getitem__(self, name: str) -> Any:
        return self.tree.setdefault(name, {})

    @contextmanager
    def held(self) -> Iterator[None]:
        """The tree as it is now, to oneself; what was changed is written at the end."""
        with self._lock:
            self._reread()
            before = json.dumps(self.tree) if self.path else ""
            try:
                yield
            finally:
                if self.path and json.dumps(self.tree) != before:
                    self.save()

    @contextmanager
    def let_go(self) -> Iterator[None]:
        """Others may use the world meanwhile: for a request that Meta makes of somebody else."""
        if self.path:
            self.save()
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
            self._reread()

    def save(self) -> None:
        """Writes the tree: temporary file, fsync, rename."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".world-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(self.tree, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self.path)
        self._seen = self._stamp()

    def now(self) -> int:
        """Unix seconds."""
        return int(time.time())

    def here(self, url: str) -> str:
        """A callback of a scenario: `{sandbox}` is this sandbox's address, new at every start."""
        return url.replace("{sandbox}", self.base_url)

    def fresh_id(self, digits: int = 15) -> str:
        """An id nobody has: digits, the first of them not 0."""
        return str(secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1))

    def _stamp(self) -> tuple[int, int] | None:
        try:
            there = os.stat(self.path or "")
        except OSError:
            return None
        return there.st_ino, there.st_mtime_ns

    def _reread(self) -> None:
        if self.path is None or (stamp := self._stamp()) in (None, self._seen):
            return
        try:
            kept = json.loads(self.path.read_text("utf-8"))
        except ValueError:
            kept = None
        # A play world is worth nothing: one that cannot be read is begun anew.
        if isinstance(kept, dict) and set(kept) >= NEEDED:
            self.tree, self._seen = kept, stamp
