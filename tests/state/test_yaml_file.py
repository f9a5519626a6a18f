"""Places that others may reach into, and disks that fail: refused with a kind, old data intact."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wizard.state.yaml_file import StateFileError, YamlFile
from wizard.text.localised import LANGUAGES
from wizard.ui.words import Words

AS_ROOT = os.geteuid() == 0
root = pytest.mark.skipif(not AS_ROOT, reason="only root can give a file away or mount a disk")


@pytest.fixture
def path(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder / "config.yaml"


@pytest.fixture
def kept(path):
    YamlFile(path).save({"a": "old"})
    return path


def kind_of(call, *args):
    with pytest.raises(StateFileError) as trouble:
        call(*args)
    return trouble.value.kind


def test_a_file_that_others_may_write_is_refused(kept):
    for mode in (0o620, 0o602, 0o666):
        kept.chmod(mode)
        assert kind_of(YamlFile(kept).load) == "unsafe"
        assert kind_of(YamlFile(kept).save, {"a": "new"}) == "unsafe"
    assert "old" in kept.read_text()


def test_a_file_that_others_may_only_read_is_taken_and_closed_again(kept):
    kept.chmod(0o644)
    assert YamlFile(kept).load() == {"a": "old"}
    YamlFile(kept).save({"a": "new"})
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_others_may_write_is_refused(kept):
    kept.parent.chmod(0o777)
    assert kind_of(YamlFile(kept).load) == "unsafe"
    assert kind_of(YamlFile(kept).save, {"a": "new"}) == "unsafe"


def test_a_link_of_our_own_is_followed_and_stays_a_link(kept, tmp_path):
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir(mode=0o700)
    target = dotfiles / "wizard.yaml"
    kept.rename(target)
    kept.symlink_to(target)
    YamlFile(kept).save({"a": "new"})
    assert kept.is_symlink()
    assert YamlFile(target).load() == {"a": "new"}


def test_a_link_into_a_folder_that_others_may_write_is_refused(kept, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    kept.rename(shared / "x.yaml")
    kept.symlink_to(shared / "x.yaml")
    assert kind_of(YamlFile(kept).load) == "unsafe"


@root
def test_a_file_or_link_or_folder_of_somebody_else_is_refused(kept, tmp_path):
    os.chown(kept, 1234, 1234)
    assert kind_of(YamlFile(kept).load) == "unsafe"
    assert kind_of(YamlFile(kept).save, {"a": "new"}) == "unsafe"
    os.chown(kept, 0, 0)
    link = kept.with_name("link.yaml")
    link.symlink_to(kept)
    os.chown(link, 1234, 1234, follow_symlinks=False)
    assert kind_of(YamlFile(link).load) == "unsafe"
    os.chown(kept.parent, 1234, 1234)
    assert kind_of(YamlFile(kept).load) == "unsafe"
    os.chown(kept.parent, 0, 0)
    assert YamlFile(kept).load() == {"a": "old"}


@root
def test_a_link_to_a_victims_file_does_not_harm_it(kept, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("a: precious\n")
    os.chown(victim, 1234, 1234)
    kept.unlink()
    kept.symlink_to(victim)
    assert kind_of(YamlFile(kept).save, {"a": "new"}) == "unsafe"
    assert victim.read_text() == "a: precious\n"


def test_a_pipe_or_folder_in_its_place_is_refused_and_does_not_hang(path):
    os.mkfifo(path)
    assert kind_of(YamlFile(path).load) == "unsafe"
    path.unlink()
    path.mkdir()
    assert kind_of(YamlFile(path).load) == "unsafe"


@root
def test_a_full_disk_keeps_the_old_file_and_says_how_much_is_free(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "none", str(disk)], check=False
    )
    if mounted.returncode:
        pytest.skip("no leave to mount")
    try:
        path = disk / "config.yaml"
        YamlFile(path).save({"a": "old"})
        (disk / "fill").write_bytes(b"x" * 40_000)
        with pytest.raises(StateFileError) as trouble:
            YamlFile(path).save({"a": "new" * 10_000})
        assert trouble.value.kind == "full"
        assert trouble.value.detail.isdigit()
        assert YamlFile(path).load() == {"a": "old"}
        assert not list(disk.glob(".config.yaml.[!l]*"))
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert kind_of(YamlFile(path).save, {"a": "new"}) == "read_only"
        assert YamlFile(path).load() == {"a": "old"}
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_size_limit_keeps_the_old_file(kept):
    """Without root: RLIMIT_FSIZE gives a short write, then EFBIG."""
    code = (
        "import resource, signal, sys\n"
        "from wizard.state.yaml_file import YamlFile, StateFileError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))\n"
        "try: YamlFile(sys.argv[1]).save({'a': 'new' * 10000})\n"
        "except StateFileError as trouble: print(trouble.kind)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(kept)], capture_output=True, text=True, check=True
    )
    assert run.stdout == "full\n"
    assert YamlFile(kept).load() == {"a": "old"}
    assert not list(kept.parent.glob(".config.yaml.[!l]*"))


@pytest.mark.skipif(AS_ROOT, reason="root may write everywhere")
def test_missing_write_permission_is_reported_as_read_only(kept):
    kept.parent.chmod(0o500)
    try:
        assert kind_of(YamlFile(kept).save, {"a": "new"}) == "read_only"
        assert YamlFile(kept).load() == {"a": "old"}
    finally:
        kept.parent.chmod(0o700)


def test_only_our_own_stale_temporary_files_are_removed(kept):
    ours = kept.with_name(f".{kept.name}.abcd.tmp")
    editors = kept.with_name(f".{kept.name}.swp")
    foreign = kept.with_name(".other.yaml.abcd.tmp")
    for file in (ours, editors, foreign):
        file.write_text("x")
        os.utime(file, (0, 0))
    YamlFile(kept).save({"a": "new"})
    assert not ours.exists()
    assert editors.exists()
    assert foreign.exists()


HOLD = (
    "import sys, time\n"
    "from pathlib import Path\n"
    "from wizard.state.private_file import locked\n"
    "with locked(Path(sys.argv[1]), 5):\n"
    "    print('held', flush=True)\n"
    "    time.sleep(60)\n"
)


def test_a_second_writer_waits_then_names_who_holds_the_lock(kept):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(kept)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StateFileError) as trouble:
            YamlFile(kept, patience=0.2).save({"a": "new"})
        assert (trouble.value.kind, trouble.value.detail) == ("locked", str(holder.pid))
        assert YamlFile(kept).load() == {"a": "old"}
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    YamlFile(kept, patience=2).save({"a": "new"})
    assert YamlFile(kept).load() == {"a": "new"}


WRITE = (
    "import sys, itertools\n"
    "from wizard.state.yaml_file import YamlFile, StateFileError\n"
    "document = YamlFile(sys.argv[1])\n"
    "print('go', flush=True)\n"
    "for n in itertools.count():\n"
    "    document.save({'n': n, 'again': n, 'fill': 'x' * 20000})\n"
)


def test_a_kill_at_any_moment_leaves_a_whole_file(kept):
    YamlFile(kept).save({"n": -1, "again": -1})
    for round_ in range(12):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITE, str(kept)], stdout=subprocess.PIPE, text=True
        )
        writer.stdout.readline()
        time.sleep(0.003 + 0.004 * round_)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        content = YamlFile(kept).load()
        assert content["n"] == content["again"]
        backup = Path(f"{kept}.bak")
        if backup.exists():
            YamlFile(backup).load()
    YamlFile(kept).save({"n": 0, "again": 0})


def test_writers_side_by_side_lose_no_file(kept):
    code = WRITE.replace("itertools.count()", "range(15)").replace("x' * 20000", "x' * 2000")
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(kept)], stdout=subprocess.DEVNULL)
        for _ in range(4)
    ]
    assert [writer.wait(30) for writer in writers] == [0] * 4
    assert YamlFile(kept).load()["n"] == 14


def test_a_power_cut_finds_the_bytes_on_disk_before_the_name(kept, monkeypatch):
    order = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)

        def noted(*args, name=name, real=real):
            order.append(name)
            return real(*args)

        monkeypatch.setattr(os, name, noted)
    YamlFile(kept).save({"a": "new"})
    # The content, the second name of the old file, the new name, the folder.
    assert order == ["fsync", "replace", "replace", "fsync"]


def test_a_migrated_file_is_written_in_the_new_schema_and_the_old_one_kept(path):
    YamlFile(path, schema=1).save({"colour": "red"})
    steps = {1: lambda old: {"colours": [old["colour"]]}, 2: lambda old: {**old, "n": 1}}
    document = YamlFile(path, schema=3, migrations=steps)
    content = document.load()
    assert content == {"colours": ["red"], "n": 1}
    document.save(content)
    assert YamlFile(path, schema=3).load() == content
    assert YamlFile(f"{path}.bak").load() == {"colour": "red"}
    assert kind_of(YamlFile(path, schema=1).save, {}) == "newer"


@pytest.mark.parametrize("target", ["/dev/zero", "/dev", "shared"])
def test_what_is_said_of_a_link_names_the_link_and_never_what_it_leads_to(path, tmp_path, target):
    shared = tmp_path / "shared.yaml"
    shared.write_text("a: 1\n")
    shared.chmod(0o666)
    path.symlink_to(shared if target == "shared" else target)
    for act in (YamlFile(path).load, lambda: YamlFile(path).save({"a": "b"})):
        with pytest.raises(StateFileError) as caught:
            act()
        assert caught.value.key == "files.unsafe_link"
        assert caught.value.values["path"] == str(path)
        for language in LANGUAGES:
            told = Words(language).say(f"{caught.value.key}_next", **caught.value.values)
            assert str(path) in told
            assert "sudo" not in told
            assert target not in told


def test_something_else_than_a_file_is_not_given_away_with_sudo(path):
    os.mkfifo(path)
    with pytest.raises(StateFileError) as caught:
        YamlFile(path).load()
    assert caught.value.key == "files.unsafe_not_a_file"
    assert "sudo" not in Words("en").say("files.unsafe_not_a_file_next", path="x")
