"""Files that only this user may read or write, replaced whole or not at all."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: Seconds after which a temporary file of ours was surely left by somebody who was killed.
STALE = 3600
# Missing on Windows, where links need a privilege and owners are not numbers.
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
# Not an editor's: `.config.yaml.swp` is none of ours.
_ENDING = ".tmp"
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class UnsafeFile(Exception):
    """A file or its folder cannot be trusted. `kind`: link, not_a_file, owner, mode, too_big."""

    def __init__(self, kind: str, path: Path) -> None:
        super().__init__(kind, str(path))
        self.kind, self.path = kind, path


class LockTimeout(TimeoutError):
    """Another process is changing the file; `pid` is "" where it did not say which."""

    def __init__(self, path: Path, pid: str) -> None:
        super().__init__(str(path))
        self.pid = pid


def make_folder(folder: Path) -> None:
    """Creates a folder, and whatever is missing above it, for this user alone.

    `mkdir(parents=True)` would leave those above to the umask: open to be read by all.
    """
    for missing in reversed([folder, *folder.parents]):
        with suppress(FileExistsError):
            if not missing.is_dir():
                missing.mkdir(mode=0o700)


def behind(path: Path) -> Path:
    """The file itself: what a link of our own, in a folder of our own, leads to; else `path`.

    For files that people keep among their dotfiles; a link of anybody else raises UnsafeFile.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        seen = os.lstat(path)
        if stat.S_ISLNK(seen.st_mode):
            _refuse_others(os.stat(path.parent), path.parent)
            if os.name != "nt" and seen.st_uid != os.geteuid():
                raise UnsafeFile("link", path)
            return path.resolve()
    return path


def read(path: Path, most: int) -> bytes | None:
    """The whole file, None when there is none; OSError, or UnsafeFile, when it cannot be trusted.

    `most` is its greatest length in bytes.
    """
    try:
        _refuse_links(path)
        descriptor = os.open(path, os.O_RDONLY | _NO_FOLLOW)
    except FileNotFoundError:
        return None
    try:
        # Before anything is made of the descriptor: it may be of a folder or a pipe.
        _refuse_shared(os.fstat(descriptor), path)
        _refuse_shared_folder(path.parent)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(most + 1)
    finally:
        os.close(descriptor)
    if len(content) > most:
        raise UnsafeFile("too_big", path)
    return content


def replace(path: Path, content: bytes, *, keep_last: bool = False, lasting: bool = True) -> None:
    """Put `content` where the file was, mode 0600; on OSError the old one stands as it was.

    Never through a link: the link's target belongs to somebody's other purpose. `keep_last`
    leaves the old content beside it as `.bak`. Not `lasting`: a power cut may lose it.
    """
    import tempfile  # Only who writes pays for it: the status report has a start-up budget.

    make_folder(path.parent)
    _refuse_shared_folder(path.parent)
    with suppress(FileNotFoundError):
        _refuse_links(path)
        _refuse_shared(os.lstat(path), path)
    _sweep(path)
    descriptor, name = tempfile.mkstemp(_ENDING, f".{path.name}.", path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        if keep_last:
            _keep_last(path)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
    if lasting:
        _settle(path.parent)


def create(path: Path, content: bytes, *, force: bool = False) -> None:
    """A new file that only this user can read, from its first byte on; FileExistsError if it is.

    Neither through a link, nor over a file of somebody else's. `force` first removes what is there.
    """
    if force:
        path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def alone(path: Path, seconds: float) -> Iterator[None]:
    """The only one, of all processes of this user, to change this file; Held if not so.

    The lock is beside the file and ends with the process that holds it. Who locks a file, locks it
    for every write: what others began to write is swept away at once, since they are dead.
    """
    from filelock import FileLock, Timeout

    make_folder(path.parent)
    _refuse_shared_folder(path.parent)
    name = path.with_name(f".{path.name}.lock")
    lock = FileLock(name, timeout=seconds, mode=0o600)
    try:
        lock.acquire(poll_interval=0.02)
    except Timeout:
        raise LockTimeout(path, _holder(name)) from None
    try:
        _sign(name, str(os.getpid()))
        _sweep(path, older=0)
        yield
    finally:
        _sign(name, "")
        lock.release()


def _sign(lock: Path, who: str) -> None:
    """Says who holds the lock, to the one who waits for it in vain."""
    with suppress(OSError):
        lock.write_text(who, "ascii")


def _holder(lock: Path) -> str:
    with suppress(OSError, ValueError):
        return str(int(lock.read_text("ascii")))
    return ""


def _keep_last(path: Path) -> None:
    """A second name for the content so far; on a disk that knows no links there is no `.bak`."""
    second = path.with_name(f".{path.name}.{os.getpid()}-{time.time_ns()}{_ENDING}")
    with suppress(OSError):
        os.link(path, second)
        os.replace(second, f"{path}.bak")


def _refuse_links(path: Path) -> None:
    if stat.S_ISLNK(os.lstat(path).st_mode):
        raise UnsafeFile("link", path)


def _refuse_shared(seen: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(seen.st_mode):
        raise UnsafeFile("not_a_file", path)
    _refuse_others(seen, path)


def _refuse_shared_folder(folder: Path) -> None:
    # Followed: a home may well be a link. What counts is who can put files there.
    _refuse_others(os.stat(folder), folder)


def _refuse_others(seen: os.stat_result, path: Path) -> None:
    if os.name == "nt":
        return
    if seen.st_uid != os.geteuid():
        raise UnsafeFile("owner", path)
    if seen.st_mode & _WRITABLE_BY_OTHERS:
        raise UnsafeFile("mode", path)


def _sweep(path: Path, older: float = STALE) -> None:
    for left in path.parent.glob(f".{path.name}.*{_ENDING}"):
        with suppress(OSError):
            if time.time() - left.lstat().st_mtime >= older:
                left.unlink()


def _settle(folder: Path) -> None:
    """The name, too, survives a power cut. Windows cannot open folders and needs no such thing."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
