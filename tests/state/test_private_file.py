"""Files that only their owner may touch."""

import os
import subprocess
import sys
import time

import pytest

from tests.support.programs import child_environ
from wizard.state import private_file
from wizard.state.private_file import LockTimeout, UnsafeFile


def test_what_is_not_there_is_none(tmp_path):
    assert private_file.read(tmp_path / "none", 10) is None
    assert private_file.read(tmp_path / "no folder" / "none", 10) is None


def test_a_file_may_be_as_long_as_that_and_no_longer(tmp_path):
    path = tmp_path / "file"
    private_file.replace(path, b"x" * 10)
    assert private_file.read(path, 10) == b"x" * 10
    with pytest.raises(UnsafeFile) as caught:
        private_file.read(path, 9)
    assert caught.value.kind == "too_big"


def test_an_old_leftover_is_swept_and_a_fresh_one_is_not(tmp_path):
    old, fresh, other = (
        tmp_path / name for name in (".file.old1.tmp", ".file.new1.tmp", ".fil.old1.tmp")
    )
    for path in (old, fresh, other):
        path.write_text("left by somebody who was killed")
    past = time.time() - 2 * private_file.STALE
    os.utime(old, (past, past))
    os.utime(other, (past, past))
    private_file.replace(tmp_path / "file", b"x")
    assert (old.exists(), fresh.exists(), other.exists()) == (False, True, True)


def test_the_lock_holder_removes_leftovers_of_killed_processes(tmp_path):
    (tmp_path / ".file.half.tmp").write_text("of somebody who was killed")
    (tmp_path / ".file2.half.tmp").write_text("of another file")
    (tmp_path / ".file.swp").write_text("of an editor")
    with private_file.locked(tmp_path / "file", 1):
        left = {path.name for path in tmp_path.iterdir()}
    assert left == {".file.lock", ".file2.half.tmp", ".file.swp"}


def test_a_failed_write_leaves_the_old_and_no_leftover(tmp_path, monkeypatch):
    path = tmp_path / "file"
    private_file.replace(path, b"old")

    def fail(descriptor):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        private_file.replace(path, b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_bytes_are_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (steps.append("fsync"), fsync(fd))[1])
    monkeypatch.setattr(os, "replace", lambda *a: (steps.append("replace"), replace(*a))[1])
    private_file.replace(tmp_path / "file", b"x")
    assert steps == ["fsync", "replace", "fsync"]


def test_a_lock_keeps_other_processes_out_until_its_holder_dies(tmp_path):
    path = tmp_path / "file"
    script = (
        "import sys; from pathlib import Path; from wizard.state import private_file\n"
        "with private_file.locked(Path(sys.argv[1]), 1): print(flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=child_environ(),
    )
    with holder:
        holder.stdout.readline()
        with pytest.raises(LockTimeout), private_file.locked(path, 0.1):
            pass
        holder.kill()
        holder.wait()
        with private_file.locked(path, 1):
            assert True
