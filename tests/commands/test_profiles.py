"""Several accounts: listed, chosen, and forgotten without leaving a secret behind."""

import pytest

from tests.support.fake_vault import MemoryVault
from wizard.commands import COMMANDS
from wizard.state.config import Config, Expect
from wizard.state.record import SecretNote
from wizard.text.secret import Secret
from wizard.vault import VaultProblem


@pytest.fixture
def vault(monkeypatch):
    vault = MemoryVault()
    monkeypatch.setattr("wizard.context.context.Context.vault", vault)
    return vault


def test_the_default_profile_is_always_there(told):
    code, data = told("profiles", "list")
    assert code == 0
    assert data["current"] == "default"
    assert [row["name"] for row in data["profiles"]] == ["default"]


def test_every_profile_is_listed_with_its_number(wizard, told, saved, home):
    saved("shop", ids={"display_phone_number": "+44 7700 900123"})
    home.save_config(Config().with_profile("café"))
    names = {row["name"]: row for row in told("profiles", "list")[1]["profiles"]}
    assert set(names) == {"default", "shop", "café"}
    assert names["shop"]["display_phone_number"] == "+44 7700 900123"
    assert "+44 7700 900123" in wizard("profiles", "list")[1]


def test_the_current_profile_is_used_from_then_on(wizard, told, saved):
    saved("shop", ids={"waba_id": "17"})
    assert wizard("profiles", "use", "SHOP")[0] == 0
    assert told("status")[1]["ids"]["waba_id"] == "17"
    assert told("status", "--profile", "default")[1]["ids"]["waba_id"] == ""


#: Commands → what they need to be understood.
WORDS = {
    "credentials helper": "aws-process",
    "credentials run": "-- true",
    "credentials get": "access_token",
    "credentials set": "access_token --from-env X",
    "credentials remove": "access_token",
    "credentials import": "x",
    "credentials move": "--to encrypted-file",
    "number add": "+447700900999 --name x",
    "number verify": "123830",
    "api": "GET me",
    "explain": "190",
    "config get": "lang",
    "config set": "lang ru",
    "config unset": "lang",
    "profiles use": "shop",
    "profiles remove": "shop",
    "send": "--to +447700900456",
    "templates show": "order_ready",
    "templates wait": "order_ready",
    "templates delete": "order_ready",
}
ANY = ("setup", "login", "profiles add", "help", "completion")
NAMES = [f"{word} {more}".strip() for word, rest in COMMANDS.items() for more in rest or [""]]


@pytest.mark.parametrize("command", [name for name in NAMES if name not in ANY])
def test_a_profile_that_was_misspelt_is_refused_by_every_command(command, wizard, saved, home):
    saved("shop")
    words = [*command.split(), "--profile=shpo", *WORDS.get(command, "").split()]
    code, out, err = wizard(*words)
    assert (code, out) == (2, "")
    assert "shop" in err
    assert not home.folder("shpo").exists()


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_so_is_one_of_the_environment(lang, wizard, told, saved, home, monkeypatch):
    saved("shop")
    home.save_config(Config().with_profile("café"))
    monkeypatch.setenv("WA_WIZARD_PROFILE", "cafe")
    assert "café" in wizard("status", "--lang", lang)[2]
    code, data = told("status", "--lang", lang)
    assert code == data["error"]["exit_code"] == 2
    for there in ("SHOP", "café", "default"):
        monkeypatch.setenv("WA_WIZARD_PROFILE", there)
        assert told("status")[1].get("items") is not None
    monkeypatch.setenv("WA_WIZARD_PROFILE", "cafe")
    assert wizard("help")[0] == wizard("audit", "--help")[0] == 0


def test_what_is_no_name_and_may_be_a_secret_is_not_repeated(wizard):
    word = "EAA" + "x" * 50
    code, out, err = wizard("status", "--profile", word)
    assert code == 2
    assert word not in out + err


def test_the_sandbox_knows_its_own_profiles_and_the_real_ones(wizard, saved):
    saved("shop")
    play = ("audit", "--no-input", "--sandbox=healthy", "--only", "token.kind", "--profile")
    assert wizard(*play, "shop")[0] == wizard(*play, "default")[0] == 0
    assert wizard(*play, "play")[0] == 2
    assert wizard("profiles", "add", "play", "--sandbox=healthy")[0] == 0
    assert wizard(*play, "play")[0] == 0
    assert wizard("status", "--profile", "play")[0] == 2


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_a_profile_is_added_once(lang, wizard, told, home):
    code, _, err = wizard("profiles", "add", "SHOP", "--lang", lang)
    assert code == 0
    assert "shop" in err
    assert home.profiles() == ("shop",)
    assert home.config().current == "default"
    assert told("status", "--profile", "shop")[0] == 3
    code, data = told("profiles", "add", "shop", "--lang", lang)
    assert (code, data["error"]["key"]) == (2, "profiles.exists")
    assert told("profiles", "add", "bakery", "--use") == (0, {"schema": 1, "exit_code": 0})
    assert home.config().current == "bakery"


def test_a_profile_that_has_a_status_alone_is_there_too(wizard, saved):
    saved("shop")
    assert wizard("profiles", "add", "shop")[0] == 2


def test_a_profile_is_pinned_when_it_is_added(wizard, home):
    ids = ("--app-id", "1029384756102938", "--waba-id", "WABA ID: 102290129340398")
    assert wizard("profiles", "add", "shop", *ids)[0] == 0
    pins = Expect(app_id="1029384756102938", waba_id="102290129340398")
    assert home.config().of("shop").expect == pins
    code, _, err = wizard("profiles", "add", "x", "--waba-id", "EAA" + "x" * 40)
    assert code == 2
    assert "EAAx" not in err
    assert "x" not in home.profiles()


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_a_damaged_profile_is_listed_as_damaged(lang, wizard, told, saved, home):
    saved("alpha", ids={"waba_id": "17"})
    saved("beta").profile = "beta"
    home.status_path("beta").write_text("- not a record")
    home.config_path.write_text("current: gamma\nprofiles:\n  gamma: {vault: {path: 5}}")
    home.config_path.chmod(0o600)
    code, data = told("profiles", "list", "--lang", lang)
    assert code == 6
    rows = {row["name"]: row["error"] for row in data["profiles"]}
    assert {name: error and error["exit_code"] for name, error in rows.items()} == {
        "alpha": None,
        "beta": 6,
        "gamma": 6,
    }
    code, out, _ = wizard("profiles", "list", "--lang", lang)
    assert code == 6
    assert "17" in out
    assert "gamma.vault.path" in "".join(out.split())


@pytest.mark.parametrize(
    ("words", "code"),
    [("use shpo", 2), ("use nobody", 2), ("use ../x", 2), ("use", 2), ("remove nobody", 2)],
)
def test_a_profile_that_is_not_there_is_refused(words, code, wizard, saved):
    saved("shop")
    assert wizard("profiles", *words.split())[0] == code


def test_forgetting_takes_the_secrets_first_then_the_folder(wizard, saved, home, vault):
    notes = {name: SecretNote("os-keyring") for name in ("access_token", "page_token:17")}
    # What a colleague or a lost status file left there goes as well.
    vault.kept = dict.fromkeys(("access_token", "page_token:17", "user_token"), Secret("x"))
    notes |= {"app_secret": SecretNote("environment"), "two_step_pin": SecretNote("encrypted-file")}
    saved("shop", secrets=notes)
    home.save_config(Config("shop").with_profile("shop", lang="en"))
    assert wizard("profiles", "remove", "shop", "--confirm", "shop")[0] == 0
    assert vault.kept == {}
    assert not home.folder("shop").exists()
    assert home.config() == Config("default")


def test_without_the_name_typed_nothing_goes(wizard, saved, home, vault):
    saved("shop")
    vault.kept = {"access_token": Secret("x")}
    assert wizard("profiles", "remove", "shop")[0] == 2
    assert wizard("profiles", "remove", "shop", "--confirm", "yes")[0] == 2
    assert vault.kept
    assert home.status_path("shop").is_file()


def test_a_closed_vault_keeps_the_names_of_the_secrets(wizard, saved, home, vault):
    saved("shop")
    vault.closed = VaultProblem.LOCKED
    assert wizard("profiles", "remove", "shop", "--confirm", "shop")[0] == 5
    assert home.status_path("shop").is_file()


def test_a_rehearsal_can_begin_again(wizard, home):
    folder = home.sandbox("healthy").state_folder
    folder.mkdir(parents=True, mode=0o700)
    (folder / "healthy.json").write_text("{}")
    words = ("profiles", "remove", "default", "--confirm", "default", "--sandbox", "healthy")
    assert wizard(*words)[0] == 0
    assert not folder.exists()
