"""One world for several processes, kept in a file."""

import json
import stat
import time

import pytest

from wizard.sandbox import start


def rename(owner, name):
    return owner.post(owner.running.phone_number_id, new_display_name=name)


def name_of(owner):
    fields = {"fields": "new_display_name"}
    return owner.get(owner.running.phone_number_id, **fields).json().get("new_display_name")


def test_without_a_folder_every_start_is_a_new_world(open_scenario):
    rename(open_scenario("healthy"), "Another")
    assert name_of(open_scenario("healthy")) is None


def test_a_later_start_sees_what_was_done(open_scenario, tmp_path):
    first = open_scenario("healthy", state_dir=tmp_path)
    rename(first, "Another")
    first.running.close()
    assert name_of(open_scenario("healthy", state_dir=tmp_path)) == "Another"


def test_two_at_once_share_one_world(open_scenario, tmp_path):
    here, there = (open_scenario("healthy", state_dir=tmp_path) for _ in range(2))
    rename(here, "From here")
    assert name_of(there) == "From here"
    rename(there, "From there")
    assert name_of(here) == "From there"


def test_each_scenario_has_its_own_file_for_the_owner_alone(open_scenario, tmp_path):
    open_scenario("healthy", state_dir=tmp_path / "sandbox")
    open_scenario("quality-red", state_dir=tmp_path / "sandbox")
    files = sorted((tmp_path / "sandbox").iterdir())
    assert [file.name for file in files] == ["healthy.json", "quality-red.json"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_refused_registration_still_counts(open_scenario, tmp_path):
    owner = open_scenario("healthy", state_dir=tmp_path)
    path = f"{owner.running.phone_number_id}/register"
    owner.post(path, messaging_product="whatsapp", pin="000000")
    kept = json.loads((tmp_path / "healthy.json").read_text("utf-8"))
    assert len(kept["numbers"][owner.running.phone_number_id]["registrations"]) == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"scenario": "healthy"}'])
def test_a_file_that_cannot_be_read_is_begun_anew(open_scenario, tmp_path, content):
    (tmp_path / "healthy.json").write_text(content)
    assert open_scenario("healthy", state_dir=tmp_path).get("me").ok


def test_the_panel_gives_a_fresh_token_when_the_last_one_grew_old(open_scenario, tmp_path):
    owner = open_scenario("rehearsal", state_dir=tmp_path)
    owner.control("change", tokens={"panel": {"expires_at": 1}})
    assert owner.get("me").status_code == 401
    owner.running.close()
    assert open_scenario("rehearsal", state_dir=tmp_path).get("me").ok


def test_a_taken_port_is_an_error_of_the_system(open_scenario):
    port = int(open_scenario("healthy").running.graph_url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        start("healthy", port=port)


def test_an_unknown_scenario_is_a_key_error():
    with pytest.raises(KeyError):
        start("no such scenario")


def test_closing_ends_connections_that_are_kept_alive(open_scenario):
    owner = open_scenario("healthy")
    assert owner.get("me").headers.get("Connection", "keep-alive") != "close"
    owner.running.close()
    with pytest.raises(Exception, match=r"refused|reset|closed|aborted"):
        owner.get("me")


def test_small_answers_on_one_connection_do_not_wait_for_each_other(open_scenario):
    owner = open_scenario("healthy")
    owner.get("me")
    begun = time.monotonic()
    for _ in range(40):
        owner.get("me")
    # Headers and body in two packets cost 40 ms each time (Nagle and delayed ACK): 1.6 s.
    assert time.monotonic() - begun < 1.2


def test_the_owner_of_a_world_has_what_its_profile_says(open_scenario):
    running = open_scenario("receiving").running
    profile = running.profile
    assert profile.goals == ("sending", "receiving")
    assert profile.ids["waba_id"] == running.waba_id
    assert profile.secrets == {
        "access_token": running.access_token,
        "app_secret": running.app_secret,
        "two_step_pin": "314159",
        "verify_token": "zarya-verify-token",
    }
    assert profile.webhook == {
        "callback_url": f"{running.graph_url}/_sandbox/callback/good",
        "level": "app",
    }
    assert open_scenario("no-token").running.profile.secrets == {}


def test_enter_all_the_way_has_an_answer_for_every_question(open_scenario):
    offered = open_scenario("rehearsal").running.suggestions
    asked = "access_token app_id app_secret business_id waba_id phone_number_id phone_number "
    asked += "display_name code_method verification_code two_step_pin test_message.to"
    assert set(asked.split()) <= set(offered)
