"""`credentials export`: hands secrets and ids to another program, after saying what leaves."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from wizard.commands import Chosen
from wizard.commands.arguments import unknown
from wizard.commands.credentials.formats import dressed, named
from wizard.commands.credentials.programs import IDS, PROGRAMS
from wizard.commands.credentials.saying import agreed, names_of, record_of
from wizard.commands.parts import Parts
from wizard.text.errors import Exit, UsageError
from wizard.text.localised import phrase


def run(chosen: Chosen) -> int:
    """To standard output, or to a file of mode 0600."""
    style = chosen.format or (PROGRAMS[chosen.program].usual if chosen.program else "dotenv")
    target = Path(chosen.output) if chosen.output else None
    if target is not None:
        refuse_unsafe(target, force=chosen.force)
    with Parts(chosen) as parts:
        known = revealable(parts)
        for name in chosen.names:
            if name not in known:
                raise unknown("credentials.no_such_name", name, known)
        wanted = _wanted(known, chosen)
        if not wanted:
            parts.notes.line(parts.words.say("credentials.nothing_to_export"))
            return Exit.CREDENTIAL
        _announce(parts, wanted, target)
        if not agreed(parts, "export", phrase("credentials.export_consent")):
            return Exit.NOT_IN_ORDER
        text = dressed(revealed(parts, wanted), style, chosen.program or "")
        if target is None:
            sys.stdout.write(text)
        else:
            write_private(target, text, force=chosen.force)
            parts.notes.line(parts.words.say("credentials.exported", path=str(target)))
        return Exit.FINE


def revealable(parts: Parts) -> list[str]:
    """Names of everything that can be handed on: secrets first, then ids."""
    record = record_of(parts)
    return [*names_of(record, parts.vault), *(name for name in IDS if record.ids.get(name))]


def _wanted(known: list[str], chosen: Chosen) -> list[str]:
    names = chosen.names or known
    if not chosen.program:
        return names
    return [name for name in names if name in PROGRAMS[chosen.program].json]


def revealed(parts: Parts, names: list[str]) -> dict[str, str]:
    """The values themselves."""
    values = {}
    for name in names:
        if name in IDS:
            values[name] = record_of(parts).ids[name]
        elif kept := parts.vault.get(name):
            values[name] = kept.secret.reveal()
    return values


def _announce(parts: Parts, names: list[str], target: Path | None) -> None:
    """On standard error, names only, before anything leaves."""
    place = str(target) if target else parts.words.say("credentials.standard_output")
    said = ", ".join(names)
    parts.notes.line(parts.words.say("credentials.leaves", names=said, place=place))
    variables = ", ".join(named(dict.fromkeys(names, ""), parts.chosen.program or ""))
    parts.notes.line(variables, "dim", first="  ")


def refuse_unsafe(target: Path, *, force: bool) -> None:
    """Neither through a link, nor over what is there unless it is meant."""
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise UsageError("credentials.not_a_plain_file", path=str(target))
    if target.exists() and not force:
        raise UsageError("credentials.file_is_there", path=str(target))


def write_private(target: Path, text: str, *, force: bool) -> None:
    """A file that only this user can read, from its first byte on."""
    if force and target.exists():
        target.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(target, flags, 0o600)
    except FileExistsError:
        raise UsageError("credentials.file_is_there", path=str(target)) from None
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
