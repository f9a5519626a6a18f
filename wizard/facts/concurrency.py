"""Runs reads that do not depend on each other at the same time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from threading import Thread
from typing import TypeVar

from wizard.text.errors import Unavailable

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

#: An audit makes fewer reads than this; a search with a token of many WABAs makes more.
MOST_AT_ONCE = 16


def run_concurrently(
    jobs: Mapping[K, Callable[[], T]], most: int = MOST_AT_ONCE
) -> dict[K, T | Unavailable]:
    """What each job answered, or the Unavailable it raised, in the order of the jobs.

    Any other exception is raised here, after all jobs have ended.
    """
    pending = deque(jobs.items())
    answers: dict[K, T | Unavailable] = {}
    broken: list[Exception] = []

    def work() -> None:
        # suppress: another thread may take the last job between the test and the pop.
        with suppress(IndexError):
            while pending:
                name, job = pending.popleft()
                try:
                    answers[name] = _answer(job)
                except Exception as error:  # noqa: BLE001 (raised again below)
                    broken.append(error)

    # Daemons: Ctrl-C must not wait for the answers of a slow network, as a pool's exit would.
    threads = [Thread(target=work, daemon=True) for _ in range(min(most, len(jobs)))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        pending.clear()
    if broken:
        raise broken[0]
    return {name: answers[name] for name in jobs}


def _answer(job: Callable[[], T]) -> T | Unavailable:
    try:
        return job()
    except Unavailable as error:
        return error
