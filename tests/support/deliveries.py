"""Deliveries as Meta makes them: the shapes of its documentation, signed as it signs."""

import hashlib
import hmac
import http.client
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

Content = dict[str, Any]

SECRET = "0123456789abcdef0123456789abcdef"
NUMBER, WABA = "106540352242922", "102290129340398"


def envelope(value: Content, field: str = "messages", waba: str = WABA) -> Content:
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": waba, "changes": [{"value": value, "field": field}]}],
    }


def value(number: str = NUMBER, **more: Any) -> Content:
    metadata = {"display_phone_number": "15550783881", "phone_number_id": number}
    return {"messaging_product": "whatsapp", "metadata": metadata, **more}


def text(
    wamid: str = "wamid.1",
    body: str = "Здравствуйте!",
    sender: str = "79161234567",
    at: str = "1749416383",
) -> Content:
    return {"from": sender, "id": wamid, "timestamp": at, "type": "text", "text": {"body": body}}


def incoming(*messages: Content, number: str = NUMBER, waba: str = WABA) -> Content:
    contacts = [{"profile": {"name": "Анна"}, "wa_id": messages[0].get("from", "")}]
    return envelope(value(number, contacts=contacts, messages=list(messages)), waba=waba)


def status(
    wamid: str = "wamid.out", state: str = "delivered", at: str = "1749416400", **more: Any
) -> Content:
    one = {"id": wamid, "status": state, "timestamp": at, "recipient_id": "79161234567", **more}
    return envelope(value(statuses=[one]))


def dashboard_test() -> Content:
    """What the Test button of Meta's dashboard sends."""
    message = text("ABGGFlA5Fpa", "this is a text message", "16315551181", "1504902988")
    return incoming(message, number="123456123", waba="0")


def encode(content: bytes | Mapping[str, Any]) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content).encode()


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"Content-Type": "application/json", "X-Hub-Signature-256": signature(body, secret)}


def deliver(
    port: int,
    content: bytes | Mapping[str, Any],
    *,
    path: str = "/webhook",
    secret: str = SECRET,
    **changed: str | None,
) -> int:
    """The status of one POST; `changed` headers replace the right ones, None leaves one out."""
    body = encode(content)
    sent = {**headers(body, secret)} | {name.replace("_", "-"): v for name, v in changed.items()}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", path, body, {name: v for name, v in sent.items() if v})
        return connection.getresponse().status
    finally:
        connection.close()


def specification() -> dict[str, Any]:
    """Meta's own examples by name, from the OpenAPI file that META_OPENAPI names; else a skip."""
    named = os.environ.get("META_OPENAPI", "")
    if not named or not Path(named).is_file():
        pytest.skip("META_OPENAPI names no file: set it to Meta's OpenAPI specification")
    content = yaml.load(Path(named).read_text("utf-8"), yaml.CSafeLoader)
    post = content["paths"]["/whatsapp/webhooks"]["post"]
    examples = post["requestBody"]["content"]["application/json"]["examples"]
    return {name: example["value"] for name, example in examples.items()}
