"""Templates at the sandbox: created, reviewed, edited within limits, deleted, sent with values."""

import json
import time

import pytest

BODY = {"type": "BODY", "text": "Hello {{1}}, all is well.", "example": {"body_text": [["Ann"]]}}


@pytest.fixture
def owner(open_scenario):
    return open_scenario("template-review")


def path(owner):
    return f"{owner.running.waba_id}/message_templates"


def create(owner, name="greeting", parts=(BODY,), category="UTILITY", **more):
    body = {"name": name, "language": "en_US", "category": category, "components": list(parts)}
    return owner.post(path(owner), **(body | more))


def one(owner, name="greeting", **asked):
    return owner.get(path(owner), name=name, **asked).json()["data"][0]


def reviewed(owner, name="greeting"):
    """The template once its review has ended."""
    over = time.monotonic() + 10
    while one(owner, name)["status"] == "PENDING" and time.monotonic() < over:
        time.sleep(0.1)
    return one(owner, name, fields="id,status,category,previous_category,rejected_reason")


def send(owner, name, *components, language="en_US"):
    body = {"name": name, "language": {"code": language}, "components": list(components)}
    return owner.post(
        f"{owner.running.phone_number_id}/messages",
        messaging_product="whatsapp",
        to="+447700900456",
        type="template",
        template=body,
    )


def part(kind, *values, **more):
    return {"type": kind, "parameters": list(values), **more}


def text(value, **more):
    return {"type": "text", "text": value, **more}


def test_a_review_takes_a_moment_and_ends_as_the_world_says(owner):
    for name in ("greeting", "promo", "sale", "long"):
        assert create(owner, name).json()["status"] == "PENDING"
    assert reviewed(owner)["status"] == "APPROVED"
    promo = reviewed(owner, "promo")
    assert (promo["status"], promo["rejected_reason"]) == ("REJECTED", "PROMOTIONAL")
    sale = reviewed(owner, "sale")
    assert (sale["category"], sale["previous_category"]) == ("MARKETING", "UTILITY")
    assert one(owner, "long")["status"] == "PENDING"


@pytest.mark.parametrize(
    ("more", "subcode"),
    [
        ({"name": "Greeting"}, 0),
        ({"category": "TRANSACTIONAL"}, 0),
        ({"parts": ()}, 0),
        ({"components": "no list"}, 0),
        ({"parts": [{"type": "BODY", "text": "Hello {{1}}"}]}, 2388299),
        ({"parts": [{"type": "BODY", "text": "Hello {{1}}."}]}, 2388043),
        ({"parts": [BODY, {"type": "HEADER", "text": "A\nB"}]}, 2388072),
        ({"parts": [BODY, {"type": "HEADER", "format": "IMAGE"}]}, 0),
        ({"name": "order_received", "language": "ru"}, 2388024),
    ],
)
def test_what_meta_refuses_at_once(owner, error, more, subcode):
    assert error(create(owner, **more)) == (100, subcode)


def test_meta_shows_in_its_own_form_what_it_was_sent(owner):
    buttons = [
        {"type": "phone_number", "text": "Call", "phone_number": "447700900123"},
        {"type": "url", "text": "Go", "url": "https://a.example/{{1}}", "example": ["x"]},
        {"type": "copy_code", "example": "A1"},
    ]
    header = {"type": "header", "format": "image", "example": {"header_handle": ["4::a"]}}
    create(owner, parts=[header, BODY, {"type": "buttons", "buttons": buttons}])
    shown = one(owner)
    assert shown["parameter_format"] == "POSITIONAL"
    assert shown["components"][0]["format"] == "IMAGE"
    assert shown["components"][0]["example"]["header_handle"][0].startswith("https://")
    phone, link, code = shown["components"][2]["buttons"]
    assert phone["phone_number"] == "+447700900123"
    assert link["example"] == ["https://a.example/x"]
    assert code["example"] == ["A1"]


def test_a_one_time_password_becomes_a_link_with_preset_texts(owner):
    parts = [
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": 5},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
    ]
    assert create(owner, parts=parts, category="AUTHENTICATION").ok
    body, footer, buttons = one(owner)["components"]
    assert "{{1}}" in body["text"]
    assert "5" in footer["text"]
    assert buttons["buttons"][0]["type"] == "URL"


def test_an_approved_template_is_edited_once_a_day_and_reviewed_anew(owner, error):
    create(owner)
    made = reviewed(owner)["id"]
    other = [{"type": "BODY", "text": "Good evening."}]
    assert error(owner.post(made, category="MARKETING"))[0] == 100
    answer = owner.post(made, components=other).json()
    assert (answer["success"], answer["id"], answer["category"]) == (True, made, "UTILITY")
    assert error(owner.post(made, components=other))[0] == 100, "it is being reviewed"
    assert reviewed(owner)["status"] == "APPROVED"
    assert owner.get(made).json()["components"] == other
    assert error(owner.post(made, components=[BODY]))[0] == 100, "once a day"


def test_a_rejected_template_is_edited_without_limit_its_category_too(owner):
    create(owner, "promo")
    made = reviewed(owner, "promo")["id"]
    for _ in range(2):
        assert owner.post(made, category="MARKETING").ok
        assert reviewed(owner, "promo")["category"] == "MARKETING"


def test_the_name_of_a_deleted_template_stays_taken(owner, error):
    create(owner)
    reviewed(owner)
    assert owner.delete(path(owner), name="greeting").ok
    assert error(create(owner)) == (100, 2388023)
    assert error(owner.delete(path(owner), name="greeting"))[0] == 100


def test_several_are_deleted_by_their_ids(owner):
    ids = [create(owner, name).json()["id"] for name in ("one", "two")]
    assert owner.delete(path(owner), hsm_ids=f"[{','.join(ids)}]").ok
    assert owner.get(path(owner), name="one").json()["data"] == []


def test_a_summary_says_how_many_there_are(owner):
    asked = owner.get(path(owner), summary="total_count,message_template_limit").json()
    assert asked["summary"] == {"total_count": 4, "message_template_limit": 250}
    assert "summary" not in owner.get(path(owner)).json()


def test_every_part_gets_as_many_values_as_it_needs(open_scenario, error):
    owner = open_scenario("template-shapes")
    body = part("body", text("Ann", parameter_name="first_name"))
    whole = part("body", *body["parameters"], text("7", parameter_name="order_number"))
    document = part(
        "header", {"type": "document", "document": {"link": "https://zarya.example/1.pdf"}}
    )
    button = part("button", text("7"), sub_type="url", index=1)
    assert send(owner, "receipt", document, whole, button).ok
    assert error(send(owner, "receipt", document, whole))[0] == 132000
    assert error(send(owner, "receipt", whole, button))[0] == 132000
    assert error(send(owner, "receipt", document, body, button))[0] == 132000
    unnamed = part("body", text("Ann"), text("7"))
    assert error(send(owner, "receipt", document, unnamed, button))[0] == 100
    assert error(send(owner, "offer"))[0] == 132015


def test_what_is_not_played_says_so(owner):
    waba, made = owner.running.waba_id, create(owner).json()["id"]
    answers = [
        owner.get(f"{waba}/message_template_library"),
        owner.post(f"{waba}/upsert_message_templates"),
        owner.post(f"{waba}/message_templates/archive"),
        owner.post(f"{made}/unpause"),
        owner.post(
            path(owner), name="x", library_template_body_inputs={"add_contact_number": True}
        ),
        owner.get(f"{made}/compare"),
    ]
    for answer in answers:
        assert answer.status_code == 501
        assert "ot played by the sandbox" in answer.json()["error"]["message"]


def test_an_error_may_come_of_a_template_that_was_created(open_scenario, error):
    owner = open_scenario("template-created-with-error")
    assert error(create(owner))[0] == 99
    assert one(owner)["status"] == "PENDING"
    assert error(create(owner)) == (100, 2388024)


FIELDS = (
    "message_template_status_update",
    "template_category_update",
    "message_template_quality_update",
)


def delivered(owner, count):
    """The template events that arrived: (field, value), once there are so many."""
    over = time.monotonic() + 10
    while time.monotonic() < over:
        bodies = [json.loads(one["body"]) for one in owner.state().get("received", [])]
        changes = [(one["entry"][0], one["entry"][0]["changes"][0]) for one in bodies]
        found = [(change["field"], change["value"]) for _, change in changes]
        if len(found) >= count:
            assert all(
                entry["time"] and entry["id"] == owner.running.waba_id for entry, _ in changes
            )
            return found
        time.sleep(0.1)
    raise AssertionError(found)


@pytest.fixture
def listening(owner):
    """The app is subscribed to templates, with a receiver of the sandbox's own."""
    answer = owner.as_app().post(
        f"{owner.running.app_id}/subscriptions",
        object="whatsapp_business_account",
        callback_url=f"{owner.running.graph_url}/_sandbox/callback/good",
        verify_token="zarya-verify-token",
        fields=",".join(FIELDS),
    )
    assert answer.ok, answer.text
    return owner


def test_a_template_is_paused_for_its_quality_after_it_was_approved(listening):
    create(listening, "tired")
    found = delivered(listening, 3)
    status = [value["event"] for field, value in found if field == FIELDS[0]]
    assert status == ["APPROVED", "PAUSED"]
    (quality,) = [value for field, value in found if field == FIELDS[2]]
    assert (quality["previous_quality_score"], quality["new_quality_score"]) == ("UNKNOWN", "RED")
    assert one(listening, "tired")["status"] == "PAUSED"
    answer = send(listening, "tired", part("body", text("Ann")))
    assert answer.json()["error"]["code"] == 132015


def test_meta_moves_an_approved_template_to_another_category(listening):
    create(listening, "moved")
    (_, moved) = sorted(delivered(listening, 2))
    assert (moved[0], moved[1]["new_category"]) == (FIELDS[1], "MARKETING")
    fields = "id,previous_category,category"
    told = one(listening, "moved", fields=fields)
    assert (told["previous_category"], told["category"]) == ("UTILITY", "MARKETING")


def test_a_rejection_is_delivered_with_its_reason(listening):
    create(listening, "promo")
    ((_, value),) = delivered(listening, 1)
    assert (value["event"], value["reason"]) == ("REJECTED", "PROMOTIONAL")
    assert value["message_template_name"] == "promo"


def test_a_medium_by_id_is_not_played(owner, error):
    """No medium is kept here: a success would say of an id that it is known."""
    owner.running.write("Hello")
    path = f"{owner.running.phone_number_id}/messages"
    body = {"messaging_product": "whatsapp", "to": "+447700900456", "type": "image"}
    assert owner.post(path, **body, image={"link": "https://zarya.example/1.jpg"}).ok
    assert owner.post(path, **body, image={"id": "1"}).status_code == 501
    header = part("header", {"type": "image", "image": {"id": "1"}})
    assert send(owner, "order_received", header).status_code == 501


INPUTS = [
    {"type": "URL", "url": {"base_url": "https://zarya.example/o/", "url_suffix_example": "17"}},
    {"type": "PHONE_NUMBER", "phone_number": "+447700900123"},
]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, {"order_on_its_way_1", "appointment_tomorrow_1"}),
        ({"topic": "ORDER_MANAGEMENT"}, {"order_on_its_way_1"}),
        ({"industry": "HEALTH"}, {"appointment_tomorrow_1"}),
        ({"search": "LEFT us"}, {"order_on_its_way_1"}),
        ({"language": "ru"}, set()),
        ({"name": "appointment_tomorrow_1"}, {"appointment_tomorrow_1"}),
    ],
)
def test_the_library_is_searched(owner, filters, names):
    rows = owner.get("message_template_library", **filters).json()["data"]
    assert {row["name"] for row in rows} == names


def test_a_template_of_the_library_is_approved_at_once_and_can_be_sent(owner, error):
    body = {"name": "way", "language": "en_US", "category": "UTILITY"}
    body |= {"library_template_name": "order_on_its_way_1"}
    assert error(owner.post(path(owner), **body))[0] == 100  # the buttons are not filled in
    url = f"{owner.running.graph_url}/v26.0/{path(owner)}"
    form = {**body, "library_template_button_inputs": json.dumps(INPUTS)}
    headers = {"Authorization": f"Bearer {owner.token}"}
    made = owner.session.post(url, data=form, headers=headers, timeout=10).json()
    assert made["status"] == "APPROVED"
    told = one(owner, "way", fields="status,library_template_name,components")
    assert told["library_template_name"] == "order_on_its_way_1"
    link = told["components"][-1]["buttons"][0]
    assert (link["url"], link["example"]) == (
        "https://zarya.example/o/{{1}}",
        ["https://zarya.example/o/17"],
    )
    values = part("body", text("Ann"), text("17"))
    assert send(owner, "way", values, part("button", text("17"), sub_type="url", index=0)).ok


def test_what_is_not_in_the_library_cannot_be_made_from_it(owner, error):
    for more in ({"library_template_name": "nope"}, {"language": "ru"}):
        body = {"name": "x", "language": "en_US", "category": "UTILITY"}
        body |= {"library_template_name": "appointment_tomorrow_1", **more}
        assert error(owner.post(path(owner), **body)) == (100, 0)
