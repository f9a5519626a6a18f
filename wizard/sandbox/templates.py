"""Message templates of a WABA."""

from __future__ import annotations

import re

from wizard.sandbox.access import need_account
from wizard.sandbox.call import Answer, Call
from wizard.sandbox.fields import Kind, plain, read_many
from wizard.sandbox.refusals import whatsapp

_VARIABLE = re.compile(r"\{\{\s*\w+\s*\}\}")

TEMPLATE = Kind(
    "WhatsAppMessageTemplate",
    plain(
        "name language status category components quality_score rejected_reason "
        "previous_category parameter_format"
    ),
    ("name", "components", "language", "status", "category", "id"),
    {},
)


def templates(call: Call, account: Answer) -> Answer:
    """GET /{waba}/message_templates, filtered by name, status, category and language."""
    need_account(call, account)
    found = list(account.get("templates", {}).values())
    for name in ("name", "status", "category", "language"):
        wanted = {value.upper() for value in call.listed(name)}
        found = [t for t in found if not wanted or t[name].upper() in wanted]
    return read_many(call, TEMPLATE, found, TEMPLATE.default)


def for_sending(account: Answer, number: Answer, asked: Answer) -> Answer:
    """The template a message names, or the refusal that Meta answers with."""
    name = str(asked.get("name", ""))
    language = str((asked.get("language") or {}).get("code", ""))
    for template in account.get("templates", {}).values():
        if (template["name"], template["language"]) != (name, language):
            continue
        _refuse_unusable(template, number)
        _refuse_wrong_count(template, asked)
        found: Answer = template
        return found
    raise whatsapp(
        132001,
        "Template name does not exist in the translation",
        f"template name ({name}) does not exist in {language}",
    )


def _refuse_unusable(template: Answer, number: Answer) -> None:
    if template.get("test_numbers_only") and not number.get("test_number"):
        raise whatsapp(
            131058, "Hello World templates can only be sent from the Public Test Numbers"
        )
    status = template["status"]
    if status == "PAUSED":
        raise whatsapp(132015, "Template is paused", "Template is paused due to low quality")
    if status == "DISABLED":
        raise whatsapp(132016, "Template is disabled", "Template was paused too many times")
    if status != "APPROVED":
        raise whatsapp(
            132001,
            "Template name does not exist in the translation",
            f"template name ({template['name']}) is not approved in {template['language']}",
        )


def _refuse_wrong_count(template: Answer, asked: Answer) -> None:
    expected = sum(
        len(_VARIABLE.findall(part.get("text", ""))) for part in template.get("components", [])
    )
    given = sum(len(part.get("parameters", [])) for part in asked.get("components") or [])
    if expected != given:
        raise whatsapp(
            132000,
            "Number of parameters does not match the expected number of params",
            f"body: number of localizable_params ({given}) does not match the expected number of "
            f"params ({expected})",
        )
