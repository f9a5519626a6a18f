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


def test_an_answers_file_changes_a_profile_that_exists(wizard, home, tmp_path, monkeypatch):
    setup = ("setup", "--sandbox=receiving", "--no-input", "--lang", "en")
    answers, status = tmp_path / "answers.yaml", home.sandbox("receiving").status_path("default")

    def again(text):
        answers.write_text(text)
        code, out, err = wizard(*setup, "--answers", str(answers))
        return code, out + err, RecordFile(status).load()

    wizard(*setup)
    monkeypatch.setenv("NEW", "zarya-another-token")
    code, _, record = again("goals: [sending]\nconfirm: {app.published: 'on 3 May, by Anna'}")
    assert (code, [str(goal) for goal in record.goals]) == (0, ["sending"])
    assert record.confirmed["app.published"].words == "on 3 May, by Anna"
    _, _, record = again("secrets: {verify_token: {env: NEW}}")
    kept = wizard("credentials", "get", "verify_token", "--sandbox=receiving")
    assert kept[1].strip() == "zarya-another-token"
    for text, key in (
        ("phone_number: '+447700900999'", "phone_number"),
        ("secrets: {app_secret: {env: WRONG}}", "secrets.app_secret"),
        ("secrets: {access_token: {env: DEAD}}", "secrets.access_token"),
        ("ids: {waba_id: '999'}", "ids.waba_id"),
    ):
        monkeypatch.setenv("WRONG", "0123456789abcdef" * 2)
        monkeypatch.setenv("DEAD", "EAA" + "x" * 150)
        code, said, after = again(text)
        assert (code, key in said) == (2, True), said
        assert (after.ids, after.secrets) == (record.ids, record.secrets)


def test_a_sign_in_says_which_of_its_options_names_the_app(wizard, play):
    code, out, err = wizard("login", "--no-input", "--lang", "en")
    assert (code, "--app-id" in out + err) == (2, True), out + err
    assert wizard("login", "--app-id", "x", "--no-input")[0] == 2
    _, out, err = wizard("login", "--app-id", play.app_id, "--no-input")
    assert "--app-id" not in out + err


def test_plan_agrees_right_after_setup_made_a_template(wizard, told, home, tmp_path):
    play = ("--sandbox=template-none", "--no-input")
    answers = tmp_path / "answers.yaml"
    answers.write_text("goals: sending\nconsent: [message.template, message.sent]\n")
    assert wizard("setup", *play, "--answers", answers)[0] == 0
    code, plan = told("templates", "plan", *play)
    assert (code, plan["changes"]) == (0, [])
    code, audit = told("audit", *play, "--only=message.template_drift")
    assert [one["status"] for one in audit["items"]] == ["passed"]
