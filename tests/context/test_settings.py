"""What decides where the option, the environment, the profile and our own choice differ."""

import pytest

from wizard.context.settings import settings
from wizard.state.config import Config, Preferences

PREFERRED = Preferences(lang="ru", graph_version="v24.0", graph_url="https://profile.example")
CONFIG = Config("default", {"default": PREFERRED, "shop": Preferences()})
URL, VERSION = "WA_WIZARD_GRAPH_URL", "WA_WIZARD_GRAPH_VERSION"

ROWS = [
    # setting, options, environment, configuration, expected
    ("profile", {}, {}, Config(), "default"),
    ("profile", {}, {}, Config("shop"), "shop"),
    ("profile", {}, {"WA_WIZARD_PROFILE": "env"}, Config("shop"), "env"),
    ("profile", {"profile": "Option"}, {"WA_WIZARD_PROFILE": "env"}, Config("shop"), "option"),
    ("language", {}, {}, Config(), "en"),
    ("language", {}, {"LANG": "ru_RU"}, Config(), "ru"),
    ("language", {}, {"LANG": "en_US"}, CONFIG, "ru"),
    ("language", {}, {"WA_WIZARD_LANG": "en"}, CONFIG, "en"),
    ("language", {"lang": "ru"}, {"WA_WIZARD_LANG": "en"}, CONFIG, "ru"),
    ("language", {"profile": "shop"}, {}, CONFIG, "en"),
    ("graph_url", {}, {}, Config(), "https://graph.facebook.com"),
    ("graph_url", {}, {}, CONFIG, "https://profile.example"),
    ("graph_url", {"profile": "shop"}, {}, CONFIG, "https://graph.facebook.com"),
    ("graph_url", {}, {URL: "https://env.example"}, CONFIG, "https://env.example"),
    ("graph_url_from", {}, {}, Config(), ""),
    ("graph_url_from", {}, {}, CONFIG, "profile"),
    ("graph_url_from", {}, {URL: "https://env.example"}, CONFIG, URL),
    ("graph_version", {}, {}, Config(), "v26.0"),
    ("graph_version", {}, {}, CONFIG, "v24.0"),
    ("graph_version", {}, {VERSION: "v25.0"}, CONFIG, "v25.0"),
]


@pytest.mark.parametrize(("name", "options", "environ", "config", "expected"), ROWS)
def test_option_before_environment_before_profile_before_default(
    name, options, environ, config, expected
):
    assert getattr(settings(environ, config, **options), name) == expected
