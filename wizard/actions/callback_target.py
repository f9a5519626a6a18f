"""Where messages are to go: asked, made public where that is this computer, and proven."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass, replace

from wizard.actions.prompter import Choice, Question
from wizard.actions.session import Session
from wizard.actions.token import app_secret
from wizard.audit.checks.webhook import LEVELS, judged
from wizard.audit.results import ItemResult
from wizard.facts.facts import Facts
from wizard.facts.models import Handshake
from wizard.facts.reads import seen_callbacks
from wizard.net.connection import Outside, is_local, parse_target
from wizard.net.failures import NetworkFailure
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import Phrase, phrase
from wizard.text.secret import Secret
from wizard.webhook.inbox import InboxError
from wizard.webhook.local_receiver import LocalReceiver
from wizard.webhook.probe import probe
from wizard.webhook.tunnel import AUTO, TunnelError, installed

#: What stands for "receive on this computer" where a URL is asked for.
HERE = "here"
#: What a person may type for it; nothing typed means it as well.
HERE_WORDS = frozenset({HERE, "", "здесь", "тут", "сюда"})
VERIFY_TOKEN = "verify_token"
#: Other characters are known to arrive changed: spaces, quotes, backslashes, < and |.
PLAIN_TOKEN = re.compile(r"[A-Za-z0-9._~-]+")
#: Meta takes no longer one as an override.
LONGEST = 200
#: A new public name is not known everywhere at once.
NEW_NAME_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 3.0
NOT_YET = frozenset({"dns", "timeout", "refused", "reset", "tunnel_gone", "behind_tunnel"})


@dataclass(frozen=True)
class Target:
    """Where messages are to go. `here`: to the receiver of this run.

    `any_token`: it agrees to every verify token, and a person took it all the same.
    """

    url: str
    level: str
    here: bool
    any_token: bool = False


def choose_target(
    session: Session, facts: Facts, tunnel: str = AUTO, *, may_here: bool = True
) -> Target | None:
    """Asks for the URL and the level; None when this computer cannot be made public.

    Without `may_here` it has to be a server: a run that ends at once receives nothing.
    """
    url = _ask_url(session, may_here)
    here = url == HERE
    if here:
        if not app_secret(session):
            return None
        url = make_public(session, tunnel)
        if not url:
            return None
    level = _ask_level(session, facts, here)
    return Target(url, level, here)


def make_public(session: Session, tunnel: str = AUTO) -> str:
    """Listens on this computer and gives it a public URL; "" when that did not work."""
    listener, prompter = session.listener, session.prompter
    assert listener is not None
    hand_over(session, listener, here=True)
    try:
        at = listener.start()
        prompter.tell("webhook.listening", url=at.url)
        if not listener.public_url:
            with prompter.waiting(phrase("webhook.tunnel_opening")):
                listener.open_tunnel(tunnel)
    except TunnelError as trouble:
        prompter.tell(trouble.key, **trouble.values)
        return ""
    except (OSError, InboxError) as trouble:
        prompter.tell("webhook.cannot_listen", why=getattr(trouble, "kind", "") or str(trouble))
        return ""
    if listener.tunnel is not None:
        prompter.tell(
            "webhook.tunnel_open", url=listener.public_url, program=listener.tunnel.program
        )
    return listener.public_url


def hand_over(session: Session, listener: LocalReceiver, here: bool) -> Secret:
    """Gives the listener the secrets as they are kept now; the verify token, which it returns."""
    token = verify_token(session, here)
    kept = session.vault.get("app_secret")
    listener.knows(kept.secret if kept else None, token)
    return token


def verify_token(session: Session, here: bool) -> Secret:
    """The verify token: as it is kept, made up for our own receiver, else asked."""
    if kept := session.vault.get(VERIFY_TOKEN):
        return kept.secret
    if not here and _has_one(session):
        return ask_verify_token(session, "webhook.token_ask")
    made = Secret(secrets.token_urlsafe(24))
    session.keep(VERIFY_TOKEN, made)
    session.prompter.tell("webhook.token_made" if here else "webhook.token_made_for_server")
    return made


def ask_verify_token(session: Session, words: str) -> Secret:
    """Asks for the verify token and keeps it: it opens nothing, so there is nothing to prove."""
    question = Question(
        VERIFY_TOKEN,
        phrase(words),
        secret=True,
        parse=_parse_token,
        option="credentials set verify_token",
    )
    typed = session.prompter.ask(question)
    token = Secret(typed)
    session.keep(VERIFY_TOKEN, token)
    if not PLAIN_TOKEN.fullmatch(typed):
        session.prompter.tell("webhook.token_odd")
    return token


def proven(session: Session, target: Target, token: Secret) -> Target | None:
    """The target if Meta would take it, as far as it can be asked from here; says why not."""
    listener, kept = session.listener, session.vault.get("app_secret")
    outside = listener.outside if listener else Outside()
    secret = kept.secret if kept and target.here else None
    fresh = bool(target.here and listener and listener.tunnel)
    end = time.monotonic() + (NEW_NAME_SECONDS if fresh else 0)
    with session.prompter.waiting(phrase("webhook.probing", url=target.url)):
        if fresh:
            time.sleep(LOOK_AGAIN_SECONDS)  # asked for too early, the name is remembered as missing
        found = probe(target.url, token, outside, secret)
        while found.reason in NOT_YET and time.monotonic() < end:
            time.sleep(LOOK_AGAIN_SECONDS)
            found = probe(target.url, token, outside, secret)
    if found.reason == "any_token":
        return _any_token(session, target, found)
    return target if _show(session, found) else None


def _any_token(session: Session, target: Target, found: Handshake) -> Target | None:
    """Meta takes a server that agrees to every verify token; whether a person does is asked."""
    session.prompter.show_result(_as_result(session, found))
    text = phrase("webhook.consent_any_token", url=target.url)
    consent = session.prompter.consent("webhook.reachable", text, spends=True)
    return replace(target, any_token=True) if consent else None


def _as_result(session: Session, found: Handshake) -> ItemResult:
    return ItemResult(session.checklist.item("webhook.reachable"), judged(found))


def _show(session: Session, found: Handshake) -> bool:
    result = _as_result(session, found)
    if result.reason == "answered":
        session.prompter.tell("webhook.probed", milliseconds=found.milliseconds)
        return True
    session.prompter.show_result(result)
    if found.ok:
        return True
    # What cannot be settled from here is not blamed on the server: Meta asks it too.
    session.prompter.tell("webhook.probe_unsure" if found.unsure else "webhook.probe_failed")
    return found.unsure


def need_app_secret(session: Session) -> None:
    """Unavailable when there is none: every delivery would have to be refused."""
    if session.vault.get("app_secret") is None:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="app_secret")


def _ask_url(session: Session, may_here: bool) -> str:
    outside = session.listener.outside if session.listener else Outside()
    can_here = (
        may_here and session.listener is not None and (outside.allow_local or bool(installed()))
    )
    chosen = session.record.webhook
    before = chosen.get("callback_url", "")
    here = {"ru": "здесь"}.get(session.language, HERE)
    if session.record.received_here:
        before = here if may_here else ""
    question = Question(
        "webhook.callback_url",
        phrase("webhook.url_ask" if may_here else "webhook.url_ask_server"),
        default=before or (here if can_here else ""),
        parse=lambda typed: parse_callback(typed, outside, may_here=may_here),
        option="--url",
    )
    return session.prompter.ask(question)


def parse_callback(typed: str, outside: Outside, *, may_here: bool) -> str | Phrase:
    """A callback URL as Meta takes it, or HERE; what is wrong with it, in words."""
    url = typed.strip().strip("\"'<>")
    if url.lower() in HERE_WORDS:
        return HERE if may_here else phrase("webhook.url_here_elsewhere")
    try:
        target = parse_target(url, allow_http=outside.allow_local)
    except NetworkFailure as failure:
        fault = _fault(url) if failure.cause == "bad_url" else failure.cause
        return phrase(f"webhook.url_{fault}")
    if is_local(target.host) and not outside.allow_local:
        return phrase("webhook.url_local", host=target.host)
    return url if len(url) <= LONGEST else phrase("webhook.url_too_long")


def _fault(url: str) -> str:
    """What keeps a text from being an address: the first thing to correct."""
    if "://" not in url:
        return "no_scheme"
    if any(character.isspace() for character in url):
        return "space"
    if "#" in url:
        return "fragment"
    return "user" if "@" in url.split("/")[2] else "bad_url"


def _ask_level(session: Session, facts: Facts, here: bool) -> str:
    # An address that ends with this run is better set for this number alone, when the app has
    # one already: it can be taken away again without a trace.
    passing = here and bool(seen_callbacks(facts).callbacks.app) and not session.record.webhook
    question = Question(
        "webhook.level",
        phrase("webhook.level_ask"),
        default=session.record.webhook.get("level") or ("number" if passing else "app"),
        option="--level",
    )
    choices = [Choice(level, phrase(f"webhook.level_{level}")) for level in LEVELS]
    return session.prompter.choose(question, choices)


def _has_one(session: Session) -> bool:
    question = Question("verify_token_way", phrase("webhook.token_way"), default="have")
    choices = [Choice(way, phrase(f"webhook.token_way_{way}")) for way in ("have", "make")]
    return session.prompter.choose(question, choices) == "have"


def _parse_token(typed: str) -> str | Phrase:
    # A space at either end is the most common reason why tokens do not match.
    return typed.strip() or phrase("webhook.token_empty")
