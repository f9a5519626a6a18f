"""What one thing that Meta delivered says: a pure function of its JSON, without words of ours.

`summarise` gives the key of a text in `ui/messages/events.yaml` with its values. A value is foreign
text, a `Word` (one of Meta's enums, for which there may be words of ours), a `Day`, another
Summary, or several of these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wizard.graph import Json
from wizard.webhook.summary import changes, messages
from wizard.webhook.summary.values import Day, MetaError, Summary, Word, errors_of, plain

__all__ = [
    "KINDS",
    "Day",
    "MetaError",
    "Summary",
    "Word",
    "errors_of",
    "kind_of",
    "plain",
    "summarise",
]

_KINDS: dict[str, Callable[[str, Json], Summary]] = {
    "message": messages.message,
    "echo": messages.message,
    "status": messages.status,
    "probe": messages.status,
    "call": changes.call,
    "group": changes.group,
    "preference": changes.preference,
    "history": changes.history,
    "account": changes.account,
    "number": changes.number,
    "template": changes.template,
    "error": changes.error_alone,
    "object": changes.wrong_object,
}
#: What `events --kind` may be asked for; a delivery of this tool's own probe is none of Meta's.
KINDS = (*(kind for kind in _KINDS if kind != "probe"), "flow", "other")

#: How the name of a field begins → what kind of event it brings.
_FIELDS = {
    "account_": "account",
    "business_": "account",
    "partner_": "account",
    "payment_": "account",
    "message_template_": "template",
    "template_": "template",
    "phone_number_": "number",
    "security": "number",
    "calls": "call",
    "group_": "group",
    "history": "history",
    "smb_app_state_sync": "history",
    "smb_message_echoes": "echo",
    "message_echoes": "echo",
    "user_preferences": "preference",
    "flows": "flow",
}


def kind_of(name: str) -> str:
    """The kind of what a field delivers as a whole."""
    return next((kind for start, kind in _FIELDS.items() if name.startswith(start)), "other")


def summarise(kind: str, name: str, content: Json) -> Summary:
    """The summary of one event of this kind, delivered in the field `name`."""
    found = _KINDS.get(kind, changes.other)(name, content)
    errors = errors_of({"errors": [content]} if kind == "error" else content)
    codes = ",".join(str(error.code) for error in errors if error.code)
    return replace(found, reason=found.reason or codes, bad=found.bad or bool(codes))
