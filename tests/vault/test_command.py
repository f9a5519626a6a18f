"""Another program as the store: a real one, run."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import pytest

from tests.support.vault_contract import VaultContract
from wizard.text.secret import Secret
from wizard.vault import VaultError, VaultProblem
from wizard.vault.command import PRESETS, CommandVault, Helper

PROGRAM = [sys.executable, "-S", str(Path(__file__).with_name("helper_program.py"))]
CANARY = Secret("canary-" + "c0")


def over(folder, seconds=20, **choice):
    lists = {key: [*PROGRAM, str(folder), key, "{name}"] for key in ("get", "set", "delete")}
    lists["list"] = [*PROGRAM, str(folder), "list"]
    return CommandVault("shop", Helper.chosen({**lists, "seconds": seconds, **choice}), os.environ)


def shell(script):
    """As the user's own choice: the vault itself knows of no shell."""
    return ["/bin/sh", "-c", script]


def closed_by(act):
    with pytest.raises(VaultError) as caught:
        act()
    assert CANARY.reveal() not in "".join(traceback.format_exception(caught.value))
    assert caught.value.store == "command"
    return caught.value


class TestContract(VaultContract):
    threads = 3  # each call is a program

    @pytest.fixture
    def vault(self, tmp_path):
        return over(tmp_path)


def test_ten_megabytes_come_back_as_they_were(tmp_path):
    value = Secret("0123456789" * (1 << 20))
    over(tmp_path).put("access_token", value)
    assert over(tmp_path).get("access_token").secret == value


def test_it_names_what_it_has(tmp_path):
    vault = over(tmp_path)
    for name in ("page_token:17", "access_token"):
        vault.put(name, Secret("x"))
    assert vault.names() == ("access_token", "page_token:17")
    assert over(tmp_path, list=None).names() is None


def test_arguments_hold_the_name_and_never_the_secret(tmp_path):
    log = tmp_path / "log"
    script = f'echo "$@" >> {log}; env >> {log}; cat > {tmp_path}/kept'
    read = f"cat {tmp_path}/kept 2>/dev/null || exit 44"
    environ = {"PATH": os.environ["PATH"], "WA_WIZARD_APP_SECRET": CANARY.reveal()}
    helper = Helper(
        get=tuple(shell(read)), set=(*shell(script), "sh", "{profile}/{name}", "$(reboot)")
    )
    CommandVault("shop", helper, environ).put("access_token", CANARY)
    assert (tmp_path / "kept").read_text() == CANARY.reveal()
    assert "shop/access_token $(reboot)" in log.read_text()
    assert CANARY.reveal() not in log.read_text()


def test_what_is_not_there_is_created_and_what_is_there_is_set(tmp_path):
    said = tmp_path / "said"
    vault = over(
        tmp_path,
        create=shell(f"echo create >> {said}; cat > {tmp_path}/access_token"),
        set=shell(f"echo set >> {said}; cat > {tmp_path}/access_token"),
    )
    for value in ("a", "b", "b"):
        vault.put("access_token", Secret(value))
    assert said.read_text().split() == ["create", "set"]


@pytest.mark.parametrize(
    ("script", "absent"),
    [
        ("exit 44", ""),
        ("exit 0", ""),
        ("echo 'Error: shop/x is not in the password store.' >&2; exit 1", "not in the password"),
    ],
)
def test_absence_is_told_from_failure(tmp_path, script, absent):
    assert over(tmp_path, get=shell(script), absent=absent).get("access_token") is None


@pytest.mark.parametrize("code", [1, 2, 43, 126, 255])
def test_every_other_exit_code_is_a_failure(tmp_path, code):
    vault = over(tmp_path, get=shell(f"echo {CANARY.reveal()} >&2; exit {code}"))
    for act in (lambda: vault.get("a"), lambda: vault.put("a", CANARY), vault.probe):
        trouble = closed_by(act)
        assert (trouble.closed, trouble.detail) == (VaultProblem.BROKEN, f"sh: exit {code}")


def test_a_program_that_is_not_there_is_named(tmp_path):
    trouble = closed_by(lambda: over(tmp_path, get=["no-such-program", "x"]).get("a"))
    assert (trouble.closed, "no-such-program" in trouble.detail) == (VaultProblem.BROKEN, True)


def test_output_that_is_not_text_is_a_failure(tmp_path):
    vault = over(tmp_path, get=shell(r"printf '\377\376'"))
    assert closed_by(lambda: vault.get("a")).closed is VaultProblem.BROKEN


@pytest.mark.parametrize(
    "script",
    [
        "exec sleep 30",
        "sleep 30 & echo $! > {pid}; sleep 30",
        "sleep 30 & echo $! > {pid}; exit 0",
        "trap '' TERM INT; sleep 30",
    ],
    ids=["hangs", "hangs with a child", "leaves a child with the pipe", "cannot be asked to end"],
)
def test_a_program_that_hangs_is_ended_at_its_deadline(tmp_path, script):
    started, pid = time.monotonic(), tmp_path / "pid"
    vault = over(tmp_path, seconds=0.4, get=shell(script.format(pid=pid)))
    assert closed_by(lambda: vault.get("a")).closed is VaultProblem.SLOW
    assert time.monotonic() - started < 3
    if pid.exists():
        orphan, ends = int(pid.read_text()), time.monotonic() + 3
        while alive(orphan):
            assert time.monotonic() < ends
            time.sleep(0.01)


@pytest.mark.parametrize("script", ["cat /dev/zero", "cat /dev/zero >&2", "yes & wait"])
def test_a_program_that_writes_without_end_is_ended(tmp_path, script):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    vault = over(tmp_path, get=shell(script))
    trouble = closed_by(lambda: vault.get("a"))
    assert (trouble.closed, "MiB" in trouble.detail) == (VaultProblem.BROKEN, True)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10  # KiB


def test_a_value_that_the_program_does_not_read_is_no_failure_of_ours(tmp_path):
    vault = over(tmp_path, set=shell(f"exec <&-; printf x > {tmp_path}/a"))
    vault.put("a", Secret("x"))
    assert closed_by(lambda: vault.put("a", Secret("y" * (1 << 20)))).closed is VaultProblem.LOSING


def alive(pid):
    """Orphans whose new parent did not look yet are dead all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


#: Keeps a value, and dies as soon as the store's program was started, as by SIGKILL.
DIES = """
import os, subprocess, sys
from wizard.text.secret import Secret
from wizard.vault import command

class Deadly(subprocess.Popen):
    def __init__(self, call, **how):
        super().__init__(call, **how)
        if "set" in call:
            os._exit(9)

command.subprocess.Popen = Deadly
part = [sys.executable, "-S", *sys.argv[1:]]
calls = {name: (*part, name, "{name}") for name in ("get", "set", "delete")}
store = command.CommandVault("shop", command.Helper(**calls), os.environ)
store.put("access_token", Secret("v" * 3000))
"""


def test_a_kill_right_after_the_start_leaves_no_empty_secret(tmp_path):
    helper = str(Path(__file__).with_name("helper_program.py"))
    place = tmp_path / "kept"
    place.mkdir()
    call = [sys.executable, "-c", DIES, helper, str(place)]
    assert subprocess.run(call, check=False, timeout=30, capture_output=True).returncode == 9
    kept = place / "access_token"
    ends = time.monotonic() + 10
    while not (kept.exists() and kept.stat().st_size) and time.monotonic() < ends:
        time.sleep(0.02)
    assert kept.read_text() == "v" * 3000


def test_a_program_that_loses_is_found_out(tmp_path):
    vault = over(tmp_path, set=shell("cat > /dev/null"))
    assert closed_by(lambda: vault.put("a", CANARY)).closed is VaultProblem.LOSING


def test_without_set_it_is_read_only(tmp_path):
    (tmp_path / "access_token").write_text("kept")
    vault = over(tmp_path, set=None, delete=None)
    assert vault.get("access_token").secret == Secret("kept")
    for act in (lambda: vault.put("a", CANARY), lambda: vault.remove("access_token"), vault.probe):
        assert closed_by(act).closed is VaultProblem.NOT_WRITABLE
    refusing = over(tmp_path, set=shell("exit 2"), delete=shell("exit 2"))
    for act in (lambda: refusing.put("a", CANARY), lambda: refusing.remove("access_token")):
        assert closed_by(act).closed is VaultProblem.NOT_WRITABLE


@pytest.mark.parametrize(
    "choice", [{}, {"set": ["x"]}, {"get": "pass show x"}, {"get": [1]}, {"preset": "keepass"}]
)
def test_a_choice_that_cannot_work_is_refused(choice):
    assert closed_by(lambda: Helper.chosen(choice)).closed is VaultProblem.BROKEN


class TestPresets:
    @pytest.mark.parametrize("preset", PRESETS)
    def test_every_preset_is_a_helper(self, preset):
        helper = Helper.chosen({"store": "command", "preset": preset})
        for arguments in (helper.get, helper.set, helper.delete):
            assert any("{profile}/{name}" in argument for argument in arguments)
            assert arguments[0] == preset

    def test_a_choice_may_change_a_part_of_a_preset(self):
        helper = Helper.chosen({"preset": "pass", "get": ["gopass", "show", "-o", "x"]})
        assert helper.get[0] == "gopass"
        assert helper.set[0] == "pass"


@pytest.fixture
def password_store():
    """A store of `pass` with a key of its own; the sockets of gpg want a short path."""
    if not (shutil.which("pass") and shutil.which("gpg")):
        pytest.skip("not installed: pass, gpg")
    with tempfile.TemporaryDirectory() as folder:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "GNUPGHOME": folder,
            "PASSWORD_STORE_DIR": f"{folder}/store",
        }
        make_key = [
            "gpg",
            "--batch",
            "--quiet",
            "--passphrase",
            "",
            "--quick-gen-key",
            "me@localhost",
        ]
        for arguments in (make_key, ["pass", "init", "me@localhost"]):
            subprocess.run(arguments, env=environ, capture_output=True, check=True)
        yield environ
        subprocess.run(["gpgconf", "--kill", "all"], env=environ, check=True)


def test_the_real_pass_keeps_finds_and_forgets(password_store):
    vault = CommandVault("shop", Helper.chosen({"preset": "pass"}), password_store)
    assert vault.get("access_token") is None
    vault.probe()
    for value in ("first", "several\nlines\nof 🔑"):
        vault.put("access_token", Secret(value))
        assert vault.get("access_token").secret == Secret(value)
    vault.remove("access_token")
    assert vault.get("access_token") is None
