"""What secrets may be called, and how a value of each name has to look."""

from __future__ import annotations

import re
from typing import Any

from wizard.actions.session import Session
from wizard.context.context import Context
from wizard.graph.consent import Consent
from wizard.state.record import ProfileRecord, SecretNote
from wizard.text.errors import InputRequired, UsageError, unknown_word
from wizard.text.localised import Phrase
from wizard.text.secret import GUESSABLE, PAGE_TOKEN, SECRET_NAMES, is_secret_name
from wizard.ui.noninteractive_prompter import PresetAnswers
from wizard.vault import Vault
from wizard.vault.environment import SOURCE

# What somebody types who takes NAME for the place of the value.
_VALUE_LIKE = re.compile(r"(?=.*[0-9])[A-Za-z0-9_|-]{24,}|[0-9]{6}")

#: Meta's tokens; the others are no tokens of Meta's.
TOKENS = ("access_token", "user_token", PAGE_TOKEN)


def secret_name(word: str) -> str:
    """A name of ours; UsageError with the one that was probably meant, and never a value."""
    if is_secret_name(word):
        return word
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
        "fingerprint": "" if name in GUESSABLE else note.fingerprint,
        "set_at": note.set_at,
        "shadowed_by": shadow,
    }


def shown(session: Session, name: str) -> dict[str, Any]:
    """The same of a secret that was just kept."""
    return described(name, session.record.secrets[name], shadowing(session.vault, name))


def shadowing(vault: Vault, name: str) -> str:
    """The variable or file that goes before what the store keeps; "" when nothing does."""
    source = vault.source_of(name)
    return source.detail if source.store == SOURCE else ""


def say_kept(session: Session, name: str) -> None:
    """That it is kept, where, and what hides it there."""
    session.prompter.tell("credentials.kept", name=name, store=session.record.secrets[name].store)
    if source := shadowing(session.vault, name):
        session.prompter.tell("credentials.hidden_there", name=name, source=source)


def record_of(context: Context) -> ProfileRecord:
    """What is remembered, without opening the way to Meta; in the sandbox with what comes along."""
    return context.session.record if context.chosen.sandbox else context.record


def names_of(context: Context) -> list[str]:
    """Every secret that is kept or that the environment gives, by name."""
    return sorted({*record_of(context).secrets, *context.environment.names})


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
