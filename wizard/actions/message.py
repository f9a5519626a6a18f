"""The test message: an approved template of this WABA, to a number the person can look at."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from wizard.actions.attempts import SERVICE, charge_of, window_open
from wizard.actions.prompter import Choice, Question
from wizard.actions.results import (
    ActionResult,
    AlreadySo,
    Declined,
    Done,
    Refused,
    action,
    look_again,
    post,
    refused,
)
from wizard.actions.session import Session
from wizard.audit.checks.message import REACHED
from wizard.facts.facts import Facts
from wizard.facts.json_values import ident, nodes
from wizard.facts.json_values import text as text_of
from wizard.facts.models import Number, Template
from wizard.graph import GraphError, Json
from wizard.state.record import Status, TestMessage
from wizard.templates.values import Slot, components, filled, slots, structured
from wizard.text import phone
from wizard.text.errors import ErrorKind, Unavailable, UsageError
from wizard.text.localised import phrase
from wizard.text.secret import fingerprint
from wizard.webhook.local_receiver import FREE_A_MONTH

#: How long news of a message is waited for; it usually comes within a second or two.
PATIENCE_SECONDS = 20.0
#: Asked wherever a template is chosen.
WHICH = Question("test_message.template", phrase("message.template_ask"), option="--template")


@action("message.sent")
def send_test(session: Session, facts: Facts) -> ActionResult:
    """Offers the approved templates that need no values, says the rules before, and sends one."""
    return _send_plain(session, facts)


def _send_plain(session: Session, facts: Facts, again: TestMessage | None = None) -> ActionResult:
    """`again`: the same once more, to the same recipient; only the consent is asked for."""
    number = facts.number
    templates = sendable(facts.templates, number)
    if not templates:
        return _send_with_values(session, facts)
    template = _choose(session, templates, again)
    if number.is_test_number:
        session.prompter.tell("message.test_number_rule")
    content = {
        "type": "template",
        "template": {"name": template.name, "language": {"code": template.language}},
    }
    to = f"+{again.to.lstrip('+')}" if again else ""
    what = template.category, template.name
    return _send(session, number, content, "message.consent", what, to)


def _send_with_values(session: Session, facts: Facts) -> ActionResult:
    """One of the templates that need values, where there is no other; examples are offered."""
    fillable = dict.fromkeys(
        one.name
        for one in facts.templates
        if one.variables and any(not structured(row) for row in with_values(facts, one.name))
    )
    if not fillable:
        session.prompter.tell("message.no_plain_template")
        return Refused()
    name = session.prompter.choose(WHICH, [Choice(one, one) for one in fillable])
    if facts.number.is_test_number:
        session.prompter.tell("message.test_number_rule")
    rows = [row for row in with_values(facts, name) if not structured(row)]
    return send_filled(session, facts, rows, {}, attended=True, suggest=True)


def with_values(facts: Facts, name: str) -> list[Json]:
    """The approved templates of a name that need values, one for each language."""
    if not any(one.name == name and one.variables for one in facts.templates):
        return []
    rows = [row for row in facts.template_rows if row.get("name") == name]
    return [
        row for row in rows if row.get("status") == "APPROVED" and (slots(row) or structured(row))
    ]


def send_filled(
    session: Session,
    facts: Facts,
    rows: Sequence[Json],
    given: Mapping[str, str],
    *,
    attended: bool,
    suggest: bool = False,
) -> ActionResult:
    """One template with its values: those that are given, the others are asked for.

    `suggest` offers the examples of the template as answers.

    UsageError for a value that it does not need, and for a template that is more than texts.
    """
    question = Question(
        "test_message.language",
        phrase("message.language_ask", template=str(rows[0]["name"])),
        option="--language",
    )
    codes = [Choice(str(row["language"]), str(row["language"])) for row in rows]
    code = session.prompter.choose(question, codes)
    row = next(row for row in rows if row["language"] == code)
    wanted, name = slots(row), str(row["name"])
    if part := structured(row):
        raise UsageError("message.structured", template=name, part=part)
    known = [slot.name for slot in wanted]
    if strange := [one for one in given if one not in known]:
        raise UsageError("message.no_such_value", count=len(strange), known=", ".join(known))
    left = [one for one in known if one not in given]
    if left and not attended:
        raise UsageError("message.values_missing", template=name, names=", ".join(left))
    values = {slot.name: given.get(slot.name) or _value(session, slot, suggest) for slot in wanted}
    session.prompter.tell("message.preview", text=filled(row, wanted, values))
    template = {"name": name, "language": {"code": code}, "components": components(wanted, values)}
    content = {"type": "template", "template": template}
    category = str(row.get("category", "")).upper()
    return _send(session, facts.number, content, "message.consent", (category, name))


def _value(session: Session, slot: Slot, suggest: bool) -> str:
    kind = "text" if slot.kind in ("text", "code") else "file"
    text = phrase(f"message.value_{kind}", name=slot.name, example=slot.example or "–")
    default = slot.example if suggest else ""
    question = Question(f"template.{slot.name}", text, default=default, option="--var")
    return session.prompter.ask(question)


def send_text(session: Session, number: Number, text: str) -> ActionResult:
    """A free text; Meta takes it only within 24 hours of the recipient's last message (131047)."""
    content = {"type": "text", "text": {"preview_url": False, "body": text}}
    return _send(session, number, content, "message.text_consent", (SERVICE, ""))


def _send(
    session: Session,
    number: Number,
    content: Json,
    words: str,
    what: tuple[str, str],
    to: str = "",
) -> ActionResult:
    """Asks for the recipient and the consent, sends once, and remembers how it went.

    `what` is the category and the template's name, "" for none.
    """
    category, template = what
    to = to or session.prompter.ask(
        Question("test_message.to", phrase("message.to_ask"), parse=phone.normalise, option="--to")
    )
    before = session.record.test_message
    if category == SERVICE:
        key = "open" if window_open(session, number, to) else "unseen"
        session.prompter.tell(f"message.window_{key}")
    charge = charge_of(session, number, to, category)
    values = {"services": charge.services or 0, "most": FREE_A_MONTH}
    session.prompter.tell(f"message.charge_{charge.reason}", **values)
    with session.acting():
        now = session.record.test_message
        if template and now != before and _same(now, number, to, template):
            session.prompter.tell("message.sent_there", to=phone.pretty(to))
            return AlreadySo()
        sent = _send_once(session, number, to, content, words, template)
    # News of it is awaited outside: another run need not wait as long.
    if sent.ok and session.listener is not None and session.listener.at is not None:
        return follow(session, PATIENCE_SECONDS)
    return sent


def _same(sent: TestMessage | None, number: Number, to: str, template: str) -> bool:
    """Whether this message is on its way. Meta may write the recipient without its 9 or 1."""
    return (
        sent is not None
        and sent.state not in ("failed", "no_message")
        and (sent.phone_number_id, sent.template) == (number.id, template)
        and sent.to.lstrip("+")[-8:] == to.lstrip("+")[-8:]
    )


def _send_once(
    session: Session, number: Number, to: str, content: Json, words: str, template: str
) -> ActionResult:
    text = phrase(words, to=phone.pretty(to), template=template, number=number.display)
    path = f"{number.id}/messages"
    consent = session.prompter.consent("message.sent", text, [f"POST /{path}  → {to}"])
    if consent is None:
        return Declined()
    # `to` with the plus: without it Meta puts the business's own country code in front.
    body = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": to, **content}
    try:
        answer = post(session, path, body, consent, "message.sending", wants="messages")
        sent = nodes(answer["messages"]) or [{}]
        wamid = text_of(sent[0].get("id"))
        if not wamid:
            raise Unavailable(ErrorKind.ODD, cause="not_confirmed")
    except Unavailable as error:
        result = refused(session, error)
        _remember_refusal(session, number, to, template, error)
        return result
    contact = (nodes(answer.get("contacts")) or [{}])[0]
    # wa_id is the recipient as WhatsApp knows it: Brazil drops a 9, Mexico a 1.
    reached = ident(contact.get("wa_id")) or to
    state = STATES.get(str(sent[0].get("message_status") or ""), "accepted")
    session.prompter.tell(f"message.{state}", to=reached)
    _remember(session, TestMessage(number.id, reached, wamid, session.stamp(), state, template))
    return Done() if state == "accepted" else Refused()


#: What Meta writes as message_status of an answer without an error → the state that is kept.
STATES = {"held_for_quality_assessment": "held", "paused": "paused"}


def _remember_refusal(
    session: Session, number: Number, to: str, template: str, error: Unavailable
) -> None:
    """Keeps what Meta refused, or answered without a message; a dead network says nothing."""
    kept = TestMessage(number.id, to, "", session.stamp(), "failed", template)
    if isinstance(error, GraphError):
        said = {"details": error.details, "message": error.message}
        _remember(session, replace(kept, code=error.code, subcode=error.subcode, **said))
    elif error.values.get("cause") == "not_confirmed":
        _remember(session, replace(kept, state="no_message"))


def sendable(templates: tuple[Template, ...], number: Number) -> list[Template]:
    """The approved templates without variables, that this number may send.

    `hello_world` is Meta's own and goes out from test numbers only (131058 elsewhere).
    """
    return [
        template
        for template in templates
        if template.name
        and template.status == "APPROVED"
        and not template.variables
        and (number.is_test_number or template.name != "hello_world")
    ]


def follow(session: Session, seconds: float) -> ActionResult:
    """Waits for what Meta delivers about the last message: delivered, read, or failed with a cause.

    Only a receiver can know: ours in this run, or one that writes to the same inbox. Refused when
    Meta reported that it failed; without news what was accepted stays Done.
    """
    message = session.record.test_message
    if session.listener is None or message is None or not message.wamid:
        return Done()
    with session.prompter.waiting(phrase("message.following")):
        status = session.listener.reader.wait_for_status(message.wamid, seconds)
    if status is None:
        session.prompter.tell("message.silent")
        return Done()
    _remember(
        session, replace(message, state=status.state, code=status.code, details=status.details)
    )
    if status.state == "failed":
        session.prompter.tell("message.failed_later")
        error = GraphError(
            ErrorKind.ODD,
            code=status.code,
            subcode=0,
            http=0,
            message=status.title,
            details=status.details,
            trace="",
        )
        return refused(session, error)
    if status.state in REACHED:
        session.prompter.tell("message.arrived")
    else:
        session.prompter.tell("message.under_way", state=status.state)
    return Done()


def _remember(session: Session, message: TestMessage) -> None:
    token = session.keys().access_token
    session.record.test_message = replace(message, token=fingerprint(token) if token else "")
    session.save()
    # Every screen and every program reads the verdict; a saved one must not say otherwise.
    for item_id in RESTS_ON_IT:
        before = session.record.verdicts.get(item_id)
        if item_id == "message.sent" or (before and before.status is Status.FAILED):
            look_again(session, item_id)


#: What the last send can put right besides message.sent itself, where it stood wrong.
RESTS_ON_IT = ("token.messaging", "account.terms", "account.payment", "message.sent")


def _choose(
    session: Session, templates: list[Template], again: TestMessage | None = None
) -> Template:
    """By name, then by language where it has several; the person's own comes first."""
    names = {template.name: template.text for template in templates}
    before = again.template if again and again.template in names else ""
    question = dataclasses.replace(WHICH, default=before, quiet=bool(before))
    choices = [Choice(name, f"{name} — {text}") for name, text in names.items()]
    name = session.prompter.choose(question, choices)
    same = [template for template in templates if template.name == name]
    own = next((t.language for t in same if t.language.startswith(session.language)), "")
    text = phrase("message.language_ask", template=name)
    own = own or same[0].language
    # Who reads this language reads the message; another one is named on the command line.
    question = Question("test_message.language", text, default=own, option="--language", quiet=True)
    choices = [Choice(template.language, template.language) for template in same]
    language = session.prompter.choose(question, choices)
    return next(template for template in same if template.language == language)


#: How long `delivered` is waited for: longer than Meta usually takes.
DELIVERY_SECONDS = 30.0
#: A handshake stands in the inbox a moment after it was answered; tenths of a second.
NOTED_TRIES = 5


@action("message.delivered/on_the_way")
def await_delivery(session: Session, facts: Facts) -> ActionResult:
    """Waits a moment for `delivered`, and remembers what came.

    Of a message that was sent before anything was received Meta tells nothing any more: with
    consent another one is sent.
    """
    if not can_receive(session):
        session.prompter.tell("webhook.nobody_hears")
        return Refused()
    sent, seen = session.record.test_message, session.record.verdicts
    if sent and any(name in seen and seen[name].since >= sent.at for name in RECEIVING):
        session.prompter.tell("message.before_receiving")
        return _send_plain(session, facts, again=sent)
    return follow(session, DELIVERY_SECONDS)


#: Without these nothing is delivered, also no news of a message.
RECEIVING = ("webhook.callback", "webhook.subscribed")


def can_receive(session: Session) -> bool:
    """Whether what Meta delivers comes to this inbox, by this run's receiver or in another window.

    The callback is asked as Meta would ask it; if it leads here, the handshake stands in the inbox.
    """
    listener = session.listener
    if listener is None or listener.at is not None:
        return listener is not None
    if not listener.reader.path.exists():
        return False
    before, facts = datetime.now(UTC), session.facts()
    facts.may_probe = True
    try:
        if not facts.handshake.ok:
            return False
    except Unavailable:
        return False
    for _ in range(NOTED_TRIES):
        if any(attempt.accepted for attempt in listener.reader.handshakes(since=before)):
            return True
        time.sleep(0.1)
    return False
