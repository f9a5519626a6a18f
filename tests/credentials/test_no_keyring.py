"""A machine without a keyring: `setup` says the choices in one screen and goes on with each."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.support.terminal import ENTER, Terminal
from wizard.state.config import Config
from wizard.text.secret import Secret
from wizard.ui.words import Words
from wizard.vault.encrypted_file import EncryptedFile

WORDS = Words("en")
PHRASE = "correct horse battery"
SETUP = ["-m", "wizard", "setup", "--lang", "en"]


def said(key, **values):
    """The first line of a text, as far as it stands on one line of a screen."""
    return WORDS.say(key, **{"store": "", "detail": "", "least": 8, **values}).splitlines()[0][:40]


@pytest.fixture
def bare(open_shop, monkeypatch):
    """A new person at a machine that has no keyring, nothing chosen yet."""
    shop = open_shop("rehearsal")
    shop.home.save_config(Config())
    monkeypatch.delenv("WA_WIZARD_PASSPHRASE_FILE")
    return shop


def choose(terminal, key, **values):
    terminal.until(said("environment.store_ask"))
    terminal.until(said("environment.store_again"))
    begins = next(i for i, line in enumerate(terminal.lines) if said("vault.missing")[:20] in line)
    assert len([line for line in terminal.lines[begins:] if line]) <= 24
    # Which password managers stand between is up to the machine.
    row = next(line for line in terminal.lines if said(f"environment.{key}", **values) in line)
    terminal.send(re.search(r"(\d)\.", row)[1] + ENTER)


def chosen(shop):
    return dict(shop.home.config().of("default").vault)


def test_a_file_with_a_passphrase_is_made_proven_recorded_and_used(bare):
    terminal = Terminal(SETUP, rows=40)
    choose(terminal, "store_file")
    terminal.until(said("vault.passphrase_new")).send("short" + ENTER)
    terminal.until(said("vault.passphrase_short")).send(PHRASE + ENTER)
    terminal.until(said("vault.passphrase_repeat")).send(PHRASE + ENTER)
    terminal.until(said("environment.store_chosen", place=""), seconds=30)
    terminal.until(said("guide.goals"), seconds=30)
    terminal.send("\x03")
    assert terminal.end() == 130
    assert chosen(bare) == {"store": "encrypted-file"}
    assert PHRASE not in terminal.raw
    assert (bare.home.folder("default") / "secrets.json").exists()


def test_after_a_slip_the_passphrase_is_asked_again_in_place(bare):
    """A second try typed into the shell would stand there in clear."""
    path = bare.home.folder("default") / "secrets.json"
    EncryptedFile(path, "default", lambda new: Secret(PHRASE), 14).put("app_secret", Secret("a"))
    bare.home.save_config(Config().with_profile("default", vault={"store": "encrypted-file"}))
    terminal = Terminal(["-m", "wizard", "credentials", "get", "app_secret", "--reveal"])
    terminal.until(said("vault.passphrase_ask")).send("a slip" + ENTER)
    terminal.until(said("vault.passphrase_wrong")).send(PHRASE + ENTER)
    assert terminal.end() == 0
    assert "a slip" not in terminal.raw


def test_a_password_manager_is_offered_where_it_is_installed(bare, tmp_path, monkeypatch):
    """`pass`, played by a program that is called as it is."""
    folder, kept = tmp_path / "bin", tmp_path / "kept"
    folder.mkdir(), kept.mkdir()
    helper = Path(__file__).parents[1] / "vault" / "helper_program.py"
    script = (
        f"#!/bin/sh\nfor last; do :; done\ncase $1 in show) a=get;; insert) a=set;; rm) a=delete;; "
        f'esac\nexec "{sys.executable}" "{helper}" "{kept}" $a "$(basename "$last")"\n'
    )
    (folder / "pass").write_text(script)
    (folder / "pass").chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    terminal = Terminal(SETUP, rows=40)
    choose(terminal, "store_command", program="pass")
    terminal.until(said("environment.store_chosen", place=""), seconds=30)
    terminal.until(said("guide.goals"), seconds=30)
    terminal.send("\x03")
    terminal.end()
    assert chosen(bare) == {"store": "command", "preset": "pass"}


@pytest.mark.parametrize(
    ("option", "key", "choice"),
    [
        ("store_environment", "environment.environment_how", {"store": "environment"}),
        ("store_session", "environment.session_how", {}),
    ],
)
def test_the_other_ways_are_shown_and_the_next_run_goes_on(bare, option, key, choice):
    terminal = Terminal(SETUP, rows=40)
    choose(terminal, option)
    terminal.until(said(key), seconds=30)
    assert terminal.end() == 5
    assert chosen(bare) == choice


def test_with_the_environment_chosen_the_walk_goes_on(bare, monkeypatch):
    bare.home.save_config(Config().with_profile("default", vault={"store": "environment"}))
    monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN", bare.meta.access_token)
    terminal = Terminal(SETUP, rows=40)
    terminal.until(said("guide.goals"), seconds=30)
    terminal.send("\x03")
    assert terminal.end() == 130


def test_nobody_is_asked_where_nobody_is(bare, monkeypatch):
    from wizard.cli import main as cli

    assert cli.run(["setup", "--no-input"]) == 5
    assert chosen(bare) == {}


@pytest.fixture
def answered(bare, monkeypatch):
    """An answers file that says where the secrets are: a variable and a file."""
    monkeypatch.setenv("MY_TOKEN", bare.meta.access_token)
    secret, answers = bare.folder / "secret", bare.folder / "answers.yaml"
    secret.write_text(f"{bare.meta.app_secret}\n")
    places = f"{{access_token: {{env: MY_TOKEN}}, app_secret: {{file: {secret}}}}}"

    def write(more=""):
        answers.write_text(f"secrets: {places}\n{more}\n")
        return ["setup", "--no-input", "--lang", "en", "--answers", str(answers)]

    return write


def test_secrets_of_the_answers_file_need_no_store(bare, answered, capsys):
    from wizard.cli import main as cli

    code = cli.run(answered())
    said = capsys.readouterr().out
    assert code in (0, 1)
    assert "from the variable MY_TOKEN" in said
    assert bare.record.ids["waba_id"] == bare.meta.waba_id
    assert bare.record.secrets == {}
    for path in bare.home.folder("default").rglob("*"):
        assert bare.meta.access_token.encode() not in path.read_bytes()


def test_a_pin_that_could_not_be_kept_is_not_sent(open_shop, monkeypatch):
    from wizard.cli import main as cli

    shop = open_shop("number-unregistered")
    shop.home.save_config(Config())
    monkeypatch.setenv("MY_TOKEN", shop.meta.access_token)
    answers = shop.folder / "answers.yaml"
    answers.write_text("secrets: {access_token: {env: MY_TOKEN}}\nconsent: [number.registered]\n")
    before = json.dumps(shop.meta._world["numbers"])
    assert cli.run(["setup", "--no-input", "--answers", str(answers)]) == 5
    assert json.dumps(shop.meta._world["numbers"]) == before
    assert shop.record.attempts == {}


@pytest.mark.parametrize("kept", [False, True])
def test_a_token_that_meta_will_not_describe_is_proven_by_what_it_reads(
    open_shop, monkeypatch, capsys, kept
):
    """The app is the given one: its secret fits the token."""
    from wizard.cli import main as cli

    shop = open_shop("debug-refused")
    if not kept:
        shop.home.save_config(Config())
    monkeypatch.setenv("MY_TOKEN", shop.meta.access_token)
    monkeypatch.setenv("MY_SECRET", shop.meta.app_secret)
    answers = shop.folder / "answers.yaml"
    places = "secrets: {access_token: {env: MY_TOKEN}, app_secret: {env: MY_SECRET}}"
    answers.write_text(f'{places}\nids: {{app_id: "{shop.meta.app_id}"}}\n')
    cli.run(["setup", "--no-input", "--lang", "en", "--answers", str(answers), "--json"])
    items = {i["id"]: i["status"] for i in json.loads(capsys.readouterr().out)["items"]}
    wanted = ("access.valid", "access.app", "app.visible", "account.visible", "number.registered")
    assert {items[name] for name in wanted} == {"passed"}
    assert shop.record.ids["app_id"] == shop.meta.app_id
    if kept:
        assert shop.record.secrets["access_token"].expires_at == ""  # not shown is not "never"


@pytest.mark.parametrize("store", ["os-keyring", "encrypted-file"])
@pytest.mark.parametrize("name", ["app_id", "waba_id", "phone_number_id"])
def test_an_id_that_the_token_does_not_lead_to_is_never_replaced(
    open_shop, monkeypatch, capsys, store, name
):
    from wizard.cli import main as cli

    shop = open_shop()
    shop.home.save_config(Config().with_profile("default", vault={"store": store}))
    monkeypatch.setenv("MY_TOKEN", shop.meta.access_token)
    answers = shop.folder / "answers.yaml"
    answers.write_text(
        f'secrets: {{access_token: {{env: MY_TOKEN}}}}\nids: {{{name}: "999999999"}}'
    )
    assert cli.run(["setup", "--no-input", "--json", "--answers", str(answers)]) == 2
    values = json.loads(capsys.readouterr().out)["error"]["values"]
    assert values["key"] == f"ids.{name}"
    assert getattr(shop.meta, name) in values["there"]


def test_accounts_that_nobody_chose_between_are_listed(open_shop, monkeypatch, capsys):
    from wizard.cli import main as cli

    shop = open_shop("two-accounts-none-chosen")
    monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN", shop.meta.access_token)
    answers = shop.folder / "answers.yaml"
    answers.write_text("{}")
    assert cli.run(["setup", "--no-input", "--json", "--answers", str(answers)]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["values"]["name"] == "ids.waba_id"
    for wanted in (shop.meta.waba_id, "Zarya Bakery", "205380258680796", "Zarya Test"):
        assert wanted in error["values"]["offered"]
