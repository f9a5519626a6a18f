"""Which language the tool speaks, and what decides."""

import ctypes
import io

import pytest

from wizard.context import settings
from wizard.context.settings import language_of
from wizard.state.config import Config, find


@pytest.mark.parametrize(
    ("option", "environ", "language"),
    [
        ("", {}, "en"),
        ("", {"LANG": "ru_RU.UTF-8"}, "ru"),
        ("", {"LANG": "RU"}, "ru"),
        ("", {"LC_ALL": "C", "LANG": "ru_RU.UTF-8"}, "en"),
        ("", {"LC_MESSAGES": "ru_RU", "LANG": "de_DE"}, "ru"),
        ("", {"LC_ALL": "", "LANG": "ru_RU"}, "ru"),
        ("", {"LANG": "de_DE.UTF-8"}, "en"),
        ("", {"LANG": "ru_RU", "WA_WIZARD_LANG": "en"}, "en"),
        ("", {"LANG": "ru_RU", "WA_WIZARD_LANG": "de"}, "ru"),
        ("en", {"WA_WIZARD_LANG": "ru"}, "en"),
        ("xx", {"WA_WIZARD_LANG": "ru"}, "ru"),
    ],
)
def test_option_then_variable_then_locale(option, environ, language, tmp_path):
    environ = {"WA_WIZARD_HOME": str(tmp_path / "none"), **environ}
    assert language_of(environ, lang=option) == language


class Kernel:
    """What Windows says, played."""

    def __init__(self, code):
        self.kernel32 = self
        self.GetUserDefaultUILanguage = lambda: code


@pytest.mark.parametrize(
    ("code", "language"), [(0x0419, "ru"), (0x0409, "en"), (0x0407, "en"), (0, "en")]
)
def test_windows_is_asked_for_the_language_of_its_windows(code, language, monkeypatch, tmp_path):
    """Played: nobody ran it on Windows."""
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr(ctypes, "windll", Kernel(code), raising=False)
    monkeypatch.setattr("locale.getlocale", lambda: (None, None))
    assert language_of({"WA_WIZARD_HOME": str(tmp_path)}) == language
    assert language_of({"WA_WIZARD_HOME": str(tmp_path), "LANG": "ru_RU"}) == "ru"


@pytest.mark.parametrize(
    ("listed", "language"),
    [
        ('(\n    "ru-RU",\n    "en-US"\n)\n', "ru"),
        ('(\n    "en-GB",\n    "ru-RU"\n)\n', "en"),
        ("(\n    ru\n)\n", "ru"),
        ("", "en"),
    ],
)
def test_macos_is_asked_for_the_first_of_its_languages(listed, language, monkeypatch, tmp_path):
    """Played: nobody ran it on macOS."""
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("os.popen", lambda command: io.StringIO(listed))
    monkeypatch.setattr("locale.getlocale", lambda: (None, None))
    assert settings._language_of_machine({}) == language


def test_the_profiles_own_language_goes_before_the_locale(tmp_path):
    environ = {"WA_WIZARD_HOME": str(tmp_path / "w"), "LANG": "en_US"}
    find(environ).save_config(Config("shop").with_profile("shop", lang="ru"))
    assert language_of(environ) == "ru"
    assert language_of(environ, profile="other") == "en"
    assert language_of({**environ, "WA_WIZARD_PROFILE": "other"}) == "en"
    assert language_of({**environ, "WA_WIZARD_LANG": "en"}) == "en"


@pytest.mark.parametrize("profile", ["", "../x"])
def test_a_broken_configuration_still_gets_some_language(tmp_path, profile):
    (tmp_path / "w").mkdir(mode=0o700)
    (tmp_path / "w" / "config.yaml").write_text("a: [")
    environ = {"WA_WIZARD_HOME": str(tmp_path / "w"), "LANG": "ru_RU"}
    assert language_of(environ, profile=profile) == "ru"
