"""What secrets may be called, and how a value of each name has to look."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from wizard.actions.prompter import AnswerParser
from wizard.actions.session import Session
from wizard.context.context import Context
from wizard.state.record import ProfileRecord, SecretNote, parse_time
from wizard.text.errors import InputRequired, UsageError, unknown_word
from wizard.text.localised import Phrase, phrase
from wizard.text.paste import parse_pin, parse_secret, parse_token
from wizard.text.sanitise import unhidden
from wizard.text.secret import GUESSABLE, PAGE_TOKEN, SECRET_NAMES
from wizard.vault import Vault

_PAGE_TOKEN = re.compile(rf"{PAGE_TOKEN}:[0-9]{{1,20}}")
# What somebody types who takes NAME for the place of the value.
_VALUE_LIKE = re.compile(r"(?=.*[0-9])[A-Za-z0-9_|-]{24,}|[0-9]{6}")
_VERIFY_TOKEN = re.compile(r"[!-~]{1,255}")

#: Meta's tokens; the others are no tokens of Meta's.
TOKENS = ("access_token", "user_token", PAGE_TOKEN)


def secret_name(word: str) -> str:
    """A name of ours; UsageError with the one that was probably meant, and never a value."""
    if word in SECRET_NAMES or _PAGE_TOKEN.fullmatch(word):
        return word
    if _VALUE_LIKE.fullmatch(word):
        raise UsageError("credentials.value_for_a_name", names=", ".join(SECRET_NAMES))
    raise unknown_word("credentials.no_such_name", word, (*SECRET_NAMES, f"{PAGE_TOKEN}:ID"))


def is_token(name: str) -> bool:
    """Whether Meta can say what it is."""
    return name.partition(":")[0] in TOKENS


def parser_of(name: str) -> AnswerParser:
    """How a value of this name is cleaned and checked."""
    return _PARSERS.get(name.partition(":")[0], parse_token)


def parse_verify_token(text: str) -> str | Phrase:
    """What Meta sends back unchanged in a URL: printable ASCII without spaces."""
    value = unhidden(text).strip().strip("\"'")
    return value if _VERIFY_TOKEN.fullmatch(value) else phrase("credentials.verify_token_wrong")


_PARSERS: Mapping[str, AnswerParser] = {
    "app_secret": parse_secret,
    "two_step_pin": parse_pin,
    "verify_token": parse_verify_token,
}


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
    ask = getattr(vault, "shadowing", None)
    return str(ask(name)) if ask is not None else ""


def say_kept(session: Session, name: str) -> None:
    """That it is kept, where, and what hides it there."""
    session.prompter.tell("credentials.kept", name=name, store=session.record.secrets[name].store)
    if source := shadowing(session.vault, name):
        session.prompter.tell("credentials.hidden_there", name=name, source=source)


def days_left(expires_at: str, now: datetime) -> int | None:
    """Whole days; None for what never ends or is not known."""
    if not expires_at or expires_at == "never":
        return None
    return (parse_time(expires_at) - now).days


def record_of(context: Context) -> ProfileRecord:
    """What is remembered, without opening the way to Meta; in the sandbox with what comes along."""
    return context.session.record if context.chosen.sandbox else context.record


def names_of(record: ProfileRecord, vault: Vault) -> list[str]:
    """Every secret that is kept or that the environment gives, by name."""
    given: frozenset[str] = getattr(vault, "from_environment", frozenset())
    return sorted({*record.secrets, *given})


def agreed(context: Context, name: str, text: Phrase, *, danger: bool = False) -> bool:
    """Leave to go on: --yes, or the person; InputRequired where neither is there."""
    if context.chosen.yes:
        return True
    if not context.attended and not context.chosen.sandbox:
        raise InputRequired(name, "--yes")
    return context.prompter.consent(f"credentials.{name}", text, (), danger)
