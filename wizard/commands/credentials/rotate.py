"""`credentials rotate`: a new token, proven and kept; only then may the old one be ended."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from wizard.actions.session import Session
from wizard.actions.system_user import (
    EXCHANGE,
    REVOKE,
    Place,
    longer,
    make_token,
    revoke,
)
from wizard.actions.token import adopt
from wizard.actions.token_trial import TokenTrial, TrialPolicy
from wizard.audit.results import ItemResult
from wizard.audit.runner import look
from wizard.commands.credentials.common import agreed, shadowing, shown
from wizard.commands.credentials.set import given_or_asked
from wizard.commands.profiles import every_profile
from wizard.context.context import Context
from wizard.context.filling import prefilled
from wizard.context.settings import Arguments
from wizard.facts.facts import Facts
from wizard.facts.models import Token
from wizard.graph.consent import Consent
from wizard.state.record import Status, write_time
from wizard.text.errors import ErrorKind, Exit, InputRequired, Unavailable, UsageError
from wizard.text.localised import phrase
from wizard.text.secret import Secret
from wizard.vault import VaultError, VaultProblem

NAME = "access_token"
_SPAN = re.compile(r"(\d{1,4})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


def run(chosen: Arguments) -> int:
    """0 when there is nothing to do, or when it is done; 4 when no better token was to be had.

    With --all every profile in turn, and the most severe code; what is wrong with one stops none.
    """
    span = _span(chosen.if_expiring) if chosen.if_expiring else None
    if not chosen.all:
        return _one(chosen, span)
    if chosen.from_stdin or chosen.from_file or chosen.from_env:
        raise UsageError("credentials.one_token_for_all")
    profiles = Context(chosen).home.profiles()
    return every_profile(chosen, profiles, lambda each: _one(each, span))


def _one(chosen: Arguments, span: timedelta | None) -> int:
    with Context(chosen) as context:
        if chosen.all:
            context.screen.line(context.words.say("status.profile", profile=context.profile))
            context.screen.flush()
        session = context.session
        if source := shadowing(session.vault, NAME):
            # A new one would be kept behind the old one, where no one looks.
            raise VaultError(VaultProblem.READ_ONLY, "environment", source)
        with session.acting():
            code, rotated = _rotate(context, span)
        # What could not be had is a complaint of its own, unless it is one line of several.
        if chosen.json and (rotated is not None or chosen.all):
            content: dict[str, Any] = {"schema": 1, "rotated": bool(rotated)}
            content["profile"] = context.profile
            if NAME in session.record.secrets:
                content["credential"] = shown(session, NAME)
            context.print_json(content, line=chosen.all)
        return code


def _rotate(context: Context, span: timedelta | None) -> tuple[Exit, bool | None]:
    """The exit code, and whether there is another token now; None: it had to be, and is not."""
    session = context.session
    facts, before = session.facts(), session.vault.get(NAME)
    spared = _spared(session, facts.token, span)
    if spared is not None:
        return spared, False
    made = _made(context, facts)
    if isinstance(made, Exit):
        return made, None
    if before and made == before.secret:
        session.prompter.tell("credentials.same_token")
        return Exit.NOT_IN_ORDER, False
    if not adopt(session, made).ok:
        return Exit.CREDENTIAL, None
    if before and context.chosen.revoke_old and before.secret != made:
        code = _end_old(context, before.secret)
        if code is not Exit.FINE:
            return code, None
    return Exit.FINE, True


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise UsageError("credentials.bad_span", text=text[:20])
    return timedelta(hours=int(found[1]) * _HOURS[found[2]])


def _spared(session: Session, token: Token, span: timedelta | None) -> Exit | None:
    """Why nothing is to be done: it lasts longer, or its end does not show. None: it is due."""
    if span is None or not token.valid:
        return None
    if not token.described:
        session.prompter.tell("access.not_described")
        return Exit.NOT_SEEN
    if token.expires_at is None:
        session.prompter.tell("credentials.lasts_for_ever")
        return Exit.FINE
    if token.expires_at - session.now() > span:
        session.prompter.tell("credentials.lasts", date=write_time(token.expires_at))
        return Exit.FINE
    return None


def _made(context: Context, facts: Facts) -> Secret | Exit:
    """A new token: given, by exchange, by the API, or from the person; or why there is none."""
    chosen, session = context.chosen, context.session
    if chosen.from_stdin or chosen.from_file or chosen.from_env:
        return _given(context)
    token = facts.token
    if not token.valid:
        # Only a living token makes another one.
        session.prompter.show_result(_seen(session, facts))
        return _pasted(context)
    try:
        return _by_api(context, token)
    except Unavailable as error:
        if error.kind in (ErrorKind.UNREACHABLE, ErrorKind.BUSY):
            raise
        session.prompter.show_error(error)
    return _pasted(context)


def _by_api(context: Context, token: Token) -> Secret | Exit:
    session = context.session
    kept = session.vault.get(NAME)
    if kept is None:
        raise Unavailable(ErrorKind.NOT_GIVEN, name=NAME)
    if token.expires_at is not None and token.kind in ("SYSTEM_USER", "USER"):
        # Sixty days more for what lasts sixty days; the old one stays valid to its end.
        consent = Consent.given_by_command("the person ran credentials rotate", EXCHANGE)
        return _longer(session, kept.secret, consent, token)
    ids = session.record.ids
    place = Place(ids.get("business_id", ""), ids.get("app_id", ""), ids.get("waba_id", ""))
    for name in ("business_id", "app_id", "waba_id"):
        if not ids.get(name):
            raise Unavailable(ErrorKind.NOT_GIVEN, name=name)
    if session.vault.get("app_secret") is None:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="app_secret")
    if not (context.chosen.yes or context.attended or context.chosen.sandbox):
        raise InputRequired("rotate", "--yes")
    made = make_token(prefilled(session, {}, yes=context.chosen.yes), session.graph(), place)
    return made or Exit.NOT_IN_ORDER


def _longer(session: Session, kept: Secret, consent: Consent, token: Token) -> Secret:
    """A token that ends later, or the one of now where Meta gives no such."""
    try:
        made = longer(session, kept, consent, system_user=token.kind == "SYSTEM_USER")
    except Unavailable as error:
        if error.values.get("cause") != "same_token":
            raise
        return kept
    trial = TokenTrial(made, TrialPolicy(describe=False, show=False)).run(session)
    before, after = token.expires_at, trial.token.expires_at if trial.ok else None
    return kept if before and after and after <= before else made


def _pasted(context: Context) -> Secret | Exit:
    if not context.attended:
        context.session.prompter.tell("credentials.rotate_by_hand")
        return Exit.CREDENTIAL
    return _given(context)


def _given(context: Context) -> Secret | Exit:
    return given_or_asked(context, NAME, phrase("token.paste_new")) or Exit.CREDENTIAL


def _end_old(context: Context, old: Secret) -> Exit:
    """Ends the old token; the new one must live on, whatever Meta takes along."""
    session = context.session
    text = phrase("credentials.revoke_old_consent")
    consent = agreed(context, "revoke", text, REVOKE, danger=True)
    if consent is None:
        return Exit.FINE
    try:
        revoke(session, old, consent)
    except Unavailable:
        session.prompter.tell("credentials.old_not_revoked")
        raise
    session.prompter.tell("credentials.old_revoked")
    result = _seen(session, session.facts())
    if result.status is Status.FAILED:
        session.prompter.show_result(result)
        return Exit.CREDENTIAL
    return Exit.FINE


def _seen(session: Session, facts: Facts) -> ItemResult:
    item = session.checklist.item("access.valid")
    return ItemResult(item, look(item, facts))
