"""What secrets may be called, and how a value of each name has to look."""

from __future__ import annotations

import re
from typing import Any

from wizard.actions.session import Session
from wizard.context.context import Context
from wizard.graph.consent import Consent
from wizard.state.record import ProfileRecord, SecretNote
from wizard.text.errors import Exit, InputRequired, UsageError, WizardError, unknown_word
from wizard.text.localised import Phrase
from wizard.text.secret import GUESSABLE, PAGE_TOKEN, SECRET_NAMES, is_secret_name, kind_of
from wizard.ui.noninteractive_prompter import PresetAnswers
from wizard.vault import Vault, VaultError, VaultProblem
from wizard.vault.environment import SOURCE
from wizard.vault.stores import held

# What someone types who takes NAME for the place of the value.
_VALUE_LIKE = re.compile(r"(?=.*[0-9])[A-Za-z0-9_|-]{24,}|[0-9]{6}")

#: Meta's tokens; the others are no tokens of Meta's.
TOKENS = ("access_token", "user_token", PAGE_TOKEN)


def secret_name(word: str) -> str:
    """A name of ours; UsageError with the one that was probably meant, and never a value."""
    if is_secret_name(word):
        return word
    if is_secret_name(word.partition("=")[0]):
        raise UsageError("cli.secret_on_line")
    if _VALUE_LIKE.fullmatch(word):
        raise UsageError("credentials.value_for_a_name", names=", ".join(SECRET_NAMES))
    raise unknown_word("credentials.no_such_name", word, (*SECRET_NAMES, f"{PAGE_TOKEN}:ID"))


def is_token(name: str) -> bool:
    """Whether Meta can say what it is."""
    return name.partition(":")[0] in TOKENS


def described(name: str, note: SecretNote, shadow: str = "") -> dict[str, Any]:
    """A kept secret as `--json` prints it, without its value.

    What could be found by trying has no fingerprint, whatever a status file says.
    """
    return {
        "name": name,
        "store": note.store,
        "backend": note.backend,
        "kind": note.kind,
        "expires_at": note.expires_at,
        "fingerprint": "" if kind_of(name) in GUESSABLE else note.fingerprint,
        "set_at": note.set_at,
        "shadowed_by": shadow,
    }


def shown(session: Session, name: str) -> dict[str, Any]:
    """The same of a secret that was just kept."""
    note = session.record.note_of(name)
    assert note is not None  # it was just kept
    return described(name, note, shadowing(session.vault, name))


def shadowing(vault: Vault, name: str) -> str:
    """The variable or file that goes before what the store keeps; "" when nothing does."""
    source = vault.source_of(name)
    return source.detail if source.store == SOURCE else ""


def say_kept(session: Session, name: str) -> None:
    """That it is kept, where, and what hides it there."""
    session.prompter.tell("credentials.kept", name=name, store=shown(session, name)["store"])
    if source := shadowing(session.vault, name):
        session.prompter.tell("credentials.hidden_there", name=name, source=source)


def record_of(context: Context) -> ProfileRecord:
    """What is remembered, without opening the way to Meta; in the sandbox with what comes along."""
    return context.session.record if context.chosen.sandbox else context.record


#: A store that is not there, or that is none, has lost nothing of ours.
HOLDS_NOTHING = (VaultProblem.MISSING, VaultProblem.LOSING, VaultProblem.READ_ONLY)


def candidates(context: Context) -> set[str]:
    """What a store that cannot list is asked for."""
    return {*SECRET_NAMES, *record_of(context).secret_names}


def held_names(context: Context) -> list[str]:
    """What the store has, no matter who put it there; VaultError where that cannot be seen.

    Where nothing was ever kept, a machine without a store has nothing, and one whose token comes
    from the environment needs none.
    """
    try:
        return list(held(context.vault, candidates(context)))
    except VaultError as trouble:
        notes = record_of(context).secrets.values()
        given = context.environment.names
        if any(note.store == trouble.store for note in notes):
            raise
        if trouble.closed not in HOLDS_NOTHING and "access_token" not in given:
            raise
        return []


def names_of(context: Context) -> list[str]:
    """Every secret that the store has or the environment gives, by name."""
    return sorted({*held_names(context), *context.environment.names})


#: Ids that a program may be given beside the secrets.
IDS = ("app_id", "business_id", "waba_id", "phone_number_id")


class MissingCredential(WizardError):
    """A command needs this secret or id, and there is none."""

    exit_code = Exit.CREDENTIAL

    def __init__(self, name: str) -> None:
        super().__init__(f"credentials.no_{'id' if name in IDS else 'secret'}", name=name)


def credential_name(word: str) -> str:
    """The name of a secret or of an id; UsageError for every other word."""
    return word if word in IDS else secret_name(word)


def value_of(context: Context, name: str) -> str:
    """The value of a secret or an id; MissingCredential where there is none."""
    record = record_of(context)  # first: in the sandbox it brings the play secrets along
    if name in IDS:
        value = record.ids.get(name, "")
    else:
        kept = context.vault.get(name)
        value = kept.secret.reveal() if kept else ""
    if not value:
        raise MissingCredential(name)
    return value


def forget(context: Context, name: str) -> bool:
    """Deletes a secret from the store in use and the one it was kept in; whether it was there."""
    record = record_of(context)
    name = record.called(name)
    note, there = record.note_of(name), False
    for vault in _stores(context, note):
        if name not in held(vault, (name,)):
            continue
        there = True
        vault.remove(name)
        if vault.get(name) is not None:
            raise VaultError(VaultProblem.BROKEN, vault.describe().store, f"{name}: undeletable")
    if note is not None:
        record.drop_note(name)
        context.store.save(record)
    return there or note is not None


def _stores(context: Context, note: SecretNote | None) -> list[Vault]:
    """The store in use without the environment before it, and the one it was kept in."""
    vault = context.vault
    behind = getattr(vault, "behind", vault)
    stores = [] if behind is None else [behind]
    if note and stores and note.store not in ("command", "environment", "sandbox"):
        before = context.open_vault({"store": note.store})
        if note.store != behind.describe().store:
            stores.append(getattr(before, "behind", before))
    return stores


def agreed(
    context: Context, name: str, text: Phrase, *sends: str, danger: bool = False
) -> Consent | None:
    """The person's consent to these requests, or --yes; InputRequired where neither is there."""
    prompter = context.prompter
    if context.chosen.yes:
        prompter = PresetAnswers(prompter, {}, yes=True)
    elif not context.attended and not context.chosen.sandbox:
        raise InputRequired(name, "--yes")
    return prompter.consent(f"credentials.{name}", text, sends, danger)
