"""Opens a store for secrets, with the person of this run before it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wizard.talk import Question
from wizard.text.localised import phrase
from wizard.text.secret import Secret
from wizard.vault import Vault
from wizard.vault.hardening import harden
from wizard.vault.stores import Person, open_vault

if TYPE_CHECKING:
    from wizard.commands.parts import Parts


def opened(parts: Parts, choice: Mapping[str, Any]) -> Vault:
    """A store of this profile, whether it is the chosen one or not."""
    if not parts.chosen.sandbox:
        harden()
    file = parts.chosen.passphrase_file
    person = Person(
        attended=parts.attended,
        waiting=lambda: parts.notes.line(parts.words.say("vault.waiting")),
        passphrase=lambda new: _passphrase(parts, new),
        passphrase_file=Path(file) if file else None,
    )
    folder = parts.home.folder(parts.profile)
    return open_vault(parts.profile, choice, parts.environ, folder=folder, person=person)


def _passphrase(parts: Parts, new: bool) -> Secret | None:
    """Typed by the person, a new one twice; None where nobody is."""
    if not parts.attended:
        return None
    key = "vault.passphrase_new" if new else "vault.passphrase_ask"
    while True:
        typed = _typed(parts, key)
        if not new or _typed(parts, "vault.passphrase_repeat") == typed:
            return Secret(typed)
        parts.talk.say("vault.passphrase_differs")


def _typed(parts: Parts, key: str) -> str:
    option = "--passphrase-file"
    return parts.talk.ask(Question("passphrase", phrase(key), secret=True, option=option))
