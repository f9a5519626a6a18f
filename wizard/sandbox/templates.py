"""Message templates: created, reviewed within seconds, edited within limits, deleted, and sent.

Sources: Meta's pages on template management, components and review (September 2026), and what
integrators show of answers: types in capitals, a plus before telephone numbers, Meta's own copy
of a header's sample, and a one-time password as a link.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator
from typing import Any

from wizard.sandbox.access import need_messaging_account
from wizard.sandbox.call import Answer, Call, Kind, plain, read_many
from wizard.sandbox.world import (
    DAY,
    Refused,
    World,
    bad_parameter,
    missing_parameter,
    not_visible,
)

VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
CATEGORIES = ("AUTHENTICATION", "MARKETING", "UTILITY")
MEDIA = ("IMAGE", "VIDEO", "GIF", "DOCUMENT")
EDITABLE = ("APPROVED", "REJECTED", "PAUSED")
#: Seconds until a review ends, where the world says nothing.
REVIEW = 2
#: A deleted name stays taken; an approved template may be edited once a day, ten times a month.
GONE, EDITS_A_DAY, EDITS_A_MONTH = 30 * DAY, 1, 10
MOST = 250

TEMPLATE = Kind(
    "WhatsAppMessageTemplate",
    {
        **plain(
            "name language status category components quality_score rejected_reason "
            "previous_category correct_category sub_category message_send_ttl_seconds "
            "cta_url_link_tracking_opted_out library_template_name degrees_of_freedom_spec"
        ),
        "parameter_format": lambda _, node: node.get("parameter_format", "POSITIONAL"),
    },
    ("name", "parameter_format", "components", "language", "status", "category", "id"),
    {},
)


def templates(call: Call, account: Answer) -> Answer:
    """GET /{waba}/message_templates, filtered by every parameter that Meta's page names."""
    need_messaging_account(call, account)
    settle(call.world, account)
    every = list(account.get("templates", {}).values())
    found = every
    for name in ("name", "status", "category", "language"):
        wanted = {value.upper() for value in call.listed(name)}
        found = [t for t in found if not wanted or t[name].upper() in wanted]
    if wanted := {value.upper() for value in call.listed("quality_score")}:
        found = [t for t in found if _quality(t) in wanted]
    # Texts are looked for in letters of any size, as a search field does.
    content, either = call.text("content").lower(), call.text("name_or_content").lower()
    found = [t for t in found if content in _words_of(t)]
    found = [t for t in found if either in t["name"].lower() or either in _words_of(t)]
    answer = read_many(call, TEMPLATE, found, TEMPLATE.default)
    if asked := call.listed("summary"):
        answer["summary"] = _summary(asked, len(found), len(every), account)
    return answer


def _quality(template: Answer) -> str:
    return str((template.get("quality_score") or {}).get("score", "UNKNOWN")).upper()


def _words_of(template: Answer) -> str:
    parts = template.get("components") or []
    return "\n".join(str(part.get("text", "")) for part in parts).lower()


def _summary(asked: list[str], total: int, every: int, account: Answer) -> Answer:
    known = {
        "total_count": total,
        "message_template_count": every,
        "message_template_limit": account.get("template_limit", MOST),
        "are_translations_complete": True,
    }
    if asked[0] in ("true", "1"):
        return {"total_count": total}
    return {name: known[name] for name in asked if name in known}


def create(call: Call, account: Answer) -> Answer:
    """POST /{waba}/message_templates: Meta reviews it before it may be sent."""
    need_messaging_account(call, account)
    settle(call.world, account)
    made: Answer = {"id": call.world.fresh_id(), "status": "PENDING"}
    for name in ("name", "language", "category"):
        made[name] = call.text(name)
        if not made[name]:
            raise missing_parameter(name)
    _refuse_place(call, account, made)
    made |= _content(call, made)
    account.setdefault("templates", {})[made["id"]] = made
    _submit(call, account, made)
    return {name: made[name] for name in ("id", "status", "category")}


def _refuse_place(call: Call, account: Answer, made: Answer) -> None:
    there = account.get("templates", {}).values()
    if not re.fullmatch(r"[a-z0-9_]{1,512}", made["name"]):
        raise bad_parameter("Param name must match ^[a-z0-9_]+$")
    if any((t["name"], t["language"]) == (made["name"], made["language"]) for t in there):
        raise _refused(
            2388024,
            "Content in this language already exists",
            "There is already content of this template in this language.",
        )
    if account.get("template_names_gone", {}).get(made["name"], 0) > call.world.now():
        raise _refused(
            2388023,
            "The message template language is being deleted",
            "New content cannot be added while the existing content is being deleted. Try again "
            "in 4 weeks or create a new message template.",
        )
    if len(there) >= account.get("template_limit", MOST):
        raise _refused(2388019, "Message template limit reached", "Delete templates first.")


def _refused(subcode: int, title: str, words_of_it: str) -> Refused:
    return Refused(
        100, "(#100) Invalid parameter", subcode=subcode, title=title, user_message=words_of_it
    )


def _content(call: Call, made: Answer) -> Answer:
    """What a request says of a template, as Meta shows it from then on."""
    category = call.text("category", made["category"]).upper()
    if category not in CATEGORIES:
        raise bad_parameter("Param category must be one of {AUTHENTICATION, MARKETING, UTILITY}")
    found: Answer = {"category": category}
    style = call.text("parameter_format", made.get("parameter_format", "POSITIONAL")).upper()
    for name in ("message_send_ttl_seconds", "cta_url_link_tracking_opted_out", "sub_category"):
        if name in call.params:
            found[name] = call.params[name]
    if "components" in call.params or "components" not in made:
        parts = _listed(call.params.get("components", []))
        _refuse_parts(parts, category)
        found["components"] = [_shown(part, made["id"]) for part in parts]
    return found | {"parameter_format": style}


def _listed(value: Any) -> list[Answer]:
    """A list of mappings; forms send it as text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise bad_parameter("Param components must be an array") from None
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise bad_parameter("Param components must be an array")
    return value


def kind_of(part: Answer) -> str:
    """The type of a component or button, in capitals."""
    return str(part.get("type", "")).upper()


def _refuse_parts(parts: list[Answer], category: str) -> None:
    body = next((part for part in parts if kind_of(part) == "BODY"), None)
    if body is None or (not body.get("text") and category != "AUTHENTICATION"):
        raise bad_parameter("Message template must have a body component")
    text = str(body.get("text", "")).strip()
    if re.match(r"\{\{", text) or text.endswith("}}"):
        raise _refused(
            2388299,
            "Leading or trailing params not allowed",
            "Variables can't be at the start or end of the template.",
        )
    for part in parts:
        _refuse_part(part)


def _refuse_part(part: Answer) -> None:
    kind, text = kind_of(part), str(part.get("text", ""))
    example = part.get("example") or {}
    if kind in ("HEADER", "BODY") and VARIABLE.search(text) and not example:
        raise _refused(
            2388043,
            "Missing sample parameter",
            "Message template components param is missing expected field(s): example.",
        )
    if kind != "HEADER":
        return
    if re.search(r"[\n*]", text):
        raise _refused(
            2388072,
            "Invalid header",
            "The message header can't have any new lines, formatting characters, emojis or "
            "asterisks.",
        )
    handles = example.get("header_handle") if isinstance(example, dict) else None
    if str(part.get("format", "")).upper() in MEDIA and (
        not handles or str(handles[0]).startswith("http")
    ):
        raise bad_parameter("Param example['header_handle'] must be an uploaded media handle")


def _shown(part: Answer, template_id: str) -> Answer:
    kind = kind_of(part)
    shown = {**part, "type": kind}
    if "format" in part or kind == "HEADER":
        shown["format"] = str(part.get("format", "TEXT")).upper()
    if shown.get("format") in MEDIA:
        link = f"https://scontent.whatsapp.net/v/t61.29466-34/{template_id}_n.jpg?ccb=1-7"
        shown["example"] = {"header_handle": [link]}
    minutes = part.get("code_expiration_minutes")
    if kind == "BODY" and not part.get("text"):
        advice = " For your security, do not share this code."
        said = "*{{1}}* is your verification code."
        shown["text"] = said + (advice if part.get("add_security_recommendation") else "")
        shown["example"] = {"body_text": [["123456"]]}
    if kind == "FOOTER" and minutes:
        shown["text"] = f"This code expires in {minutes} minutes."
    if kind == "BUTTONS":
        shown["buttons"] = [_shown_button(button) for button in part.get("buttons", [])]
    if kind == "CAROUSEL":
        shown["cards"] = [
            {"components": [_shown(inner, template_id) for inner in card.get("components", [])]}
            for card in part.get("cards", [])
        ]
    return shown


def _shown_button(button: Answer) -> Answer:
    kind = kind_of(button)
    shown = {**button, "type": kind}
    if kind == "PHONE_NUMBER":
        shown["phone_number"] = "+" + str(button.get("phone_number", "")).lstrip("+")
    if kind == "COPY_CODE":
        shown |= {"text": "Copy offer code", "example": [button.get("example")]}
    if kind == "URL" and "example" in button and "{{" in str(button.get("url")):
        sample = str(next(iter(button["example"]), ""))
        whole = sample if "://" in sample else VARIABLE.sub(lambda _: sample, button["url"])
        shown["example"] = [whole]
    if kind == "OTP":
        otp = str(button.get("otp_type", "")).upper()
        link = f"https://www.whatsapp.com/otp/code/?otp_type={otp}&code=otp"
        text = button.get("text", "Copy code")
        kept = {k: v for k, v in button.items() if k not in ("otp_type", "type", "text")}
        shown = {"type": "URL", "text": text, "url": link + "{{1}}", **kept}
        shown["example"] = [link + "123456"]
    return shown


def edit(call: Call, template: Answer) -> Answer:
    """POST /{template}: category, components or time to live, within Meta's limits."""
    account = account_of(call, template)
    need_messaging_account(call, account)
    settle(call.world, account)
    if template["status"] not in EDITABLE:
        raise _not_editable("Only approved, rejected or paused templates can be edited.")
    asked = call.text("category", template["category"]).upper()
    if template["status"] == "APPROVED" and asked != template["category"]:
        raise _not_editable("The category of an approved template cannot be changed.")
    now = call.world.now()
    if template["status"] == "APPROVED":
        edits = [moment for moment in template.get("edits", []) if moment > now - 30 * DAY]
        today = [moment for moment in edits if moment > now - DAY]
        if len(today) >= EDITS_A_DAY or len(edits) >= EDITS_A_MONTH:
            raise _not_editable("You can edit an approved template once in 24 hours.")
        template["edits"] = [*edits, now]
    template |= _content(call, template)
    _submit(call, account, template)
    # Meta's page shows `success` alone; what integrators read has these too.
    return {"success": True} | {name: template[name] for name in ("id", "name", "category")}


def _not_editable(why: str) -> Refused:
    return Refused(
        100,
        "(#100) Invalid parameter",
        title="Message template cannot be edited",
        user_message=why,
    )


def delete(call: Call, account: Answer) -> Answer:
    """DELETE /{waba}/message_templates: by name in every language, by hsm_id, or by hsm_ids."""
    need_messaging_account(call, account)
    settle(call.world, account)
    name, ids = call.text("name"), set(call.listed("hsm_ids") or call.listed("hsm_id"))
    there = account.get("templates", {})
    going = {
        key: template
        for key, template in there.items()
        if (not ids or template["id"] in ids) and (not name or template["name"] == name)
    }
    if not (name or ids) or not going:
        raise bad_parameter("Message template not found")
    if any(template["status"] == "DISABLED" for template in going.values()):
        raise bad_parameter("A disabled message template cannot be deleted")
    gone = account.setdefault("template_names_gone", {})
    for template in going.values():
        if template["status"] == "APPROVED":
            gone[template["name"]] = call.world.now() + GONE
    account["templates"] = {key: t for key, t in there.items() if key not in going}
    return {"success": True}


def find(world: World, template_id: str) -> Answer | None:
    """The template of an id, of whatever account."""
    for account in world["accounts"].values():
        for template in account.get("templates", {}).values():
            if template["id"] == template_id:
                settle(world, account)
                found: Answer = template
                return found
    return None


def account_of(call: Call, template: Answer) -> Answer:
    """The account that holds a template."""
    for account in call.world["accounts"].values():
        if any(one is template for one in account.get("templates", {}).values()):
            found: Answer = account
            return found
    raise not_visible(call.method, template["id"])


def _submit(call: Call, account: Answer, template: Answer) -> None:
    world = call.world
    template["status"] = "PENDING"
    template.pop("then", None)
    usual = world["graph"].get("template_review", {}).get("seconds", REVIEW)
    seconds = _outcome(world, template).get("seconds", usual)
    template["reviewed_at"] = world.now() + seconds
    call.delivery.template_submitted(account["id"], seconds)


def _outcome(world: World, template: Answer) -> Answer:
    """What the world says of the review of this name."""
    names = world["graph"].get("template_review", {}).get("names", {})
    found = (new for name, new in names.items() if fnmatch.fnmatch(template["name"], name))
    return dict(next(found, {}))


def settle(world: World, account: Answer) -> None:
    """Ends the reviews whose time has come, as the world says for these names.

    What Meta does by itself later (`then`: a pause by quality, another category) comes after so
    many seconds of its own. What is to be delivered of it stands in `template_news`.
    """
    for template in account.get("templates", {}).values():
        if template.get("reviewed_at", world.now() + 1) > world.now():
            continue
        before = dict(template)
        del template["reviewed_at"]
        _become(world, template, template.pop("then", None))
        account.setdefault("template_news", []).extend(_news(before, template))


def _become(world: World, template: Answer, later: Answer | None) -> None:
    reviewed: Answer = {"status": "APPROVED", "rejected_reason": "NONE"}
    found = later or reviewed | _outcome(world, template)
    found.pop("seconds", 0)
    if then := found.pop("then", None):
        template |= {"then": dict(then), "reviewed_at": world.now() + then.get("seconds", 0)}
    if found.get("category", template["category"]) != template["category"]:
        template["previous_category"] = template["category"]
    template |= found


def _news(before: Answer, after: Answer) -> Iterator[Answer]:
    """What Meta delivers of a change, by the field it is subscribed with."""
    named = {
        "message_template_id": int(after["id"]),
        "message_template_name": after["name"],
        "message_template_language": after["language"],
    }
    if before["status"] != after["status"]:
        reason = after.get("rejected_reason") or "NONE"
        value = {"event": after["status"], **named, "reason": reason}
        if after["status"] == "PAUSED":
            value["other_info"] = {"title": "FIRST_PAUSE", "description": "Low quality"}
        yield {"field": "message_template_status_update", "value": value}
    if before["category"] != after["category"]:
        moved = {"previous_category": before["category"], "new_category": after["category"]}
        yield {"field": "template_category_update", "value": {**named, **moved}}
    if _quality(before) != _quality(after):
        scores = {"previous_quality_score": _quality(before), "new_quality_score": _quality(after)}
        yield {"field": "message_template_quality_update", "value": {**scores, **named}}
