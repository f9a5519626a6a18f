"""The store "command": another program keeps the secrets (`pass`, `op`, `vault`, one of your own).

It is called with a list of arguments, in which `{profile}` and `{name}` are filled in, without a
shell. Secrets go in by stdin and come out by stdout; never an argument, never a variable.

Exit codes: 0 done (for `get`, an empty stdout means that there is none); 44 there is no such
secret; anything else failed, unless stderr has the text `absent`. One line break at the end of
stdout is not part of the secret.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any

from wizard.text.paste import decoded
from wizard.text.secret import Secret
from wizard.vault import Description, SecretSource, StoredSecret, VaultError, VaultProblem, guarded
from wizard.vault.environment import without_secrets

STORE = "command"
SECONDS = 20.0
ABSENT = 44
#: Bytes: far more than any secret, and no danger to this machine.
_MOST = 16 << 20


@dataclass(frozen=True)
class Helper:
    """The argument lists of a program; () where it cannot do a thing.

    `create` is used instead of `set` for what is not there yet, where a program tells them apart.
    """

    get: tuple[str, ...]
    set: tuple[str, ...] = ()
    create: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    list: tuple[str, ...] = ()
    absent: str = ""
    seconds: float = SECONDS

    @classmethod
    def chosen(cls, choice: Mapping[str, Any]) -> Helper:
        """From {"preset": "pass"} or {"get": [...], "set": [...], …}, or both; else BROKEN."""
        preset = choice.get("preset")
        if preset is not None and preset not in PRESETS:
            raise VaultError(VaultProblem.BROKEN, STORE, " | ".join(PRESETS))
        merged = {**PRESETS.get(str(preset), {}), **choice}
        lists = {key: _arguments(key, merged[key]) for key in _LISTS if merged.get(key)}
        if "get" not in lists:
            raise VaultError(VaultProblem.BROKEN, STORE, "get: []")
        absent, seconds = str(merged.get("absent") or ""), merged.get("seconds") or SECONDS
        return cls(**lists, absent=absent, seconds=float(seconds))


_LISTS = ("get", "set", "create", "delete", "list")


@dataclass
class CommandVault:
    """One call of the program for each call of the port."""

    profile: str
    helper: Helper
    environ: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> StoredSecret | None:
        """A secret, or None when there is none of this name."""
        value = self._value(name)
        return StoredSecret(Secret(value), STORE, self._program) if value else None

    def source_of(self, name: str) -> SecretSource:
        """This store, for every name."""
        return SecretSource(STORE, self._program)

    def put(self, name: str, secret: Secret) -> None:
        """Keep it and read it back. An unchanged value is not written again."""
        if not self.helper.set:
            raise VaultError(VaultProblem.NOT_WRITABLE, STORE, self._program)
        before, value = self._value(name), secret.reveal()
        if before == value:
            return
        creates = self.helper.create and not before
        self._change(self.helper.create if creates else self.helper.set, name, value)
        if self._value(name) != value:
            raise VaultError(VaultProblem.LOSING, STORE, self._program)

    def remove(self, name: str) -> None:
        """Drop it; dropping what is not there is fine."""
        if not self._value(name):
            return
        if not self.helper.delete:
            raise VaultError(VaultProblem.NOT_WRITABLE, STORE, self._program)
        self._change(self.helper.delete, name)
        if self._value(name):
            raise VaultError(VaultProblem.BROKEN, STORE, f"{self._program}: undeletable")

    def probe(self) -> None:
        """Write, read back, compare and delete a value of no worth."""
        name = f"probe-{secrets.token_hex(4)}"
        try:
            self.put(name, Secret(secrets.token_urlsafe(24)))
        finally:
            with suppress(VaultError):
                self.remove(name)

    def names(self) -> tuple[str, ...] | None:
        """The secrets it has, one to a line; None when it cannot say."""
        if not self.helper.list:
            return None
        return tuple(line.strip() for line in (self._run(self.helper.list) or "").splitlines())

    def describe(self) -> Description:
        """The program, and how it is asked. Runs nothing."""
        place = " ".join(
            argument.replace("{profile}", self.profile) for argument in self.helper.get
        )
        return Description(STORE, self._program, place)

    @property
    def _program(self) -> str:
        return os.path.basename(self.helper.get[0])

    def _value(self, name: str) -> str | None:
        """What the program keeps; "" and None both mean nothing."""
        said = self._run(self.helper.get, name)
        return said.removesuffix("\n").removesuffix("\r") if said else said

    def _change(self, arguments: tuple[str, ...], name: str, value: str = "") -> None:
        try:
            self._run(arguments, name, value)
        except VaultError as error:
            if error.closed is not VaultProblem.BROKEN:
                raise
            # It answered a read a moment ago: what it refuses is the change.
            raise VaultError(VaultProblem.NOT_WRITABLE, STORE, error.detail) from None

    def _run(self, arguments: tuple[str, ...], name: str = "", value: str = "") -> str | None:
        """What it wrote to stdout; None when it says that there is no such secret."""
        filled = [self._filled(argument, name) for argument in arguments]
        if shutil.which(filled[0], path=self.environ.get("PATH")) is None:
            raise VaultError(VaultProblem.BROKEN, STORE, f"{filled[0]}: FileNotFoundError")
        with guarded(STORE), _stdin(value.encode()) as (stdin, give_rest):
            process = subprocess.Popen(  # noqa: S603 (no shell; the list is the user's own)
                filled,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=without_secrets(self.environ),
                bufsize=0,
                start_new_session=True,  # so that its children can be ended with it
            )
            give_rest()
            try:
                said, complained = _exchange(process, self.helper.seconds)
            except BaseException as error:
                _end(process)
                if isinstance(error, OverflowError):
                    detail = f"{self._program}: > {_MOST >> 20} MiB"
                    raise VaultError(VaultProblem.BROKEN, STORE, detail) from None
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                detail = f"{self._program}: {self.helper.seconds:g} s"
                raise VaultError(VaultProblem.SLOW, STORE, detail) from None
            _close(process)
            return self._judged(process.returncode, said, complained)

    def _judged(self, code: int, said: bytes, complained: bytes) -> str | None:
        if code == 0:
            return decoded(said)
        if code == ABSENT or (self.helper.absent and self.helper.absent.encode() in complained):
            return None
        # What it wrote may quote a secret; its code cannot.
        raise VaultError(VaultProblem.BROKEN, STORE, f"{self._program}: exit {code}")

    def _filled(self, argument: str, name: str) -> str:
        return argument.replace("{profile}", self.profile).replace("{name}", name)


def _arguments(key: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(part, str) for part in given):
        raise VaultError(VaultProblem.BROKEN, STORE, f"{key}: [program, argument, …]")
    return tuple(given)


class _Taking(threading.Thread):
    """Takes what comes out of a pipe, and no more than `_MOST` of it."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        super().__init__(daemon=True)
        self._pipe, self.content, self.too_long = pipe, bytearray(), False
        self.start()

    def run(self) -> None:
        with suppress(OSError, ValueError):  # it was closed at the deadline
            while self._pipe and not self.too_long and (piece := self._pipe.read(1 << 16)):
                self.content += piece
                self.too_long = len(self.content) > _MOST


@contextmanager
def _stdin(value: bytes) -> Iterator[tuple[IO[bytes], Callable[[], None]]]:
    """A pipe with the value in it before its reader starts; and what hands over the rest.

    Were this program killed between the start and the writing, the other would read an end at
    once, and keep nothing in the place of the secret. Only what no pipe holds is written later.
    """
    ends = os.pipe()
    reading, writing, sent = os.fdopen(ends[0], "rb", 0), ends[1], 0
    if hasattr(os, "set_blocking"):  # not on Windows before Python 3.12
        os.set_blocking(writing, False)
        with suppress(BlockingIOError):
            sent = os.write(writing, value)
        os.set_blocking(writing, True)
    pipe, rest = os.fdopen(writing, "wb", 0), value[sent:]
    if not rest:
        pipe.close()

    def give_rest() -> None:
        reading.close()
        if rest:
            threading.Thread(target=_give, args=(pipe, rest), daemon=True).start()

    try:
        yield reading, give_rest
    except BaseException:
        reading.close()
        with suppress(OSError):
            pipe.close()
        raise


def _give(pipe: IO[bytes], value: bytes) -> None:
    with suppress(OSError, ValueError):  # it wants no more, or was ended
        while value:
            value = value[pipe.write(value) :]
    with suppress(OSError):
        pipe.close()


def _exchange(process: subprocess.Popen[bytes], seconds: float) -> tuple[bytes, bytes]:
    """What it wrote to stdout and stderr; TimeoutExpired, or OverflowError beyond `_MOST`.

    `communicate` would take what a program writes without end, until the memory is full.
    """
    ends = time.monotonic() + seconds
    taking = [_Taking(process.stdout), _Taking(process.stderr)]
    for one in taking:
        while one.is_alive() and not any(other.too_long for other in taking):
            if time.monotonic() > ends:
                raise subprocess.TimeoutExpired(process.args, seconds)
            one.join(0.05)
    if any(one.too_long for one in taking):
        raise OverflowError
    process.wait(max(0.1, ends - time.monotonic()))
    return bytes(taking[0].content), bytes(taking[1].content)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing of it stays, and no pipe that a grandchild keeps open is waited for."""
    with suppress(OSError):
        if os.name == "posix":
            # Not asked before whether it has ended: until then its number is no one else's.
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
    _close(process)


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdout, process.stderr):
        if pipe:
            with suppress(OSError):
                pipe.close()


_ENTRY = "wa-wizard/{profile}/{name}"

#: `absent` is what the program writes to stderr when there is no such entry, with any exit code
#: but 0. Everything else it may fail with is taken for a failure, not for absence.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    # https://www.passwordstore.org
    "pass": {
        "get": ["pass", "show", _ENTRY],
        "set": ["pass", "insert", "--multiline", "--force", _ENTRY],
        "delete": ["pass", "rm", "--force", _ENTRY],
        "absent": "is not in the password store",
    },
    # https://developer.1password.com/docs/cli/reference/management-commands/document: documents
    # take their content from stdin; fields of items take it from arguments, which others can read.
    "op": {
        "get": ["op", "document", "get", _ENTRY],
        "create": [
            *["op", "document", "create", "-"],
            *["--title", _ENTRY, "--file-name", "{name}"],
        ],
        "set": ["op", "document", "edit", _ENTRY, "-"],
        "delete": ["op", "document", "delete", _ENTRY],
        "absent": "isn't an item",
    },
    # https://developer.hashicorp.com/vault/docs/commands/kv: `value=-` reads stdin; without
    # `metadata`, version 2 would keep what is deleted.
    "vault": {
        "get": ["vault", "kv", "get", "-mount=secret", "-field=value", _ENTRY],
        "set": ["vault", "kv", "put", "-mount=secret", _ENTRY, "value=-"],
        "delete": ["vault", "kv", "metadata", "delete", "-mount=secret", _ENTRY],
        "absent": "No value found at",
    },
}
