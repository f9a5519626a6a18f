"""The read-only sources, alone and before a store."""

import os

import pytest

from tests.support.fake_vault import MemoryVault
from tests.support.vault_contract import VaultContract
from wizard.text.secret import Secret
from wizard.vault import SecretSource, VaultError, VaultProblem
from wizard.vault.environment import Environment, EnvironmentFirst, variable, without_secrets

TOKEN = "WA_WIZARD_ACCESS_TOKEN"
GIVEN, OTHER, SECRET = "EAA" + "g" * 60, "EAA" + "o" * 60, "0123456789abcdef" * 2


def before(behind=None, **environ):
    return EnvironmentFirst(environ, behind)


class TestContract(VaultContract):
    @pytest.fixture
    def vault(self):
        return before(MemoryVault())


class TestContractOfTheFake(VaultContract):
    @pytest.fixture
    def vault(self):
        return MemoryVault()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(f"{SECRET}\r\n".encode())
    return path


class TestReading:
    def test_the_environment_goes_before_the_store(self):
        vault = before(MemoryVault(access_token=Secret("kept")), WA_WIZARD_ACCESS_TOKEN=GIVEN)
        kept = vault.get("access_token")
        assert (kept.secret, kept.source, kept.detail) == (Secret(GIVEN), "environment", TOKEN)

    def test_the_store_is_not_even_asked(self):
        vault = before(MemoryVault(closed="locked"), WA_WIZARD_ACCESS_TOKEN=GIVEN)
        assert vault.get("access_token").secret == Secret(GIVEN)

    def test_what_the_environment_lacks_comes_from_the_store(self):
        kept = before(MemoryVault(app_secret=Secret("kept"))).get("app_secret")
        assert (kept.secret, kept.source) == (Secret("kept"), "os-keyring")

    def test_a_file_is_named_by_its_variable(self, file):
        kept = before(WA_WIZARD_APP_SECRET_FILE=str(file)).get("app_secret")
        assert (kept.secret, kept.detail) == (Secret(SECRET), "WA_WIZARD_APP_SECRET_FILE")

    def test_the_variable_itself_goes_before_its_file(self, file):
        vault = before(WA_WIZARD_ACCESS_TOKEN=OTHER, WA_WIZARD_ACCESS_TOKEN_FILE=str(file))
        assert vault.get("access_token").secret == Secret(OTHER)

    def test_a_link_to_a_file_is_followed(self, file, tmp_path):
        (tmp_path / "link").symlink_to(file)
        vault = before(WA_WIZARD_APP_SECRET_FILE=str(tmp_path / "link"))
        assert vault.get("app_secret").secret == Secret(SECRET)

    @pytest.mark.parametrize("name", ["access_token", "page_token:17"])
    def test_systemd_hands_over_a_folder(self, tmp_path, name):
        path = tmp_path / f"wa-wizard-{name.replace(':', '-')}"
        path.write_text(f"{GIVEN}\n")
        kept = before(CREDENTIALS_DIRECTORY=str(tmp_path)).get(name)
        assert (kept.secret, kept.detail) == (Secret(GIVEN), str(path))

    def test_a_page_token_has_a_variable_of_its_own(self):
        vault = before(WA_WIZARD_PAGE_TOKEN_17=OTHER)
        assert vault.get("page_token:17").secret == Secret(OTHER)
        assert vault.get("page_token:1") is None

    @pytest.mark.parametrize("empty", ["", "  ", "\n"])
    def test_an_empty_variable_gives_nothing(self, empty):
        vault = before(MemoryVault(access_token=Secret("kept")), WA_WIZARD_ACCESS_TOKEN=empty)
        assert vault.get("access_token").secret == Secret("kept")
        assert vault.source_of("access_token") == SecretSource("os-keyring")

    @pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "binary", "endless"])
    def test_a_file_that_cannot_be_read_never_gives_way_to_the_store(self, tmp_path, kind):
        path = tmp_path / kind
        make = {
            "missing": lambda: None,
            "folder": path.mkdir,
            "pipe": lambda: os.mkfifo(path),
            "binary": lambda: path.write_bytes(b"\xff\xfe\x00"),
            "endless": lambda: path.write_bytes(b"x" * (2 << 20)),
        }
        make[kind]()
        vault = before(
            MemoryVault(access_token=Secret("kept")), WA_WIZARD_ACCESS_TOKEN_FILE=str(path)
        )
        with pytest.raises(VaultError) as caught:
            vault.get("access_token")
        assert (caught.value.closed, caught.value.store) == (VaultProblem.BROKEN, "environment")
        assert "WA_WIZARD_ACCESS_TOKEN_FILE" in caught.value.detail


class TestOfAProfile:
    """NAME__PROFILE and its two spellings of a file."""

    @pytest.mark.parametrize("spelling", ["{}_FILE__MY_SHOP", "{}__MY_SHOP_FILE"])
    @pytest.mark.parametrize("name", ["app_secret", "page_token:17"])
    def test_its_own_goes_before_the_plain_one(self, spelling, name, file):
        plain = variable(name)
        own, path = f"{plain}__MY_SHOP", spelling.format(plain)
        given = OTHER if name != "app_secret" else "f" * 32
        environ = {plain: GIVEN, path: str(file), own: given}
        vault = EnvironmentFirst(environ, MemoryVault(), "my-shop")
        assert (vault.get(name).detail, vault.get(name).secret) == (own, Secret(given))
        assert vault.source_of(name) == SecretSource("environment", own)
        del environ[own]
        assert vault.source_of(name) == SecretSource("environment", path)
        assert Environment(environ, "my-shop").get(name).secret.reveal().strip() == SECRET
        del environ[path]
        assert vault.source_of(name) == SecretSource("environment", plain)

    def test_that_of_another_one_is_not_seen(self):
        environ = {"WA_WIZARD_ACCESS_TOKEN__OTHER": GIVEN, "WA_WIZARD_ACCESS_TOKEN__SHOP": ""}
        for profile in ("shop", ""):
            assert Environment(environ, profile).names == frozenset()

    def test_programs_get_none_of_them(self):
        names = ("WA_WIZARD_ACCESS_TOKEN__SHOP", "WA_WIZARD_PAGE_TOKEN_17__SHOP", TOKEN)
        assert without_secrets({**dict.fromkeys(names, GIVEN), "PATH": "x"}) == {"PATH": "x"}

    @pytest.mark.parametrize(
        ("other", "name"),
        [
            ("my_shop", "WA_WIZARD_ACCESS_TOKEN__MY_SHOP"),
            ("my-shop_file", "WA_WIZARD_ACCESS_TOKEN__MY_SHOP_FILE"),
        ],
    )
    def test_what_two_profiles_would_take_is_named(self, other, name):
        given = Environment({name: GIVEN}, "my-shop")
        assert given.clash(["my-shop", "shop", other]) == (name, other)
        assert given.clash(["my-shop", "shop"]) is None
        assert Environment({name: " "}, "my-shop").clash([other]) is None


class TestKnowing:
    def test_it_names_what_the_environment_gives(self, tmp_path):
        (tmp_path / "wa-wizard-verify_token").write_text("v")
        environ = {
            "WA_WIZARD_ACCESS_TOKEN": "a",
            "WA_WIZARD_APP_SECRET_FILE": "/nowhere",
            "WA_WIZARD_PAGE_TOKEN_17": "p",
            "WA_WIZARD_PAGE_TOKEN_18_FILE": "/nowhere",
            "WA_WIZARD_LANG": "ru",
            "CREDENTIALS_DIRECTORY": str(tmp_path),
        }
        assert Environment(environ).names == {
            "access_token",
            "app_secret",
            "verify_token",
            "page_token:17",
            "page_token:18",
        }

    def test_a_hidden_write_is_kept_and_said(self):
        behind = MemoryVault()
        vault = before(behind, WA_WIZARD_ACCESS_TOKEN=GIVEN)
        vault.put("access_token", Secret("new"))
        assert behind.kept == {"access_token": Secret("new")}
        assert vault.get("access_token").secret == Secret(GIVEN)
        assert vault.source_of("access_token") == SecretSource("environment", TOKEN)
        assert vault.source_of("app_secret") == SecretSource("os-keyring")

    def test_removing_reaches_the_store_behind(self):
        behind = MemoryVault(access_token=Secret("old"))
        before(behind, WA_WIZARD_ACCESS_TOKEN=GIVEN).remove("access_token")
        assert not behind.kept


class TestAlone:
    """With no store behind: CI, containers."""

    def test_it_can_be_read_only(self):
        vault = before(WA_WIZARD_ACCESS_TOKEN=GIVEN)
        for act in (
            lambda: vault.put("two_step_pin", Secret("049217")),
            lambda: vault.remove("access_token"),
            vault.probe,
        ):
            with pytest.raises(VaultError) as caught:
                act()
            assert caught.value.closed is VaultProblem.READ_ONLY

    def test_what_was_to_be_kept_is_named_by_its_variable(self):
        with pytest.raises(VaultError) as caught:
            before().put("two_step_pin", Secret("049217"))
        assert caught.value.detail == "WA_WIZARD_TWO_STEP_PIN"

    def test_removing_what_it_does_not_give_is_fine(self):
        before().remove("access_token")

    def test_it_describes_itself(self):
        assert before().describe().store == "environment"
