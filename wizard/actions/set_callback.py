"""What is changed at Meta so that messages arrive: callbacks on three levels, two subscriptions.

Read first, then said, then sent: an empty POST to subscribed_apps removes an override, and DELETE
without an object removes every webhook of the app, so neither is ever sent blindly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wizard.actions.callback_target import (
    HERE,
    Target,
    ask_verify_token,
    choose_target,
    proven,
    verify_token,
)
from wizard.actions.prompter import Choice, Question
from wizard.actions.results import (
    ActionResult,
    AlreadySo,
    Declined,
    Done,
    Refused,
    action,
    confirmed,
    refused,
)
from wizard.actions.session import Session
from wizard.actions.token import app_secret
from wizard.facts.facts import Facts
from wizard.facts.models import OBJECT, whatsapp
from wizard.facts.reads import seen_callbacks
from wizard.facts.webhook_route import FIELD, NumberRoute
from wizard.graph import GraphError
from wizard.graph.consent import Consent
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import Phrase, phrase
from wizard.text.secret import Secret
from wizard.webhook.endpoint import Event
from wizard.webhook.inbox import HandshakeAttempt

#: "Callback verification failed with the following errors: …"
VERIFICATION_FAILED = 2200
#: Numbers of curl, as Meta puts them into the message.
CURL = {6: "dns", 7: "refused", 28: "timeout", 47: "redirect", 52: "empty", 56: "empty"}
#: Meta asks the callback before it answers; the receiver may report that a moment later.
HANDSHAKE_SECONDS = 1.0
#: What setting it by hand would not help against.
NOT_NOW = frozenset({ErrorKind.BUSY, ErrorKind.REFUSED, ErrorKind.UNREACHABLE, ErrorKind.NOT_GIVEN})
CURL_TLS = frozenset({35, 51, 53, 58, 60, 77, 83})


@dataclass(frozen=True)
class Request:
    """One change at Meta, and how it is shown before: without the verify token."""

    path: str
    body: Mapping[str, Any]
    shown: str
    as_app: bool = False


@action(
    "webhook.callback",
    "webhook.effective",
    "webhook.reachable/dns",
    "webhook.reachable/refused",
    "webhook.reachable/timeout",
    "webhook.reachable/tunnel_gone",
    "webhook.reachable/behind_tunnel",
    "webhook.reachable/warning_page",
)
def choose_callback(session: Session, facts: Facts) -> ActionResult:
    """Asks where messages are to go, proves that address, and tells Meta."""
    try:
        target = choose_target(session, facts)
        if target is None:
            return Refused()
        return prove_and_set(session, target)
    except Unavailable as error:
        return refused(session, error)


@action("webhook.effective/override_elsewhere", "webhook.reachable/not_chosen")
def confirm_in_force(session: Session, facts: Facts) -> ActionResult:
    """A callback that was set elsewhere: a person says that it is meant, or chooses another.

    Only what a person chose is asked with the verify token, so "another" is the default.
    """
    try:
        level, url = seen_callbacks(facts).callbacks.winner
    except Unavailable as error:
        return refused(session, error)
    question = Question(
        "webhook.in_force", phrase("webhook.in_force_ask", url=url), default="another"
    )
    answers = [Choice(one, phrase(f"webhook.in_force_{one}")) for one in ("meant", "another")]
    if session.prompter.choose(question, answers) != "meant":
        return choose_callback(session, facts)
    expect(session, Target(url, level, here=False))
    return Done()


def prove_and_set(session: Session, target: Target) -> ActionResult:
    """Sets the callback once it has answered as Meta wants it."""
    token = verify_token(session, target.here)
    taken = proven(session, target, token)
    return set_callback(session, taken, token) if taken else Refused()


def set_callback(session: Session, target: Target, token: Secret) -> ActionResult:
    """Sets the callback on its level, subscribing first where Meta wants that."""
    if target.level == "app" and not app_secret(session):
        return Refused()
    if target.level != "app" and not (subscribed := subscribe(session)).ok:
        return subscribed
    facts = session.facts()
    try:
        before = getattr(seen_callbacks(facts).callbacks, target.level)
        request = _request(session, facts, target, token)
    except Unavailable as error:
        return refused(session, error)
    foreign = bool(before) and before not in (
        target.url,
        session.record.webhook.get("callback_url"),
    )
    if foreign:
        session.prompter.tell(f"webhook.foreign_{target.level}", before=before)
    text, shown = phrase(f"webhook.consent_{target.level}", url=target.url), [request.shown]
    with session.acting():
        consent = session.prompter.consent("webhook.callback", text, shown, spends=foreign)
        return Declined() if consent is None else _send_callback(session, request, target, consent)


@action("webhook.fields")
def add_field(session: Session, facts: Facts | None = None) -> ActionResult:
    """Subscribes the app to `messages`, and makes Meta ask its callback again where it can."""
    if not app_secret(session):
        return Refused()
    facts, app_id = session.facts(), session.id_of("app_id")
    try:
        row = whatsapp(facts.app_subscriptions)
    except Unavailable as error:
        return refused(session, error)
    kept = session.vault.get("verify_token")
    fields = ",".join(sorted({FIELD} | (row.fields or frozenset() if row else frozenset())))
    body: dict[str, Any] = {"object": OBJECT, "fields": fields}
    if row and row.callback_url and kept:
        body |= {"callback_url": row.callback_url, "verify_token": kept.secret}
    shown = f'POST /{app_id}/subscriptions  {{"object": "{OBJECT}", "fields": "{fields}"}}'
    request = Request(f"{app_id}/subscriptions", body, shown, as_app=True)
    return ask_and_post(session, "webhook.fields", phrase("webhook.consent_fields"), [request])


@action("webhook.subscribed")
def subscribe(session: Session, facts: Facts | None = None) -> ActionResult:
    """Subscribes this app to the WABA unless it is; others stay subscribed."""
    facts, waba = session.facts(), session.record.ids.get("waba_id", "")
    try:
        there, owner = facts.subscribers, facts.token.app_id
    except Unavailable as error:
        return refused(session, error)
    ours = session.record.ids.get("app_id") or owner
    if any(one.app_id == ours for one in there):
        return AlreadySo()
    if not _token_of_ours(session, owner):
        return Refused()
    text = phrase("webhook.consent_subscribe")
    return ask_and_post(session, "webhook.subscribed", text, [_subscription(waba)])


def _token_of_ours(session: Session, owner: str) -> bool:
    """Whether subscribing means the app of this profile: Meta subscribes that of the token."""
    ours = session.record.ids.get("app_id") or owner
    if owner and owner != ours:
        session.prompter.tell("webhook.token_of_another_app", app_id=ours, token_app_id=owner)
    return owner in ("", ours)


def _subscription(waba_id: str) -> Request:
    """Only where our app is not subscribed: else the empty POST removes an override."""
    return Request(f"{waba_id}/subscribed_apps", {}, f"POST /{waba_id}/subscribed_apps")


def lead_number(session: Session, route: NumberRoute, url: str) -> ActionResult:
    """Leads the messages of one number to its own callback, once that has answered rightly."""
    if (route.level, route.url) == ("number", url) and route.subscribed:
        return AlreadySo()
    token = verify_token(session, here=False)
    target = proven(session, Target(url, "number", here=False), token)
    if target is None:
        return Refused()
    requests = [number_request(route.number_id, url, token)]
    if route.subscribed is False:
        try:
            if not _token_of_ours(session, session.facts().token.app_id):
                return Refused()
        except Unavailable as error:
            return refused(session, error)
        requests.insert(0, _subscription(route.waba_id))
    foreign = route.level == "number" and route.url not in ("", url)
    if foreign:
        session.prompter.tell("webhook.foreign_number", before=route.url)
    text = phrase("webhook.consent_route", number=route.display or route.number_id, url=url)
    result = ask_and_post(session, "webhook.effective", text, requests, spends=foreign)
    if result.ok and route.number_id == session.record.ids.get("phone_number_id"):
        expect(session, target)
    return result


@action("webhook.reachable/no_token")
def keep_verify_token(session: Session, facts: Facts) -> ActionResult:
    """The verify token of a server that someone else set up."""
    ask_verify_token(session, "webhook.token_ask")
    return Done()


def remove(session: Session, facts: Facts, level: str) -> ActionResult:
    """Takes an override away; what lies below it is in force again."""
    before = getattr(seen_callbacks(facts).callbacks, level)
    if not before:
        session.prompter.tell("webhook.nothing_to_remove")
        return AlreadySo()
    if level == "number":
        body: dict[str, Any] = {"webhook_configuration": {"override_callback_uri": ""}}
        path = session.id_of("phone_number_id")
        shown = f'POST /{path}  {{"webhook_configuration": {{…: ""}}}}'
        request = Request(path, body, shown)
    else:
        # The empty POST that subscribes also removes the override, and here that is the purpose.
        request = _subscription(session.id_of("waba_id"))
    session.prompter.tell(f"webhook.foreign_{level}", before=before)
    text = phrase(f"webhook.consent_remove_{level}")
    spends = before != session.record.webhook.get("callback_url")
    removed = ask_and_post(session, "webhook.effective", text, [request], spends=spends)
    if removed.ok and session.record.webhook.get("level") == level:
        session.record.webhook.clear()
        session.save()
    return removed


def meta_saw(refusal: GraphError) -> Phrase:
    """Meta's 2200 in words: what its servers met at the callback."""
    text = f"{refusal.message} {refusal.details}"
    if "does not match challenge" in text.lower():
        return phrase("webhook.meta_body")
    if "from proxy after connect" in text.lower():
        return phrase("webhook.meta_no_way")
    errno = _number(r"curl_errno\s*=\s*(\d+)", text)
    if errno:
        return phrase(f"webhook.meta_{'tls' if errno in CURL_TLS else CURL.get(errno, 'other')}")
    if http := _number(r"HTTP Status Code\s*=\s*(\d+)", text):
        return phrase("webhook.meta_status", http=http)
    return phrase("webhook.meta_other")


def _send_callback(
    session: Session, request: Request, target: Target, consent: Consent
) -> ActionResult:
    listener = session.listener if target.here else None
    mark = listener.mark() if listener else 0
    try:
        _post(session, request, consent)
    except Unavailable as error:
        return _explain_or_by_hand(session, error, target)
    session.prompter.tell("webhook.is_set", url=target.url)
    expect(session, target)
    if listener and listener.wait(_accepted, HANDSHAKE_SECONDS, mark):
        session.prompter.tell("webhook.meta_knocked")
    return Done()


def _accepted(event: Event) -> Event | None:
    return event if isinstance(event, HandshakeAttempt) and event.accepted else None


def _request(session: Session, facts: Facts, target: Target, token: Secret) -> Request:
    if target.level == "app":
        row = whatsapp(facts.app_subscriptions)
        # What the app is subscribed to already stays: other programs may live on it.
        fields = ",".join(sorted({FIELD} | (row.fields or frozenset() if row else frozenset())))
        body = {"object": OBJECT, "callback_url": target.url, "fields": fields}
        path = f"{session.id_of('app_id')}/subscriptions"
        return Request(path, {**body, "verify_token": token}, _shown(path, body), as_app=True)
    override = {"override_callback_uri": target.url}
    if target.level == "account":
        path = f"{session.id_of('waba_id')}/subscribed_apps"
        return Request(path, {**override, "verify_token": token}, _shown(path, override))
    return number_request(session.id_of("phone_number_id"), target.url, token)


def number_request(number_id: str, url: str, token: Secret) -> Request:
    """The override of one number, which leads its messages to `url` whatever the app has."""
    override = {"override_callback_uri": url}
    shown = _shown(number_id, {"webhook_configuration": override})
    return Request(number_id, {"webhook_configuration": {**override, "verify_token": token}}, shown)


def _shown(path: str, body: Mapping[str, Any]) -> str:
    return f'POST /{path}  {json.dumps(body)[:-1]}, "verify_token": "••••"}}'


def ask_and_post(
    session: Session, item_id: str, text: Phrase, requests: Sequence[Request], spends: bool = False
) -> ActionResult:
    """Shows the requests and, with consent, sends them in order until one is refused."""
    with session.acting():
        shown = [request.shown for request in requests]
        consent = session.prompter.consent(item_id, text, shown, spends=spends)
        if consent is None:
            return Declined()
        try:
            for request in requests:
                _post(session, request, consent)
        except Unavailable as error:
            return _explain(session, error)
        return Done()


def _post(session: Session, request: Request, consent: Consent) -> None:
    with session.prompter.waiting(phrase("webhook.setting")):
        answer = session.graph().post(request.path, request.body, consent, as_app=request.as_app)
    confirmed(answer)


def _explain_or_by_hand(session: Session, error: Unavailable, target: Target) -> ActionResult:
    """Meta's own reason; and for what Meta's screen can do as well, the way by hand."""
    met = isinstance(error, GraphError) and error.code == VERIFICATION_FAILED
    if met or not isinstance(error, GraphError) or target.level != "app" or error.kind in NOT_NOW:
        return _explain(session, error)
    # The app's own edge is refused to some apps, and says so: sources differ on who may use it.
    session.prompter.tell("webhook.by_hand", message=error.message, url=target.url)
    if target.here:
        token = ask_verify_token(session, "webhook.token_invent")
        kept = session.vault.get("app_secret")
        if session.listener is not None:
            session.listener.knows(kept.secret if kept else None, token)
    else:
        session.prompter.tell("webhook.by_hand_token")
    session.show_steps(session.checklist.item("webhook.callback"))
    question = Question("webhook.by_hand", phrase("webhook.by_hand_ask"), default="done")
    answers = [Choice(one, phrase(f"webhook.by_hand_{one}")) for one in ("done", "later")]
    if session.prompter.choose(question, answers) != "done":
        return Refused(error)
    expect(session, target)
    return Done()


def _explain(session: Session, error: Unavailable) -> Refused:
    session.prompter.show_error(error)
    if isinstance(error, GraphError) and error.code == VERIFICATION_FAILED:
        saw = meta_saw(error)
        session.prompter.tell(saw.key, **saw.values)
    return Refused(error)


def expect(session: Session, target: Target) -> None:
    """Notes where the messages of this profile's number are to go from now on."""
    more = {"kept_by": HERE} if target.here else {}
    more |= {"any_token": "meant"} if target.any_token else {}
    session.record.webhook = {"callback_url": target.url, "level": target.level, **more}
    session.save()


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else 0
