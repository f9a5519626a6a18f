"""Several accounts: listed, chosen, and forgotten without leaving a secret behind."""

import pytest

from wizard.state.config import Config
from wizard.state.record import SecretNote
from wizard.vault import VaultError, VaultProblem


class Vault:
    """Notes what is removed; `closed` refuses."""

    def __init__(self, closed=None):
        self.removed, self.closed = [], closed

    def remove(self, name):
        if self.closed:
            raise VaultError(self.closed, "os-keyring")
        self.removed.append(name)


@pytest.fixture
def vault(monkeypatch):
    vault = Vault()
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


@pytest.mark.parametrize(
    ("words", "code"),
    [("use shpo", 2), ("use nobody", 2), ("use ../x", 2), ("use", 2), ("remove nobody", 2)],
)
def test_a_profile_that_is_not_there_is_refused(words, code, wizard, saved):
    saved("shop")
    assert wizard("profiles", *words.split())[0] == code


def test_forgetting_takes_the_secrets_first_then_the_folder(wizard, saved, home, vault):
    notes = {name: SecretNote("os-keyring") for name in ("access_token", "page_token:17")}
    notes |= {"app_secret": SecretNote("environment"), "two_step_pin": SecretNote("encrypted-file")}
    saved("shop", secrets=notes)
    home.save_config(Config("shop").with_profile("shop", lang="en"))
    assert wizard("profiles", "remove", "shop", "--confirm", "shop")[0] == 0
    assert vault.removed == ["access_token", "page_token:17"]
    assert not home.folder("shop").exists()
    assert home.config() == Config("default")


def test_without_the_name_typed_nothing_goes(wizard, saved, home, vault):
    saved("shop")
    assert wizard("profiles", "remove", "shop")[0] == 2
    assert wizard("profiles", "remove", "shop", "--confirm", "yes")[0] == 2
    assert vault.removed == []
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
