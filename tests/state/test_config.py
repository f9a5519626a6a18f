"""Where things are kept, and what config.yaml may say."""

import platformdirs
import pytest

from wizard.state import safe_yaml
from wizard.state.config import (
    Config,
    Expect,
    Home,
    InvalidProfileName,
    Preferences,
    find,
    profile_name,
)
from wizard.state.yaml_file import StateFileError


@pytest.fixture
def home(tmp_path):
    (tmp_path / "w").mkdir(mode=0o700)
    return find({"WA_WIZARD_HOME": str(tmp_path / "w")})


def test_our_own_variable_holds_everything(home, tmp_path):
    assert home.config_path == tmp_path / "w" / "config.yaml"
    assert home.status_path("shop") == tmp_path / "w" / "shop" / "status.yaml"
    assert home.inbox_path("shop").parent == home.folder("shop")


def test_a_tilde_and_a_relative_home_become_a_path_that_stays(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert find({"WA_WIZARD_HOME": "~/x"}).config_folder == tmp_path / "x"
    assert find({"WA_WIZARD_HOME": "y"}).config_folder == tmp_path / "y"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"XDG_CONFIG_HOME": "/a/c", "XDG_STATE_HOME": "/a/s"},
        {"XDG_CONFIG_HOME": "relative", "XDG_STATE_HOME": ""},
    ],
)
def test_the_platforms_folders_are_those_of_platformdirs(environ, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
        if name in environ:
            monkeypatch.setenv(name, environ[name])
    expected = Home(
        platformdirs.user_config_path("wa-wizard", appauthor=False),
        platformdirs.user_state_path("wa-wizard", appauthor=False),
    )
    assert find(environ) == expected
    monkeypatch.setattr("sys.platform", "darwin")
    assert find(environ) == expected


def test_the_sandbox_is_a_home_of_its_own(home):
    inside = home.sandbox("rehearsal")
    assert inside.status_path("default").is_relative_to(home.state_folder / "sandbox")
    inside.save_config(Config(current="play"))
    assert home.config() == Config()


@pytest.mark.parametrize("name", ["default", "shop-2", "a_b", "магазин", "7"])
def test_a_plain_word_names_a_profile(name):
    assert profile_name(name) == name


def test_case_and_composition_do_not_make_another_profile():
    assert profile_name("SHOP") == "shop"
    assert profile_name("cafe\u0301") == "café"


PATHS = ["", ".", "..", "../x", "a/b", "a\\b", "a.b", "-x", "a b", "a\0b", "a\nb"]
TAKEN = ["sandbox", "Sandbox", "con", "COM1", "config"]
ODD = ["x" * 65, "ж" * 40, "a\u202eb", "\udc80"]


@pytest.mark.parametrize("name", [*PATHS, *TAKEN, *ODD])
def test_a_name_that_is_a_path_trick_is_refused(name, home):
    with pytest.raises(InvalidProfileName):
        home.folder(name)


def test_preferences_come_back(home):
    config = Config().with_profile("shop", lang="ru", vault={"store": "command", "argv": ["pass"]})
    config = config.with_profile("shop", graph_version="v25.0")
    home.save_config(config)
    assert home.config() == config
    assert home.config().of("shop").lang == "ru"
    assert home.config().of("nobody") == Preferences()


def test_a_profile_that_goes_takes_its_preferences_and_is_no_longer_current(home):
    config = Config("shop").with_profile("shop", lang="ru").with_profile("other", lang="en")
    assert config.without("shop") == Config("default").with_profile("other", lang="en")
    assert config.without("other").current == "shop"


def test_profiles_are_those_configured_and_those_with_a_status_file(home):
    home.save_config(Config().with_profile("b"))
    for name in ("a", "empty", "sandbox", "a copy", "Upper"):
        (home.state_folder / name).mkdir(mode=0o700)
        if name != "empty":
            (home.state_folder / name / "status.yaml").write_text("schema: 1\n")
    assert home.profiles() == ("a", "b")
    assert find({"WA_WIZARD_HOME": str(home.config_folder / "none")}).profiles() == ()


def test_keys_of_a_later_version_are_kept(home):
    home.save_config(Config(extra={"theme": {"dark": True}}))
    home.save_config(home.config().with_profile("x", lang="en"))
    assert home.config().extra == {"theme": {"dark": True}}


def test_keys_of_a_later_version_are_kept_inside_a_profile_too(home):
    home.config_path.write_text("profiles: {SHOP: {lang: ru, mood: blue}, gone: {mood: red}}")
    home.config_path.chmod(0o600)
    home.save_config(home.config().without("gone").with_profile("shop", lang="en"))
    content = safe_yaml.parse(home.config_path.read_bytes())
    assert content["profiles"] == {"shop": {"lang": "en", "mood": "blue"}}


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("schema: 1\ncurrent: ../x", "2: current"),
        ("current: [a]", "1: current"),
        ("profiles: [a]", "1: profiles"),
        ("profiles: {../x: {}}", "1: profiles.../x"),
        ("profiles:\n  b: {lang: ru}\n  a: 1", "3: profiles.a"),
        ("profiles:\n  a:\n    vault: x", "3: profiles.a.vault"),
        ("profiles:\n  A:\n    vault:\n      seconds: abc", "4: profiles.A.vault.seconds"),
        ("profiles: {a: {vault: {seconds: {a: 1}}}}", "1: profiles.a.vault.seconds"),
        ("profiles: {a: {vault: {seconds: 0}}}", "1: profiles.a.vault.seconds"),
        ("profiles: {a: {vault: {seconds: .inf}}}", "1: profiles.a.vault.seconds"),
        ("profiles: {a: {vault: {preset: []}}}", "1: profiles.a.vault.preset"),
        ("profiles: {a: {vault: {store: [a]}}}", "1: profiles.a.vault.store"),
        ("profiles: {a: {vault: {path: 5}}}", "1: profiles.a.vault.path"),
        ("profiles: {a: {vault: {get: pass}}}", "1: profiles.a.vault.get"),
        ("profiles: {a: {expect: 5}}", "1: profiles.a.expect"),
        ("profiles: {a: {expect: {waba_id: 1 7}}}", "1: profiles.a.expect.waba_id"),
        ('profiles: {a: {expect: {app_id: ""}}}', "1: profiles.a.expect.app_id"),
        (
            "profiles:\n  a:\n    expect:\n      wba_id: 17",
            "4: profiles.a.expect.wba_id → waba_id",
        ),
        ("profiles: &a {b: *a}", "1: alias"),
        ("current: a\ncurrent: b", "2: repeated_key"),
    ],
)
def test_a_configuration_that_cannot_be_trusted_is_refused(text, detail, home):
    home.config_path.write_text(text)
    home.config_path.chmod(0o600)
    with pytest.raises(StateFileError) as trouble:
        home.config().of("a")
    assert (trouble.value.kind, trouble.value.detail) == ("malformed", detail)


def test_a_damaged_profile_stops_no_other_one_and_is_never_written_over(home):
    home.config_path.write_text("profiles: {a: {vault: {path: 5}}, b: {lang: ru}}")
    home.config_path.chmod(0o600)
    config = home.config()
    assert config.of("b").lang == "ru"
    assert home.profiles() == ("a", "b")
    with pytest.raises(StateFileError):
        home.save_config(config.with_profile("b", lang="en"))
    assert "path: 5" in home.config_path.read_text()


def test_a_pinned_id_is_text_however_it_is_written(home):
    home.config_path.write_text("profiles: {a: {expect: {waba_id: 0102290129340398, app_id: 17}}}")
    home.config_path.chmod(0o600)
    assert home.config().of("a").expect == Expect(app_id="17", waba_id="0102290129340398")
    home.save_config(home.config())
    assert home.config().of("a").expect.waba_id == "0102290129340398"


def test_a_number_in_the_configuration_is_taken_as_it_stands(home):
    home.config_path.write_text("current: 7\nprofiles: {7: {graph_version: 26.0}}")
    home.config_path.chmod(0o600)
    assert home.config().current == "7"
    assert home.config().of("7").graph_version == "26.0"
