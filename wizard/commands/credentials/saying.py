"""What may be said of a secret, and leave for what cannot be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wizard.commands.parts import Parts
from wizard.desk import Desk
from wizard.state.record import ProfileRecord, SecretNote, parse_time
from wizard.text.errors import InputRequired
from wizard.text.localised import Phrase
from wizard.vault import Vault

#: Never fingerprinted, whatever a status file says: they could be found by trying.
GUESSABLE = ("two_step_pin", "verify_token")


def described(name: str, note: SecretNote, shadow: str = "") -> dict[str, Any]:
    """A kept secret as `--json` prints it. Additions only; a value is not among them."""
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


def shown(desk: Desk, name: str) -> dict[str, Any]:
    """The same of a secret that was just kept."""
    return described(name, desk.record.secrets[name], shadowing(desk.vault, name))


def shadowing(vault: Vault, name: str) -> str:
    """The variable or file that goes before what the store keeps; "" when nothing does."""
    ask = getattr(vault, "shadowing", None)
    return str(ask(name)) if ask is not None else ""


def say_kept(desk: Desk, name: str) -> None:
    """That it is kept, where, and what hides it there."""
    desk.talk.say("credentials.kept", name=name, store=desk.record.secrets[name].store)
    if source := shadowing(desk.vault, name):
        desk.talk.say("credentials.hidden_there", name=name, source=source)


def days_left(expires_at: str, now: datetime) -> int | None:
    """Whole days; None for what never ends or is not known."""
    if not expires_at or expires_at == "never":
        return None
    return (parse_time(expires_at) - now).days


def record_of(parts: Parts) -> ProfileRecord:
    """What is remembered, without opening the way to Meta; in the sandbox with what comes along."""
    return parts.desk.record if parts.chosen.sandbox else parts.record


def names_of(record: ProfileRecord, vault: Vault) -> list[str]:
    """Every secret that is kept or that the environment gives, by name."""
    given: frozenset[str] = getattr(vault, "from_environment", frozenset())
    return sorted({*record.secrets, *given})


def agreed(parts: Parts, name: str, text: Phrase, *, danger: bool = False) -> bool:
    """Leave to go on: --yes, or the person; InputRequired where neither is there."""
    if parts.chosen.yes:
        return True
    if not parts.attended and not parts.chosen.sandbox:
        raise InputRequired(name, "--yes")
    return parts.talk.consent(f"credentials.{name}", text, (), danger)
