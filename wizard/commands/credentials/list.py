"""`credentials list`: what is kept and where, from the status file. No network, no unlocking."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from wizard.commands.credentials.common import described, record_of
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.state.record import ID_NAMES, ProfileRecord, SecretNote, parse_time
from wizard.text.durations import days_left
from wizard.text.errors import Exit
from wizard.vault import Description
from wizard.vault.environment import SOURCE
from wizard.vault.stores import DEFAULT, open_vault


def run(chosen: Arguments) -> int:
    """Every secret and every id of the profile."""
    with Context(chosen) as context:
        record = record_of(context)
        rows = _rows(context, record)
        ids = {name: record.ids[name] for name in ID_NAMES if name in record.ids}
        if chosen.json:
            context.print_json({"schema": 1, "credentials": rows, "ids": ids})
            return Exit.FINE
        _show(context, rows)
        for name, value in ids.items():
            context.screen.line(value, first=f"{name}: ")
        return Exit.FINE


def _rows(context: Context, record: ProfileRecord) -> list[dict[str, Any]]:
    given = context.environment
    kept = record.secrets
    now = _store_of_now(context, record)
    rows = []
    for name in sorted({*kept, *given.names}):
        source = given.source(name)
        if name in kept:
            row = described(name, kept[name], source) | {"source": ""}
        else:
            row = described(name, SecretNote(SOURCE)) | {"source": source}
        row["changed"] = _changed(kept[name], now) if name in kept else ""
        rows.append(row)
    return rows


def _store_of_now(context: Context, record: ProfileRecord) -> Description:
    """The chosen store, and what stands behind it as far as that shows within a moment."""
    if context.chosen.sandbox or not record.secrets:
        return Description("")
    store = str(context.choice.get("store") or DEFAULT)
    if not any(note.backend for note in record.secrets.values() if note.store == store):
        return Description(store)
    # Nobody waits for a keyring that hangs to read a list.
    impatient = {"WA_WIZARD_KEYRING_TIMEOUT": "2"}
    folder = context.home.folder(context.profile)
    return open_vault(context.profile, context.choice, impatient, folder=folder).describe()


def _changed(note: SecretNote, now: Description) -> str:
    """The store (or the back end behind it) of now, where it is another than when it was kept."""
    if now.store and note.store != now.store:
        return now.store
    return now.backend if note.backend and now.backend != note.backend else ""


def _show(context: Context, rows: list[dict[str, Any]]) -> None:
    words, screen = context.words, context.screen
    if context.chosen.sandbox:
        screen.line(words.say("ui.sandbox"), "reverse bold")
    if not rows:
        screen.line(words.say("credentials.none", command="wa-wizard setup"))
    for row in rows:
        screen.line(row["name"], "bold")
        screen.line(" · ".join(_facts(context, row)), first="  ")
        if row["shadowed_by"]:
            values = {"name": row["name"], "source": row["shadowed_by"]}
            screen.line(words.say("credentials.hidden_there", **values), "yellow", first="  ")
        if row["changed"]:
            values = {"was": row["backend"] or row["store"], "now": row["changed"]}
            screen.line(words.say("credentials.changed", **values), "yellow", first="  ")


def _facts(context: Context, row: dict[str, Any]) -> list[str]:
    words = context.words
    facts = [row["store"], row["source"], row["backend"], row["kind"]]
    if row["expires_at"] == "never":
        facts.append(words.say("credentials.never_ends"))
    elif row["expires_at"]:
        date = row["expires_at"][:10]
        days = days_left(parse_time(row["expires_at"]), datetime.now(UTC))
        key = "credentials.ends" if days >= 0 else "credentials.ended"
        facts.append(words.say(key, date=date, days=days))
    if row["set_at"]:
        facts.append(words.say("credentials.set_at", date=row["set_at"][:10]))
    if row["fingerprint"]:
        facts.append(words.say("credentials.fingerprint", value=row["fingerprint"]))
    return [fact for fact in facts if fact]
