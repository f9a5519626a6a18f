"""Which store is opened, by a choice, an environment and who is there."""

import subprocess
import sys

import pytest

from wizard.text.secret import Secret
from wizard.vault import VaultError, VaultProblem
from wizard.vault.stores import (
    STORES,
    Opening,
    Person,
    keyring_name,
    keyring_seconds,
    open_vault,
)


@pytest.mark.parametrize("choice", [None, {}, {"store": "os-keyring"}, {"store": ""}])
def test_the_keyring_of_the_system_unless_chosen_otherwise(choice, tmp_path):
    vault = open_vault("shop", choice, {}, folder=tmp_path)
    assert vault.describe().store == "os-keyring"


def test_a_store_that_fails_is_never_replaced_by_another(tmp_path):
    vault = open_vault("shop", None, {}, folder=tmp_path)
    with pytest.raises(VaultError) as caught:
        vault.put("access_token", Secret("canary-5511"))
    assert caught.value.closed is VaultProblem.MISSING
    assert all(path.suffix == ".lock" and not path.read_bytes() for path in tmp_path.iterdir())


def test_an_unknown_store_is_refused_by_name(tmp_path):
    with pytest.raises(VaultError) as caught:
        open_vault("shop", {"store": "plaintext"}, {}, folder=tmp_path)
    assert caught.value.store == "plaintext"
    assert all(store in caught.value.detail for store in STORES)


def test_the_environment_alone_keeps_nothing(tmp_path):
    vault = open_vault(
        "s", {"store": "environment"}, {"WA_WIZARD_APP_SECRET": "0" * 32}, folder=tmp_path
    )
    assert vault.get("app_secret").source == "environment"
    with pytest.raises(VaultError):
        vault.put("app_secret", Secret("y"))


def test_real_secrets_of_the_environment_stay_out_of_the_sandbox(tmp_path):
    environ = {"WA_WIZARD_ACCESS_TOKEN": "real"}
    vault = open_vault("shop", {"store": "sandbox"}, environ, folder=tmp_path)
    assert vault.get("access_token") is None


@pytest.mark.parametrize(
    ("set_to", "attended", "seconds"),
    [
        ("", False, 5),
        ("", True, 90),
        ("2.5", True, 2.5),
        ("300", False, 300),
        ("soon", False, 5),
        ("-1", True, 90),
        ("nan", False, 5),
        ("inf", False, 5),
    ],
)
def test_the_deadline_depends_on_who_is_there(set_to, attended, seconds, tmp_path):
    environ = {"WA_WIZARD_KEYRING_TIMEOUT": set_to}
    opening = Opening("shop", {}, environ, tmp_path, Person(attended=attended))
    assert keyring_seconds(opening) == seconds


def test_opening_imports_nothing_heavy(tmp_path):
    script = (
        "import sys, pathlib; from wizard.vault.stores import open_vault; "
        f"open_vault('shop', None, {{}}, folder=pathlib.Path({str(tmp_path)!r})); "
        "print(*{'keyring', 'cryptography', 'filelock', 'requests'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


def test_two_homes_of_a_user_do_not_share_entries_of_the_keyring(tmp_path):
    def name(home):
        environ = {"WA_WIZARD_HOME": str(home)} if home else {}
        folder = (home or tmp_path) / "default"
        return keyring_name(Opening("default", {}, environ, folder, Person()))

    assert len({name(None), name(tmp_path / "a"), name(tmp_path / "b")}) == 3
    assert name(tmp_path / "a") == name(tmp_path / "a")
