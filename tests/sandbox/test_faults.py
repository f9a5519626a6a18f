"""What goes wrong on the way, as a client meets it."""

import time
from email.utils import parsedate_to_datetime

import pytest
import requests


@pytest.mark.parametrize(
    ("scenario", "status", "text"),
    [
        ("html-500", 500, "Sorry, something went wrong"),
        ("captive-portal", 200, "Hotel Wi-Fi"),
        ("answer-not-json", 200, "upstream"),
    ],
)
def test_something_else_than_json_comes_back(open_scenario, scenario, status, text):
    answer = open_scenario(scenario).get("me")
    assert answer.status_code == status
    assert text in answer.text
    assert "facebook-api-version" not in answer.headers


def test_the_network_redirects(open_scenario):
    answer = open_scenario("portal-redirect").ask("GET", "me", allow_redirects=False)
    assert answer.status_code == 302


def test_the_connection_is_reset_without_an_answer(open_scenario):
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        open_scenario("connection-dropped").get("me")


def test_the_answer_ends_too_early(open_scenario):
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        open_scenario("answer-cut").get("me")


def test_the_answer_is_huge(open_scenario):
    assert len(open_scenario("answer-too-big").get("me").content) > 8 << 20


def test_an_answer_is_late(open_scenario):
    owner = open_scenario("slow")
    begun = time.monotonic()
    assert owner.get("me").ok
    assert time.monotonic() - begun >= 0.5


def test_latency_is_added_to_every_answer(open_scenario):
    owner = open_scenario("healthy", latency_ms=120)
    begun = time.monotonic()
    owner.get("me")
    assert time.monotonic() - begun >= 0.12


@pytest.mark.parametrize(
    ("scenario", "code"), [("throttled-80007", 80007), ("throttled-80008", 80008)]
)
def test_throttling_is_400_with_the_time_to_wait(open_scenario, error, scenario, code):
    owner = open_scenario(scenario)
    answer = owner.get(f"{owner.running.waba_id}/phone_numbers")
    assert answer.status_code == 400
    assert error(answer)[0] == code
    assert '"estimated_time_to_regain_access":42' in answer.headers["x-business-use-case-usage"]
    assert owner.get("me").ok


def test_a_hiccup_passes(open_scenario, error):
    owner = open_scenario("meta-hiccup")
    assert error(owner.get(owner.running.waba_id))[0] == 1
    assert owner.get(owner.running.waba_id).ok


def test_meta_may_have_moved_to_newer_versions(open_scenario):
    answer = open_scenario("version-expired").get("me")
    assert answer.ok
    assert answer.headers["facebook-api-version"] == "v27.0"


def test_metas_clock_may_differ(open_scenario):
    behind = open_scenario("clock-behind").get("me").headers["Date"]
    assert parsedate_to_datetime(behind).timestamp() - time.time() > 3000


def test_faults_can_be_set_from_outside(open_scenario, error):
    owner = open_scenario("healthy")
    fault = {"path": "me", "method": "GET", "kind": "error", "code": 368, "message": "blocked"}
    owner.control("faults", faults=[{**fault, "after": 1, "times": 2}])
    codes = [answer.status_code for answer in (owner.get("me") for _ in range(4))]
    assert codes == [200, 403, 403, 200]


def test_a_client_that_hangs_up_harms_nobody(open_scenario):
    owner = open_scenario("slow")
    with pytest.raises(requests.Timeout):
        owner.session.get(f"{owner.running.graph_url}/v26.0/me", timeout=0.1)
    assert owner.get("me").ok


def test_a_chunked_body_is_read_and_the_connection_goes_on(open_scenario):
    owner = open_scenario("healthy")
    headers = {"Content-Type": "application/json"}
    body = (part for part in (b'{"status":"read","messaging_', b'product":"whatsapp"}'))
    path = f"{owner.running.phone_number_id}/messages"
    url = f"{owner.running.graph_url}/v26.0/{path}"
    headers["Authorization"] = f"Bearer {owner.token}"
    answer = owner.session.post(url, data=body, headers=headers, timeout=5)
    assert answer.json()["error"]["code"] == 131009  # the body was read: no message is named
    assert owner.get("me").ok


@pytest.mark.parametrize("field", ["имя", "a\r\nX-Torn: 1"])
def test_an_error_text_that_no_header_can_hold_is_still_answered(open_scenario, error, field):
    owner = open_scenario("healthy")
    owner.control("faults", faults=[{"path": "me", "kind": "error", "code": 100, "message": field}])
    answer = owner.get("me")
    assert error(answer) == (100, 0)
    assert answer.json()["error"]["message"] == field
    assert "X-Torn" not in answer.headers


def test_a_refused_or_hidden_field_is_told_from_an_unknown_one(open_scenario, error):
    owner = open_scenario("payment-field-refused")
    refused = owner.get(owner.running.waba_id, fields="name,primary_funding_id")
    assert error(refused)[0] == 10
    assert "primary_funding_id" not in refused.text
    assert owner.get(owner.running.waba_id, fields="name").ok
    hidden = open_scenario("account-status-hidden")
    assert set(hidden.get(hidden.running.waba_id, fields="status").json()) == {"id"}
    assert hidden.get(hidden.running.phone_number_id, fields="status").json()["status"]
    newer = open_scenario("fields-newer-than-this-version")
    assert error(newer.get(newer.running.phone_number_id, fields="is_on_biz_app")) == (100, 0)


def test_who_lacks_the_messaging_account_still_reads_the_numbers(open_scenario, error):
    owner = open_scenario("messaging-account-split")
    waba = owner.running.waba_id
    assert owner.get(f"{waba}/phone_numbers").ok
    assert owner.get(waba, fields="name").ok
    for path in (f"{waba}/message_templates", f"{waba}?fields=primary_funding_id"):
        assert error(owner.get(path))[0] == 200


def test_a_number_of_the_phone_app_takes_neither_code_nor_registration(open_scenario, error):
    owner = open_scenario("phone-app-number")
    phone = owner.running.phone_number_id
    code = owner.post(f"{phone}/request_code", code_method="SMS", language="en_US")
    assert error(code)[0] == 136025
    pin = owner.post(f"{phone}/register", messaging_product="whatsapp", pin="271828")
    assert error(pin)[0] == 100
    assert "SMB" in pin.text


def test_pages_without_end_each_name_another(open_scenario):
    owner = open_scenario("templates-without-end")
    path = f"{owner.running.waba_id}/message_templates"
    cursors = [owner.get(path).json()["paging"]["cursors"]["after"] for _ in range(3)]
    assert len(set(cursors)) == 3
