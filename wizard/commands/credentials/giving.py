"""Where a value comes from when it is not typed: standard input, a file, a variable."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from wizard.commands import Chosen
from wizard.text.errors import UsageError

# Bytes: far more than any token, and little enough to hold.
_MOST = 1 << 20


def given(chosen: Chosen, environ: Mapping[str, str]) -> str | None:
    """The value that the command line points at; None when it points nowhere."""
    sources = [name for name in ("from_stdin", "from_file", "from_env") if getattr(chosen, name)]
    if len(sources) > 1:
        raise UsageError("credentials.two_sources")
    if not sources:
        return None
    if chosen.from_stdin:
        return _filled(_decoded(sys.stdin.buffer.read(_MOST + 1), "stdin"), "stdin")
    if chosen.from_file:
        return _filled(text_of(Path(chosen.from_file)), chosen.from_file)
    return _filled(environ.get(chosen.from_env, ""), chosen.from_env)


def text_of(path: Path) -> str:
    """The text of a file; UsageError when it cannot be read, is too long or is no text."""
    try:
        with path.open("rb") as file:
            return _decoded(file.read(_MOST + 1), str(path))
    except OSError as error:
        why = error.strerror or type(error).__name__
    raise UsageError("credentials.unreadable", source=str(path), why=why)


def _decoded(content: bytes, source: str) -> str:
    if len(content) <= _MOST:
        for encoding in ("utf-8-sig", "utf-16"):
            # PowerShell's `>` writes UTF-16.
            if encoding == "utf-16" and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
                continue
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise UsageError("credentials.unreadable", source=source, why="UTF-8, < 1 MiB")


def _filled(value: str, source: str) -> str:
    if not value.strip():
        raise UsageError("credentials.empty_source", source=source)
    return value
