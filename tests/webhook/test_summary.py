"""What every kind of event says: its key, Meta's own words, and a line in both languages."""

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import deliveries
from wizard.state.record import ProfileRecord, TestMessage
from wizard.ui.screen import Screen
from wizard.ui.webhook_view import EventView
from wizard.ui.words import Words, family
from wizard.webhook.inbox import Reader, Writer
from wizard.webhook.local_receiver import LocalEvidence
from wizard.webhook.payload import read
from wizard.webhook.summary import KINDS

ERROR = {"code": 131060, "title": "This message is unavailable"}
CALL = {"id": "wacid.1", "from": "491", "timestamp": "1"}
UNTIL = 1_796_300_000  # 3 December 2026
FORM = json.dumps({"flow_token": "x", "day": "3 May", "guests": 4})


def said_by_a_person(type_, **part):
    message = {"from": "491", "id": "wamid.1", "timestamp": "1", "type": type_, **part}
    contacts = [{"profile": {"name": "Ann"}, "wa_id": "491"}]
    return deliveries.envelope(deliveries.value(contacts=contacts, messages=[message]))


def interactive(kind, **part):
    return said_by_a_person("interactive", interactive={"type": kind, kind: part})


def system(kind, **part):
    return said_by_a_person("system", system={"type": kind, **part})


def change(field, **value):
    content = deliveries.envelope(value, field)
    content["entry"][0]["time"] = 1_795_000_000
    return content


def items(field, name, **item):
    return deliveries.envelope(deliveries.value(**{name: [item]}), field)


def account(event, **value):
    return change("account_update", event=event, **value)


def template(event, **value):
    named = {"message_template_name": "order_ready", "message_template_language": "en"}
    return change("message_template_status_update", event=event, **named, **value)


SPAM = {
    "phone_number": "15550783881",
    "violation_info": {"violation_type": "SPAM"},
    "restriction_info": [
        {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": UNTIL}
    ],
}
ITEMS = [{"product_retailer_id": "HAMBURGER", "quantity": 2}]
#: Delivery → (key, Meta's reason, what the line has in every language).
SAID = [
    (said_by_a_person("text", text={"body": "hello"}), "text", "", "hello"),
    (said_by_a_person("reaction", reaction={"emoji": "👍"}), "reaction", "", "👍"),
    (said_by_a_person("reaction", reaction={"emoji": ""}), "reaction_removed", "", ""),
    (said_by_a_person("reaction", reaction={}), "reaction_removed", "", ""),
    (
        said_by_a_person("location", location={"latitude": 0, "longitude": 0}),
        "location",
        "",
        "0, 0",
    ),
    (said_by_a_person("order", order={"product_items": ITEMS}), "order", "", "2 × HAMBURGER"),
    (said_by_a_person("audio", audio={"voice": True}), "voice", "", ""),
    (interactive("nfm_reply", response_json=FORM), "form", "", "day: 3 May, guests: 4"),
    (interactive("nfm_reply", response_json="{"), "form", "", "{"),
    (interactive("call_permission_reply", response="accept"), "calls_allowed", "", ""),
    (
        interactive("call_permission_reply", response="accept", expiration_timestamp=UNTIL),
        *("calls_allowed_until", "", "2026-12-03"),
    ),
    (interactive("call_permission_reply", response="reject"), "calls_refused", "", ""),
    (said_by_a_person("interactive"), "empty_reply", "", ""),
    (
        said_by_a_person("edit", edit={"message": {"type": "text", "text": {"body": "three"}}}),
        *("edited", "", "three"),
    ),
    (
        said_by_a_person("edit", edit={"message": {"type": "image", "image": {"caption": "sea"}}}),
        *("edited", "", "sea"),
    ),
    (said_by_a_person("revoke", revoke={"original_message_id": "wamid.0"}), "revoked", "", ""),
    (said_by_a_person("unsupported", errors=[ERROR]), "unsupported", "131060", "131060"),
    (
        said_by_a_person("unsupported", unsupported={"type": "poll"}, errors=[ERROR]),
        *("unsupported_kind", "poll", "poll"),
    ),
    (system("user_changed_number", wa_id="492"), "changed_number", "user_changed_number", "492"),
    (
        system("user_changed_user_id", previous_user_id="US.1", user_id="US.2"),
        *("changed_id", "user_changed_user_id", "US.1 → US.2"),
    ),
    (said_by_a_person("hologram"), "other_type", "", "hologram"),
    (said_by_a_person(""), "untyped", "", ""),
    (deliveries.status(), "status", "", "+79161234567"),
    (
        deliveries.status(state="failed", errors=[{"code": "131026"}, {"code": 131049}]),
        *("status_failed", "131026,131049", "131049"),
    ),
    (deliveries.status(state="failed", errors={"code": 131047}), "status_failed", "131047", ""),
    (
        deliveries.envelope(deliveries.value(errors=[{"code": 130429}])),
        "errors",
        "130429",
        "130429",
    ),
    (items("calls", "statuses", id="wacid.1", status="RINGING"), "call", "", ""),
    (
        items("calls", "calls", **CALL, event="connect", direction="USER_INITIATED"),
        "call",
        "",
        "491",
    ),
    (
        items("calls", "calls", **CALL, event="terminate", status="COMPLETED", duration=120),
        *("call_ended", "COMPLETED", "120"),
    ),
    (account("ACCOUNT_RESTRICTION", **SPAM), "restricted_number", None, "2026-12-03"),
    (
        account("ACCOUNT_VIOLATION", violation_info={"violation_type": "SCAM"}),
        *("violation_account", "SCAM", ""),
    ),
    (account("DISABLED_UPDATE", ban_info={"waba_ban_state": "DISABLE"}), "disabled", "DISABLE", ""),
    (account("ACCOUNT_DELETED"), "deleted", "", ""),
    (
        account("PARTNER_REMOVED", disconnection_info={"reason": "NEW_REASON"}),
        *("partner_removed_why", "NEW_REASON", "NEW_REASON"),
    ),
    (account("PARTNER_REMOVED"), "partner_removed", "", ""),
    (account("SOMETHING_NEW", country="IN"), "field_event", "", "SOMETHING_NEW: IN"),
    (change("account_review_update", decision="REJECTED"), "review", "REJECTED", ""),
    (
        change("account_alerts", alert_info={"alert_type": "OBA", "alert_description": "No"}),
        *("alert", "OBA", "No"),
    ),
    (template("APPROVED", reason=None), "template", "", "order_ready (en)"),
    (template("REJECTED", reason="NONE"), "template", "", "order_ready (en)"),
    (
        template("REJECTED", reason="INVALID_FORMAT", rejection_info={"reason": "Too short"}),
        *("template_why", "INVALID_FORMAT", "Too short"),
    ),
    (
        change("message_template_quality_update", new_quality_score="RED"),
        *("template_quality", "RED", ""),
    ),
    (
        change("phone_number_quality_update", event="FLAGGED", current_limit="TIER_10K"),
        *("quality_limit", "TIER_10K", "TIER_10K"),
    ),
    (
        change("phone_number_name_update", decision="REJECTED", rejection_reason="NAME_X"),
        *("name_why", "NAME_X", "NAME_X"),
    ),
    (change("security", event="PIN_RESET_REQUEST", requester="61"), "security_by", "", "61"),
    (
        items("user_preferences", "user_preferences", wa_id="491", value="stop"),
        *("preference", "", "+491: ?: "),
    ),
    (
        items("history", "history", metadata={"phase": 1, "chunk_order": 2, "progress": 55}),
        *("history", "", "55"),
    ),
    (
        items("history", "history", errors=[{"code": 2593109}]),
        *("history_declined", "2593109", "2593109"),
    ),
    (
        deliveries.envelope({"state_sync": [{"action": "remove"}]}, "smb_app_state_sync"),
        *("contacts_sync", "", "1"),
    ),
    (
        items(
            *("smb_message_echoes", "message_echoes"),
            **{"id": "wamid.e", "to": "491", "type": "text", "text": {"body": "we open at 9"}},
        ),
        *("text", "", "we open at 9"),
    ),
    (
        items("group_lifecycle_update", "groups", type="group_create", subject="Walkers"),
        *("group", "", "Walkers"),
    ),
    (change("hologram_update"), "field", "", "hologram_update"),
    ({"object": "page", "entry": [{"id": "1", "messaging": []}]}, "wrong_object", "", "page"),
    ({"object": "whatsapp_business_account", "entry": []}, "nothing_known", "", ""),
]


def line(event, language="en", numbers=(), **how):
    stream = io.StringIO()
    screen = Screen(stream, colour=False, width=100_000)
    EventView(screen, Words(language), numbers, **how).show(event)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "key", "reason", "part"), SAID, ids=[f"{n}-{row[1]}" for n, row in enumerate(SAID)]
)
def test_every_kind_says_what_happened_and_why(content, key, reason, part):
    (event,) = read(deliveries.encode(content)).events
    assert event.summary.key == key
    if reason is not None:
        assert event.summary.reason == reason
    shown = {language: line(event, language) for language in ("ru", "en")}
    assert all(part in one for one in shown.values())
    # But for what a person wrote alone, the words are ours.
    assert key in ("text", "other_type") or shown["ru"] != shown["en"]


def test_a_restriction_names_number_reason_and_end():
    (event,) = read(deliveries.encode(account("ACCOUNT_RESTRICTION", **SPAM))).events
    assert event.summary.reason == "SPAM,RESTRICTED_BIZ_INITIATED_MESSAGING"
    shown = line(event)
    assert all(part in shown for part in ("+15550783881", "spam", "2026-12-03"))


def test_every_error_is_told_in_the_words_of_explain_and_in_metas():
    errors = [{"code": 131026, "title": "T1"}, {"code": 999_999, "title": "T2"}, {"title": "T3"}]
    content = deliveries.status(state="failed", errors=errors)
    (status,) = read(deliveries.encode(content)).statuses
    shown = line(status)
    assert all(part in shown for part in ("131026", "WhatsApp", "T1", "999999", "T2", "T3"))
    assert (status.code, status.title) == (131026, "T1")


def test_errors_beside_the_one_message_are_that_messages():
    message = {"id": "wamid.1", "from": "491", "timestamp": "1", "type": "interactive"}
    value = deliveries.value(messages=[message], errors=[{"code": 131000}])
    found = read(deliveries.encode(deliveries.envelope(value)))
    assert [error.code for error in found.messages[0].errors] == [131000]
    assert found.messages[0].as_json()["errors"][0]["code"] == 131000
    value["messages"].append({**message, "id": "wamid.2"})
    found = read(deliveries.encode(deliveries.envelope(value)))
    assert [m.errors for m in found.messages] == [(), ()]
    assert [error.code for one in found.updates for error in one.errors] == [131000]


def test_a_person_without_a_number_is_shown_by_name_and_username():
    message = {"id": "wamid.1", "from_user_id": "US.134", "type": "text", "text": {"body": "hi"}}
    contact = {"profile": {"name": "Ann", "username": "ann.b"}, "user_id": "US.134"}
    contact |= {"parent_user_id": "US.ENT.1", "identity_key_hash": "h"}
    value = deliveries.value(contacts=[contact], messages=[{**message, "group_id": "Y2Fw"}])
    (event,) = read(deliveries.encode(deliveries.envelope(value))).messages
    told = event.as_json()
    assert (told["from"], told["from_user_id"], told["username"]) == ("", "US.134", "ann.b")
    assert (told["group_id"], told["contact"]) == ("Y2Fw", contact)
    assert all(part in line(event) for part in ("Ann (@ann.b)", "Y2Fw"))
    assert all(part in line(event, ids=True) for part in ("wamid.1", "US.134", "US.ENT.1", " h"))


@pytest.mark.parametrize("sender", ["491", "+491"])
def test_a_number_has_one_plus(sender):
    content = deliveries.incoming(deliveries.text(sender=sender))
    assert " (+491) " in line(read(deliveries.encode(content)).messages[0])


def test_the_own_number_is_named_where_there_are_several():
    (event,) = read(deliveries.encode(deliveries.incoming(deliveries.text()))).messages
    assert "+15550783881" not in line(event)
    assert "+15550783881" in line(event, numbers=["another"])


def test_the_kinds_that_the_help_names_are_the_kinds_there_are():
    for text in (family("events")["kind_help"].ru, family("events")["kind_help"].en):
        assert set(text.partition(": ")[2].split(", ")) == set(KINDS)


NAMES = "object entry id changes field value metadata contacts messages statuses errors type"
NAMES += " error code title account_update messages calls history groups threads restriction_info"
NAMES += " interactive nfm_reply response_json edit message system order product_items event"
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(NAMES.split()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES.split()), inner, max_size=4)
    ),
    max_leaves=15,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(anything.map(lambda inner: {"entry": inner}) | anything.map(deliveries.envelope))
def test_no_shape_of_json_can_break_the_telling(content):
    for event in read(json.dumps(content).encode()).events:
        line(event)
        json.dumps(event.as_event())


@pytest.mark.parametrize(
    "errors",
    [
        [{"code": "131026", "title": "T"}, {"code": 131049}],
        {"code": 131026, "title": "T"},
        [{"code": 131026, "message": "T"}],
    ],
    ids=["code as text, two errors", "one object", "message for a title"],
)
def test_what_send_waits_for_is_what_the_audit_reads(tmp_path, errors):
    writer = Writer(tmp_path / "inbox.sqlite3")
    for content in (
        deliveries.status("wamid.sent", "failed", errors=errors),
        deliveries.status("wamid.other", "delivered"),
    ):
        writer.store(read(deliveries.encode(content)))
    writer.close()
    reader = Reader(writer.path)
    waited = reader.wait_for_status("wamid.sent", 0)
    sent = TestMessage(deliveries.NUMBER, "79161234567", "wamid.sent", "2026-11-22T19:00:00Z")
    arrivals = LocalEvidence(reader).arrivals(ProfileRecord(test_message=sent))
    assert (waited.state, waited.code, waited.title) == ("failed", 131026, "T")
    assert (arrivals.test_state, arrivals.test_code) == (waited.state, waited.code)
