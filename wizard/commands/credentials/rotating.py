"""`credentials rotate`: a new token, proven and kept; only then may the old one be ended."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from wizard.audit import look
from wizard.commands import Chosen
from wizard.commands.credentials.saying import agreed, shadowing, shown
from wizard.commands.credentials.setting import given_or_asked
from wizard.commands.parts import Parts
from wizard.desk import Desk
from wizard.facts import Facts, Token
from wizard.model import Finding
from wizard.repairs.exchange import longer, revoke
from wizard.repairs.system_user import Place, make_token
from wizard.repairs.token import adopt
from wizard.state.record import Status
from wizard.text.errors import ErrorKind, Exit, Unavailable, UsageError
from wizard.text.localised import phrase
from wizard.text.secret import Secret
from wizard.vault import VaultError, VaultProblem

NAME = "access_token"
_SPAN = re.compile(r"(\d{1,4})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


def run(chosen: Chosen) -> int:
    """0 when there is nothing to do, or when it is done; 4 when no better token was to be had."""
    span = _span(chosen.if_expiring) if chosen.if_expiring else None
    with Parts(chosen) as parts:
        desk = parts.desk
        if source := shadowing(desk.vault, NAME):
            # A new one would be kept behind the old one, where nobody looks.
            raise VaultError(VaultProblem.READ_ONLY, "environment", source)
        facts = desk.facts()
        before = desk.vault.get(NAME)
        if span is not None and not _due(desk, facts.token, span):
            return _done(parts, rotated=False)
        made = _made(parts, facts)
        if made is None or not adopt(desk, made):
            return Exit.CREDENTIAL
        if before and chosen.revoke_old and before.secret != made:
            code = _end_old(parts, before.secret)
            if code is not Exit.FINE:
                return code
        return _done(parts, rotated=True)


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise UsageError("credentials.bad_span", text=text[:20])
    return timedelta(hours=int(found[1]) * _HOURS[found[2]])


def _due(desk: Desk, token: Token, span: timedelta) -> bool:
    """Whether the token ends within this time, or is no longer accepted."""
    if token.valid and (token.expires_at is None or token.expires_at - desk.now() > span):
        if token.expires_at is None:
            desk.talk.say("credentials.lasts_for_ever")
        else:
            desk.talk.say("credentials.lasts", date=f"{token.expires_at:%Y-%m-%d}")
        return False
    return True


def _made(parts: Parts, facts: Facts) -> Secret | None:
    """A new token, from the command line, by exchange, by the API, or from the person."""
    chosen, desk = parts.chosen, parts.desk
    if chosen.from_stdin or chosen.from_file or chosen.from_env:
        return given_or_asked(parts, NAME, phrase("token.paste_new"))
    token = facts.token
    if not token.valid:
        # Only a living token makes another one.
        desk.talk.settled(_finding(desk, facts))
        return _pasted(parts)
    try:
        return _by_api(parts, token)
    except Unavailable as error:
        if error.kind in (ErrorKind.UNREACHABLE, ErrorKind.BUSY):
            raise
        desk.talk.show_error(error)
    return _pasted(parts)


def _by_api(parts: Parts, token: Token) -> Secret | None:
    desk = parts.desk
    kept = desk.vault.get(NAME)
    if kept is None:
        raise Unavailable(ErrorKind.NOT_GIVEN, name=NAME)
    if token.expires_at is not None and token.kind in ("SYSTEM_USER", "USER"):
        # Sixty days more for what lasts sixty days; the old one stays valid to its end.
        return longer(desk, kept.secret, system_user=token.kind == "SYSTEM_USER")
    ids = desk.record.ids
    place = Place(ids.get("business_id", ""), ids.get("app_id", ""), ids.get("waba_id", ""))
    for name in ("business_id", "app_id", "waba_id"):
        if not ids.get(name):
            raise Unavailable(ErrorKind.NOT_GIVEN, name=name)
    if desk.vault.get("app_secret") is None:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="app_secret")
    if not agreed(parts, "rotate", phrase("credentials.make_consent")):
        return None
    return make_token(consenting(desk), desk.graph(), place)


def _pasted(parts: Parts) -> Secret | None:
    if not parts.attended:
        parts.desk.talk.say("credentials.rotate_by_hand")
        return None
    return given_or_asked(parts, NAME, phrase("token.paste_new"))


def consenting(desk: Desk) -> Desk:
    """The same desk, with a leave that was given already."""
    from wizard.commands.prefilling import prefilled

    return prefilled(desk, {}, yes=True)


def _end_old(parts: Parts, old: Secret) -> Exit:
    """Ends the old token; the new one must live on, whatever Meta takes along."""
    desk = parts.desk
    if not agreed(parts, "revoke", phrase("credentials.revoke_old_consent"), danger=True):
        return Exit.FINE
    try:
        revoke(desk, old)
    except Unavailable:
        desk.talk.say("credentials.old_not_revoked")
        raise
    desk.talk.say("credentials.old_revoked")
    finding = _finding(desk, desk.facts())
    if finding.outcome.status is Status.FAILED:
        desk.talk.settled(finding)
        return Exit.CREDENTIAL
    return Exit.FINE


def _finding(desk: Desk, facts: Facts) -> Finding:
    item = desk.checklist.item("access.valid")
    return Finding(item, look(item, facts))


def _done(parts: Parts, *, rotated: bool) -> Exit:
    if parts.chosen.json:
        content: dict[str, Any] = {"schema": 1, "rotated": rotated}
        if NAME in parts.desk.record.secrets:
            content["credential"] = shown(parts.desk, NAME)
        parts.print_json(content)
    return Exit.FINE
