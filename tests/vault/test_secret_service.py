"""The keyring of the system over a real Secret Service, and everything that befalls one."""

import gc
import resource
import signal
import subprocess
import sys
import time
import traceback
import uuid
from contextlib import contextmanager, suppress

import keyring.core
import pytest
from keyring.backend import KeyringBackend

from tests.support import secret_service
from tests.support.programs import child_environ
from tests.support.secret_service import SecretService
from tests.support.vault_contract import VaultContract
from wizard.text.secret import Secret
from wizard.vault import VaultError, VaultProblem
from wizard.vault.os_keyring import OsKeyring

pytestmark = [
    pytest.mark.secretservice,
    # keyring leaves its connections open when a collection is locked.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.skipif(bool(secret_service.missing()), reason=secret_service.missing()),
]
DEADLINE = 0.8
# Far above what anything takes even on a crowded machine, far below for ever.
SOON = 20
# Not spelled where it is used: tracebacks quote the lines of the program.
CANARY = Secret("canary-" + "a1")
CALLS = {
    "get": lambda vault: vault.get("access_token"),
    "put": lambda vault: vault.put("access_token", CANARY),
    "remove": lambda vault: vault.remove("app_secret"),
    "probe": lambda vault: vault.probe(),
}


@contextmanager
def running(folder, data=None):
    service = SecretService(folder, data)
    try:
        yield service.start()
    finally:
        service.stop()
        gc.collect()  # now, and not within somebody else's test


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    with running(tmp_path_factory.mktemp("ss")) as service:
        yield service


@pytest.fixture
def service(tmp_path):
    with running(tmp_path) as service:
        yield service


def speak_to(service, monkeypatch):
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    for name, value in service.environ.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def vault(service, monkeypatch):
    """A vault over a service of its own, with one secret kept."""
    speak_to(service, monkeypatch)
    vault = OsKeyring("shop", SOON)
    vault.put("access_token", Secret("kept"))
    return vault


@pytest.fixture
def hasty(vault):
    """The same, by somebody who does not wait long."""
    return OsKeyring("shop", DEADLINE)


def closed_by(call, vault, seconds=SOON):
    started = time.monotonic()
    with pytest.raises(VaultError) as caught:
        call(vault)
    assert time.monotonic() - started < seconds + 1.5
    assert CANARY.reveal() not in "".join(traceback.format_exception(caught.value))
    return caught.value.closed


class TestContract(VaultContract):
    @pytest.fixture
    def vault(self, lasting, monkeypatch):
        speak_to(lasting, monkeypatch)
        return OsKeyring(uuid.uuid4().hex, SOON)

    def test_ten_megabytes_come_back_as_they_were(self, vault):
        value = Secret("0123456789" * (1 << 20))
        vault.put("access_token", value)
        assert vault.get("access_token").secret == value

    def test_another_profile_sees_none_of_it(self, vault):
        vault.put("access_token", Secret("a"))
        assert OsKeyring("other", SOON).get("access_token") is None

    def test_the_service_is_described_by_its_class(self, vault):
        assert vault.describe().backend == "keyring.backends.SecretService.Keyring"

    def test_nothing_is_written_in_plain_text(self, vault, lasting):
        vault.put("access_token", Secret("canary-in-plain-text"))
        kept = [path.read_bytes() for path in lasting.data.rglob("*") if path.is_file()]
        assert kept
        assert not any(b"canary-in-plain-text" in content for content in kept)

    def test_six_processes_neither_tear_nor_fail(self, vault, tmp_path):
        script = (
            "import sys; from pathlib import Path; from wizard.text.secret import Secret;"
            "from wizard.vault.os_keyring import OsKeyring;"
            "vault = OsKeyring('six', 30, folder=Path(sys.argv[1]));"
            "fine = [Secret(c * 5000) for c in 'abcdef'];"
            "[(vault.put('access_token', fine[int(sys.argv[2])]),"
            " sys.exit(9) if vault.get('access_token').secret not in fine else 0)"
            " for _ in range(2)]"
        )
        environ = child_environ()
        workers = [
            subprocess.Popen([sys.executable, "-c", script, tmp_path, str(n)], env=environ)
            for n in range(6)
        ]
        codes = [worker.wait(60) for worker in workers]
        assert codes == [0] * 6
        assert OsKeyring("six", SOON).get("access_token").secret in [
            Secret(letter * 5000) for letter in "abcdef"
        ]


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
class TestClosed:
    """However it is closed: in time, by its kind, and nothing is lost."""

    def test_locked(self, call, vault, service):
        service.lock()
        assert closed_by(call, vault) is VaultProblem.LOCKED
        service.keyring.kill()
        service.keyring.wait()
        service.unlock("test")
        assert vault.get("access_token").secret == Secret("kept")

    def test_stopped(self, call, hasty, service):
        hasty.describe()  # the library is loaded: what is measured is the wait
        service.keyring.send_signal(signal.SIGSTOP)
        assert closed_by(call, hasty, DEADLINE) is VaultProblem.TIMEOUT
        started = time.monotonic()
        assert closed_by(call, hasty) is VaultProblem.TIMEOUT
        assert time.monotonic() - started < 0.3
        service.keyring.send_signal(signal.SIGCONT)
        ends = time.monotonic() + SOON
        kept = None
        while kept is None and time.monotonic() < ends:
            with suppress(VaultError):
                kept = hasty.get("access_token").secret
        assert kept in (Secret("kept"), CANARY)

    def test_killed(self, call, vault, service):
        service.keyring.kill()
        service.keyring.wait()
        assert closed_by(call, vault) is VaultProblem.MISSING
        service.unlock("test")
        assert vault.get("access_token").secret == Secret("kept")

    def test_the_wrong_password(self, call, vault, service):
        service.keyring.kill()
        service.keyring.wait()
        service.unlock("wrong")
        assert closed_by(call, vault) is VaultProblem.LOCKED
        service.keyring.kill()
        service.keyring.wait()
        service.unlock("test")
        assert vault.get("access_token").secret == Secret("kept")

    def test_a_bus_that_died(self, call, vault, service):
        service.bus.kill()
        service.bus.wait()
        assert closed_by(call, vault) is VaultProblem.MISSING

    def test_a_bus_that_stopped(self, call, hasty, service):
        service.bus.send_signal(signal.SIGSTOP)
        assert closed_by(call, hasty, DEADLINE) in (VaultProblem.TIMEOUT, VaultProblem.MISSING)

    @pytest.mark.parametrize("address", ["", "unix:path=/nonexistent/bus"])
    def test_no_bus(self, call, vault, monkeypatch, address):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        assert closed_by(call, OsKeyring("shop", SOON)) is VaultProblem.MISSING


class TestFull:
    def test_a_full_disk_keeps_the_old_value(self, tmp_path, monkeypatch):
        with small_disk(tmp_path / "disk") as disk, running(tmp_path, disk) as service:
            speak_to(service, monkeypatch)
            vault = OsKeyring("shop", SOON)
            vault.put("access_token", Secret("kept"))
            with pytest.raises(VaultError) as caught:
                vault.put("access_token", Secret("x" * 400_000))
            assert caught.value.closed is VaultProblem.FULL
            assert vault.get("access_token").secret == Secret("kept")

    def test_a_limit_on_files_keeps_the_old_value(self, vault, service):
        resource.prlimit(service.keyring.pid, resource.RLIMIT_FSIZE, (2000, 2000))
        with pytest.raises(VaultError) as caught:
            vault.put("access_token", Secret("x" * 100_000))
        assert caught.value.closed in (
            VaultProblem.BROKEN,
            VaultProblem.MISSING,
        )  # it may not survive that
        if service.keyring.poll() is None:
            service.keyring.kill()
        service.keyring.wait()
        service.unlock("test")
        assert vault.get("access_token").secret == Secret("kept")


@contextmanager
def small_disk(path, size="192k"):
    path.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(path)],
        capture_output=True,
        check=False,
    )
    if mount.returncode:
        pytest.skip("a small disk can only be mounted by root")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


class TestChain:
    def test_plain_text_in_the_chain_gets_nothing(self, service, monkeypatch):
        speak_to(service, monkeypatch)
        taken = []

        class PlaintextKeyring(KeyringBackend):
            priority = 0.5

            def get_password(self, service, username):
                return None

            def set_password(self, service, username, password):
                taken.append(password)

            delete_password = get_password

        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.chainer.ChainerBackend")
        vault = OsKeyring("shop", SOON)
        vault.put("access_token", Secret("a"))
        assert vault.describe().backend == "keyring.backends.SecretService.Keyring"
        service.keyring.kill()
        service.keyring.wait()
        with pytest.raises(VaultError):
            OsKeyring("shop", SOON).put("access_token", Secret("b"))
        assert taken == []
