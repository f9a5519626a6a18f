"""Bodies of webhooks of the object whatsapp_business_account (2026 shapes)."""

from __future__ import annotations

import time

from wizard.sandbox.call import Answer
from wizard.sandbox.messages import digits_of

#: Failures that come by webhook alone: code → (title, details).
LATER = {
    131026: ("Message undeliverable", "Message Undeliverable."),
    131042: (
        "Business eligibility payment issue",
        "Message failed to send because there were one or more errors related to your payment "
        "method.",
    ),
}


def envelope(account_id: str, value: Answer) -> Answer:
    """One change of the field `messages`."""
    change = {"value": value, "field": "messages"}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": account_id, "changes": [change]}],
    }


def inbound(number: Answer, sender: Answer, wamid: str, text: str, more: Answer) -> Answer:
    """A message of a person. `more` replaces parts of it: another type, other content.

    A sender with `hides_number` comes with her user id (BSUID) alone, as since April 2026.
    """
    user_id = sender.get("user_id", f"US.{sender['wa_id']}0001")
    contact: Answer = {"profile": {"name": sender.get("name", "")}, "user_id": user_id}
    message: Answer = {
        "from_user_id": user_id,
        "id": wamid,
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": text},
    }
    if not sender.get("hides_number"):
        contact["wa_id"] = message["from"] = sender["wa_id"]
    if more.get("type", "text") != "text":
        del message["text"]
    return {**_head(number), "contacts": [contact], "messages": [{**message, **more}]}


def status(number: Answer, wamid: str, message: Answer, stage: str, code: int) -> Answer:
    """One status of a message that was sent; `code` says why it failed."""
    line: Answer = {
        "id": wamid,
        "status": stage,
        "timestamp": str(int(time.time())),
        "recipient_id": message["to"],
        "pricing": {
            "billable": True,
            "pricing_model": "PMP",
            "type": "regular",
            "category": message["category"],
        },
    }
    if code:
        del line["pricing"]
        title, details = LATER[code]
        line["errors"] = [
            {"code": code, "title": title, "message": title, "error_data": {"details": details}}
        ]
    contact = {"wa_id": message["to"], "user_id": f"US.{message['to']}0001"}
    return {**_head(number), "contacts": [contact], "statuses": [line]}


def test_event() -> Answer:
    """What the dashboard's Test button sends: nobody's number, nobody's message."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "16505551111", "phone_number_id": "123456123"},
        "contacts": [{"profile": {"name": "test user name"}, "wa_id": "16315551181"}],
        "messages": [
            {
                "from": "16315551181",
                "id": "ABGGFlA5Fpa",
                "timestamp": "1504902988",
                "type": "text",
                "text": {"body": "this is a text message"},
            }
        ],
    }
    return envelope("0", value)


def _head(number: Answer) -> Answer:
    return {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": digits_of(number["display_phone_number"]),
            "phone_number_id": number["id"],
        },
    }
