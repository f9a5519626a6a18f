"""Calls that may hang: each in a thread of its own, one at a time, with a deadline.

A locked collection with a display, or a stopped daemon, keeps `keyring` waiting for ever; a pool of
threads against a locked one opens as many password windows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar, cast

from wizard.vault import VaultError, VaultProblem

T = TypeVar("T")

#: Seconds: for a program no one watches, and for a person who has to type a password.
UNATTENDED, ATTENDED = 5.0, 90.0
#: Seconds of silence after which `waiting` is called, once for each call.
PATIENCE = 1.0
# Windows does not deliver Ctrl-C during one long wait, only between short ones.
_SLICE = 0.2


class _Call(Generic[T]):
    """One action in a thread that the end of the program does not wait for."""

    def __init__(self, action: Callable[[], T]) -> None:
        self._action = action
        self._ended = threading.Event()
        self.value: T | None = None
        self.error: Exception | None = None
        threading.Thread(target=self._go, name="vault", daemon=True).start()

    def _go(self) -> None:
        try:
            self.value = self._action()
        except Exception as error:  # noqa: BLE001 (handed to the thread that asked)
            self.error = error
        finally:
            self._ended.set()

    @property
    def ended(self) -> bool:
        return self._ended.is_set()

    def wait(self, seconds: float) -> bool:
        """Whether it ended within this time."""
        ends = monotonic() + seconds
        while (left := ends - monotonic()) > 0 and not self._ended.wait(min(left, _SLICE)):
            pass
        return self.ended


class Deadline:
    """Runs actions of one store. `explain` turns whatever they raise into VaultError."""

    def __init__(
        self,
        store: str,
        seconds: float,
        explain: Callable[[Exception], VaultError],
        waiting: Callable[[], None] | None = None,
    ) -> None:
        self.store, self.seconds = store, seconds
        self._explain, self._waiting = explain, waiting or (lambda: None)
        self._turn = threading.Lock()
        self._hanging: _Call[object] | None = None

    def run(self, action: Callable[[], T]) -> T:
        """What `action` returns; TIMEOUT after `seconds`, the wait for one's turn included.

        An action that hangs is left behind. Until it ends after all (the password was typed, the
        daemon woke up), every further call ends in TIMEOUT at once; then all goes on as before.
        """
        ends = monotonic() + self.seconds
        if not self._turn.acquire(timeout=self.seconds):
            raise self._too_late()
        try:
            call = self._start(action)
            self._hanging = cast("_Call[object]", call)  # stays so when Ctrl-C ends the wait
            self._wait(call, ends)
            self._hanging = None
        finally:
            self._turn.release()
        if call.error is not None:
            # Not within `except`, so that no context keeps the frames, which hold the value.
            raise self._explain(call.error)
        return cast("T", call.value)

    def _start(self, action: Callable[[], T]) -> _Call[T]:
        if self._hanging is not None and not self._hanging.ended:
            raise self._too_late()
        return _Call(action)

    def _wait(self, call: _Call[T], ends: float) -> None:
        if call.wait(min(PATIENCE, ends - monotonic())):
            return
        if ends > monotonic():
            self._waiting()
        if not call.wait(ends - monotonic()):
            raise self._too_late()

    def _too_late(self) -> VaultError:
        return VaultError(VaultProblem.TIMEOUT, self.store, f"{self.seconds:g} s")
