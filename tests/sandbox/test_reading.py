"""Nodes and edges: fields, kinds, pages, who sees what."""

import json

import pytest

FOREIGN_WABA = "307270387770611"


@pytest.fixture
def owner(open_scenario):
    return open_scenario("healthy")


def test_a_node_answers_its_default_fields_and_always_its_id(owner):
    account = owner.get(owner.running.waba_id).json()
    assert set(account) == {"id", "name", "currency", "timezone_id", "message_template_namespace"}
    assert owner.get(owner.running.waba_id, fields="status").json() == {
        "id": owner.running.waba_id,
        "status": "ACTIVE",
    }


@pytest.mark.parametrize(
    ("node", "kind"),
    [
        ("waba_id", "WhatsAppBusinessAccount"),
        ("phone_number_id", "WhatsAppBusinessPhoneNumber"),
        ("business_id", "Business"),
        ("app_id", "Application"),
    ],
)
def test_one_unknown_field_fails_the_whole_read_and_names_the_kind(owner, error, node, kind):
    answer = owner.get(getattr(owner.running, node), fields="id,favourite_cake")
    assert error(answer) == (100, 0)
    assert f"nonexisting field (favourite_cake) on node type ({kind})" in answer.text


def test_metadata_tells_the_kind(owner):
    answer = owner.get(owner.running.phone_number_id, metadata=1).json()
    assert answer["metadata"]["type"] == "whatsappbusinessphonenumber"


def test_a_field_without_a_value_is_left_out(owner):
    answer = owner.get(owner.running.phone_number_id, fields="new_display_name,status").json()
    assert set(answer) == {"id", "status"}


def test_edges_can_be_asked_for_like_fields(owner):
    fields = "name,phone_numbers.limit(1){id,status},subscribed_apps"
    answer = owner.get(owner.running.waba_id, fields=fields).json()
    assert answer["phone_numbers"]["data"] == [
        {"id": owner.running.phone_number_id, "status": "CONNECTED"}
    ]
    assert owner.running.app_id in json.dumps(answer["subscribed_apps"])


@pytest.mark.parametrize("path", ["1", "999888777666555", FOREIGN_WABA])
def test_wrong_and_invisible_ids_are_told_alike(open_scenario, error, path):
    answer = open_scenario("healthy").get(path)
    assert answer.status_code == 400
    assert error(answer) == (100, 33)


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("asset-not-assigned", 200),
        ("scope-management-missing", 200),
        ("scope-for-another-account", 200),
        ("token-page", 200),
        ("employee-system-user", 0),
        ("scope-missing-in-granular", 0),
    ],
)
def test_scope_and_assignment_decide_together(open_scenario, error, scenario, code):
    owner = open_scenario(scenario)
    answer = owner.get(owner.running.waba_id)
    assert (error(answer)[0] if not answer.ok else 0) == code


def test_subscribed_apps_are_wrapped(owner):
    (row,) = owner.get(f"{owner.running.waba_id}/subscribed_apps").json()["data"]
    assert row["whatsapp_business_api_data"]["id"] == owner.running.app_id
    assert "id" not in row


def test_forty_numbers_come_in_pages_and_next_carries_the_token(open_scenario):
    owner = open_scenario("forty-numbers")
    path, seen, after = f"{owner.running.waba_id}/phone_numbers", [], {}
    while True:
        page = owner.get(path, fields="id", limit=15, **after).json()
        seen += [row["id"] for row in page["data"]]
        if "next" not in page["paging"]:
            break
        assert owner.token in page["paging"]["next"]
        after = {"after": page["paging"]["cursors"]["after"]}
    assert len(seen) == len(set(seen)) == 40


def test_a_bad_cursor_of_templates_has_its_own_code_since_v24(owner, error):
    path = f"{owner.running.waba_id}/message_templates"
    assert error(owner.get(path, after="nonsense"))[0] == 131059
    assert error(owner.become(owner.token, "v23.0").get(path, after="nonsense"))[0] == 100


def test_the_portfolio_limit_is_a_field_since_v24(owner, error):
    fields = {"fields": "whatsapp_business_manager_messaging_limit"}
    assert owner.get(owner.running.waba_id, **fields).ok
    assert error(owner.become(owner.token, "v23.0").get(owner.running.waba_id, **fields))[0] == 100


def test_templates_are_filtered(owner):
    path = f"{owner.running.waba_id}/message_templates"
    approved = owner.get(path, status="APPROVED").json()["data"]
    assert {row["status"] for row in approved} == {"APPROVED"}
    assert len(approved) == 3
    assert len(owner.get(path, name="order_received", language="ru").json()["data"]) == 1


def test_the_accounts_of_a_token_are_found_every_way(open_scenario):
    owner = open_scenario("three-accounts")
    business = owner.running.business_id

    def ids(path):
        return {row["id"] for row in owner.get(path).json()["data"]}

    owned = {"102290129340398", "205380258680796"}
    assert ids("me/businesses") == {business}
    assert ids(f"{business}/owned_whatsapp_business_accounts") == owned
    assert ids(f"{business}/client_whatsapp_business_accounts") == {FOREIGN_WABA}
    assert ids("me/assigned_whatsapp_business_accounts") == owned | {FOREIGN_WABA}


def test_without_business_management_the_businesses_stay_hidden(open_scenario, error):
    owner = open_scenario("scope-missing")
    assert error(owner.get("me/businesses"))[0] == 100
    assert error(owner.get("me/assigned_whatsapp_business_accounts")) == (10, 1752203)


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_subscriptions_of_an_app_want_the_app_token(owner, error, method):
    answer = getattr(owner, method)(f"{owner.running.app_id}/subscriptions")
    assert error(answer)[0] == 15


def test_assigned_users_want_the_business_named(owner, error):
    path = f"{owner.running.waba_id}/assigned_users"
    assert error(owner.get(path))[0] == 100
    there = owner.get(path, business=owner.running.business_id).json()["data"]
    assert {row["name"] for row in there} == {"Анна Зорина", "Order Robot"}


def test_an_expired_version_is_served_by_the_oldest_live_one(owner):
    assert owner.get("me").headers["facebook-api-version"] == "v26.0"
    old = owner.become(owner.token, "v19.0").get("me")
    assert old.ok
    assert old.headers["facebook-api-version"] == "v21.0"


def test_a_version_that_is_not_yet_is_an_unknown_path(owner, error):
    assert error(owner.become(owner.token, "v99.0").get("me"))[0] == 2500


def test_calls_about_an_account_count_against_its_budget(owner):
    headers = owner.get(owner.running.waba_id).headers
    (use,) = json.loads(headers["x-business-use-case-usage"])[owner.running.waba_id]
    assert use["type"] == "whatsapp_business_management"
    assert "x-business-use-case-usage" not in owner.get("me").headers
    assert headers["x-fb-trace-id"]


def test_a_token_is_taken_as_a_parameter_too(owner):
    assert owner.become("").get("me", access_token=owner.token).json()["name"] == "Order Robot"


@pytest.mark.parametrize(
    ("scenario", "entity", "state", "code"),
    [
        ("healthy", "PHONE_NUMBER", "AVAILABLE", None),
        ("number-unregistered", "PHONE_NUMBER", "BLOCKED", 133010),
        ("name-declined", "PHONE_NUMBER", "LIMITED", None),
        ("payment-missing", "WABA", "BLOCKED", 141006),
        ("account-banned", "WABA", "BLOCKED", 141014),
        ("business-unverified", "BUSINESS", "LIMITED", None),
    ],
)
def test_health_is_told_by_entity(open_scenario, scenario, entity, state, code):
    owner = open_scenario(scenario)
    answer = owner.get(owner.running.phone_number_id, fields="health_status").json()
    entities = {row["entity_type"]: row for row in answer["health_status"]["entities"]}
    assert set(entities) == {"PHONE_NUMBER", "WABA", "BUSINESS", "APP"}
    assert entities[entity]["can_send_message"] == state
    codes = [row["error_code"] for row in entities[entity].get("errors", [])]
    assert codes == ([code] if code else [])
    assert bool(entities[entity].get("additional_info")) is (state == "LIMITED")


def test_sip_makes_the_whole_look_blocked_while_every_entity_can_send(open_scenario):
    owner = open_scenario("sip-blocked")
    fields = {"fields": "health_status"}
    health = owner.get(owner.running.phone_number_id, **fields).json()["health_status"]
    assert health["can_send_message"] == "BLOCKED"
    assert {row["can_send_message"] for row in health["entities"]} == {"AVAILABLE"}
    assert health["entities"][0]["can_receive_call_sip"] == "BLOCKED"
