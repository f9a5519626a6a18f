"""The commands over a real Secret Service: moved into, locked, stopped, and out again."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.support import secret_service
from tests.support.secret_service import SecretService

pytestmark = [
    pytest.mark.secretservice,
    pytest.mark.skipif(bool(secret_service.missing()), reason=secret_service.missing()),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


@pytest.fixture
def service(tmp_path):
    folder = tmp_path / "ss"
    folder.mkdir(mode=0o700)
    running = SecretService(folder)
    try:
        yield running.start()
    finally:
        running.stop()


def wizard(service, *words, code=0, seconds=30):
    """A command line of its own, with the keyring of that service."""
    environ = {**os.environ, "PYTHONPATH": os.getcwd()}
    del environ["PYTHON_KEYRING_BACKEND"]
    environ |= {k: v for k, v in service.environ.items() if k != "PATH"}
    call = [sys.executable, "-m", "wizard", "credentials", *words, "--no-input", "--lang", "en"]
    started = time.monotonic()
    ran = subprocess.run(call, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert time.monotonic() - started < seconds
    return ran.stdout


def test_secrets_live_in_a_real_keyring_through_all_that_befalls_it(shop, service):
    token = shop.kept()
    moved = json.loads(wizard(service, "move", "--to", "os-keyring", "--json"))["moved"]
    assert moved == ["access_token", "app_secret"]
    assert shop.kept() is None
    rows = json.loads(wizard(service, "list", "--json"))["credentials"]
    assert {row["store"] for row in rows} == {"os-keyring"}
    assert not any(row["changed"] for row in rows)
    assert token in wizard(service, "export", "access_token", "--yes")
    # The keyring cannot list, and the notes may be lost: it is asked for every name.
    status = shop.home.status_path("default")
    status.rename(status.with_suffix(".lost"))
    rows = json.loads(wizard(service, "list", "--json"))["credentials"]
    assert [(row["name"], row["present"]) for row in rows] == [
        ("access_token", True),
        ("app_secret", True),
    ]
    assert wizard(service, "get", "access_token").strip() == token
    status.with_suffix(".lost").rename(status)
    service.keyring.send_signal(signal.SIGSTOP)
    wizard(service, "list", seconds=15)  # the list asks nobody who may not answer
    wizard(service, "export", "--yes", code=5)
    service.keyring.send_signal(signal.SIGCONT)
    service.lock()
    wizard(service, "list")
    wizard(service, "move", "--to", "encrypted-file", code=5)
    assert shop.home.config().of("default").vault["store"] == "os-keyring"
    service.keyring.kill()
    service.keyring.wait()
    service.unlock("test")
    wizard(service, "move", "--to", "encrypted-file")
    assert shop.kept() == token
