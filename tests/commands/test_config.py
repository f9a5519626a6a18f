"""`config`: what is preferred, where it was said, and that it holds."""

import json

import pytest
from msgspec import structs

from wizard.context.context import Context
from wizard.context.settings import PREFERENCES, Arguments, preference, settings
from wizard.state.config import Config, Defaults, Preferences
from wizard.text.secret import Secret

SHARED = Defaults(lang="ru", graph_version="v24.0", graph_url="https://shared.example", store="x")
OWN = Preferences(
    lang="en", graph_version="v25.0", graph_url="https://own.example", vault={"store": "y"}
)
SAID = {"lang": "ru", "graph_version": "v26.0", "graph_url": "https://run.example"}


@pytest.mark.parametrize("name", PREFERENCES)
def test_option_then_variable_then_profile_then_config_then_default(name):
    """One order for all of them, each step taken away in turn."""
    variable = PREFERENCES[name]
    environ = {variable: SAID[name]} if variable else {}
    shared = Config(profiles={"shop": OWN}, preferences=SHARED)
    own = OWN.vault["store"] if name == "store" else getattr(OWN, name)

    def holds(option="", environ=environ, profile="shop", config=shared):
        return preference(name, {"LANG": "C", **environ}, config, profile, option)

    assert holds("en") == ("en", "option")
    if variable:
        assert holds() == (SAID[name], variable)
    assert holds(environ={}) == (own, "profile")
    assert holds(environ={}, profile="other") == (getattr(SHARED, name), "config")
    assert holds(environ={}, profile="other", config=Config())[1] == ""
    assert holds(environ={}, profile="other", config=Config())[0]


def test_what_is_set_holds_for_every_profile_and_is_shown_with_its_place(wizard, home):
    assert wizard("config", "set", "graph_version", "v25.0")[0] == 0
    assert wizard("config", "set", "graph_version", "v24.0", "--profile", "default")[0] == 0
    config = home.config()
    assert settings({}, config).graph_version == "v24.0"
    assert settings({}, config, profile="other").graph_version == "v25.0"
    code, out, _ = wizard("config", "list", "--json")
    rows = {row["name"]: row for row in json.loads(out)["preferences"]}
    assert code == 0
    assert list(rows) == list(PREFERENCES)
    assert rows["graph_version"]["source"] == "profile"
    assert wizard("config", "get", "graph_version")[1] == "v24.0\n"
    assert wizard("config", "unset", "graph_version", "--profile", "default")[0] == 0
    assert wizard("config", "get", "graph_version")[1] == "v25.0\n"
    assert wizard("config", "unset", "graph_version")[0] == 0
    assert home.config().preferences == Defaults()


@pytest.mark.parametrize(
    "words",
    [
        ("set", "lang", "de"),
        ("set", "graph_version", "26"),
        ("set", "graph_url", "http://graph.example"),
        ("set", "graph_url", "https://user:canary@graph.example"),
        ("set", "store", "command"),
        ("set", "store", "encrypted-file", "--profile", "default"),
        ("set", "colour", "red"),
        ("get", "colour"),
        ("unset", "colour"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(words, wizard, home):
    code, out, err = wizard("config", *words)
    assert (code, out) == (2, "")
    assert "canary" not in err
    assert not home.config_path.exists()


def test_a_value_that_another_place_hides_is_said(wizard, home):
    home.save_config(Config().with_profile("default", lang="ru"))
    _, _, err = wizard("config", "set", "lang", "en")
    assert "lang = ru" in err


def test_the_store_is_that_of_new_profiles_alone(home, saved, tmp_path):
    """A profile that began with the usual store would not find its secrets in another one."""
    saved("old")
    home.save_config(structs.replace(Config(), preferences=Defaults(store="encrypted-file")))
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse battery")
    passphrase.chmod(0o600)

    def vault_of(profile):
        chosen = Arguments()
        chosen.profile, chosen.passphrase_file = profile, str(passphrase)
        with Context(chosen) as context:
            return context.vault

    assert vault_of("old").describe().store != "encrypted-file"
    new = vault_of("new")
    new.put("app_secret", Secret("a" * 32))
    assert dict(home.config().of("new").vault) == {"store": "encrypted-file"}
    assert "old" not in home.config().profiles
    home.save_config(structs.replace(home.config(), preferences=Defaults()))
    assert vault_of("new").get("app_secret") is not None, "it stays where it began"
