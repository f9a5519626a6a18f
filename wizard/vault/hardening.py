"""Keeps other programs of the same user out of this process while it holds secrets."""

from __future__ import annotations

import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4


def harden() -> None:
    """No core dump and, on Linux, no reading of /proc/PID/environ and /proc/PID/mem.

    Best effort: a system that offers neither runs on. Programs started from here are not affected
    by the latter, and may raise their limit of core dumps again.
    """
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if sys.platform == "linux":
        with suppress(ImportError, OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
