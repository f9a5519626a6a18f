"""The trial of a value under its name: asked of Meta where Meta can say, else judged by shape."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wizard.actions.prompter import Question
from wizard.actions.session import Session
from wizard.actions.token import SECRET_AGAIN
from wizard.actions.token_trial import TokenTrial, TrialPolicy, Verdict, app_secret_refusal
from wizard.audit.runner import look
from wizard.commands.credentials.common import is_token, say_kept, secret_name, shown
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.facts.models import Token
from wizard.state.record import Status
from wizard.text.errors import Exit, UsageError
from wizard.text.localised import Phrase, phrase
from wizard.text.paste import NotText, decoded, is_empty, parser_of
from wizard.text.sanitise import DOTS, LONG_WORD
from wizard.text.secret import PAGE_TOKEN, Secret
from wizard.ui.screen import is_terminal

#: What a token must pass before it may replace one that works.
MUST = ("access.valid", "access.app", "account.visible", "number.added", "token.assets")


@dataclass(frozen=True)
class Tried:
    """FINE, CREDENTIAL (refused) or NOT_SEEN (Meta could not be asked); what a token is."""

    code: Exit
    token: Token | None = None


def tried(session: Session, name: str, secret: Secret) -> Tried:
    """The trial of a value under a name; everything it finds is said."""
    if is_token(name):
        return _token(session, name, secret)
    if name == "app_secret":
        app_id = session.record.ids.get("app_id", "")
        return Tried(Exit.FINE if is_app_secret(session, app_id, secret) else Exit.CREDENTIAL)
    # A PIN is not tried: guesses are limited, and only registering would tell.
    return Tried(Exit.FINE)


def is_app_secret(session: Session, app_id: str, secret: Secret) -> bool:
    """Whether it belongs to this app. Unavailable when the app is not known, or no one answers."""
    refusal = app_secret_refusal(session, app_id, secret)
    if refusal is None:
        return True
    session.prompter.show_error(refusal)
    session.prompter.tell("credentials.secret_refused", app=app_id)
    return False


def _token(session: Session, name: str, secret: Secret) -> Tried:
    # A token that works is not replaced by one that does less.
    items = MUST if name == "access_token" and _replaces_working(session, secret) else ()
    known = tuple(i for i in items if _ID_OF.get(i, "app_id") in session.record.ids)
    trial = TokenTrial(secret, TrialPolicy(same_app=True, items=known)).run(session)
    if trial.verdict is Verdict.UNKNOWN:
        return Tried(Exit.NOT_SEEN)
    if trial.verdict is Verdict.REFUSED:
        return Tried(Exit.CREDENTIAL)
    token = trial.token
    if trial.verdict is Verdict.OTHER_APP:
        before, app = session.record.ids["app_id"], token.app_name or token.app_id
        session.prompter.tell("credentials.other_app", app=app, id=token.app_id, before=before)
    elif trial.verdict is Verdict.UNSUITABLE:
        session.prompter.tell("credentials.keeps_working_one")
    fits = _fits_name(session, name, token) and trial.ok
    return Tried(Exit.FINE if fits else Exit.CREDENTIAL, token)


def _fits_name(session: Session, name: str, token: Token) -> bool:
    kind, _, page = name.partition(":")
    wanted = {"user_token": "USER", PAGE_TOKEN: "PAGE"}.get(kind, token.kind)
    if token.kind != wanted or (page and token.page_id not in ("", page)):
        session.prompter.tell(
            "credentials.other_kind", name=name, kind=token.kind, page=token.page_id
        )
        return False
    return True


_ID_OF = {
    "account.visible": "waba_id",
    "number.added": "phone_number_id",
    "token.assets": "phone_number_id",
}


def _replaces_working(session: Session, secret: Secret) -> bool:
    """Whether Meta accepts the token that is kept now, and it is another one."""
    kept = session.vault.get("access_token")
    if kept is None or kept.secret == secret:
        return False
    return look(session.checklist.item("access.valid"), session.facts()).status is Status.PASSED


# Bytes: far more than any token, and little enough to hold.
_MOST = 1 << 20


def given(chosen: Arguments, environ: Mapping[str, str]) -> str | None:
    """The value that the command line points at; None when it points nowhere."""
    sources = [name for name in ("from_stdin", "from_file", "from_env") if getattr(chosen, name)]
    if len(sources) > 1:
        raise UsageError("credentials.two_sources")
    if not sources:
        return None
    if chosen.from_stdin and is_terminal(sys.stdin):
        raise UsageError("credentials.stdin_is_terminal")
    if chosen.from_stdin:
        return _filled(_decoded(sys.stdin.buffer.read(_MOST + 1), "stdin"), "stdin")
    if chosen.from_file:
        return _filled(text_of(Path(chosen.from_file)), chosen.from_file)
    name = chosen.from_env
    usual = name in environ or re.fullmatch(r"[A-Z0-9]+(_[A-Z0-9]+)+", name)
    return _filled(environ.get(name, ""), name if usual else LONG_WORD.sub(DOTS, name))


def text_of(path: Path) -> str:
    """The text of a file; UsageError when it cannot be read, is too long or is no text."""
    try:
        with path.open("rb") as file:
            return _decoded(file.read(_MOST + 1), str(path))
    except OSError as error:
        why = error.strerror or type(error).__name__
    # What is no file of ours may be a value that came into the wrong place.
    shown = str(path) if os.path.lexists(path) else LONG_WORD.sub(DOTS, str(path))
    raise UsageError("credentials.unreadable", source=shown, why=why)


def _decoded(content: bytes, source: str) -> str:
    if len(content) > _MOST:
        raise UsageError("credentials.too_long", source=source)
    try:
        return decoded(content)
    except NotText as error:
        raise UsageError("files.not_utf8", path=source, detail=str(error.line)) from None


def _filled(value: str, source: str) -> str:
    if is_empty(value):
        raise UsageError("credentials.empty_source", source=source)
    return value


def run(chosen: Arguments) -> int:
    """Reads it, tries it, keeps it; 4 when it is refused."""
    if chosen.value is not None:
        raise UsageError("cli.secret_on_line")
    name = secret_name(chosen.name)
    with Context(chosen) as context:
        value = given_or_asked(context, name, phrase("credentials.paste", name=name))
        session = context.session
        if value is None:
            return Exit.CREDENTIAL
        verdict = tried(session, name, value)
        while name == "app_secret" and verdict.code is Exit.CREDENTIAL and _again(context):
            before, value = value, Secret(session.prompter.ask(SECRET_AGAIN))
            if value in (Secret(""), before):
                break
            verdict = tried(session, name, value)
        if verdict.code is not Exit.FINE:
            session.prompter.tell("credentials.not_kept", name=name)
            return verdict.code
        token = verdict.token
        if token is not None and token.app_id and name == "access_token":
            session.record.ids["app_id"] = token.app_id
        session.keep(name, value, token)
        say_kept(session, name)
        if chosen.json:
            context.print_json({"schema": 1, "credential": shown(session, name)})
        return Exit.FINE


def _again(context: Context) -> bool:
    """Whether a person typed what was refused, and can type another."""
    return context.attended and given(context.chosen, context.environ) is None


def given_or_asked(context: Context, name: str, text: Phrase) -> Secret | None:
    """The value, in the shape its name wants; None when what was given has another shape."""
    value, parse = given(context.chosen, context.environ), parser_of(name)
    if value is None:
        question = Question(name, text, secret=True, parse=parse, option="--from-stdin")
        return Secret(context.session.prompter.ask(question))
    parsed = parse(value)
    if isinstance(parsed, str):
        return Secret(parsed)
    context.session.prompter.tell(parsed.key, **parsed.values)
    source = context.chosen.from_env or context.chosen.from_file or "stdin"
    context.session.prompter.tell("credentials.not_kept_from", name=name, source=source)
    return None
