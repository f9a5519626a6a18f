"""The stores that docs/credentials.md describes, with the real programs; and one of a package."""

import json
import os
import re
import shutil
import subprocess

import pytest
import yaml

from tests.support.programs import ROOT
from wizard.state.config import Config
from wizard.text.secret import Secret
from wizard.vault import VaultError
from wizard.vault.stores import BROUGHT, open_vault

TEXT = (ROOT / "docs/credentials.md").read_text("utf-8")
TWO_NUMBERS = "two_step_pin:106540352242922"


def described(program, folder):
    """The choice as the document has it, in a folder of the test."""
    text = re.search(rf"```yaml\n# {program}\n(.*?)```", TEXT, re.DOTALL)[1]
    return yaml.safe_load(text.replace("/etc/wa-wizard", str(folder)))["profiles"]["default"][
        "vault"
    ]


def kernel(folder):
    tried = subprocess.run(["keyctl", "show"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("the kernel gives no keyring here")
    choice = described("keyctl", folder)
    # A name of this test's own: the keyring is that of the whole user.
    mark = f"wa-wizard-test-{os.getpid()}/"
    return json.loads(json.dumps(choice).replace("wa-wizard/", mark))


def machine_key(folder):
    call = ["systemd-creds", "encrypt", "--name=x", "-", str(folder / "x")]
    if subprocess.run(call, input=b"x", capture_output=True, check=False).returncode:
        pytest.skip("this machine has no key for systemd-creds")
    return described("systemd-creds", folder)


def database(folder):
    (folder / "key").write_bytes(os.urandom(64))
    call = ["keepassxc-cli", "db-create", "-k", str(folder / "key"), str(folder / "wa.kdbx")]
    subprocess.run(call, capture_output=True, check=True)
    return described("keepassxc-cli", folder)


PROGRAMS = {"keyctl": kernel, "systemd-creds": machine_key, "keepassxc-cli": database}


@pytest.fixture(params=PROGRAMS)
def choice(request, tmp_path):
    if not shutil.which(request.param):
        pytest.skip(f"not installed: {request.param}")
    folder = tmp_path / "programs"
    folder.mkdir()
    return PROGRAMS[request.param](folder)


def test_the_real_program_keeps_finds_and_forgets(choice, tmp_path):
    vault = open_vault("default", choice, {"PATH": os.environ["PATH"]}, folder=tmp_path)
    assert vault.get("access_token") is None
    token = "EAA" + "t" * 180
    try:
        for value in (token, token + "2"):
            vault.put("access_token", Secret(value))
            again = open_vault("default", choice, dict(os.environ), folder=tmp_path)
            assert again.get("access_token").secret == Secret(value)
        vault.put(TWO_NUMBERS, Secret("271828"))
        assert vault.get(TWO_NUMBERS).secret == Secret("271828")
    finally:
        for name in ("access_token", TWO_NUMBERS):
            vault.remove(name)
    assert open_vault("default", choice, dict(os.environ), folder=tmp_path).get(TWO_NUMBERS) is None


def test_secrets_move_there_and_back(choice, shop):
    token, path = shop.kept(), shop.home.config_path
    shop.home.save_config(
        Config().with_profile("default", vault={**choice, "store": "encrypted-file"})
    )
    moved = shop.data("move", "--to", "command")["moved"]
    try:
        assert moved == ["access_token", "app_secret"]
        assert shop.vault.names() == ()
        assert shop.run("get", "access_token").out.strip() == token
        assert {row["name"] for row in shop.data("list")["credentials"]} == set(moved)
    finally:
        shop.run("move", "--to", "encrypted-file")
    assert shop.kept() == token
    assert token not in path.read_text()


SHELF = """
from wizard.vault import Description, SecretSource, StoredSecret

KEPT = {}


class Shelf:
    def __init__(self, profile):
        self.kept = KEPT.setdefault(profile, {})

    def get(self, name):
        secret = self.kept.get(name)
        return secret and StoredSecret(secret, "shelf")

    def source_of(self, name):
        return SecretSource("shelf")

    def put(self, name, secret):
        self.kept[name] = secret

    def remove(self, name):
        self.kept.pop(name, None)

    def names(self):
        return tuple(self.kept)

    def probe(self):
        pass

    def describe(self):
        return Description("shelf", "in memory")


def open_store(opening):
    return Shelf(opening.profile)
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with one file and an entry point, as pip installs it."""
    folder = tmp_path / "site"
    about = folder / "shelf-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / "shelf.py").write_text(SHELF)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{BROUGHT}]\nshelf = shelf:open_store\n")
    monkeypatch.syspath_prepend(folder)


def test_a_package_brings_a_store_in_one_file(package, shop):
    token = shop.kept()
    assert shop.data("move", "--to", "shelf")["moved"] == ["access_token", "app_secret"]
    assert shop.home.config().of("default").vault == {"store": "shelf"}
    assert shop.vault.names() == ()
    assert shop.run("get", "access_token").out.strip() == token
    shop.run("set", "two_step_pin", "--from-stdin", stdin="271828")
    rows = {row["name"]: row["store"] for row in shop.data("list")["credentials"]}
    assert rows == dict.fromkeys(("access_token", "app_secret", "two_step_pin"), "shelf")
    assert shop.data("export", "--yes")["WA_WIZARD_TWO_STEP_PIN"] == "271828"
    shop.run("rotate", "--yes")
    assert shop.run("get", "access_token").out.strip() != token
    shop.run("remove", "two_step_pin")
    shop.run("move", "--to", "encrypted-file")
    assert sorted(shop.vault.names()) == ["access_token", "app_secret"]


def test_a_store_that_no_package_brings_is_named_with_those_there_are(package, tmp_path):
    with pytest.raises(VaultError) as caught:
        open_vault("shop", {"store": "drawer"}, {}, folder=tmp_path)
    assert "shelf" in caught.value.detail
    assert "os-keyring" in caught.value.detail
