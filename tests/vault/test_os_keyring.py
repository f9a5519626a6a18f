"""The keyring of the system, over back ends in memory that misbehave as real ones do."""

import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from contextlib import suppress
from typing import Any

import keyring.core
import pytest
from keyring.backend import KeyringBackend

from tests.support.keyring_backends import (
    RAISED,
    DeleteThenAdd,
    Doubling,
    Hanging,
    InMemory,
    Losing,
    Narrow,
    Slow,
    Truncating,
    raising,
)
from tests.support.programs import ROOT, child_environ
from tests.support.vault_contract import VaultContract
from wizard.text.secret import Secret
from wizard.vault import VaultError, VaultProblem
from wizard.vault import os_keyring as backend
from wizard.vault.os_keyring import OsKeyring

SECOND = 1.0
LONG = "".join(chr(0x1F600 + n % 50) + f"{n}" for n in range(900))  # surrogate pairs at the cuts


def over(back_end, seconds=SECOND, waiting=None):
    return OsKeyring("shop", seconds, waiting, choose=lambda store: back_end)


def closed_by(action):
    with pytest.raises(VaultError) as caught:
        action()
    return caught.value


class TestInMemory(VaultContract):
    @pytest.fixture
    def vault(self):
        return over(InMemory())


class TestOnWindows:
    """An entry there has 1280 UTF-16 units; no secret of ours is as long."""

    @pytest.fixture
    def vault(self, monkeypatch):
        back_end = Narrow()
        monkeypatch.setitem(backend.LONGEST, backend.class_path(back_end), 1200)
        return over(back_end)

    def test_a_value_of_the_greatest_length_is_kept(self, vault):
        value = Secret("\U0001f600" * 600)
        vault.put("access_token", value)
        assert vault.get("access_token").secret == value

    def test_a_longer_one_is_refused_by_name_and_the_old_one_stays(self, vault):
        vault.put("page_token:17", Secret("old"))
        trouble = closed_by(lambda: vault.put("page_token:17", Secret("\U0001f600" * 601)))
        assert (trouble.closed, trouble.detail) == (VaultProblem.LOSING, "page_token:17: > 1200")
        assert vault.get("page_token:17").secret == Secret("old")


class TestWriting:
    def test_an_unchanged_value_is_not_written_again(self):
        back_end = InMemory()
        vault = over(back_end)
        vault.put("access_token", Secret("same"))
        vault.put("access_token", Secret("same"))
        assert back_end.calls.count("set") == 1

    def test_every_secret_has_a_service_of_its_own(self):
        back_end = InMemory()
        over(back_end).put("access_token", Secret("a"))
        over(back_end).put("app_secret", Secret("b"))
        assert set(back_end.items) == {
            ("wa-wizard/shop/access_token", "shop"),
            ("wa-wizard/shop/app_secret", "shop"),
        }

    @pytest.mark.parametrize("back_end", [Losing, Truncating])
    def test_what_does_not_come_back_is_said(self, back_end):
        vault = over(back_end())
        assert (
            closed_by(lambda: vault.put("access_token", Secret(LONG))).closed is VaultProblem.LOSING
        )

    def test_what_came_back_cut_is_not_left_behind(self):
        back_end = Truncating()
        closed_by(lambda: over(back_end).put("access_token", Secret(LONG)))
        assert not back_end.items

    def test_a_value_that_came_back_cut_gives_way_to_the_one_before(self):
        vault = over(Truncating())
        vault.put("access_token", Secret("old"))
        closed_by(lambda: vault.put("access_token", Secret(LONG)))
        assert vault.get("access_token").secret == Secret("old")

    def test_a_failed_replacement_puts_the_old_value_back(self):
        back_end = DeleteThenAdd()
        vault = over(back_end)
        vault.put("access_token", Secret("old"))
        back_end.fails = 1
        assert (
            closed_by(lambda: vault.put("access_token", Secret("new"))).closed
            is VaultProblem.LOCKED
        )
        assert vault.get("access_token").secret == Secret("old")

    def test_every_copy_is_removed(self):
        back_end = Doubling()
        vault = over(back_end)
        vault.put("access_token", Secret("a"))
        vault.remove("access_token")
        assert not back_end.items

    def test_a_probe_leaves_nothing(self):
        back_end = InMemory()
        over(back_end).probe()
        assert not back_end.items
        assert {"set", "get", "delete"} <= set(back_end.calls)

    def test_a_probe_finds_a_back_end_that_loses(self):
        assert closed_by(over(Losing()).probe).closed is VaultProblem.LOSING


class TestTroubles:
    @pytest.mark.parametrize(("error", "kind"), RAISED.values(), ids=RAISED)
    @pytest.mark.parametrize("call", ["get", "put", "remove", "probe"])
    def test_whatever_a_back_end_raises_has_a_kind(self, call, error, kind):
        vault = over(raising(error))
        arguments: dict[str, list[Any]] = {
            "get": ["a"],
            "put": ["a", Secret("canary")],
            "remove": ["a"],
            "probe": [],
        }
        trouble = closed_by(lambda: getattr(vault, call)(*arguments[call]))
        assert (trouble.closed, trouble.store) == (VaultProblem(kind), "os-keyring")
        assert "canary" not in "".join(traceback.format_exception(trouble))
        assert trouble.__context__ is None
        assert type(error).__name__ in trouble.detail or error.__cause__

    def test_no_frame_of_a_trouble_holds_the_value(self):
        value = Secret("canary-" + "in-a-frame")
        trouble = closed_by(lambda: over(Losing()).put("a", value))
        frames = [frame.f_locals for frame, _ in traceback.walk_tb(trouble.__traceback__)]
        assert frames
        assert value.reveal() not in repr(frames)

    def test_a_description_needs_no_keyring(self):
        def none_there(store):
            raise VaultError(VaultProblem.MISSING, store)

        assert OsKeyring("shop", choose=none_there).describe().backend == ""


class TestDeadline:
    def test_a_call_that_hangs_ends_at_its_deadline(self):
        vault, started = over(Hanging(), seconds=0.3), time.monotonic()
        assert closed_by(lambda: vault.get("a")).closed is VaultProblem.TIMEOUT
        assert time.monotonic() - started < 0.3 + SECOND

    def test_after_one_timeout_no_call_hangs_again(self):
        vault = over(Hanging(), seconds=0.3)
        closed_by(lambda: vault.get("a"))
        started = time.monotonic()
        for call in (lambda: vault.get("a"), lambda: vault.put("a", Secret("b")), vault.probe):
            assert closed_by(call).closed is VaultProblem.TIMEOUT
        vault.describe()
        assert time.monotonic() - started < 0.25

    def test_it_works_again_once_the_hanging_call_has_ended(self):
        back_end = Hanging()
        vault = over(back_end, seconds=0.3)
        closed_by(lambda: vault.put("a", Secret("late")))
        back_end.resume.set()
        wait_until(lambda: "set" in back_end.calls)
        vault.put("a", Secret("after"))
        assert vault.get("a").secret == Secret("after")

    def test_eight_threads_against_a_hanging_store_share_one_deadline(self):
        back_end = Hanging()
        vault, started, seen = over(back_end, seconds=0.4), time.monotonic(), []
        threads = [
            threading.Thread(target=lambda: seen.append(closed_by(lambda: vault.get("a")).closed))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
        assert seen == [VaultProblem.TIMEOUT] * 8
        assert time.monotonic() - started < 0.4 + SECOND
        back_end.resume.set()
        wait_until(lambda: back_end.calls)
        assert back_end.calls == ["get"]  # one password window, not eight

    def test_waiting_for_ones_turn_counts(self):
        vault, took = over(Slow(), seconds=0.5), []

        def call():
            started = time.monotonic()
            with suppress(VaultError):
                vault.get("a")  # 0.3 s each: the third would have to wait for 0.6 s
            took.append(time.monotonic() - started)

        threads = [threading.Thread(target=call) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
        assert max(took) < 0.5 + 0.3

    def test_ctrl_c_ends_the_wait_at_once(self):
        script = (
            "import sys; from tests.support.keyring_backends import Hanging;"
            "from wizard.vault.os_keyring import OsKeyring;"
            "vault = OsKeyring('shop', 60, choose=lambda store: Hanging()); print(flush=True)\n"
            "try: vault.get('a')\n"
            "except KeyboardInterrupt: print('left', flush=True); vault.get('a')"
        )
        tests = str(ROOT / "tests")
        environ = child_environ(PYTHONPATH=os.pathsep.join((str(ROOT), tests)))
        program = subprocess.Popen(
            [sys.executable, "-c", script],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        program.stdout.readline()
        started = time.monotonic()
        time.sleep(0.2)
        program.send_signal(signal.SIGINT)
        try:
            said, complained = program.communicate(timeout=10)
        finally:
            program.kill()
        assert said == "left\n"
        assert "VaultError: vault.timeout" in complained  # and not for another minute
        assert time.monotonic() - started < 5

    def test_somebody_hears_of_the_wait_once(self, monkeypatch):
        monkeypatch.setattr("wizard.vault.deadline.PATIENCE", 0.05)
        said = []
        vault = over(Slow(), waiting=lambda: said.append("waiting"))
        vault.get("a")
        assert said == ["waiting"]

    def test_a_quick_answer_is_not_spoken_of(self):
        said = []
        over(InMemory(), waiting=lambda: said.append("waiting")).get("a")
        assert said == []


class TestChoosing:
    """`keyring` names a back end by environment; the tests' own is `fail`."""

    @pytest.fixture(autouse=True)
    def _nothing_remembered(self, monkeypatch):
        monkeypatch.setattr(keyring.core, "_keyring_backend", None)
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
        monkeypatch.delenv("PYTHON_KEYRING_BACKEND")

    @pytest.mark.parametrize(
        ("path", "closed"),
        [
            ("keyring.backends.null.Keyring", VaultProblem.LOSING),
            ("keyring.backends.fail.Keyring", VaultProblem.MISSING),
            ("keyring.nonsense.Keyring", VaultProblem.BROKEN),
        ],
    )
    def test_a_back_end_that_cannot_keep_is_refused(self, monkeypatch, path, closed):
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", path)
        vault = OsKeyring("shop", SECOND)
        assert closed_by(vault.probe).closed is closed
        assert closed_by(lambda: vault.put("a", Secret("b"))).closed is closed

    def test_plain_text_is_refused_even_when_it_is_configured(self, monkeypatch):
        class PlaintextKeyring(InMemory):
            __module__ = "keyrings.alt.file"

        monkeypatch.setattr(keyring.core, "load_env", PlaintextKeyring)
        trouble = closed_by(OsKeyring("shop", SECOND).probe)
        assert trouble.closed is VaultProblem.MISSING
        assert "PlaintextKeyring" in trouble.detail

    def test_without_a_keyring_of_the_system_nothing_else_is_taken(self):
        # InMemory is viable and known to `keyring`, which would take it, or one like it.
        assert keyring.core._detect_backend().priority > 0
        assert closed_by(OsKeyring("shop", SECOND).probe).closed is VaultProblem.MISSING

    def test_the_one_of_the_system_is_taken_out_of_a_chain(self, monkeypatch):
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.chainer.ChainerBackend")
        ours = InMemory()
        monkeypatch.setattr(
            keyring.core, "load_keyring", _loading({"keyring.backends.SecretService.Keyring": ours})
        )
        OsKeyring("shop", SECOND).put("a", Secret("b"))
        assert list(ours.items.values()) == ["b"]

    def test_on_kde_the_wallet_goes_first(self, monkeypatch):
        wallet, service = InMemory(), InMemory()
        monkeypatch.setattr(
            keyring.core,
            "load_keyring",
            _loading(
                {
                    "keyring.backends.SecretService.Keyring": service,
                    "keyring.backends.kwallet.DBusKeyring": wallet,
                }
            ),
        )
        monkeypatch.setenv("XDG_CURRENT_DESKTOP", "KDE")
        OsKeyring("shop", SECOND).put("a", Secret("b"))
        assert wallet.items
        assert not service.items


def _loading(table):
    def load(path):
        if path not in table:
            if path == "keyring.backends.chainer.ChainerBackend":
                from keyring.backends.chainer import ChainerBackend

                return ChainerBackend()
            raise RuntimeError(f"{path} is not for this machine")
        return table[path]

    return load


def wait_until(true, seconds=3):
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_the_back_ends_of_these_tests_are_back_ends():
    assert issubclass(InMemory, KeyringBackend)
