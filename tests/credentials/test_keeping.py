"""list, set and remove, over a real store and real HTTP."""

import time

import pytest

from tests.support.terminal import ENTER, Terminal
from wizard.state.config import Config
from wizard.state.record import SecretNote
from wizard.text.secret import Secret
from wizard.vault import StoredSecret

DEAD = "EAA" + "d" * 150


def test_the_list_has_every_kept_secret_and_none_of_their_values(shop):
    shop.keep("two_step_pin", "271828", fingerprint="0badc0de")
    said = shop.run("list").both
    listed = {row["name"]: row for row in shop.data("list")["credentials"]}
    assert set(listed) == {"access_token", "app_secret", "two_step_pin"}
    assert listed["access_token"]["store"] == "encrypted-file"
    assert len(listed["access_token"]["fingerprint"]) == 8
    # Whatever the file says: a PIN is found from it by trying a million.
    assert listed["two_step_pin"]["fingerprint"] == ""
    assert not any(shop.kept(name) in said for name in listed)


def test_the_list_opens_no_store_and_asks_nobody(shop, monkeypatch):
    monkeypatch.delenv("WA_WIZARD_PASSPHRASE_FILE")
    shop.meta.close()
    assert len(shop.data("list")["credentials"]) == 2


def test_a_secret_of_the_environment_is_said_to_hide_the_kept_one(shop, monkeypatch):
    monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN", "x")
    monkeypatch.setenv("WA_WIZARD_VERIFY_TOKEN_FILE", "/nowhere")
    listed = {row["name"]: row for row in shop.data("list")["credentials"]}
    assert listed["access_token"]["shadowed_by"] == "WA_WIZARD_ACCESS_TOKEN"
    assert listed["verify_token"]["store"] == "environment"
    assert listed["verify_token"]["source"] == "WA_WIZARD_VERIFY_TOKEN_FILE"
    assert "WA_WIZARD_ACCESS_TOKEN" in shop.run("list").out


@pytest.mark.parametrize(
    ("note", "changed"),
    [
        (SecretNote("os-keyring", "SecretService"), "encrypted-file"),
        (SecretNote("encrypted-file", "argon2"), "scrypt + AES-256-GCM"),
        (SecretNote("encrypted-file", "scrypt + AES-256-GCM"), ""),
    ],
)
def test_a_store_that_changed_since_is_named(shop, note, changed):
    record = shop.record
    record.secrets["access_token"] = note
    shop.store.save(record)
    rows = {row["name"]: row for row in shop.data("list")["credentials"]}
    assert rows["access_token"]["changed"] == changed
    assert not changed or changed in shop.run("list").out


def test_an_accepted_token_is_kept_with_what_it_is(open_shop):
    shop = open_shop().settle()
    shop.run("set", "access_token", "--from-stdin", stdin=f"{shop.meta.access_token}\n")
    assert shop.kept() == shop.meta.access_token
    note = shop.record.secrets["access_token"]
    assert (note.kind, note.expires_at, note.store) == ("SYSTEM_USER", "never", "encrypted-file")


@pytest.mark.parametrize("value", [DEAD, "EAAcut", "sk-ant-0123456789abcdef", "123456789012345"])
def test_a_wrong_paste_never_replaces_a_working_token(shop, value):
    said = shop.run("set", "access_token", "--from-stdin", stdin=value, code=4)
    assert shop.kept() == shop.meta.access_token
    assert value not in said.both


def test_a_token_that_reaches_less_never_replaces_a_working_one(shop):
    world = shop.tokens()
    lesser = {**world["system_user"], "value": "EAA" + "e" * 150, "kind": "PAGE", "page": "110"}
    world["lesser"] = lesser
    shop.run("set", "access_token", "--from-stdin", stdin=lesser["value"], code=4)
    assert shop.kept() == shop.meta.access_token


def test_a_token_of_another_app_is_refused_by_name(shop):
    shop.tokens()["theirs"] = {
        **shop.tokens()["system_user"],
        "value": "EAA" + "a" * 150,
        "app": "5647382910564738",
    }
    said = shop.run("set", "access_token", "--from-stdin", stdin="EAA" + "a" * 150, code=4)
    assert "5647382910564738" in said.both
    assert shop.kept() == shop.meta.access_token


def test_nothing_is_kept_when_meta_cannot_be_asked(shop):
    shop.meta.close()
    shop.run("set", "access_token", "--from-stdin", stdin=DEAD, code=3)
    assert shop.kept() == shop.meta.access_token


@pytest.mark.parametrize(
    ("scenario", "name", "code"),
    [
        ("token-user-sixty-days", "user_token", 0),
        ("token-user-sixty-days", "page_token:110220330440550", 4),
        ("token-page", "page_token:110220330440550", 0),
        ("token-page", "page_token:990", 4),
        ("token-page", "user_token", 4),
    ],
)
def test_a_token_is_kept_under_the_name_of_its_kind_alone(open_shop, scenario, name, code):
    shop = open_shop(scenario).settle()
    shop.run("set", name, "--from-stdin", stdin=shop.meta.access_token, code=code)
    assert shop.kept(name) == (shop.meta.access_token if code == 0 else None)


@pytest.mark.parametrize(("scenario", "code"), [("healthy", 0), ("app-secret-of-another-app", 4)])
def test_the_app_secret_is_proven_against_the_app(open_shop, scenario, code):
    shop = open_shop(scenario).settle("access_token")
    shop.run("set", "app_secret", "--from-stdin", stdin=shop.meta.app_secret, code=code)
    assert bool(shop.kept("app_secret")) is (code == 0)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("two_step_pin", "271-828", "271828"),
        ("two_step_pin", "27182", None),
        ("verify_token", ' "swordfish-1" ', "swordfish-1"),
        ("verify_token", "two words", None),
        ("verify_token", "пароль", None),
    ],
)
def test_what_meta_is_not_asked_about_is_judged_by_its_shape(shop, name, value, kept):
    shop.run("set", name, "--from-stdin", stdin=value, code=0 if kept else 4)
    assert shop.kept(name) == kept


def test_a_value_comes_from_a_file_or_a_variable_as_well(shop, tmp_path, monkeypatch):
    (tmp_path / "v").write_bytes("\ufeffsword".encode("utf-16-le"))
    shop.run("set", "verify_token", "--from-file", str(tmp_path / "v"))
    assert shop.kept("verify_token") == "sword"
    monkeypatch.setenv("MINE", "fish")
    shop.run("set", "verify_token", "--from-env", "MINE")
    assert shop.kept("verify_token") == "fish"


@pytest.mark.parametrize(
    "words",
    [
        ["set", "acess_token"],
        ["set", "page_token:abc"],
        ["set", "271828"],
        ["set", DEAD],
        ["set", "verify_token", "--from-stdin", "--from-env", "X"],
        ["set", "verify_token", "--from-env", "NOT_THERE"],
        ["set", "access_token", "--from-env", DEAD],
        ["set", "access_token", "--from-file", DEAD],
        ["import", DEAD],
        ["run", "--only", DEAD, "--", "true"],
        ["get", DEAD],
        ["set", "verify_token", "--from-file", "/not/there"],
        ["set", "verify_token"],
        ["remove"],
        ["remove", "access_token", "--all"],
        ["remove", "--all"],
    ],
)
def test_a_wrong_line_changes_nothing_and_repeats_no_value(shop, words):
    said = shop.run(*words, code=2)
    assert shop.kept() == shop.meta.access_token
    assert DEAD not in said.both
    assert "271828" not in said.both


@pytest.mark.parametrize(
    "words",
    [
        ["access_token", DEAD],
        [f"access_token={DEAD}"],
        ["app_secret", "0123456789abcdef" * 2],
        ["two_step_pin", "271828"],
        ["two_step_pin=271828"],
        ["page_token:17=sword"],
        ["verify_token", "sword"],
        ["verify_token=sword"],
    ],
)
def test_a_value_on_the_line_is_said_to_stand_in_the_history(shop, words):
    error = shop.data("set", *words, code=2)["error"]
    assert (error["key"], error["values"]) == ("cli.secret_on_line", {})


def test_what_stands_behind_a_close_name_is_not_repeated(shop):
    for words in (["set", "two_step_pim=271828"], ["get", "verify_tokem=sword"]):
        said = shop.run(*words, code=2)
        assert words[1].partition("=")[0] in said.err
        assert words[1].partition("=")[2] not in said.both


def test_what_is_removed_is_gone_from_store_and_notes(shop):
    said = shop.run("remove", "access_token")
    assert shop.kept() is None
    assert "access_token" not in shop.record.secrets
    assert "https://" in said.out  # where Meta is told, since it still honours the token
    assert shop.tokens()["system_user"].get("dead") is None
    shop.run("remove", "access_token")


def test_a_copy_in_the_store_it_was_kept_in_before_goes_too(shop, monkeypatch):
    removed = []

    class Keyring:
        def __init__(self, *_args, **_how):
            pass

        def get(self, name):
            return None if name in removed else StoredSecret(Secret("x"), "os-keyring")

        def remove(self, name):
            removed.append(name)

    monkeypatch.setattr("wizard.vault.os_keyring.OsKeyring", Keyring)
    record = shop.record
    record.secrets["access_token"] = SecretNote("os-keyring")
    shop.store.save(record)
    shop.run("remove", "access_token")
    assert removed == ["access_token"]


def test_on_request_meta_ends_the_token_first(shop):
    shop.run("remove", "access_token", "--revoke", code=2)
    assert shop.kept()
    shop.run("remove", "access_token", "--revoke", "--yes")
    assert shop.tokens()["system_user"]["dead"]
    assert shop.kept() is None


def test_what_meta_would_not_revoke_stays(shop):
    shop.vault.remove("app_secret")
    shop.run("remove", "access_token", "--revoke", "--yes", code=4)
    assert shop.kept() == shop.meta.access_token


def test_everything_goes_with_all(shop):
    shop.run("remove", "--all", "--yes")
    assert shop.record.secrets == {}
    assert shop.kept("app_secret") is None


def test_a_machine_of_the_environment_alone_needs_no_keyring(open_shop, monkeypatch):
    shop = open_shop().settle()
    shop.home.save_config(Config())
    monkeypatch.setenv("WA_WIZARD_ACCESS_TOKEN", shop.meta.access_token)
    (shop.folder / "phrase").unlink()
    exported = shop.run("export", "access_token", "--yes", "--format", "docker")
    assert exported.out == f"WA_WIZARD_ACCESS_TOKEN={shop.meta.access_token}\n"


def test_standard_input_that_is_a_terminal_is_refused(shop):
    call = ["-m", "wizard", "credentials", "set", "verify_token", "--from-stdin", "--lang", "en"]
    assert Terminal(call).end() == 2


@pytest.mark.parametrize(("term", "length"), [("xterm", 5000), ("dumb", 1000)])
def test_a_paste_longer_than_a_line_of_the_terminal_is_kept_whole(shop, term, length):
    """In its line mode, which a dumb one has alone, a terminal takes 1024 (macOS) or 4096 bytes."""
    value = "EAA" + "".join(f"{number:05}" for number in range(length // 5))
    shop.tokens()["long"] = {**shop.tokens()["system_user"], "value": value}
    call = ["-m", "wizard", "credentials", "set", "access_token", "--lang", "en"]
    terminal = Terminal(call, TERM=term)
    terminal.until("(access_token)")
    time.sleep(0.5)  # what is typed while the echo is being switched off is thrown away
    terminal.send(value + ENTER)
    assert terminal.end() == 0
    assert shop.kept() == value
    assert value[:40] not in terminal.raw


def test_what_is_typed_at_the_prompt_is_never_shown(shop):
    terminal = Terminal(["-m", "wizard", "credentials", "set", "verify_token", "--lang", "en"])
    terminal.until("(verify_token)").send("sword fish" + ENTER)
    terminal.until("(verify_token)", times=2).send("swordfish" + ENTER)
    assert terminal.end() == 0
    assert shop.kept("verify_token") == "swordfish"
    assert "sword" not in terminal.raw
