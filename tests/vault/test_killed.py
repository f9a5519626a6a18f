"""SIGKILL in the midst of writing and moving: a proven copy remains, never a half one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from programs import child_environ

TIMES = 100


@pytest.mark.parametrize("kind", ["put", "move"])
def test_a_hundred_kills_lose_nothing(tmp_path, kind):
    seed = str(os.getpid())
    tmp_path.chmod(0o700)
    ran = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).with_name("killed.py")),
            tmp_path,
            kind,
            str(TIMES),
            seed,
        ],
        env=child_environ(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, f"seed {seed}: {ran.stderr[-800:]}"
    # Few different sights would mean that the kills came before the work or after it.
    assert len(json.loads(ran.stdout)) > 5
