"""Keeps a proven secret: first in the vault, then its name, never its value, in the status file."""

from __future__ import annotations

from wizard.actions.session import Session
from wizard.facts.models import Token
from wizard.state.record import SecretNote, write_time
from wizard.text.secret import Secret, fingerprint
from wizard.vault import StoredSecret


def keep(session: Session, name: str, secret: Secret, token: Token | None = None) -> None:
    """Vault first: a status file that names a secret must never be ahead of the vault."""
    session.vault.put(name, secret)
    store = session.vault.describe()
    session.record.secrets[name] = SecretNote(
        store=store.store,
        backend=store.backend,
        kind=token.kind if token else "",
        set_at=session.stamp(),
        expires_at=_until(token) if token else "",
        fingerprint=fingerprint(secret, name),
    )
    session.save()


def put_back(session: Session, name: str, before: StoredSecret | None) -> None:
    """Undoes a `keep` whose secret turned out wrong: what stood there before stands there again."""
    if before is None:
        session.vault.remove(name)
        session.record.secrets.pop(name, None)
        session.save()
    elif before.source != "environment":
        keep(session, name, before.secret)


def _until(token: Token) -> str:
    return "never" if token.expires_at is None else write_time(token.expires_at)
