"""What is changed at Meta so that messages arrive: callbacks on three levels, two subscriptions.

Read first, then said, then sent: an empty POST to subscribed_apps removes an override, and DELETE
without an object removes every webhook of the app, so neither is ever sent blindly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wizard.checks.webhook import FIELD
from wizard.desk import Desk
from wizard.facts import Facts
from wizard.facts.chain import OBJECT, whatsapp
from wizard.graph import GraphError
from wizard.inbox import Knock
from wizard.receiver import Event
from wizard.repairs.target import HERE, Target, ask_verify_token
from wizard.repairs.token import app_secret
from wizard.talk import Choice, Question
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import Phrase, phrase
from wizard.text.secret import Secret

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


def point(desk: Desk, target: Target, token: Secret) -> bool:
    """Sets the callback on its level, subscribing first where Meta wants that; True when it is."""
    if target.level == "app" and not app_secret(desk):
        return False
    if target.level != "app" and not subscribe(desk):
        return False
    facts = desk.facts()
    try:
        before = getattr(facts.number.callbacks, target.level)
        request = _request(desk, facts, target, token)
    except Unavailable as error:
        desk.talk.show_error(error)
        return False
    foreign = bool(before) and before not in (target.url, desk.record.webhook.get("callback_url"))
    if foreign:
        desk.talk.say(f"webhook.foreign_{target.level}", before=before)
    consent = phrase(f"webhook.consent_{target.level}", url=target.url)
    if not desk.talk.consent("webhook.callback", consent, [request.shown], spends=foreign):
        return False
    return _send(desk, request, target)


def add_field(desk: Desk) -> bool:
    """Subscribes the app to `messages`, and makes Meta ask its callback again where it can."""
    if not app_secret(desk):
        return False
    facts, app_id = desk.facts(), desk.record.ids["app_id"]
    try:
        row = whatsapp(facts.app_subscriptions)
    except Unavailable as error:
        desk.talk.show_error(error)
        return False
    kept = desk.vault.get("verify_token")
    fields = ",".join(sorted({FIELD} | (row.fields if row else frozenset())))
    body: dict[str, Any] = {"object": OBJECT, "fields": fields}
    if row and row.callback_url and kept:
        body |= {"callback_url": row.callback_url, "verify_token": kept.secret}
    shown = f'POST /{app_id}/subscriptions  {{"object": "{OBJECT}", "fields": "{fields}"}}'
    if not desk.talk.consent("webhook.fields", phrase("webhook.consent_fields"), [shown]):
        return False
    return _post(desk, Request(f"{app_id}/subscriptions", body, shown, as_app=True))


def subscribe(desk: Desk) -> bool:
    """Subscribes this app to the WABA unless it is; others stay subscribed."""
    facts, waba = desk.facts(), desk.record.ids.get("waba_id", "")
    try:
        there, owner = facts.subscribers, facts.token.app_id
    except Unavailable as error:
        desk.talk.show_error(error)
        return False
    ours = desk.record.ids.get("app_id") or owner
    if any(one.app_id == ours for one in there):
        return True
    if owner and owner != ours:
        # Meta subscribes the app of the token, whatever is meant.
        desk.talk.say("webhook.token_of_another_app", app_id=ours, token_app_id=owner)
        return False
    shown = f"POST /{waba}/subscribed_apps"
    if not desk.talk.consent("webhook.subscribed", phrase("webhook.consent_subscribe"), [shown]):
        return False
    return _post(desk, Request(f"{waba}/subscribed_apps", {}, shown))


def remove(desk: Desk, facts: Facts, level: str) -> bool:
    """Takes an override away; what lies below it is in force again."""
    ids, before = desk.record.ids, getattr(facts.number.callbacks, level)
    if not before:
        desk.talk.say("webhook.nothing_to_remove")
        return True
    if level == "number":
        body: dict[str, Any] = {"webhook_configuration": {"override_callback_uri": ""}}
        shown = f'POST /{ids["phone_number_id"]}  {{"webhook_configuration": {{…: ""}}}}'
        request = Request(ids["phone_number_id"], body, shown)
    else:
        # The empty POST that subscribes also removes the override, and here that is the purpose.
        path = f"{ids['waba_id']}/subscribed_apps"
        request = Request(path, {}, f"POST /{path}")
    desk.talk.say(f"webhook.foreign_{level}", before=before)
    consent = phrase(f"webhook.consent_remove_{level}")
    spends = before != desk.record.webhook.get("callback_url")
    if not desk.talk.consent("webhook.effective", consent, [request.shown], spends=spends):
        return False
    if desk.record.webhook.get("level") == level:
        desk.record.webhook.clear()
        desk.save()
    return _post(desk, request)


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


def _send(desk: Desk, request: Request, target: Target) -> bool:
    listener = desk.listener if target.here else None
    mark = listener.mark() if listener else 0
    try:
        with desk.talk.wait(phrase("webhook.setting")):
            desk.graph().post(request.path, request.body, as_app=request.as_app)
    except Unavailable as error:
        _refused(desk, error, target)
        return False
    _expect(desk, target)
    if listener and listener.wait(_accepted, KNOCK_SECONDS, mark):
        desk.talk.say("webhook.meta_knocked")
    desk.talk.say("webhook.is_set", url=target.url)
    return True


def _accepted(event: Event) -> Event | None:
    return event if isinstance(event, Knock) and event.accepted else None


def _request(desk: Desk, facts: Facts, target: Target, token: Secret) -> Request:
    ids = desk.record.ids
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


def _post(desk: Desk, request: Request) -> bool:
    try:
        with desk.talk.wait(phrase("webhook.setting")):
            desk.graph().post(request.path, request.body, as_app=request.as_app)
    except Unavailable as error:
        _explain(desk, error)
        return False
    return True


def _refused(desk: Desk, error: Unavailable, target: Target) -> None:
    """Meta's own reason; and for what Meta's screen can do as well, the way by hand."""
    met = isinstance(error, GraphError) and error.code == VERIFICATION_FAILED
    if met or not isinstance(error, GraphError) or target.level != "app" or error.kind in NOT_NOW:
        _explain(desk, error)
        return
    # The app's own edge is refused to some apps, and says so: sources differ on who may use it.
    desk.talk.say("webhook.by_hand", message=error.message, url=target.url)
    if target.here:
        token = ask_verify_token(desk, "webhook.token_invent")
        kept = desk.vault.get("app_secret")
        if desk.listener is not None:
            desk.listener.knows(kept.secret if kept else None, token)
    else:
        desk.talk.say("webhook.by_hand_token")
    desk.talk.instruct(desk.checklist.item("webhook.callback"), desk.record.ids)
    question = Question("webhook.by_hand", phrase("webhook.by_hand_ask"), default="done")
    answers = [Choice(one, phrase(f"webhook.by_hand_{one}")) for one in ("done", "later")]
    if desk.talk.choose(question, answers) == "done":
        _expect(desk, target)


def _explain(desk: Desk, error: Unavailable) -> None:
    desk.talk.show_error(error)
    if isinstance(error, GraphError) and error.code == VERIFICATION_FAILED:
        saw = meta_saw(error)
        desk.talk.say(saw.key, **saw.values)


def _expect(desk: Desk, target: Target) -> None:
    kept_by = {"kept_by": HERE} if target.here else {}
    desk.record.webhook = {"callback_url": target.url, "level": target.level, **kept_by}
    desk.save()


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else 0
