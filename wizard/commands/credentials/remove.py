"""`credentials remove`: every copy is deleted, and that is proven; Meta is another matter."""

from __future__ import annotations

from wizard.actions.session import Session
from wizard.actions.system_user import REVOKE, revoke
from wizard.commands.credentials.common import (
    agreed,
    forget,
    held_names,
    is_token,
    secret_name,
    shadowing,
)
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.text.errors import Exit, Unavailable, UsageError
from wizard.text.localised import phrase

#: Where a person ends what the API cannot, by what it is.
PLACES = {
    "SYSTEM_USER": "https://business.facebook.com/settings/system-users",
    "USER": "https://www.facebook.com/settings?tab=business_tools",
    "PAGE": "https://www.facebook.com/settings?tab=business_tools",
}
ANY = "https://business.facebook.com/settings/system-users"


def run(chosen: Arguments) -> int:
    """One secret, or all of the profile."""
    if bool(chosen.name) == bool(chosen.all):
        raise UsageError("credentials.name_or_all")
    with Context(chosen) as context:
        session = context.session
        names = _names(context)
        # Before anything is touched: the app secret that ends tokens may be among the names.
        if chosen.revoke and not _revoked(context, [name for name in names if is_token(name)]):
            return Exit.NOT_IN_ORDER
        text = phrase("credentials.remove_all_consent", names=", ".join(names))
        if chosen.all and names and not agreed(context, "remove", text):
            return Exit.NOT_IN_ORDER
        for name in names:
            _remove(context, name, revoked=chosen.revoke)
        if chosen.json:
            context.print_json({"schema": 1, "removed": names})
        if not names:
            session.prompter.tell("credentials.none", command="wa-wizard setup")
        return Exit.FINE


def _names(context: Context) -> list[str]:
    if not context.chosen.all:
        return [secret_name(context.chosen.name)]
    return sorted({*held_names(context), *context.session.record.secret_names})


def _revoked(context: Context, names: list[str]) -> bool:
    """Ends these tokens at Meta; False when the person declines."""
    session = context.session
    if not names:
        return True
    text = phrase("credentials.revoke_consent", names=", ".join(names))
    consent = agreed(context, "revoke", text, REVOKE, danger=True)
    if consent is None:
        return False
    for name in names:
        if kept := session.vault.get(name):
            try:
                revoke(session, kept.secret, consent)
            except Unavailable:
                session.prompter.tell(
                    "credentials.not_revoked", name=name, link=_place(session, name)
                )
                raise
            session.prompter.tell("credentials.revoked", name=name)
    return True


def _remove(context: Context, name: str, *, revoked: bool) -> None:
    """Deletes, proves it, says what is left of it elsewhere."""
    session, link = context.session, _place(context.session, name)
    there = forget(context, name)
    session.prompter.tell(
        "credentials.removed" if there else "credentials.was_not_there", name=name
    )
    if source := shadowing(session.vault, name):
        session.prompter.tell("credentials.still_given", name=name, source=source)
    if is_token(name) and not revoked:
        session.prompter.tell("credentials.still_honoured", name=name, link=link)
    elif name == "app_secret":
        app = session.record.ids.get("app_id", "")
        page = f"https://developers.facebook.com/apps/{app}/settings/basic/"
        session.prompter.tell("credentials.secret_still_honoured", link=page)


def _place(session: Session, name: str) -> str:
    note = session.record.note_of(name)
    return PLACES.get(note.kind if note else "", ANY)
