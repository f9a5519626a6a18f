"""The test message: an approved template of this WABA, to a number the person can look at."""

from __future__ import annotations

from dataclasses import replace

from wizard.checks.message import REACHED
from wizard.desk import Desk
from wizard.facts import Facts, Number, Template
from wizard.graph import GraphError, Json
from wizard.repairs.registry import repair
from wizard.state.record import TestMessage
from wizard.talk import Choice, Question
from wizard.text import phone
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import phrase

#: How long news of a message is waited for; it usually comes within a second or two.
PATIENCE_SECONDS = 20.0


@repair("message.sent")
def send_test(desk: Desk, facts: Facts) -> None:
    """Offers the approved templates that need no values, says the rules before, and sends one."""
    number = facts.number
    templates = sendable(facts.templates, number)
    if not templates:
        desk.talk.say("message.no_plain_template")
        return
    template = _choose(desk, templates)
    if number.is_test_number:
        desk.talk.say("message.test_number_rule")
    question = Question(
        "test_message.to", phrase("message.to_ask"), mend=phone.normalise, option="--to"
    )
    to = desk.talk.ask(question)
    consent = phrase(
        "message.consent", to=phone.pretty(to), template=template.name, number=number.display
    )
    if not desk.talk.consent("message.sent", consent, [f"POST /{number.id}/messages  → {to}"]):
        return
    send_template(desk, number, template, to)


def send_text(desk: Desk, number: Number, text: str) -> bool:
    """A free text; Meta takes it only within 24 hours of the recipient's last message (131047)."""
    to = desk.talk.ask(
        Question("test_message.to", phrase("message.to_ask"), mend=phone.normalise, option="--to")
    )
    consent = phrase("message.text_consent", to=phone.pretty(to), number=number.display)
    if not desk.talk.consent("message.sent", consent, [f"POST /{number.id}/messages  → {to}"]):
        return False
    body = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to,
        "type": "text",
        "text": {"preview_url": False, "body": text},
    }
    return send(desk, number, body, to)


def sendable(templates: tuple[Template, ...], number: Number) -> list[Template]:
    """The approved templates without variables, that this number may send.

    `hello_world` is Meta's own and goes out from test numbers only (131058 elsewhere).
    """
    return [
        template
        for template in templates
        if not template.variables and (number.is_test_number or template.name != "hello_world")
    ]


def send_template(desk: Desk, number: Number, template: Template, to: str) -> bool:
    """Sends it once; the result, good or bad, is remembered. True when Meta accepted it."""
    body = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        # With the plus: without it Meta puts the business's own country code in front.
        "to": to,
        "type": "template",
        "template": {"name": template.name, "language": {"code": template.language}},
    }
    return send(desk, number, body, to, template.name)


def send(desk: Desk, number: Number, body: Json, to: str, template: str = "") -> bool:
    """Posts one message, never twice, and remembers how it went."""
    try:
        with desk.talk.wait(phrase("message.sending")):
            answer = desk.graph().post(f"{number.id}/messages", body)
    except Unavailable as error:
        if isinstance(error, GraphError):
            failed = TestMessage(number.id, to, "", desk.stamp(), "failed", template)
            _remember(desk, replace(failed, code=error.code, details=error.details))
        desk.talk.show_error(error)
        return False
    contact = (answer.get("contacts") or [{}])[0]
    sent = (answer.get("messages") or [{}])[0]
    # wa_id is the recipient as WhatsApp knows it: Brazil drops a 9, Mexico a 1.
    reached = str(contact.get("wa_id") or to)
    message = TestMessage(
        number.id, reached, str(sent.get("id", "")), desk.stamp(), "accepted", template
    )
    _remember(desk, message)
    desk.talk.say("message.accepted", to=reached)
    if desk.listener is not None and desk.listener.at is not None:
        follow(desk, PATIENCE_SECONDS)
    return True


def follow(desk: Desk, seconds: float) -> None:
    """Waits for what Meta delivers about the last message: delivered, read, or failed with a cause.

    Only a receiver hears it, ours in this run or one that writes to the same inbox.
    """
    message = desk.record.test_message
    if desk.listener is None or message is None or not message.wamid:
        return
    with desk.talk.wait(phrase("message.following")):
        status = desk.listener.reader.wait_for_status(message.wamid, seconds)
    if status is None:
        desk.talk.say("message.silent")
        return
    heard = replace(message, state=status.state, code=status.code, details=status.details)
    _remember(desk, heard)
    if status.state == "failed":
        desk.talk.say("message.failed_later")
        desk.talk.show_error(
            GraphError(
                ErrorKind.ODD,
                code=status.code,
                subcode=0,
                http=0,
                message=status.title,
                details=status.details,
                trace="",
            )
        )
    elif status.state in REACHED:
        desk.talk.say("message.arrived")
    else:
        desk.talk.say("message.under_way", state=status.state)


def _remember(desk: Desk, message: TestMessage) -> None:
    desk.record.test_message = message
    desk.save()


def _choose(desk: Desk, templates: list[Template]) -> Template:
    """By name, then by language where it has several; the person's own comes first."""
    names = {template.name: template.text for template in templates}
    question = Question(
        "test_message.template", phrase("message.template_ask"), option="--template"
    )
    name = _pick(desk, question, [Choice(n, f"{n} — {text}") for n, text in names.items()])
    same = [template for template in templates if template.name == name]
    own = next((t.language for t in same if t.language.startswith(desk.language)), "")
    text = phrase("message.language_ask", template=name)
    question = Question("test_message.language", text, default=own, option="--language")
    language = _pick(desk, question, [Choice(t.language, t.language) for t in same])
    return next(template for template in same if template.language == language)


def _pick(desk: Desk, question: Question, choices: list[Choice]) -> str:
    return choices[0].value if len(choices) == 1 else desk.talk.choose(question, choices)
