"""A store that somebody else filled, that may only be read, or whose notes are lost."""

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from wizard.cli import main as cli
from wizard.state.config import Config

HELPER = """#!/bin/sh
echo "$2 $3" >> "$1.log"
case $2 in
get) [ -e "$1/$3" ] || exit 44; cat "$1/$3";;
set) cat > "$1/$3";;
delete) rm "$1/$3";;
esac
"""
REFUSES = ["sh", "-c", "cat > /dev/null; echo denied >&2; exit 2"]


class Shared:
    """A password manager of a few lines; `calls` is what it was asked."""

    def __init__(self, shop):
        self.shop, self.kept = shop, shop.folder / "shared"
        self.kept.mkdir()
        self.program = shop.folder / "manager"
        self.program.write_text(HELPER)
        self.program.chmod(0o700)
        self.choose()

    def choose(self, **changes):
        call = {n: [str(self.program), str(self.kept), n, "{name}"] for n in ("get", "set")}
        call["delete"] = [str(self.program), str(self.kept), "delete", "{name}"]
        choice = {"store": "command", **call, **changes}
        choice = {key: value for key, value in choice.items() if value is not None}
        self.shop.home.save_config(Config().with_profile("default", vault=choice))

    def fill(self, *names):
        held = self.shop.meta.profile.secrets
        for name in names or ("access_token", "app_secret"):
            value = held.get(name) or self.shop.meta.suggestions.get(name)
            (self.kept / name).write_text(f"{value}\n")
        return self

    @property
    def calls(self):
        log = self.kept.with_name("shared.log")
        return Counter(log.read_text().split("\n")[:-1]) if log.exists() else Counter()


@pytest.fixture
def shared(open_shop):
    """A colleague keeps two secrets; this machine has never seen them."""
    return Shared(open_shop().settle()).fill()


def names(shop):
    return [row["name"] for row in shop.data("list")["credentials"]]


def test_what_a_colleague_keeps_is_listed_handed_on_and_removed(shared):
    shop = shared.shop
    assert names(shop) == ["access_token", "app_secret"]
    assert shop.run("get", "access_token").out.strip() == shop.meta.access_token
    exported = shop.data("export", "--yes")
    assert exported["WA_WIZARD_APP_SECRET"] == shop.meta.app_secret
    call = [sys.executable, "-m", "wizard", "credentials", "run", "--"]
    code = "import os; print(os.environ['WA_WIZARD_ACCESS_TOKEN'])"
    ran = subprocess.run(
        [*call, sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert ran.stdout.strip() == shop.meta.access_token
    assert shop.data("remove", "--all", "--yes")["removed"] == ["access_token", "app_secret"]
    assert list(shared.kept.iterdir()) == []


@pytest.mark.parametrize(
    "words", [["list"], ["export", "--yes"], ["remove", "user_token"], ["get", "access_token"]]
)
def test_each_secret_is_asked_for_once(shared, words):
    shared.shop.run(*words)
    assert max(shared.calls.values()) == 1


def test_an_audit_reads_each_secret_once_and_writes_nothing(shared, capsys):
    assert cli.run(["audit", "--no-input"]) == 0
    calls = shared.calls
    assert cli.run(["status", "--lang", "en"]) == 0
    assert "none yet" not in capsys.readouterr().out  # it knows of the token, and opens no store
    assert shared.calls == calls
    assert {call.split()[0] for call in shared.calls} == {"get"}
    assert max(shared.calls.values()) == 1


@pytest.mark.parametrize("changes", [{"set": None, "delete": None}, {"set": REFUSES}])
def test_a_store_that_may_only_be_read_is_good_enough_for_an_audit(shared, capsys, changes):
    shared.choose(**changes)
    assert cli.run(["audit", "--no-input", "--json"]) == 0
    item = next(
        item
        for item in json.loads(capsys.readouterr().out)["items"]
        if item["id"] == "environment.vault"
    )
    assert (item["status"], item["reason"], item["values"]) == (
        "passed",
        "read",
        {"store": "manager"},
    )


@pytest.mark.parametrize("changes", [{"set": None, "delete": None}, {"set": REFUSES}])
def test_what_it_does_not_take_is_said_of_this_store_and_not_of_the_environment(shared, changes):
    shared.choose(**changes)
    said = shared.shop.run("set", "verify_token", "--from-stdin", stdin="swordfish", code=5).err
    assert "manager" in said or "sh" in said
    assert "environment" not in said
    assert "denied" not in said


def test_a_store_that_cannot_be_read_is_not_called_empty(shared):
    none = "no secrets yet"
    shared.choose(get=REFUSES)
    assert none not in shared.shop.run("list").both
    (shared.kept / "access_token").unlink()
    (shared.kept / "app_secret").unlink()
    shared.choose()
    assert none in shared.shop.run("list").both


def test_a_note_of_what_the_store_no_longer_has_is_not_believed(shared):
    shop = shared.shop
    shop.run("set", "two_step_pin", "--from-stdin", stdin="271828")
    (shared.kept / shop.record.kept_as("two_step_pin")).unlink()
    rows = {row["name"]: row["present"] for row in shop.data("list")["credentials"]}
    assert rows == {"access_token": True, "app_secret": True, "two_step_pin": False}
    assert "credentials set two_step_pin" in shop.run("list").out


def test_what_was_noted_of_another_value_is_not_said_of_this_one(shared):
    shop = shared.shop
    shop.run("set", "access_token", "--from-stdin", stdin=shop.meta.access_token)
    (shared.kept / "access_token").write_text("EAA" + "n" * 150)
    row = shop.data("list")["credentials"][0]
    assert (row["kind"], row["expires_at"]) == ("", "")
    assert row["fingerprint"] != shop.record.secrets["access_token"].fingerprint


@pytest.fixture(params=["encrypted-file", "command"])
def lost(request, open_shop):
    """The status file is gone, the secrets are not."""
    shop = open_shop().settle("access_token", "app_secret")
    if request.param == "command":
        shop.home.status_path("default").unlink()
        shop.vault.remove("access_token")
        shop.vault.remove("app_secret")
        Shared(shop).fill()
    else:
        shop.home.status_path("default").unlink()
    return shop


def test_after_a_lost_status_file_everything_is_still_listed_and_removed(lost):
    assert names(lost) == ["access_token", "app_secret"]
    lost.run("remove", "--all", "--yes")
    assert names(lost) == []
    assert "not here" in lost.run("remove", "access_token").out


def test_after_a_lost_status_file_the_same_token_is_taken(lost):
    lost.run("set", "access_token", "--from-stdin", stdin=lost.meta.access_token)
    assert lost.record.secrets["access_token"].kind == "SYSTEM_USER"


def test_a_forgotten_profile_leaves_nothing_in_a_store_outside_its_folder(shared, capsys):
    assert cli.run(["profiles", "remove", "default", "--confirm", "default"]) == 0
    assert "access_token" in capsys.readouterr().err
    assert list(shared.kept.iterdir()) == []


def test_a_new_store_is_written_to_before_it_is_chosen(shared):
    shared.choose(set=REFUSES)
    choice = dict(shared.shop.home.config().of("default").vault)
    shared.shop.home.save_config(
        Config().with_profile("default", vault={**choice, "store": "encrypted-file"})
    )
    shared.shop.run("move", "--to", "command", code=5)
    assert shared.shop.home.config().of("default").vault["store"] == "encrypted-file"


def test_a_token_that_could_not_be_kept_is_not_made(shared):
    shared.choose(set=REFUSES)
    before = len(shared.shop.tokens())
    shared.shop.run("rotate", "--yes", code=5)
    assert len(shared.shop.tokens()) == before
