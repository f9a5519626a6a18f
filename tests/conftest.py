"""What every test shares; no test may touch this machine's keyring, home or outer network."""

import os
import signal
import socket
import sys

import pytest

# For every test and every child process: the developer's own keyring cannot be reached.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
for name in list(os.environ):
    if name.startswith(("WA_WIZARD_", "SSL_CERT_")) or name.lower().endswith(
        ("_proxy", "_ca_bundle")
    ):
        del os.environ[name]

# Children of tests buffer their output as they do for a person.
os.environ.pop("PYTHONUNBUFFERED", None)

# Where a signal is ignored (nohup, a background job of a shell), children would inherit that and
# could not be ended by it. A handler, unlike "ignore", ends with exec.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)

LOOPBACK = ("127.", "::1", "localhost")


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden/*")


@pytest.fixture(autouse=True)
def _closed_world(monkeypatch, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "WA_WIZARD_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
    connect = socket.socket.connect

    def only_here(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            assert str(address[0]).startswith(LOOPBACK), "a test reached for the network"
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_here)


@pytest.fixture(autouse=True)
def _this_process_stays_as_it_is(monkeypatch):
    """Only children are hardened: this process is watched by the tests."""
    monkeypatch.setattr("wizard.cli.main.harden", lambda: None)


@pytest.fixture(autouse=True)
def _every_answer_is_asked_for():
    """Fails a test whose FakePrompter was left with an answer or with a question."""
    yield
    module = sys.modules.get("tests.support.fake_prompter")
    while module and module.MADE:
        module.MADE[0].finish()
