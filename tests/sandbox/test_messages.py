"""What is accepted, what is refused at once."""

import pytest

OLGA = "+447700900456"


@pytest.fixture
def owner(open_scenario):
    return open_scenario("healthy")


def send(owner, **message):
    body = {"messaging_product": "whatsapp", "to": OLGA, **message}
    return owner.post(f"{owner.running.phone_number_id}/messages", **body)


def template(name="order_received", language="ru", *values):
    asked = {"name": name, "language": {"code": language}}
    if values:
        given = [{"type": "text", "text": value} for value in values]
        asked["components"] = [{"type": "body", "parameters": given}]
    return {"type": "template", "template": asked}


TEXT = {"type": "text", "text": {"body": "Здравствуйте"}}


def test_a_template_is_accepted(owner):
    answer = send(owner, **template()).json()
    assert answer["contacts"] == [{"input": OLGA, "wa_id": "447700900456"}]
    (message,) = answer["messages"]
    assert message["id"].startswith("wamid.")
    assert message["message_status"] == "accepted"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (template("order_received", "de"), 132001),
        (template("hello_world", "en_US"), 132001),
        (template("autumn_sale", "ru"), 132001),
        (template("order_ready", "ru"), 132000),
        (template("order_received", "ru", "too much"), 132000),
        (TEXT, 131047),
        ({"type": "text"}, 131008),
        ({"type": "carrier pigeon"}, 131009),
        ({"messaging_product": "telegram", **TEXT}, 100),
        ({"to": "", **TEXT}, 131008),
        ({"to": "+44 7700 900123", **TEXT}, 131021),
    ],
)
def test_what_cannot_go_is_refused_at_once(owner, error, message, code):
    assert error(send(owner, **message))[0] == code


def test_values_of_a_template_are_counted(owner):
    assert send(owner, **template("order_ready", "ru", "Ольга", "17")).ok


def test_a_persons_message_opens_the_window_for_a_day(owner, error):
    owner.control("write", text="Здравствуйте!")
    answer = send(owner, **TEXT)
    # An answer inside an open window comes without a message_status.
    assert set(answer.json()["messages"][0]) == {"id"}
    phone = owner.running.phone_number_id
    (until,) = owner.state()["numbers"][phone]["windows"].values()
    owner.control("change", numbers={phone: {"windows": {"447700900456": until - 2 * 86400}}})
    assert error(send(owner, **TEXT))[0] == 131047


@pytest.mark.parametrize(
    ("typed", "wa_id"),
    [
        ("+447700900456", "447700900456"),
        ("+44 7700 900-456", "447700900456"),
        # Without the plus the country of the business number is put before it.
        ("7700900456", "447700900456"),
        ("79001234567", "4479001234567"),
        ("+5511987654321", "551187654321"),
        ("+5215512345678", "525512345678"),
    ],
)
def test_the_answer_says_whom_it_really_went_to(owner, typed, wa_id):
    answer = send(owner, **{"to": typed, **template()}).json()
    assert answer["contacts"] == [{"input": typed, "wa_id": wa_id}]


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("number-unregistered", 133010),
        ("account-banned", 131031),
        ("number-banned", 131031),
        ("number-disconnected", 133010),
        ("scope-missing", 10),
        ("asset-not-assigned", 10),
        ("no-approved-template", 132001),
    ],
)
def test_a_number_that_is_not_ready_sends_nothing(open_scenario, error, scenario, code):
    assert error(send(open_scenario(scenario), **template()))[0] == code


def test_a_test_number_knows_five_people_and_hello_world(open_scenario, error):
    owner = open_scenario("test-number")
    hello = template("hello_world", "en_US")
    assert send(owner, **hello).ok
    assert error(send(owner, **{"to": "+447700900789", **hello}))[0] == 131030


def test_hello_world_on_another_number_is_refused(owner, error):
    account = owner.running.waba_id
    hello = {
        "id": "1",
        "name": "hello_world",
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "test_numbers_only": True,
    }
    owner.control("change", accounts={account: {"templates": {"hello": hello}}})
    assert error(send(owner, **template("hello_world", "en_US")))[0] == 131058


def mark_read(owner, wamid):
    path = f"{owner.running.phone_number_id}/messages"
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    return owner.post(path, **body)


def test_a_read_receipt_is_a_success(owner):
    assert mark_read(owner, owner.running.write()).json() == {"success": True}


def test_a_read_receipt_of_an_invented_message_is_131009(owner, error):
    assert error(mark_read(owner, "wamid.X"))[0] == 131009


def test_where_a_partner_holds_messaging_everything_can_be_read_and_nothing_posted(
    open_scenario, error
):
    owner = open_scenario("messaging-held-by-partner")
    phone, waba = owner.running.phone_number_id, owner.running.waba_id
    assert owner.get(phone).ok
    assert owner.get(f"{waba}/message_templates").ok
    wamid = owner.running.write()
    for answer in (send(owner, **template()), mark_read(owner, wamid), mark_read(owner, "wamid.X")):
        assert error(answer)[0] == 200
        assert "send messages on behalf" in answer.text


@pytest.mark.parametrize(
    ("scenario", "status"),
    [("send-held", "held_for_quality_assessment"), ("send-paused", "paused")],
)
def test_a_send_can_be_held_or_paused_and_is_then_not_delivered(open_scenario, scenario, status):
    owner = open_scenario(scenario)
    (message,) = send(owner, **template()).json()["messages"]
    assert message["message_status"] == status
    assert owner.state()["sent"][message["id"]]["status"] == "accepted"


def test_a_200_may_come_without_a_message(open_scenario):
    answer = send(open_scenario("send-without-message"), **template())
    assert answer.ok
    assert "messages" not in answer.json()
