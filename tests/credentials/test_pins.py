"""A PIN is of one number: a profile with two numbers keeps two."""

import os
import subprocess
import sys

import pytest
import yaml

from tests.support.programs import child_environ
from wizard.state.config import Config, find
from wizard.state.record import RecordFile, SecretNote
from wizard.text.secret import Secret

ONE, TWO = "271828", "314159"
OTHER = "999888777666555"


@pytest.fixture
def first(shop):
    """The number that this profile begins with."""
    return shop.record.ids["phone_number_id"]


def put(shop, name, pin):
    shop.run("set", name, "--from-stdin", stdin=pin)


def turn_to(shop, number):
    record = shop.record
    record.ids["phone_number_id"] = number
    shop.store.save(record)


@pytest.fixture
def both(shop, first):
    """A PIN for each of two numbers; the second is in use."""
    put(shop, "two_step_pin", ONE)
    turn_to(shop, OTHER)
    assert shop.run("get", "two_step_pin", code=4).out == ""
    put(shop, "two_step_pin", TWO)
    return shop


def names(shop):
    return {row["name"]: row["present"] for row in shop.data("list")["credentials"]}


def test_each_number_has_its_own(both, first):
    assert both.run("get", "two_step_pin").out.strip() == TWO
    assert both.run("get", f"two_step_pin:{first}").out.strip() == ONE
    assert both.run("get", f"two_step_pin:{OTHER}").out.strip() == TWO
    turn_to(both, first)
    assert both.run("get", "two_step_pin").out.strip() == ONE
    assert set(both.vault.names()) >= {f"two_step_pin:{first}", f"two_step_pin:{OTHER}"}


def test_the_list_names_that_of_the_number_in_use_plainly(both, first):
    listed = names(both)
    assert listed["two_step_pin"] is listed[f"two_step_pin:{first}"] is True
    assert f"two_step_pin:{OTHER}" not in listed
    rows = {row["name"]: row for row in both.data("list")["credentials"]}
    assert rows["two_step_pin"]["fingerprint"] == rows[f"two_step_pin:{first}"]["fingerprint"] == ""


def test_a_pin_may_be_set_and_removed_by_its_number(both, first):
    put(both, f"two_step_pin:{first}", "161803")
    assert both.run("get", f"two_step_pin:{first}").out.strip() == "161803"
    assert "two_step_pin" in both.run("remove", f"two_step_pin:{OTHER}").out  # the one in use
    assert both.run("get", "two_step_pin", code=4).out == ""
    assert both.run("get", f"two_step_pin:{first}").out.strip() == "161803"
    assert "two_step_pin" not in names(both)


def test_both_go_along_only_by_name(both, first):
    code = "import os; print(sorted(n for n in os.environ if 'PIN' in n))"

    def ran(*words):
        call = [sys.executable, "-m", "wizard", "credentials", "run", *words, "--", sys.executable]
        done = subprocess.run(
            [*call, "-c", code], capture_output=True, text=True, check=True, env=child_environ()
        )
        return done.stdout.strip()

    assert ran() == "[]"
    own, other = "WA_WIZARD_TWO_STEP_PIN", f"WA_WIZARD_TWO_STEP_PIN_{first}"
    assert ran("--only", f"two_step_pin,two_step_pin:{first}") == str([own, other])


@pytest.mark.parametrize("style", ["dotenv", "json", "env"])
def test_both_are_exported_and_read_back(both, first, style, tmp_path, monkeypatch):
    path = tmp_path / "move.out"
    both.run("export", "--format", style, "--output", str(path), "--yes")
    monkeypatch.setenv("WA_WIZARD_HOME", str(tmp_path / "other"))
    config = Config().with_profile("default", vault={"store": "encrypted-file"})
    find(os.environ).save_config(config)
    both.run("import", str(path), "--yes")
    assert both.run("get", "two_step_pin").out.strip() == TWO
    assert both.run("get", f"two_step_pin:{first}").out.strip() == ONE


def test_both_are_removed_with_all(both, first):
    removed = both.data("remove", "--all", "--yes")["removed"]
    assert {"two_step_pin", f"two_step_pin:{first}"} <= set(removed)
    assert both.vault.names() == ()
    assert both.record.secrets == {}


def test_both_move_with_the_rest(both, first, tmp_path):
    other = tmp_path / "kept"
    other.mkdir()
    call = ["sh", "-c", f'cat "{other}/$1" 2>/dev/null || exit 44', "-", "{name}"]
    write = ["sh", "-c", f'cat > "{other}/$1"', "-", "{name}"]
    drop = ["sh", "-c", f'rm "{other}/$1"', "-", "{name}"]
    choice = {"store": "encrypted-file", "get": call, "set": write, "delete": drop}
    both.home.save_config(Config().with_profile("default", vault=choice))
    moved = both.data("move", "--to", "command")["moved"]
    assert {"two_step_pin", f"two_step_pin:{first}"} <= set(moved)
    assert (other / f"two_step_pin:{first}").read_text() == ONE
    assert (other / f"two_step_pin:{OTHER}").read_text() == TWO
    assert both.vault.names() == ()
    assert {note.store for note in both.record.secrets.values()} == {"command"}


class TestOfAnEarlierVersion:
    """Kept and noted under the plain name, before PINs were kept by number."""

    @pytest.fixture
    def old(self, shop):
        shop.vault.put("two_step_pin", Secret(ONE))
        record = shop.record
        record.secrets["two_step_pin"] = SecretNote("encrypted-file")
        shop.store.save(record)
        return shop

    def test_it_is_that_of_the_number_of_then(self, old, first):
        assert old.run("get", "two_step_pin").out.strip() == ONE
        assert names(old)["two_step_pin"] is True
        record = old.record
        record.ids["phone_number_id"] = OTHER
        old.store.save(record)
        assert old.run("get", "two_step_pin", code=4).out == ""
        assert old.run("get", f"two_step_pin:{first}").out.strip() == ONE
        assert names(old)[f"two_step_pin:{first}"] is True

    def test_it_gets_its_own_name_when_a_pin_is_written(self, old, first):
        record = old.record
        record.ids["phone_number_id"] = OTHER
        old.store.save(record)
        put(old, "two_step_pin", TWO)
        assert old.vault.get("two_step_pin") is None
        assert old.kept(f"two_step_pin:{first}") == ONE
        assert old.kept(f"two_step_pin:{OTHER}") == TWO

    def test_it_is_replaced_and_removed_under_the_plain_name(self, old, first):
        put(old, "two_step_pin", TWO)
        assert old.kept(f"two_step_pin:{first}") == TWO
        assert old.vault.get("two_step_pin") is None
        old.run("remove", "two_step_pin")
        assert names(old).keys() == {"access_token", "app_secret"}

    def test_removing_it_leaves_nothing(self, old):
        old.run("remove", "two_step_pin")
        assert old.vault.get("two_step_pin") is None
        assert old.run("get", "two_step_pin", code=4).out == ""

    def test_without_a_status_file_it_is_that_of_the_number_in_use(self, old):
        old.home.status_path("default").unlink()
        assert names(old)["two_step_pin"] is True
        assert old.run("get", "two_step_pin").out.strip() == ONE

    def test_a_note_that_another_run_renamed_does_not_come_back(self, old, first):
        store = RecordFile(old.home.status_path("default"))
        store.save(store.load())
        noted = yaml.safe_load(old.home.status_path("default").read_text())["secrets"]
        assert f"two_step_pin:{first}" in noted
        assert "two_step_pin" not in noted


def test_the_environment_gives_one_for_the_number_in_use_and_one_by_number(
    both, first, monkeypatch
):
    monkeypatch.setenv("WA_WIZARD_TWO_STEP_PIN", "112358")
    monkeypatch.setenv(f"WA_WIZARD_TWO_STEP_PIN_{first}", "132134")
    assert both.run("get", "two_step_pin").out.strip() == "112358"
    assert both.run("get", f"two_step_pin:{first}").out.strip() == "132134"
