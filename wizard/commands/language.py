"""Which language to speak: the option, the environment, the profile, the locale."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.state.config import InvalidProfileName, find, profile_name
from wizard.state.yaml_file import StateFileError
from wizard.text.localised import LANGUAGES

DEFAULT = "en"


def choose(option: str, profile: str, environ: Mapping[str, str]) -> str:
    """One of LANGUAGES; a value we do not speak is passed over."""
    for wish in (option, environ.get("WA_WIZARD_LANG", ""), _preferred(profile, environ)):
        if wish in LANGUAGES:
            return wish
    return "ru" if _locale(environ).startswith("ru") else DEFAULT


def _preferred(profile: str, environ: Mapping[str, str]) -> str:
    """The profile's own; a file that cannot be read is complained about later, in some language."""
    try:
        config = find(environ).config()
        name = profile or environ.get("WA_WIZARD_PROFILE") or config.current
        return config.of(profile_name(name)).lang
    except (StateFileError, InvalidProfileName):
        return ""


def _locale(environ: Mapping[str, str]) -> str:
    """The first that is set decides, as POSIX has it."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(name):
            return value.lower()
    return ""
