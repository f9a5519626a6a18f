"""`credentials move`: to another store; copied, compared, and only then deleted where they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from wizard.commands.credentials.common import HOLDS_NOTHING
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.text.errors import Exit, UsageError
from wizard.text.secret import SECRET_NAMES
from wizard.vault import Vault, VaultError
from wizard.vault.stores import DEFAULT, held, move, prove_writing


def run(chosen: Arguments) -> int:
    """Moves what is there, and records the choice once it is proven."""
    if chosen.sandbox:
        raise UsageError("credentials.no_move_in_sandbox")
    with Context(chosen) as context:
        record = context.record
        now = dict(context.choice)
        came = {"store": chosen.source} if chosen.source else now or {"store": DEFAULT}
        goes = _choice(chosen, now)
        source, target = context.open_vault(came), context.open_vault(goes)
        prove_writing(target)
        names = {*record.secret_names, *SECRET_NAMES}
        moved = _move(context, names, source, target, goes)
        if chosen.json:
            context.print_json({"schema": 1, "store": chosen.to, "moved": list(moved)})
        else:
            key = "credentials.moved" if moved else "credentials.moved_nothing"
            said = context.words.say(key, names=", ".join(moved), store=chosen.to)
            context.screen.line(said)
        return Exit.FINE


def _choice(chosen: Arguments, now: Mapping[str, Any]) -> dict[str, Any]:
    """What is recorded of the store that is moved to; its settings stay where it is the same."""
    stays = now.get("store") == chosen.to or chosen.to == "command"  # as it was described there
    choice = {**(now if stays else {}), "store": chosen.to}
    if chosen.preset:
        choice["preset"] = chosen.preset
    if chosen.to == "command" and not (choice.get("preset") or choice.get("get")):
        raise UsageError("credentials.which_program")
    return choice


def _move(
    context: Context, names: set[str], source: Vault, target: Vault, choice: dict[str, Any]
) -> tuple[str, ...]:
    def record_place() -> None:
        """Where each secret is now, in the file that says so, then the choice itself."""
        place = target.describe()
        for name, note in context.record.secrets.items():
            if note.store == source.describe().store:
                moved = replace(note, store=place.store, backend=place.backend)
                context.record.secrets[name] = moved
        if context.record.secrets:
            context.store.save(context.record)
        context.choose_vault(choice)

    try:
        moved = move(sorted({*names, *held(source, names)}), source, target, record_place)
    except VaultError as trouble:
        # A machine that never had a keyring has nothing in it to lose either.
        lost = any(note.store == trouble.store for note in context.record.secrets.values())
        ours = trouble.store == source.describe().store
        if lost or not ours or trouble.closed not in HOLDS_NOTHING:
            raise
        record_place()
        return ()
    if dict(context.choice) != choice:
        record_place()  # the same place: nothing was moved, and the choice is recorded all the same
    return moved
