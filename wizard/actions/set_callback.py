"""What is changed at Meta so that messages arrive: callbacks on three levels, two subscriptions.

Read first, then said, then sent: an empty POST to subscribed_apps removes an override, and DELETE
without an object removes every webhook of the app, so neither is ever sent blindly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wizard.actions.callback_target import HERE, Target, ask_verify_token
from wizard.actions.prompter import Choice, Question
from wizard.actions.session import Session
from wizard.actions.token import app_secret
from wizard.audit.checks.webhook import FIELD
from wizard.facts.facts import Facts
from wizard.facts.webhook_route import OBJECT, whatsapp
from wizard.graph import GraphError
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import Phrase, phrase
from wizard.text.secret import Secret
from wizard.webhook.inbox import HandshakeAttempt
from wizard.webhook.receiver import Event

#: "Callback verification failed with the following errors: …"
VERIFICATION_FAILED = 2200
#: Numbers of curl, as Meta puts them into the message.
CURL = {6: "dns", 7: "refused", 28: "timeout", 47: "redirect", 52: "empty", 56: "empty"}
#: Meta asks before it answers; what was heard here may be told a moment later.
KNOCK_SECONDS = 1.0
#: What the way by hand would not mend.
NOT_NOW = frozenset({ErrorKind.BUSY, ErrorKind.REFUSED, ErrorKind.UNREACHABLE, ErrorKind.NOT_GIVEN})
CURL_TLS = frozenset({35, 51, 53, 58, 60, 77, 83})


@dataclass(frozen=True)
class Request:
    """One change at Meta, and how it is shown before: without the verify token."""

    path: str
    body: Mapping[str, Any]
    shown: str
    as_app: bool = False


def point(session: Session, target: Target, token: Secret) -> bool:
    """Sets the callback on its level, subscribing first where Meta wants that; True when it is."""
    if target.level == "app" and not app_secret(session):
        return False
    if target.level != "app" and not subscribe(session):
        return False
    facts = session.facts()
    try:
        before = getattr(facts.number.callbacks, target.level)
        request = _request(session, facts, target, token)
    except Unavailable as error:
        session.prompter.show_error(error)
        return False
    foreign = bool(before) and before not in (
        target.url,
        session.record.webhook.get("callback_url"),
    )
    if foreign:
        session.prompter.tell(f"webhook.foreign_{target.level}", before=before)
    consent = phrase(f"webhook.consent_{target.level}", url=target.url)
    if not session.prompter.consent("webhook.callback", consent, [request.shown], spends=foreign):
        return False
    return _send(session, request, target)


def add_field(session: Session) -> bool:
    """Subscribes the app to `messages`, and makes Meta ask its callback again where it can."""
    if not app_secret(session):
        return False
    facts, app_id = session.facts(), session.record.ids["app_id"]
    try:
        row = whatsapp(facts.app_subscriptions)
    except Unavailable as error:
        session.prompter.show_error(error)
        return False
    kept = session.vault.get("verify_token")
    fields = ",".join(sorted({FIELD} | (row.fields if row else frozenset())))
    body: dict[str, Any] = {"object": OBJECT, "fields": fields}
    if row and row.callback_url and kept:
        body |= {"callback_url": row.callback_url, "verify_token": kept.secret}
    shown = f'POST /{app_id}/subscriptions  {{"object": "{OBJECT}", "fields": "{fields}"}}'
    if not session.prompter.consent("webhook.fields", phrase("webhook.consent_fields"), [shown]):
        return False
    return _post(session, Request(f"{app_id}/subscriptions", body, shown, as_app=True))


def subscribe(session: Session) -> bool:
    """Subscribes this app to the WABA unless it is; others stay subscribed."""
    facts, waba = session.facts(), session.record.ids.get("waba_id", "")
    try:
        there, owner = facts.subscribers, facts.token.app_id
    except Unavailable as error:
        session.prompter.show_error(error)
        return False
    ours = session.record.ids.get("app_id") or owner
    if any(one.app_id == ours for one in there):
        return True
    if owner and owner != ours:
        # Meta subscribes the app of the token, whatever is meant.
        session.prompter.tell("webhook.token_of_another_app", app_id=ours, token_app_id=owner)
        return False
    shown = f"POST /{waba}/subscribed_apps"
    if not session.prompter.consent(
        "webhook.subscribed", phrase("webhook.consent_subscribe"), [shown]
    ):
        return False
    return _post(session, Request(f"{waba}/subscribed_apps", {}, shown))


def remove(session: Session, facts: Facts, level: str) -> bool:
    """Takes an override away; what lies below it is in force again."""
    ids, before = session.record.ids, getattr(facts.number.callbacks, level)
    if not before:
        session.prompter.tell("webhook.nothing_to_remove")
        return True
    if level == "number":
        body: dict[str, Any] = {"webhook_configuration": {"override_callback_uri": ""}}
        shown = f'POST /{ids["phone_number_id"]}  {{"webhook_configuration": {{…: ""}}}}'
        request = Request(ids["phone_number_id"], body, shown)
    else:
        # The empty POST that subscribes also removes the override, and here that is the purpose.
        path = f"{ids['waba_id']}/subscribed_apps"
        request = Request(path, {}, f"POST /{path}")
    session.prompter.tell(f"webhook.foreign_{level}", before=before)
    consent = phrase(f"webhook.consent_remove_{level}")
    spends = before != session.record.webhook.get("callback_url")
    if not session.prompter.consent("webhook.effective", consent, [request.shown], spends=spends):
        return False
    if session.record.webhook.get("level") == level:
        session.record.webhook.clear()
        session.save()
    return _post(session, request)


def meta_saw(refusal: GraphError) -> Phrase:
    """Meta's 2200 in words: what its servers met at the callback."""
    text = f"{refusal.message} {refusal.details}"
    if "does not match challenge" in text.lower():
        return phrase("webhook.meta_body")
    errno = _number(r"curl_errno\s*=\s*(\d+)", text)
    if errno:
        return phrase(f"webhook.meta_{'tls' if errno in CURL_TLS else CURL.get(errno, 'other')}")
    if http := _number(r"HTTP Status Code\s*=\s*(\d+)", text):
        return phrase("webhook.meta_status", http=http)
    return phrase("webhook.meta_other")


def _send(session: Session, request: Request, target: Target) -> bool:
    listener = session.listener if target.here else None
    mark = listener.mark() if listener else 0
    try:
        with session.prompter.waiting(phrase("webhook.setting")):
            session.graph().post(request.path, request.body, as_app=request.as_app)
    except Unavailable as error:
        _refused(session, error, target)
        return False
    _expect(session, target)
    if listener and listener.wait(_accepted, KNOCK_SECONDS, mark):
        session.prompter.tell("webhook.meta_knocked")
    session.prompter.tell("webhook.is_set", url=target.url)
    return True


def _accepted(event: Event) -> Event | None:
    return event if isinstance(event, HandshakeAttempt) and event.accepted else None


def _request(session: Session, facts: Facts, target: Target, token: Secret) -> Request:
    ids = session.record.ids
    if target.level == "app":
        row = whatsapp(facts.app_subscriptions)
        # What the app is subscribed to already stays: other programs may live on it.
        fields = ",".join(sorted({FIELD} | (row.fields if row else frozenset())))
        body = {"object": OBJECT, "callback_url": target.url, "fields": fields}
        path = f"{ids['app_id']}/subscriptions"
        return Request(path, {**body, "verify_token": token}, _shown(path, body), as_app=True)
    override = {"override_callback_uri": target.url}
    if target.level == "account":
        path = f"{ids['waba_id']}/subscribed_apps"
        return Request(path, {**override, "verify_token": token}, _shown(path, override))
    path = ids["phone_number_id"]
    shown = _shown(path, {"webhook_configuration": override})
    return Request(path, {"webhook_configuration": {**override, "verify_token": token}}, shown)


def _shown(path: str, body: Mapping[str, Any]) -> str:
    import json

    return f'POST /{path}  {json.dumps(body)[:-1]}, "verify_token": "••••"}}'


def _post(session: Session, request: Request) -> bool:
    try:
        with session.prompter.waiting(phrase("webhook.setting")):
            session.graph().post(request.path, request.body, as_app=request.as_app)
    except Unavailable as error:
        _explain(session, error)
        return False
    return True


def _refused(session: Session, error: Unavailable, target: Target) -> None:
    """Meta's own reason; and for what Meta's screen can do as well, the way by hand."""
    met = isinstance(error, GraphError) and error.code == VERIFICATION_FAILED
    if met or not isinstance(error, GraphError) or target.level != "app" or error.kind in NOT_NOW:
        _explain(session, error)
        return
    # The app's own edge is refused to some apps, and says so: sources differ on who may use it.
    session.prompter.tell("webhook.by_hand", message=error.message, url=target.url)
    if target.here:
        token = ask_verify_token(session, "webhook.token_invent")
        kept = session.vault.get("app_secret")
        if session.listener is not None:
            session.listener.knows(kept.secret if kept else None, token)
    else:
        session.prompter.tell("webhook.by_hand_token")
    session.prompter.show_steps(session.checklist.item("webhook.callback"), session.record.ids)
    question = Question("webhook.by_hand", phrase("webhook.by_hand_ask"), default="done")
    answers = [Choice(one, phrase(f"webhook.by_hand_{one}")) for one in ("done", "later")]
    if session.prompter.choose(question, answers) == "done":
        _expect(session, target)


def _explain(session: Session, error: Unavailable) -> None:
    session.prompter.show_error(error)
    if isinstance(error, GraphError) and error.code == VERIFICATION_FAILED:
        saw = meta_saw(error)
        session.prompter.tell(saw.key, **saw.values)


def _expect(session: Session, target: Target) -> None:
    kept_by = {"kept_by": HERE} if target.here else {}
    session.record.webhook = {"callback_url": target.url, "level": target.level, **kept_by}
    session.save()


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else 0
