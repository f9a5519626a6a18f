"""One delivery, read: nothing is lost, nothing raises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import deliveries
from wizard.webhook.payload import NotJson, claimed, read

LOCATION = {"latitude": 55.75, "longitude": 37.61}
WORDS = [
    ({"type": "text", "text": {"body": "hello"}}, "hello"),
    ({"type": "image", "image": {"id": "1", "caption": "our shop"}}, "our shop"),
    ({"type": "image", "image": {"id": "1"}}, ""),
    ({"type": "document", "document": {"id": "1", "filename": "bill.pdf"}}, "bill.pdf"),
    ({"type": "button", "button": {"payload": "Y", "text": "Yes"}}, "Yes"),
    ({"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "👍"}}, "👍"),
    ({"type": "reaction", "reaction": {"message_id": "wamid.0"}}, ""),
    ({"type": "location", "location": LOCATION}, "55.75, 37.61"),
    ({"type": "location", "location": LOCATION | {"name": "Shop"}}, "Shop"),
    ({"type": "contacts", "contacts": [{"name": {"formatted_name": "Ann"}}]}, "Ann"),
    ({"type": "system", "system": {"body": "moved"}}, "moved"),
    ({"type": "order", "order": {"text": "please", "product_items": []}}, "please"),
    (
        {
            "type": "interactive",
            "interactive": {"type": "list_reply", "list_reply": {"id": "1", "title": "Tea"}},
        },
        "Tea",
    ),
    (
        {
            "type": "interactive",
            "interactive": {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "name": "flow"}},
        },
        "Sent",
    ),
    ({"type": "unsupported", "errors": [{"code": 131051, "title": "Unsupported"}]}, ""),
    ({"type": "hologram", "hologram": {"depth": 3}}, ""),
    ({"type": "text", "text": "not an object"}, ""),
]


@pytest.mark.parametrize(("part", "words"), WORDS)
def test_the_readable_part_of_every_kind_of_message(part, words):
    message = {"from": "79161234567", "id": "wamid.1", "timestamp": "1749416383", **part}
    (found,) = read(deliveries.encode(deliveries.incoming(message))).messages
    assert (found.type, found.text) == (part["type"], words)
    assert json.loads(found.raw) == message


def test_a_person_without_a_phone_number_is_known_by_her_id():
    message = deliveries.text()
    del message["from"]
    message["from_user_id"] = "RU.1A2b"
    contacts = [{"profile": {"name": "Анна"}, "user_id": "RU.1A2b"}]
    content = deliveries.envelope(deliveries.value(contacts=contacts, messages=[message]))
    (found,) = read(deliveries.encode(content)).messages
    assert (found.sender, found.user_id, found.name) == ("", "RU.1A2b", "Анна")


def test_each_message_gets_the_name_of_its_own_sender():
    contacts = [{"profile": {"name": n}, "wa_id": w} for n, w in (("B", "2"), ("A", "1"))]
    messages = [deliveries.text("wamid.a", sender="1"), deliveries.text("wamid.b", sender="2")]
    content = deliveries.envelope(deliveries.value(contacts=contacts, messages=messages))
    assert [m.name for m in read(deliveries.encode(content)).messages] == ["A", "B"]


def test_a_failed_status_carries_its_cause():
    error = {"code": 131026, "title": "Undeliverable", "error_data": {"details": "not there"}}
    (found,) = read(deliveries.encode(deliveries.status(state="failed", errors=[error]))).statuses
    assert (found.state, found.code, found.title, found.details) == (
        *("failed", 131026, "Undeliverable", "not there"),
    )


def test_the_dashboards_test_event_is_marked():
    assert read(deliveries.encode(deliveries.dashboard_test())).messages[0].test
    assert not read(deliveries.encode(deliveries.incoming(deliveries.text()))).messages[0].test


def test_what_is_no_message_and_no_status_is_kept_whole():
    change = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}
    (found,) = read(deliveries.encode(deliveries.envelope(change, "account_update"))).updates
    assert (found.field, found.waba_id) == ("account_update", deliveries.WABA)
    assert json.loads(found.raw)["value"] == change


def test_errors_of_the_number_are_kept():
    content = deliveries.envelope(deliveries.value(errors=[{"code": 130429, "title": "limit"}]))
    (found,) = read(deliveries.encode(content)).updates
    assert (found.field, json.loads(found.raw)["code"]) == ("errors", 130429)


def test_escaped_half_characters_are_kept_and_can_be_written():
    body = deliveries.encode(deliveries.incoming(deliveries.text())).replace(
        json.dumps("Здравствуйте!").encode(), rb'"\ud800 \u0000 \ud83d\ude00"'
    )
    (found,) = read(body).messages
    assert found.text.encode("utf-8").decode() == "?  😀"
    assert json.loads(found.raw)["text"]["body"] == "\ud800 \0 😀"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 200_000, b'{"a":' + b"9" * 5000 + b"}"],
    ids=["empty", "list", "null", "cut", "no utf-8", "deep", "long number"],
)
def test_what_is_no_json_object_is_said_to_be_none(body):
    with pytest.raises(NotJson):
        read(body)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NAMES = "object entry id changes field value metadata contacts messages statuses errors type"
shaped = st.recursive(
    anything,
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES.split()), inner),
    max_leaves=25,
)


@given(shaped.map(lambda inner: {"entry": inner}) | shaped.map(deliveries.envelope))
def test_no_shape_of_json_can_break_the_reading(content):
    body = json.dumps(content).encode()
    assert read(body).body == body
    claimed(body)


def test_every_example_of_metas_specification_is_read_whole():
    for name, content in deliveries.specification().items():
        delivery = read(deliveries.encode(content))
        sent = content["entry"][0]["changes"][0]["value"]
        found = [json.loads(message.raw) for message in delivery.messages]
        assert found == sent.get("messages", []), name
        assert [json.loads(s.raw) for s in delivery.statuses] == sent.get("statuses", []), name
        assert delivery.messages or delivery.statuses or delivery.updates, name
