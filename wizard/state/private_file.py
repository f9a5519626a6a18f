"""Files that only this user may read or write, replaced whole or not at all."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wizard.text.errors import Exit, WizardError

#: Seconds after which a temporary file of ours was surely left by a process that was killed.
STALE = 3600
# Missing on Windows, where links need a privilege and owners are not numbers.
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
# Not an editor's: `.config.yaml.swp` is none of ours.
_ENDING = ".tmp"
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class UnsafeFile(WizardError):
    """A file or its folder cannot be trusted.

    `kind`: link, not_a_file, owner, mode (others may write it), readable, too_big.
    """

    exit_code = Exit.FILE

    def __init__(self, kind: str, path: Path) -> None:
        super().__init__(unsafe_key(kind), path=str(path), detail=kind)
        self.kind, self.path = kind, path


def unsafe_key(kind: str) -> str:
    """The words for it: what helps with a file of others is no advice about a link or a device."""
    return f"files.unsafe_{kind}" if kind in ("link", "not_a_file") else "files.unsafe"


class LockTimeout(WizardError):
    """Another process is changing the file; `pid` is "" when the lock does not name it."""

    exit_code = Exit.FILE

    def __init__(self, path: Path, pid: str) -> None:
        super().__init__("files.locked", path=str(path), detail=pid or "?")
        self.path, self.pid = path, pid


def make_folder(folder: Path) -> None:
    """Creates a folder, and whatever is missing above it, for this user alone.

    `mkdir(parents=True)` would leave those above to the umask: open to be read by all.
    """
    for missing in reversed([folder, *folder.parents]):
        with suppress(FileExistsError):
            if not missing.is_dir():
                missing.mkdir(mode=0o700)


def resolve_own_link(path: Path) -> Path:
    """The file that a link of this user in a folder of this user leads to; else `path`.

    For files that people keep among their dotfiles; any other link raises UnsafeFile.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        seen = os.lstat(path)
        if stat.S_ISLNK(seen.st_mode):
            _refuse_others(os.stat(path.parent), path.parent)
            if os.name != "nt" and seen.st_uid != os.geteuid():
                raise UnsafeFile("link", path)
            return path.resolve()
    return path


def read(path: Path, most: int, *, secret: bool = False) -> bytes | None:
    """The whole file, None when there is none; OSError, or UnsafeFile when it cannot be trusted.

    `most` is its greatest length in bytes. One with secrets may not be readable by others either.
    """
    try:
        _refuse_links(path)
        descriptor = os.open(path, os.O_RDONLY | _NO_FOLLOW)
    except FileNotFoundError:
        return None
    try:
        # Before anything is read from the descriptor: it may be of a folder or a pipe.
        _refuse_shared(seen := os.fstat(descriptor), path)
        if secret and os.name != "nt" and seen.st_mode & _READABLE_BY_OTHERS:
            raise UnsafeFile("readable", path)
        refuse_shared_folder(path.parent)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(most + 1)
    finally:
        os.close(descriptor)
    if len(content) > most:
        raise UnsafeFile("too_big", path)
    return content


def replace(path: Path, content: bytes, *, keep_last: bool = False) -> None:
    """Writes `content` in place of the file, mode 0600; on OSError the old one stays as it was.

    Never through a link, whose target may serve another purpose. `keep_last` leaves the old
    content beside it as `.bak`.
    """
    make_folder(path.parent)
    refuse_shared_folder(path.parent)
    with suppress(FileNotFoundError):
        _refuse_links(path)
        _refuse_shared(os.lstat(path), path)
    _put(path, content, keep_last)


def replace_report(path: Path, content: bytes) -> None:
    """The same for what is no state of ours: in any folder that is there (/tmp, one of CI's).

    UnsafeFile for a link or what is no plain file.
    """
    with suppress(FileNotFoundError):
        _refuse_links(path)
        if not path.is_file():
            raise UnsafeFile("not_a_file", path)
    _put(path, content)


def _put(path: Path, content: bytes, keep_last: bool = False) -> None:
    import tempfile  # Only a write needs it: `status` has a start-up budget.

    _remove_leftovers(path)
    descriptor, name = tempfile.mkstemp(_ENDING, f".{path.name}.", path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if keep_last:
            _keep_last(path)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
    _sync_folder(path.parent)


class CannotWrite(WizardError):
    """A file that the person named cannot be made there."""

    exit_code = Exit.FILE

    def __init__(self, path: Path, error: OSError) -> None:
        word = "cannot_write" if os.path.isdir(path.parent) else "no_folder"
        why = error.strerror or type(error).__name__
        super().__init__(f"cli.{word}", path=str(path), why=why)


def create(path: Path, content: bytes, *, force: bool = False) -> None:
    """A new file that only this user can read, from its first byte on; FileExistsError if it is.

    Neither through a link, nor over a file of someone else's. `force` first removes what is there.
    CannotWrite where its folder is not there, or is not for us to write to.
    """
    try:
        if force:
            path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600)
    except FileExistsError:
        raise
    except OSError as error:
        raise CannotWrite(path, error) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def locked(path: Path, seconds: float) -> Iterator[None]:
    """Keeps every other process of this user from changing the file; LockTimeout after `seconds`.

    The lock is beside the file and ends with the process that holds it. Every writer takes it, so
    temporary files that are there once it is held were left by processes that died.
    """
    from filelock import FileLock, Timeout

    make_folder(path.parent)
    refuse_shared_folder(path.parent)
    name = path.with_name(f".{path.name}.lock")
    lock = FileLock(name, timeout=seconds, mode=0o600)
    try:
        lock.acquire(poll_interval=0.02)
    except Timeout:
        raise LockTimeout(path, _read_pid(name)) from None
    try:
        _write_pid(name, str(os.getpid()))
        _remove_leftovers(path, older=0)
        yield
    finally:
        _write_pid(name, "")
        lock.release()


def _write_pid(lock: Path, pid: str) -> None:
    """Names the process that holds the lock, for the message of one that waits in vain."""
    with suppress(OSError):
        lock.write_text(pid, "ascii")


def _read_pid(lock: Path) -> str:
    with suppress(OSError, ValueError):
        return str(int(lock.read_text("ascii")))
    return ""


def _keep_last(path: Path) -> None:
    """A second name for the content so far; on a disk without hard links there is no `.bak`."""
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


def refuse_shared_folder(folder: Path) -> None:
    """UnsafeFile for a folder that others own or may write to."""
    # Followed: a home may well be a link. What counts is who can put files there.
    _refuse_others(os.stat(folder), folder)


def _refuse_others(seen: os.stat_result, path: Path) -> None:
    if os.name == "nt":
        return
    if seen.st_uid != os.geteuid():
        raise UnsafeFile("owner", path)
    if seen.st_mode & _WRITABLE_BY_OTHERS:
        raise UnsafeFile("mode", path)


def _remove_leftovers(path: Path, older: float = STALE) -> None:
    for left in path.parent.glob(f".{path.name}.*{_ENDING}"):
        with suppress(OSError):
            if time.time() - left.lstat().st_mtime >= older:
                left.unlink()


def _sync_folder(folder: Path) -> None:
    """Makes the new name survive a power cut. Windows cannot open folders and does not need it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
