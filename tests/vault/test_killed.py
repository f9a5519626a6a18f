"""SIGKILL in the midst of writing and moving: a proven copy remains, never a half one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import secret_service
from tests.support.programs import child_environ
from tests.support.secret_service import SecretService


def sights(folder, what, store, times, environ):
    """The different states that the killed left, each of them found whole."""
    folder.chmod(0o700)
    seed = str(os.getpid())
    program = str(Path(__file__).with_name("killed.py"))
    ran = subprocess.run(
        [sys.executable, program, folder, what, store, str(times), seed],
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, f"seed {seed}: {ran.stderr[-800:]}"
    return json.loads(ran.stdout)


@pytest.mark.parametrize("what", ["put", "move"])
def test_a_hundred_kills_lose_nothing_of_the_encrypted_file(tmp_path, what):
    # Few different sights would mean that the kills came before the work or after it.
    assert len(sights(tmp_path, what, "encrypted-file", 100, child_environ())) > 3


@pytest.mark.secretservice
@pytest.mark.skipif(bool(secret_service.missing()), reason=secret_service.missing())
@pytest.mark.parametrize("what", ["put", "move"])
def test_twenty_kills_lose_nothing_of_the_keyring(tmp_path, what):
    service = SecretService(tmp_path)
    try:
        environ = child_environ(**service.start().environ, PYTHON_KEYRING_BACKEND="")
        del environ["PYTHON_KEYRING_BACKEND"]
        assert len(sights(tmp_path, what, "os-keyring", 20, environ)) > 2
    finally:
        service.stop()
