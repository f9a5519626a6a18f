"""`setup` without a person: what it finds by itself, and what it leaves to somebody."""

import pytest

from wizard import sandbox
from wizard.state.record import RecordFile


@pytest.fixture
def play(monkeypatch):
    with sandbox.start("rehearsal") as running:
        monkeypatch.setenv("WA_WIZARD_GRAPH_URL", running.graph_url)
        monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN", running.access_token)
        yield running


def test_a_token_of_the_environment_lists_app_account_and_number(wizard, home, play):
    code, _, _ = wizard("setup", "--no-input")
    ids = RecordFile(home.status_path("default")).load().ids
    assert code == 1
    assert (ids["app_id"], ids["waba_id"]) == (play.app_id, play.waba_id)
    assert ids["phone_number_id"] == play.phone_number_id


def test_what_is_not_consented_to_is_not_done(wizard, home, play):
    wizard("setup", "--no-input")
    record = RecordFile(home.status_path("default")).load()
    assert record.verdicts["number.code_verified"].status == "failed"
    assert not record.attempts
    assert record.test_message is None


def test_the_rehearsal_goes_through_by_itself_and_the_next_run_finds_it_done(wizard):
    assert wizard("setup", "--sandbox", "--no-input")[0] == 0
    assert wizard("audit", "--sandbox", "--no-input")[0] == 0


def test_a_printed_command_keeps_the_language_and_setup_remembers_it(wizard, home, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    out = wizard("audit", "--sandbox=number-unverified", "--no-input", "--lang", "ru")[1]
    assert "wa-wizard --sandbox=number-unverified --lang=ru setup" in " ".join(out.split())
    out = wizard("audit", "--sandbox=number-unverified", "--no-input")[1]
    assert "--lang" not in out
    monkeypatch.setenv("WA_WIZARD_GRAPH_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN", "EAA" + "x" * 100)
    wizard("setup", "--no-input", "--lang", "ru")
    assert home.config().of("default").lang == "ru"
    assert "Профиль" in wizard("status")[1]
