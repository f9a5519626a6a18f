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
