"""`credentials remove`: every copy is deleted, and that is proven; Meta is another matter."""

from __future__ import annotations

from wizard.commands import Chosen
from wizard.commands.credentials.names import is_token, secret_name
from wizard.commands.credentials.saying import agreed, shadowing
from wizard.commands.parts import Parts
from wizard.desk import Desk
from wizard.repairs.exchange import revoke
from wizard.state.record import SecretNote
from wizard.text.errors import Exit, Unavailable, UsageError
from wizard.text.localised import phrase
from wizard.vault import Vault, VaultError, VaultProblem

#: Where a person ends what the API cannot, by what it is.
PLACES = {
    "SYSTEM_USER": "https://business.facebook.com/settings/system-users",
    "USER": "https://www.facebook.com/settings?tab=business_tools",
    "PAGE": "https://www.facebook.com/settings?tab=business_tools",
}
ANY = "https://business.facebook.com/settings/system-users"


def run(chosen: Chosen) -> int:
    """One secret, or all of the profile."""
    if bool(chosen.name) == bool(chosen.all):
        raise UsageError("credentials.name_or_all")
    with Parts(chosen) as parts:
        desk = parts.desk
        names = _names(parts)
        # Before anything is touched: the app secret that ends tokens may be among the names.
        if chosen.revoke and not _revoked(parts, [name for name in names if is_token(name)]):
            return Exit.NOT_IN_ORDER
        text = phrase("credentials.remove_all_consent", names=", ".join(names) or "–")
        if chosen.all and not agreed(parts, "remove", text):
            return Exit.NOT_IN_ORDER
        for name in names:
            _remove(parts, name, revoked=chosen.revoke)
        if chosen.json:
            parts.print_json({"schema": 1, "removed": names})
        if not names:
            desk.talk.say("credentials.none", command="wa-wizard setup")
        return Exit.FINE


def _names(parts: Parts) -> list[str]:
    if not parts.chosen.all:
        return [secret_name(parts.chosen.name)]
    return sorted(parts.desk.record.secrets)


def _revoked(parts: Parts, names: list[str]) -> bool:
    """Ends these tokens at Meta; False when the person declines."""
    desk = parts.desk
    if names and not agreed(
        parts, "revoke", phrase("credentials.revoke_consent", names=", ".join(names)), danger=True
    ):
        return False
    for name in names:
        if kept := desk.vault.get(name):
            try:
                revoke(desk, kept.secret)
            except Unavailable:
                desk.talk.say("credentials.not_revoked", name=name, link=_place(desk, name))
                raise
            desk.talk.say("credentials.revoked", name=name)
    return True


def _remove(parts: Parts, name: str, *, revoked: bool) -> None:
    """Deletes, proves it, says what is left of it elsewhere."""
    desk, link = parts.desk, _place(parts.desk, name)
    note = desk.record.secrets.get(name)
    for vault in _stores(parts, note):
        vault.remove(name)
        if vault.get(name) is not None:
            raise VaultError(VaultProblem.BROKEN, vault.describe().store, f"{name}: undeletable")
    was_there = desk.record.secrets.pop(name, None) is not None
    desk.save()
    desk.talk.say("credentials.removed" if was_there else "credentials.was_not_there", name=name)
    if source := shadowing(desk.vault, name):
        desk.talk.say("credentials.still_given", name=name, source=source)
    if is_token(name) and not revoked:
        desk.talk.say("credentials.still_honoured", name=name, link=link)
    elif name == "app_secret":
        app = desk.record.ids.get("app_id", "")
        page = f"https://developers.facebook.com/apps/{app}/settings/basic/"
        desk.talk.say("credentials.secret_still_honoured", link=page)


def _stores(parts: Parts, note: SecretNote | None) -> list[Vault]:
    """The store in use without the environment before it, and the one it was kept in."""
    vault = parts.desk.vault
    behind = getattr(vault, "behind", vault)
    stores = [] if behind is None else [behind]
    if note and stores and note.store in ("os-keyring", "encrypted-file"):
        before = parts.open_vault({"store": note.store})
        if note.store != behind.describe().store:
            stores.append(getattr(before, "behind", before))
    if not stores and note is None:
        return []
    return stores


def _place(desk: Desk, name: str) -> str:
    note = desk.record.secrets.get(name)
    return PLACES.get(note.kind if note else "", ANY)
