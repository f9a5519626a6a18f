"""rotate and move: a new token in place of the old one, a new store in place of the old one."""

import json
import shutil
from typing import ClassVar

import pytest
from jsonschema import Draft202012Validator

from tests.credentials.conftest import PHRASE
from tests.support.output_schemas import schema_of
from wizard.graph.client import GraphClient
from wizard.state.config import Config
from wizard.state.record import ProfileRecord, RecordFile, SecretNote
from wizard.text.secret import Secret
from wizard.vault import VaultError, VaultProblem
from wizard.vault.encrypted_file import EncryptedFile


@pytest.mark.parametrize(
    ("scenario", "span", "rotated"),
    [
        ("healthy", "14d", False),  # never ends
        ("token-sixty-days", "14d", False),
        ("token-sixty-days", "9w", True),
        ("token-three-days-left", "14d", True),
        ("token-three-days-left", "48h", False),
    ],
)
def test_in_a_cron_job_only_what_ends_soon_is_replaced(open_shop, scenario, span, rotated):
    shop = open_shop(scenario).settle("access_token", "app_secret")
    data = shop.data("rotate", "--if-expiring", span)
    assert data["rotated"] is rotated
    assert (shop.kept() != shop.meta.access_token) is rotated
    if rotated:
        assert shop.record.secrets["access_token"].expires_at > "2026-12"


def test_a_token_that_never_ends_is_made_anew_by_the_api(shop):
    shop.run("rotate", code=2)  # something is made at Meta: that wants a leave
    assert shop.kept() == shop.meta.access_token
    shop.run("rotate", "--yes")
    assert shop.kept() != shop.meta.access_token
    assert shop.kept() in {token["value"] for token in shop.tokens().values()}
    assert shop.tokens()["system_user"].get("dead") is None


@pytest.mark.parametrize("life", [None, -3600])
def test_the_same_token_or_the_same_end_is_no_success(open_shop, monkeypatch, life):
    shop = open_shop("token-three-days-left").settle("access_token", "app_secret")
    old, world = shop.kept(), shop.tokens()
    record = next(token for token in world.values() if token["value"] == old)
    value = old
    if life is not None:
        value = "EAA" + "a" * 150
        world["again"] = {**record, "value": value, "expires_at": record["expires_at"] + life}
    answer = {"access_token": value, "expires_in": 1}
    monkeypatch.setattr("wizard.graph.client.GraphClient.oauth", lambda *_a, **_h: answer)
    assert shop.data("rotate", code=1)["rotated"] is False
    assert shop.kept() == old
    said = shop.run("rotate", "--from-stdin", stdin=old, code=1)
    assert "--from-stdin" in said.out


def test_the_old_one_ends_only_after_the_new_one_is_kept(open_shop):
    shop = open_shop("token-three-days-left").settle("access_token", "app_secret")
    old = shop.kept()
    shop.run("rotate", "--if-expiring", "14d", "--revoke-old", "--yes")
    assert next(t for t in shop.tokens().values() if t["value"] == old)["dead"]
    living = next(t for t in shop.tokens().values() if t["value"] == shop.kept())
    assert not living.get("dead")


def test_the_old_one_is_not_ended_without_consent(open_shop):
    shop = open_shop("token-three-days-left").settle("access_token", "app_secret")
    old = shop.kept()
    shop.run("rotate", "--if-expiring", "14d", "--revoke-old", code=2)
    assert shop.kept() != old
    assert not any(token.get("dead") for token in shop.tokens().values())


def test_a_pasted_token_is_proven_before_it_is_kept(shop):
    world = shop.tokens()
    good = {**world["system_user"], "value": "EAA" + "a" * 150}
    poor = {**good, "value": "EAA" + "b" * 150, "scopes": ["whatsapp_business_messaging"]}
    poor["granular"] = {"whatsapp_business_messaging": "all"}
    world["good"], world["poor"] = good, poor
    shop.run("rotate", "--from-stdin", stdin=poor["value"], code=4)
    assert shop.kept() == shop.meta.access_token
    shop.run("rotate", "--from-stdin", stdin=good["value"])
    assert shop.kept() == good["value"]


def test_a_dead_token_makes_no_other_and_says_what_to_do(open_shop):
    shop = open_shop("token-expired").settle("app_secret")
    shop.keep("access_token", shop.meta.access_token or "EAA" + "d" * 150)
    said = shop.run("rotate", "--if-expiring", "14d", "--yes", code=4)
    assert "--from-stdin" in said.out


def test_a_token_of_the_environment_is_changed_where_it_comes_from(shop, monkeypatch):
    monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN", shop.meta.access_token)
    assert "WA_WIZARD_ACCESS_TOKEN" in shop.run("rotate", "--yes", code=5).err


def test_nobody_answering_is_no_reason_to_change_anything(shop):
    shop.meta.close()
    shop.run("rotate", "--if-expiring", "14d", "--yes", code=3)


def test_a_span_that_is_none_is_a_wrong_line(shop):
    shop.run("rotate", "--if-expiring", "soon", code=2)


@pytest.fixture
def three(open_shop):
    """Profiles of one owner: a token that ends soon, one that has none, one that lasts."""
    shop = open_shop("token-three-days-left").settle("access_token", "app_secret")
    soon, record = shop.kept(), shop.record
    world = shop.tokens()
    old = next(token for token in world.values() if token["value"] == soon)
    lasting = "EAA" + "l" * 150
    world["lasting"] = {**old, "value": lasting, "expires_at": old["expires_at"] + 90 * 86400}
    config = shop.home.config()
    for name, token in (("alpha", soon), ("beta", ""), ("gamma", lasting)):
        config = config.with_profile(name, vault={"store": "encrypted-file"})
        shop.home.save_config(config)
        path = shop.home.folder(name) / "secrets.json"
        vault = EncryptedFile(path, name, lambda new: Secret(PHRASE), 10)
        RecordFile(shop.home.status_path(name)).save(ProfileRecord(ids=dict(record.ids)))
        for kept, value in (("access_token", token), ("app_secret", shop.kept("app_secret"))):
            if value:
                vault.put(kept, Secret(value))
    shop.home.save_config(config.without("default"))
    shutil.rmtree(shop.home.folder("default"))
    return shop


def test_every_profile_gets_a_new_token_where_the_old_one_ends_soon(three):
    sent = []
    ask = GraphClient.oauth

    def oauth(graph, path, consent, **params):
        sent.append(params)
        return ask(graph, path, consent, **params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wizard.graph.client.GraphClient.oauth", oauth)
        out = three.run("rotate", "--all", "--if-expiring", "14d", "--json", code=4).out
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line.get("profile") for line in lines] == ["alpha", "beta", "gamma", None]
    assert [line.get("rotated") for line in lines[:3]] == [True, None, False]
    assert lines[1]["error"]["exit_code"] == 4  # there is no token to renew
    assert lines[0]["credential"]["expires_at"] > "2026-12"
    assert lines[-1]["summary"] == {
        "exit_code": 4,
        "profiles": {"alpha": 0, "beta": 4, "gamma": 0},
    }
    validator = Draft202012Validator(schema_of("credentials rotate --all"))
    for line in (lines[0], *lines[2:]):
        validator.validate(line)
    assert [one.get("set_token_expires_in_60_days") for one in sent] == ["true"]
    # The next night there is nothing to do.
    three.run("rotate", "--all", "--if-expiring", "14d", code=4)


@pytest.mark.parametrize(
    "words", [["--from-stdin"], ["--from-env", "TOKEN"], ["--from-file", "/dev/null"]]
)
def test_one_token_is_not_handed_to_every_profile(three, words):
    three.run("rotate", "--all", *words, stdin="EAA" + "a" * 150, code=2)


def test_without_any_profile_there_is_nothing_to_rotate(shop):
    shutil.rmtree(shop.home.folder("default"))
    shop.home.save_config(Config())
    shop.run("rotate", "--all", code=2)


class Keyring:
    """A keyring in memory under the real command; `closed` as the real one fails."""

    kept: ClassVar[dict[str, str]] = {}
    closed = None

    def __init__(self, *_args, **_how):
        pass

    def _open(self):
        if self.closed:
            raise VaultError(self.closed, "os-keyring", "as the test wants it")

    def get(self, name):
        from wizard.vault import StoredSecret

        self._open()
        return StoredSecret(self.kept[name], "os-keyring") if name in self.kept else None

    def put(self, name, secret):
        self._open()
        self.kept[name] = secret

    def remove(self, name):
        self._open()
        self.kept.pop(name, None)

    def probe(self):
        self._open()

    def describe(self):
        from wizard.vault import Description

        return Description("os-keyring", "memory", "memory")


@pytest.fixture
def keyring(monkeypatch):
    class Mine(Keyring):
        kept: ClassVar[dict[str, str]] = {}

    monkeypatch.setattr("wizard.vault.os_keyring.OsKeyring", Mine)
    return Mine


def choice(shop):
    return dict(shop.home.config().of("default").vault)


def test_secrets_move_there_and_back_and_the_choice_goes_along(shop, keyring):
    shop.keep("page_token:17", "EAA" + "p" * 150)
    assert shop.data("move", "--to", "os-keyring")["moved"] == [
        "access_token",
        "app_secret",
        "page_token:17",
    ]
    assert choice(shop) == {"store": "os-keyring"}
    assert shop.kept() is None
    assert keyring.kept["access_token"].reveal() == shop.meta.access_token
    assert {note.store for note in shop.record.secrets.values()} == {"os-keyring"}
    assert not any(row["changed"] for row in shop.data("list")["credentials"])
    shop.run("move", "--to", "encrypted-file")
    assert shop.kept() == shop.meta.access_token
    assert keyring.kept == {}


@pytest.mark.parametrize("closed", [VaultProblem.MISSING, VaultProblem.LOCKED, VaultProblem.FULL])
def test_a_target_that_does_not_work_leaves_everything_as_it_was(shop, keyring, closed):
    keyring.closed = closed
    shop.run("move", "--to", "os-keyring", code=5)
    assert choice(shop) == {"store": "encrypted-file"}
    assert shop.kept() == shop.meta.access_token


def test_a_machine_that_never_had_a_keyring_simply_chooses_the_file(open_shop, keyring):
    shop = open_shop().settle()
    shop.home.save_config(Config())
    keyring.closed = VaultProblem.MISSING
    shop.run("move", "--to", "encrypted-file")
    assert choice(shop) == {"store": "encrypted-file"}


def test_the_advice_for_a_keyring_that_keeps_nothing_works(open_shop, monkeypatch):
    shop = open_shop().settle()
    shop.home.save_config(Config())
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    said = shop.run("set", "verify_token", "--from-stdin", stdin="swordfish", code=5)
    assert "credentials move --to encrypted-file" in " ".join(said.err.split())
    shop.run("move", "--to", "encrypted-file")
    shop.run("set", "verify_token", "--from-stdin", stdin="swordfish")
    assert shop.kept("verify_token") == "swordfish"


def test_what_lies_in_a_keyring_that_is_gone_is_not_given_up(open_shop, keyring):
    shop = open_shop().settle()
    shop.home.save_config(Config())
    record = shop.record
    record.secrets["access_token"] = SecretNote("os-keyring")
    shop.store.save(record)
    keyring.closed = VaultProblem.MISSING
    shop.run("move", "--to", "encrypted-file", code=5)
    assert choice(shop) == {}


def test_what_was_left_in_the_store_before_can_be_fetched(shop, keyring):
    from wizard.text.secret import Secret

    keyring.kept["verify_token"] = Secret("swordfish")
    shop.run("move", "--from", "os-keyring", "--to", "encrypted-file")
    assert shop.kept("verify_token") == "swordfish"
    assert keyring.kept == {}


@pytest.mark.parametrize(
    "words", [["--to", "command"], ["--to", "environment"], ["--to", "os-keyring", "--sandbox"], []]
)
def test_a_move_to_nowhere_is_a_wrong_line(shop, words):
    shop.run("move", *words, code=2)
    assert shop.kept() == shop.meta.access_token
