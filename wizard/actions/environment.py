"""A place for secrets on a machine that offers none by itself: chosen, proven, recorded."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

from msgspec import structs

from wizard.actions.prompter import Choice, Question
from wizard.actions.results import ActionResult, AlreadySo, Done, Refused, action
from wizard.actions.session import Session, Stores
from wizard.facts.facts import Facts
from wizard.text.errors import InputRequired, UserAbort
from wizard.text.localised import phrase
from wizard.text.secret import SECRET_NAMES
from wizard.vault import Vault, VaultError
from wizard.vault.command import PRESETS
from wizard.vault.stores import held, move, prove_writing

FILE, ENVIRONMENT, SESSION, AGAIN = "encrypted-file", "environment", "session", "again"


@action("environment.vault")
def find_store(session: Session, facts: Facts) -> ActionResult:
    """Offers what there is instead of the store that does not work."""
    return Refused() if session.stores is None else choose_store(session, session.stores)


def open_store(session: Session) -> None:
    """Makes sure that secrets can be read; VaultError where nothing can be chosen.

    Without this the walk could not begin: who has no keyring cannot look for her token in it.
    """
    while True:
        try:
            session.keys()
            return
        except VaultError as trouble:
            if session.stores is None:
                raise
            _say(session, trouble)
        choose_store(session, session.stores)


def can_keep(session: Session) -> bool:
    """Makes sure that a secret can be kept before it is asked for: some stores are only read.

    False when nothing else was chosen; VaultError where no one can choose.
    """
    try:
        session.need_store()
        return True
    except VaultError as trouble:
        if session.stores is None:
            raise
        _say(session, trouble)
        try:
            return choose_store(session, session.stores).ok
        except InputRequired:
            raise trouble from None


def choose_store(session: Session, stores: Stores, *, bring: bool = False) -> ActionResult:
    """One screen of choices; the chosen store is tried before it is recorded. UserAbort.

    `bring`: what the store before holds is moved there, before the choice is recorded.
    """
    question = Question("vault_store", phrase("environment.store_ask"), option="config.yaml")
    picked = session.prompter.choose(question, _choices())
    if picked == AGAIN:
        return AlreadySo()  # the next look tells
    if picked == SESSION:
        session.prompter.tell("environment.session_how")
        raise UserAbort
    choice: dict[str, Any] = {"store": picked}
    if picked in PRESETS:
        choice = {"store": "command", "preset": picked}
    vault = stores.open(choice)
    if picked == ENVIRONMENT:
        stores.use(choice, vault)
        session.vault = vault
        _explain_environment(session)
        return Done()
    try:
        prove_writing(vault)
        if bring:
            _bring(session, vault, lambda: stores.use(choice, vault))
        else:
            stores.use(choice, vault)
    except VaultError as trouble:
        _say(session, trouble)
        return Refused()
    session.vault = vault
    about = vault.describe()
    place = " · ".join(part for part in (about.store, about.place) if part)
    session.prompter.tell("environment.store_chosen", place=place)
    return Done()


def _bring(session: Session, vault: Vault, use: Callable[[], None]) -> None:
    """Moves every secret of the store in use to this one; `use` records it once they are there."""
    notes, place = session.record.secrets, vault.describe()

    def settle() -> None:
        for name, note in notes.items():
            notes[name] = structs.replace(note, store=place.store, backend=place.backend)
        session.save()
        use()

    names = held(session.vault, {*notes, *SECRET_NAMES})
    if not move(sorted(names), session.vault, vault, settle):
        use()


def _choices() -> list[Choice]:
    """What this machine has: a password manager is offered where it is installed."""
    managers = [name for name, preset in PRESETS.items() if shutil.which(preset["get"][0])]
    return [
        Choice(FILE, phrase("environment.store_file")),
        *(Choice(name, phrase("environment.store_command", program=name)) for name in managers),
        Choice(ENVIRONMENT, phrase("environment.store_environment")),
        Choice(SESSION, phrase("environment.store_session")),
        Choice(AGAIN, phrase("environment.store_again")),
    ]


def _explain_environment(session: Session) -> None:
    """A store that no one can write to: the token has to be there already."""
    if session.vault.get("access_token") is None:
        session.prompter.tell("environment.environment_how")
        raise UserAbort
    session.prompter.tell("environment.environment_chosen")


def _say(session: Session, trouble: VaultError) -> None:
    session.prompter.tell(f"vault.{trouble.closed}", store=trouble.store, detail=trouble.detail)
