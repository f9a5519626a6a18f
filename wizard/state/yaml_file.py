"""YAML files of ours: checked when read, written whole, with the number of their schema.

The status file and the configuration are such files; neither ever holds a secret.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from wizard.state import private_file
from wizard.state.safe_yaml import LARGEST, InvalidYaml, line_of, parse
from wizard.text.errors import Exit, WizardError

#: Turns a mapping of schema n into one of schema n + 1.
Migration = Callable[[dict[str, Any]], dict[str, Any]]

_KINDS = {
    errno.ENOSPC: "full",
    getattr(errno, "EDQUOT", errno.ENOSPC): "full",
    errno.EFBIG: "full",
    errno.EROFS: "read_only",
    errno.EACCES: "read_only",
    errno.EPERM: "read_only",
}


class StateFileError(WizardError):
    """A state or configuration file cannot be used: exit code 6.

    `kind`: unreadable, malformed, not_utf8 (`detail`: its line), newer, unsafe (owner, mode, link),
    locked, at_work, full, read_only, too_big (to be written). `path` is shown; `detail` says more:
    "12: repeated_key" (a line, and why), the number of the schema, the PID that holds the lock,
    the free bytes.
    """

    exit_code = Exit.FILE

    def __init__(self, kind: str, path: str, detail: str = "") -> None:
        key = private_file.unsafe_key(detail) if kind == "unsafe" else f"files.{kind}"
        super().__init__(key, path=path, detail=detail or "?")
        self.kind, self.path, self.detail = kind, path, detail


def malformed(path: Path, why: str, line: int = 0) -> StateFileError:
    """The error for a file that is no YAML as we read it; another encoding is said as such."""
    if why == "not_utf8":
        return StateFileError("not_utf8", str(path), str(line))
    return StateFileError("malformed", str(path), f"{line}: {why}" if line else why)


class YamlFile:
    """A mapping under `schema`, the first key of the file.

    A file of an older schema is migrated when it is read. One of a newer schema can be read (what
    is known of it), never written: `save` raises StateFileError("newer"). A link of our own is
    followed and stays a link: people keep such files among their dotfiles.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        schema: int = 1,
        migrations: Mapping[int, Migration] | None = None,
        patience: float = 10.0,
    ) -> None:
        self.path = Path(os.path.abspath(path))
        self._schema, self._migrations, self._patience = schema, migrations or {}, patience
        #: The schema of what was read, where it is later than ours; else 0.
        self.newer = 0

    def load(self) -> dict[str, Any] | None:
        """The mapping without `schema`, migrated; None when there is no file."""
        with self.state_errors(reading=True):
            content = self._read()
        schema = 0 if content is None else self._schema_of(content)
        self.newer = schema if schema > self._schema else 0
        return None if content is None else self._migrated(content, schema)

    def save(
        self,
        content: Mapping[str, Any],
        base: Mapping[str, Any] | None = None,
        whole: Collection[str] = (),
    ) -> None:
        """Replaces the file; what is there must be readable and of a schema we know.

        `base` is the content that this one was made from: what another process has changed in the
        file since then stays, where we did not change the same (see `merged`).
        """
        with self.state_errors(), private_file.locked(self.path, self._patience):
            before = self._read()
            if before is not None:
                if (schema := self._schema_of(before)) > self._schema:
                    raise StateFileError("newer", str(self.path), str(schema))
                if base is not None:
                    content = merged(base, content, self._migrated(before, schema), whole)
            written = dump({"schema": self._schema, **content})
            if len(written) > LARGEST:
                # Never write what we would refuse to read.
                raise StateFileError("too_big", str(self.path), str(len(written)))
            private_file.replace(private_file.resolve_own_link(self.path), written, keep_last=True)

    def misshapen(self, path: tuple[str | int, ...], meant: str = "") -> StateFileError:
        """The error for a key, by its path, that holds something else than we write there.

        `meant` is the key that should stand there, where that is known.
        """
        line = 0
        with suppress(OSError, InvalidYaml, private_file.UnsafeFile):
            line = line_of(self._bytes() or b"", path)
        key = ".".join(map(str, path))
        return self._malformed(f"{key} → {meant}" if meant else key, line)

    def _malformed(self, why: str, line: int = 0) -> StateFileError:
        return malformed(self.path, why, line)

    def _bytes(self) -> bytes | None:
        return private_file.read(private_file.resolve_own_link(self.path), LARGEST)

    def _read(self) -> dict[str, Any] | None:
        content = self._bytes()
        return None if content is None else parse(content)

    def _migrated(self, content: dict[str, Any], schema: int) -> dict[str, Any]:
        while schema in self._migrations and schema < self._schema:
            content = self._migrations[schema](content)
            schema += 1
        return content

    def _schema_of(self, content: dict[str, Any]) -> int:
        """Takes the schema out of the mapping; a file someone wrote by hand may have none."""
        schema = content.pop("schema", self._schema)
        if type(schema) is not int or schema < 1:
            raise self.misshapen(("schema",))
        return schema

    @contextmanager
    def state_errors(self, reading: bool = False) -> Iterator[None]:
        """Every failure of the disk, the lock or the content as a StateFileError."""
        path = str(self.path)
        try:
            yield
        except InvalidYaml as error:
            raise self._malformed(error.why, error.line) from None
        except private_file.UnsafeFile as error:
            if error.kind == "too_big":
                raise self._malformed("too_big") from None
            if error.path not in (self.path, self.path.parent) and self.path.is_symlink():
                # What a link leads to may be anything: a person can act on the link alone.
                raise StateFileError("unsafe", path, "link") from None
            raise StateFileError("unsafe", str(error.path), error.kind) from None
        except private_file.LockTimeout as error:
            raise StateFileError("locked", path, error.pid) from None
        except OSError as error:
            kind = "unreadable" if reading else _KINDS.get(error.errno or 0, "unreadable")
            detail = _free(self.path) if kind == "full" else error.strerror or ""
            raise StateFileError(kind, path, detail) from None


def dump(content: Mapping[str, Any]) -> bytes:
    """The YAML of plain data; a Secret is refused by the dumper."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    style: dict[str, Any] = {"allow_unicode": True, "sort_keys": False, "width": 120}
    try:
        written: str = yaml.dump(content, None, dumper, **style)
    except UnicodeEncodeError:
        # Half a surrogate pair, typed or pasted, must not cost the whole file.
        written = yaml.dump(_encodable(content), None, dumper, **style)
    return written.encode()


def _encodable(node: Any) -> Any:
    """The same data with a question mark for each half character."""
    if isinstance(node, Mapping):
        return {_encodable(key): _encodable(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_encodable(value) for value in node]
    return node.encode("utf-8", "replace").decode() if isinstance(node, str) else node


def _free(path: Path) -> str:
    """The bytes free on the disk of a path, "" where the system does not say."""
    with suppress(OSError, AttributeError, StopIteration):
        disk = os.statvfs(next(folder for folder in path.parents if folder.is_dir()))
        return str(disk.f_bavail * disk.f_frsize)
    return ""


_GONE = object()
#: How deep mappings are merged: the file, and the entries under one of its keys. An entry is of
#: one piece: the state of one message must not meet the id of another.
DEPTH = 2


def merged(
    base: Mapping[str, Any],
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    whole: Collection[str] = (),
) -> dict[str, Any]:
    """`theirs`, with everything that we changed since `base`.

    What we added to the end of a list is added to the end of theirs. Where both changed one
    entry, ours wins: it is the later one. The keys in `whole` are of one piece.
    """
    return _mapping(base, ours, theirs, dict.fromkeys(whole, 0))


def _mapping(
    base: Mapping[str, Any],
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    depths: Mapping[str, int],
    depth: int = DEPTH,
) -> dict[str, Any]:
    result = {}
    for key in [*ours, *(key for key in theirs if key not in ours)]:
        was, mine, now = (each.get(key, _GONE) for each in (base, ours, theirs))
        value = _value(was, mine, now, depths.get(key, depth - 1))
        if value is not _GONE:
            result[key] = value
    return result


def _value(base: Any, ours: Any, theirs: Any, depth: int) -> Any:
    if ours == base:
        return theirs
    if depth and isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        return _mapping(base if isinstance(base, Mapping) else {}, ours, theirs, {}, depth)
    lists = isinstance(ours, list) and isinstance(theirs, list) and isinstance(base, list)
    if lists and ours[: len(base)] == base:
        return [*theirs, *ours[len(base) :]]
    return ours
