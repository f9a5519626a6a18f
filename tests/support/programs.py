"""Running a Python program of a test's own that knows the tool."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]


def child_environ(**more: str) -> dict[str, str]:
    """This environment, in which the tool can be imported from wherever the tests were started."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}
