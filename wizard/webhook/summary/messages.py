"""What a message says, and what became of one of ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from wizard.facts.json_values import moment, node, nodes
from wizard.graph import Json
from wizard.webhook.summary.values import DEEPEST, Day, Summary, Word, plain


def message(_: str, content: Json) -> Summary:
    """What a person wrote, or what we wrote on the phone."""
    kind = plain(content.get("type"))
    known = _MESSAGES.get(kind)
    part = node(content.get(kind))
    found = known(content, part) if known else Summary(kind, text=_first_words(part))
    if not kind:
        found = Summary("untyped")
    elif known is None:
        found = replace(found, key="other_type", values={"type": kind})
    return replace(found, event=kind)


def _first_words(part: Json) -> str:
    names = ("body", "text", "caption", "emoji", "filename", "title")
    return next((plain(part.get(name)) for name in names if part.get(name)), "")


def _media(content: Json, part: Json) -> Summary:
    kind = "voice" if part.get("voice") is True else plain(content.get("type"))
    return Summary(kind, text=_first_words(part))


def _reaction(_: Json, part: Json) -> Summary:
    emoji = plain(part.get("emoji"))
    return Summary("reaction" if emoji else "reaction_removed", text=emoji)


def _location(_: Json, part: Json) -> Summary:
    spot = f"{plain(part.get('latitude'))}, {plain(part.get('longitude'))}"
    return Summary("location", text=plain(part.get("name")) or plain(part.get("address")) or spot)


def _contacts(content: Json, _: Json) -> Summary:
    return Summary("contacts", text=", ".join(map(_card, nodes(content.get("contacts")))))


def _card(card: Json) -> str:
    phones = nodes(card.get("phones"))
    numbers = (plain(one.get("phone")) or plain(one.get("wa_id")) for one in phones)
    name = plain(node(card.get("name")).get("formatted_name"))
    return " ".join(filter(None, (name, *numbers)))


def _order(_: Json, part: Json) -> Summary:
    items = ", ".join(
        f"{plain(item.get('quantity')) or '?'} × {plain(item.get('product_retailer_id')) or '?'}"
        for item in nodes(part.get("product_items"))
    )
    return Summary("order", text="; ".join(filter(None, (items, plain(part.get("text"))))))


def _interactive(_: Json, part: Json) -> Summary:
    kind = plain(part.get("type"))
    chosen = node(part.get(kind))
    if kind == "nfm_reply":
        return Summary("form", text=_answers(chosen.get("response_json")) or _first_words(chosen))
    if kind == "call_permission_reply":
        until = moment(chosen.get("expiration_timestamp"))
        answer = plain(chosen.get("response"))
        key = {"accept": "calls_allowed", "reject": "calls_refused"}.get(answer, "calls_answer")
        if key == "calls_allowed" and until:
            key = "calls_allowed_until"
        shown = {"until": Day(until)} if until else {"answer": answer}
        return Summary(key, shown, text=answer, silent=True)
    words = _first_words(chosen) or _flat(chosen)
    return Summary("chosen" if chosen else "empty_reply", text=words)


def _answers(written: object) -> str:
    """What a person filled into a form, by the names of its fields."""
    try:
        answers = json.loads(written) if isinstance(written, str) else written
    except (ValueError, RecursionError):
        return plain(written)
    # The token is the sender's own mark, not an answer.
    given = {name: v for name, v in node(answers).items() if name != "flow_token"}
    return _flat(given)


def _flat(content: object, deep: int = DEEPEST) -> str:
    """An object or a list in one line."""
    if isinstance(content, Mapping | list) and not deep:
        return "…"
    if isinstance(content, Mapping):
        parts = {plain(name): _flat(inner, deep - 1) for name, inner in content.items()}
        return ", ".join(f"{name}: {said}" for name, said in parts.items())
    if isinstance(content, list):
        return " + ".join(_flat(inner, deep - 1) for inner in content)
    return str(content).lower() if isinstance(content, bool) else plain(content)


def _system(content: Json, part: Json) -> Summary:
    body, kind = plain(part.get("body")), plain(part.get("type"))
    if kind == "user_changed_number":
        new = plain(part.get("wa_id")) or plain(part.get("new_wa_id"))
        shown = {"old": plain(content.get("from")) or "?", "new": new or "?"}
        return Summary("changed_number", shown, reason=kind, text=body, silent=True)
    if kind == "user_changed_user_id":
        old = plain(part.get("previous_user_id")) or plain(content.get("from_user_id"))
        shown = {"old": old or "?", "new": plain(part.get("user_id")) or "?"}
        return Summary("changed_id", shown, reason=kind, text=body, silent=True)
    if kind == "customer_identity_changed":
        return Summary("changed_identity", reason=kind, text=body, silent=True)
    return Summary("system", reason=kind, text=body)


def _edit(_: Json, part: Json) -> Summary:
    new = node(part.get("message"))
    return Summary("edited", text="" if "edit" in new else message("", new).text)


def _unsupported(content: Json, part: Json) -> Summary:
    inner = part.get("type") or node(content.get("unsupported")).get("type")
    named = plain(inner) not in ("", "unknown")
    key = "unsupported_kind" if named else "unsupported"
    return Summary(key, {"type": Word(plain(inner))} if named else {}, reason=plain(inner))


_MESSAGES: dict[str, Callable[[Json, Json], Summary]] = {
    "text": lambda _, part: Summary("text", text=_first_words(part)),
    **dict.fromkeys(("image", "video", "audio", "document", "sticker"), _media),
    "button": lambda _, part: Summary("button", text=_first_words(part)),
    "reaction": _reaction,
    "location": _location,
    "contacts": _contacts,
    "order": _order,
    "interactive": _interactive,
    "system": _system,
    "edit": _edit,
    "revoke": lambda _, part: Summary("revoked"),
    "request_welcome": lambda _, part: Summary("opened_chat"),
    "unsupported": _unsupported,
    "unknown": _unsupported,
}


def status(_: str, content: Json) -> Summary:
    """What became of a message of ours."""
    state = plain(content.get("status"))
    bad = state == "failed"
    return Summary("status_failed" if bad else "status", {"state": Word(state)}, state, bad=bad)
