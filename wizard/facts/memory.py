"""Remembers what was answered, and what could not be answered, until told to forget."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock
from typing import TypeVar, cast

from wizard.text.errors import Unavailable

T = TypeVar("T")


class _Cell:
    """One answer, asked for at most once, by whichever thread comes first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked = False
        self._answer: object = None
        self._failure: Exception | None = None

    def answer(self, ask: Callable[[], T]) -> T:
        with self._lock:
            if not self._asked:
                try:
                    self._answer = ask()
                except Exception as failure:  # noqa: BLE001 (a defect is remembered too)
                    self._failure = failure
                self._asked = True
        if self._failure is not None:
            raise _anew(self._failure)
        return cast(T, self._answer)


def _anew(failure: Exception) -> Exception:
    # An exception that is raised in several threads would gather all their tracebacks.
    if isinstance(failure, Unavailable):
        return type(failure)(failure.kind, **failure.values)
    return failure


class Memory:
    """Answers by name. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._cells: dict[str, _Cell] = {}

    def recall(self, name: str, ask: Callable[[], T]) -> T:
        """The answer of this name; `ask` is called the first time only."""
        with self._lock:
            cell = self._cells.setdefault(name, _Cell())
        return cell.answer(ask)

    def forget(self, names: Iterable[str] | None = None) -> None:
        """Drops these answers (None: all). One that is just being asked for still ends."""
        with self._lock:
            for name in tuple(self._cells) if names is None else names:
                self._cells.pop(name, None)
