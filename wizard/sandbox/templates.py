"""Message templates of a WABA."""

from __future__ import annotations

import re

from wizard.sandbox.access import need_account
from wizard.sandbox.call import Answer, Call
from wizard.sandbox.fields import Kind, plain, read_many
from wizard.sandbox.refusals import Refused, bad_parameter, missing_parameter, whatsapp

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


def create(call: Call, account: Answer) -> Answer:
    """POST /{waba}/message_templates: Meta reviews it before it may be sent."""
    need_account(call, account)
    made: Answer = {"id": call.world.fresh_id(), "status": "PENDING"}
    for name in ("name", "language", "category"):
        made[name] = call.text(name)
        if not made[name]:
            raise missing_parameter(name)
    there = account.setdefault("templates", {})
    if any((t["name"], t["language"]) == (made["name"], made["language"]) for t in there.values()):
        raise Refused(
            100,
            "(#100) Invalid parameter",
            subcode=2388024,
            title="Content in this language already exists",
            user_message="There is already content of this template in this language.",
        )
    there[made["id"]] = {**made, "components": call.params.get("components", [])}
    return {name: made[name] for name in ("id", "status", "category")}


def delete(call: Call, account: Answer) -> Answer:
    """DELETE /{waba}/message_templates: by name in every language, or one of them by hsm_id."""
    need_account(call, account)
    name, one = call.text("name"), call.text("hsm_id")
    kept = {
        key: template
        for key, template in account.get("templates", {}).items()
        if template["name"] != name or (one and template["id"] != one)
    }
    if len(kept) == len(account.get("templates", {})):
        raise bad_parameter("Message template not found")
    account["templates"] = kept
    return {"success": True}


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
