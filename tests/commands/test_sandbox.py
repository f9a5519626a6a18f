"""The stand-in as a command of its own, for other people's programs."""

import json
import os
import signal
import subprocess
import sys
import urllib.request

import pytest

from wizard.context.settings import scenarios


def serving(*words):
    call = [sys.executable, "-m", "wizard", "sandbox", *words]
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_one_line_of_json_then_it_serves_until_told_to_stop(number, code, home):
    process = serving("--scenario", "healthy")
    line = json.loads(process.stdout.readline())
    assert {"access_token", "app_id", "app_secret", "waba_id", "phone_number_id"} <= set(line)
    request = urllib.request.Request(
        f"{line['graph_url']}/v26.0/{line['waba_id']}",
        headers={"Authorization": f"Bearer {line['access_token']}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.loads(answer.read())["id"] == line["waba_id"]
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (code, "")
    assert "Traceback" not in err


def test_every_scenario_is_named(wizard, told):
    code, out, _ = wizard("sandbox", "--list", "--lang", "ru")
    assert code == 0
    assert set(told("sandbox", "--list")[1]["scenarios"]) == set(scenarios())
    assert all(name in out for name in scenarios())


@pytest.mark.parametrize(
    "words", ["--scenario nothing", "--port 1000000", "--port x", "--latency soon"]
)
def test_what_cannot_be_served_is_wrong_usage(words, wizard):
    assert wizard("sandbox", *words.split())[0] == 2


def test_a_port_that_is_taken_is_said(wizard, home):
    process = serving("--scenario", "healthy")
    try:
        port = json.loads(process.stdout.readline())["graph_url"].rpartition(":")[2]
        code, _, err = wizard("sandbox", "--port", port)
        assert code == 2
        assert port in err
    finally:
        process.kill()
        process.communicate()


def test_its_state_is_kept_apart(home):
    process = serving("--scenario", "healthy")
    process.stdout.readline()
    process.kill()
    process.communicate()
    assert os.listdir(home.state_folder) == ["sandbox"]


def announced(*words):
    """(what it says on stdout, what on stderr) of a sandbox that is stopped at once."""
    process = serving("--scenario", "healthy", *words)
    try:
        line = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        return line, process.communicate(timeout=10)[1]
    finally:
        process.kill()
        process.communicate()


def test_its_secrets_stay_with_its_world_and_a_fresh_world_has_others(home):
    kept, again, fresh = announced()[0], announced()[0], announced("--fresh")[0]
    assert kept["access_token"] == again["access_token"] != fresh["access_token"]
    assert kept["app_secret"] == again["app_secret"] != fresh["app_secret"]


def test_that_callbacks_may_leave_this_machine_is_said(home):
    said, silent = announced("--callbacks-anywhere", "--lang", "en")[1], announced()[1]
    assert "callback" in said
    assert "callback" not in silent
