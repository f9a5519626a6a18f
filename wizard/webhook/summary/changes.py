"""What anything else says: calls, groups, the account, its numbers, its templates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wizard.facts.json_values import moment, node, nodes
from wizard.graph import Json
from wizard.webhook.summary.values import Day, Shown, Summary, Word, errors_of, plain

# Calls, groups, preferences, and what a phone app in coexistence hands over.


def call(_: str, content: Json) -> Summary:
    """A call of a person, or to one."""
    event = plain(content.get("event")) or plain(content.get("status"))
    ended = plain(content.get("status")) if event == "terminate" else ""
    if event == "connect" and plain(content.get("direction")) == "USER_INITIATED":
        return Summary("call", {"event": Word("incoming")}, event)
    if ended:
        seconds = plain(content.get("duration")) or "0"
        shown = {"event": Word(f"call_{ended}"), "seconds": seconds}
        return Summary("call_ended", shown, event, ended)
    return Summary("call", {"event": Word(f"call_{event}")}, event)


def group(name: str, content: Json) -> Summary:
    """A group that was made, changed or left."""
    event = plain(content.get("type")) or name
    # Meta's own example of removed people bears the type of a new group.
    if name == "group_participants_update":
        event = event if "group_participants" in event or "join" in event else name
    counts = {
        key: str(len(nodes(content.get(f"{key}_participants"))))
        for key in ("added", "removed")
        if nodes(content.get(f"{key}_participants"))
    }
    subject = plain(content.get("subject")) or plain(content.get("group_id")) or "?"
    parts = tuple(Summary(f"people_{key}", {"count": count}) for key, count in counts.items())
    shown: dict[str, Shown] = {"event": Word(event), "group": subject, "people": parts}
    return Summary("group_people" if parts else "group", shown, event, plain(content.get("reason")))


def preference(_: str, content: Json) -> Summary:
    """What a person wants no more of, or again."""
    value, category = plain(content.get("value")), plain(content.get("category"))
    shown = {"category": Word(category or "?"), "value": Word(f"marketing_{value}")}
    said = plain(content.get("detail"))
    return Summary("preference", shown, value or category, category, text=said)


def history(name: str, content: Json) -> Summary:
    """What the phone app of a number in coexistence hands over."""
    if name == "smb_app_state_sync":
        rows = nodes(_value(content).get("state_sync"))
        actions = [plain(row.get("action")) for row in rows]
        removed = sum(action == "remove" for action in actions)
        shown = {"added": str(len(actions) - removed), "removed": str(removed)}
        return Summary("contacts_sync", shown, name)
    about = node(content.get("metadata"))
    if not about:
        return Summary("history_declined" if errors_of(content) else "history_more", {}, name)
    count = sum(len(nodes(thread.get("messages"))) for thread in nodes(content.get("threads")))
    shown = {key: plain(about.get(key)) or "?" for key in ("phase", "chunk_order", "progress")}
    return Summary("history", {**shown, "count": str(count)}, name)


# The account, its numbers and its templates: the event is in `value`.


def _value(content: Json) -> Json:
    return node(content.get("value"))


def account(name: str, content: Json) -> Summary:
    """What happened to the account."""
    value = _value(content)
    event = plain(value.get("event")) or plain(value.get("decision")) or name
    known = _ACCOUNT.get(event) or _ACCOUNT.get(name)
    found = known(value) if known else _named(name, value)
    return replace(found, event=event)


def _restricted(value: Json) -> Summary:
    """What may not be done, until when, and for what; of the account, or of one number."""
    rows = nodes(value.get("restriction_info")) or nodes(value.get("restrictions"))
    violation = plain(node(value.get("violation_info")).get("violation_type"))
    types = [plain(row.get("restriction_type")) for row in rows]
    parts: list[Shown] = [Word(violation)] if violation else []
    for row, kind in zip(rows, types, strict=True):
        until = moment(row.get("expiration"))
        said: Shown = Word(kind)
        parts.append(Summary("until", {"what": said, "day": Day(until)}) if until else said)
    reason = ",".join(filter(None, (violation, *types)))
    return _of_number(value, "restricted", {"why": tuple(parts) or "?"}, reason)


def _of_number(value: Json, key: str, shown: dict[str, Shown], reason: str = "") -> Summary:
    number = _phone(value)
    if not number:
        return Summary(f"{key}_account", shown, reason=reason, bad=True)
    return Summary(f"{key}_number", {**shown, "number": number}, reason=reason, bad=True)


def _phone(value: Json) -> str:
    number = plain(value.get("display_phone_number")) or plain(value.get("phone_number"))
    return f"+{number}" if number.isdecimal() else number


def _violation(value: Json) -> Summary:
    kind = plain(node(value.get("violation_info")).get("violation_type"))
    return _of_number(value, "violation", {"why": Word(kind or "?")}, kind)


def _disabled(value: Json) -> Summary:
    about = node(value.get("ban_info"))
    state, date = plain(about.get("waba_ban_state")), plain(about.get("waba_ban_date"))
    shown: dict[str, Shown] = {"state": Word(state or "DISABLE"), "date": date}
    key = "disabled_on" if date else "disabled"
    return Summary(key, shown, reason=state, bad=state != "REINSTATE")


def _left(value: Json) -> Summary:
    about = node(value.get("disconnection_info"))
    why, who = plain(about.get("reason")), plain(about.get("initiated_by"))
    shown = {"why": Word(why), "who": Word(f"by_{who}")}
    key = "partner_removed_why" if why else "partner_removed"
    return Summary(key, shown, reason=why, bad=True)


def _review(value: Json) -> Summary:
    decision = plain(value.get("decision"))
    shown = {"decision": Word(decision)}
    return Summary("review", shown, reason=decision, bad=decision not in ("APPROVED", "PENDING"))


def _alert(value: Json) -> Summary:
    about = node(value.get("alert_info")) or value
    kind, severity = plain(about.get("alert_type")), plain(about.get("alert_severity"))
    shown = {"type": Word(kind), "said": plain(about.get("alert_description")) or "?"}
    return Summary("alert", shown, reason=kind, bad=severity in ("CRITICAL", "WARNING"))


def _capability(value: Json) -> Summary:
    limit = next((plain(v) for name, v in value.items() if name.startswith("max_daily")), "")
    limit = plain(value.get("max_daily_conversations_per_business")) or limit
    numbers = next((plain(v) for name, v in value.items() if name.startswith("max_phone")), "")
    return Summary("capability", {"limit": Word(limit or "?"), "numbers": numbers or "?"})


def _only(key: str, bad: bool = True) -> Callable[[Json], Summary]:
    return lambda _: Summary(key, bad=bad)


_ACCOUNT: dict[str, Callable[[Json], Summary]] = {
    "ACCOUNT_RESTRICTION": _restricted,
    "ACCOUNT_VIOLATION": _violation,
    "DISABLED_UPDATE": _disabled,
    "ACCOUNT_DELETED": _only("deleted"),
    "ACCOUNT_OFFBOARDED": _only("offboarded"),
    "ACCOUNT_RECONNECTED": _only("reconnected", bad=False),
    "PARTNER_REMOVED": _left,
    "PARTNER_ADDED": _only("partner_added", bad=False),
    "PARTNER_APP_INSTALLED": _only("app_installed", bad=False),
    "PARTNER_APP_UNINSTALLED": _only("app_uninstalled"),
    "account_review_update": _review,
    "account_alerts": _alert,
    "business_capability_update": _capability,
}


def number(name: str, content: Json) -> Summary:
    """What happened to a number: its quality, its name, its PIN."""
    value = _value(content)
    number = _phone(value) or "?"
    event = plain(value.get("event")) or plain(value.get("decision")) or name
    if name == "phone_number_name_update":
        why = plain(value.get("rejection_reason"))
        why = "" if why in ("NONE", "None") else why
        shown: dict[str, Shown] = {"number": number, "decision": Word(event), "why": Word(why)}
        shown["name"] = plain(value.get("requested_verified_name")) or "?"
        bad = event in ("REJECTED", "DECLINED")
        return Summary("name_why" if why else "name", shown, event, why, bad=bad)
    if name == "security":
        shown = {"number": number, "event": Word(event)}
        requester = plain(value.get("requester"))
        key = "security_by" if requester else "security"
        return Summary(key, {**shown, "who": requester}, event, bad=True)
    limit = next((plain(value[k]) for k in _LIMITS if value.get(k)), "")
    shown = {"number": number, "event": Word(event), "limit": Word(limit)}
    bad = event in ("FLAGGED", "DOWNGRADE")
    return Summary("quality_limit" if limit else "quality", shown, event, limit, bad=bad)


_LIMITS = ("max_daily_conversations_per_business", "current_limit")


def template(name: str, content: Json) -> Summary:
    """What became of a template."""
    value = _value(content)
    title = plain(value.get("message_template_name")) or plain(value.get("message_template_id"))
    language = plain(value.get("message_template_language"))
    shown: dict[str, Shown] = {"template": f"{title} ({language})" if language else title or "?"}
    if name == "message_template_quality_update":
        shown |= {k: Word(plain(value.get(f"{k}_quality_score"))) for k in ("previous", "new")}
        new = plain(value.get("new_quality_score"))
        return Summary("template_quality", shown, name, new, bad=new in ("YELLOW", "RED"))
    if name == "template_category_update":
        shown |= {k: Word(plain(value.get(f"{k}_category"))) for k in ("previous", "new")}
        key = "template_category"
        if value.get("correct_category"):
            shown["new"] = Word(plain(value.get("correct_category")))
            key = "template_category_soon"
        return Summary(key, shown, name, plain(value.get("new_category")), bad=True)
    event = plain(value.get("event"))
    if not event:
        return Summary("template_changed", shown, name)
    why = plain(value.get("reason"))
    why = "" if why.upper() in ("NONE", "NULL") else why
    more = (node(value.get(k)) for k in ("rejection_info", "other_info", "disable_info"))
    said = "; ".join(plain(v) for part in more for v in part.values() if plain(v))
    shown |= {"event": Word(f"template_{event}"), "why": Word(why)}
    key = "template_why" if why else "template"
    bad = event not in ("APPROVED", "PENDING", "REINSTATED")
    return Summary(key, shown, event, why, text=said, bad=bad)


# Everything else.


def error_alone(_: str, content: Json) -> Summary:
    """Errors that stand by no message."""
    return Summary("errors", event="errors", bad=True)


def wrong_object(name: str, content: Json) -> Summary:
    """What belongs to a Page or to Instagram."""
    return Summary("wrong_object", {"object": name or "?"}, name, bad=True)


def other(name: str, content: Json) -> Summary:
    """A field no one here knows."""
    return _named(name, _value(content))


def _named(name: str, value: Json) -> Summary:
    """A field no one here knows: its name, its event, and the first words in it."""
    event = next((plain(value[k]) for k in ("event", "status", "type") if value.get(k)), "")
    names = ("reason", "message", "description", "detail", "decision", "country")
    said = next((plain(value[k]) for k in names if plain(value.get(k))), "")
    if not name:
        return Summary("nothing_known")
    key = "field_event" if event else "field"
    return Summary(key, {"field": name, "event": Word(event)}, event or name, text=said)
