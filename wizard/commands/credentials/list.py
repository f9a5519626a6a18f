"""`credentials list`: what the store has, and what is noted of it. No network, no unlocking."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from wizard.commands.credentials.common import HOLDS_NOTHING, candidates, described, record_of
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.state.record import ID_NAMES, ProfileRecord, SecretNote
from wizard.text.errors import Exit
from wizard.text.secret import fingerprint
from wizard.ui.audit_view import lifetime
from wizard.vault import Description, StoredSecret, VaultError
from wizard.vault.environment import SOURCE, cleaned
from wizard.vault.stores import DEFAULT, held, open_vault


def run(chosen: Arguments) -> int:
    """Every secret and every id of the profile."""
    with Context(chosen) as context:
        record = record_of(context)
        there, now = _looked(context, record)
        rows = _rows(context, record, there, now)
        ids = {name: record.ids[name] for name in ID_NAMES if name in record.ids}
        if chosen.json:
            context.print_json({"schema": 1, "credentials": rows, "ids": ids})
            return Exit.FINE
        _show(context, rows, looked=there is not None)
        for name, value in ids.items():
            context.screen.line(value, first=f"{name}: ")
        return Exit.FINE


def _rows(
    context: Context,
    record: ProfileRecord,
    there: Mapping[str, StoredSecret | None] | None,
    now: Description,
) -> list[dict[str, Any]]:
    given = context.environment
    rows = []
    for name in sorted({*record.secret_names, *(there or {}), *given.names}):
        source, note = given.source(name), record.note_of(name)
        found = there is not None and name in there
        if note or found:
            note = _true(name, note, (there or {}).get(name), now)
            row = described(name, note, source) | {"source": ""}
            row["changed"] = _changed(note, now)
            row["present"] = None if there is None else found
        else:
            row = described(name, SecretNote(SOURCE)) | {"source": source}
            row |= {"changed": "", "present": True}
        rows.append(row)
    return rows


def _looked(
    context: Context, record: ProfileRecord
) -> tuple[Mapping[str, StoredSecret | None] | None, Description]:
    """What the store has (None: it cannot be seen now), and which store it is."""
    if context.chosen.sandbox:
        return held(context.vault, ()), Description("")
    # No one waits for a keyring that hangs to read a list, and no one is asked for a password.
    environ = {"WA_WIZARD_KEYRING_TIMEOUT": "2", **context.environ}
    folder = context.home.folder(context.profile)
    vault = open_vault(
        context.profile, context.choice, environ, folder=folder, record=lambda: record
    )
    try:
        return held(vault, candidates(context)), vault.describe()
    except VaultError as trouble:
        if context.record.secrets or trouble.closed not in HOLDS_NOTHING:
            words = context.words
            context.notes.line(words.say(trouble.key, **trouble.values), "yellow")
            context.notes.line(words.say("credentials.not_looked"), "yellow")
            return None, Description(str(context.choice.get("store") or DEFAULT))
        return {}, Description(str(context.choice.get("store") or DEFAULT))


def _true(
    name: str, note: SecretNote | None, found: StoredSecret | None, now: Description
) -> SecretNote:
    """What is noted of a secret, unless the store has another value by now."""
    mark = ""
    with suppress(VaultError):  # what cannot be a token is there all the same
        if kept := cleaned(name, found):
            mark = fingerprint(kept.secret, name)
    if note and (not mark or mark == note.fingerprint):
        return note
    return SecretNote(now.store, now.backend, fingerprint=mark)


def _changed(note: SecretNote, now: Description) -> str:
    """The store (or the back end behind it) of now, where it is another than when it was kept."""
    if now.store and note.store != now.store:
        return now.store
    return now.backend if note.backend and now.backend != note.backend else ""


def _show(context: Context, rows: list[dict[str, Any]], *, looked: bool) -> None:
    words, screen = context.words, context.screen
    if context.chosen.sandbox:
        screen.line(words.say("ui.sandbox"), "reverse bold")
    if not rows and looked:
        screen.line(words.say("credentials.none", command="wa-wizard setup"))
    for row in rows:
        screen.line(row["name"], "bold")
        screen.line(" · ".join(_facts(context, row)), first="  ")
        if row["shadowed_by"]:
            values = {"name": row["name"], "source": row["shadowed_by"]}
            screen.line(words.say("credentials.hidden_there", **values), "yellow", first="  ")
        if row["present"] is False and not row["changed"]:
            values = {"name": row["name"], "store": row["store"]}
            screen.line(words.say("credentials.not_there", **values), "yellow", first="  ")
        if row["changed"]:
            values = {"was": row["backend"] or row["store"], "now": row["changed"]}
            screen.line(words.say("credentials.changed", **values), "yellow", first="  ")


def _facts(context: Context, row: dict[str, Any]) -> list[str]:
    words = context.words
    facts = [row["store"], row["source"], row["backend"], row["kind"]]
    facts.append(lifetime(words, row["expires_at"], datetime.now(UTC)))
    if row["set_at"]:
        facts.append(words.say("credentials.set_at", date=row["set_at"]))
    if row["fingerprint"]:
        facts.append(words.say("credentials.fingerprint", value=row["fingerprint"]))
    return [fact for fact in facts if fact]
