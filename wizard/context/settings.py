"""The settings of one run by precedence: option, environment, profile, config, default."""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from wizard.graph import DEFAULT_VERSION
from wizard.net.address import META_URL
from wizard.state.config import DEFAULT_PROFILE, Config, find, profile_name
from wizard.text.errors import Exit, WizardError, unknown_word
from wizard.text.localised import LANGUAGES

DEFAULT_SCENARIO = "rehearsal"


class Arguments:
    """What the command line says. Commands find their own options beside these."""

    command = ""
    language = "en"
    profile = ""
    lang = ""
    json = False
    no_input = False
    color = "auto"
    verbose = False
    passphrase_file = ""  # of the encrypted file
    sandbox = ""  # the scenario; "" for the real Meta

    #: Whether the one JSON document of this command is on standard output already.
    answered = False
    #: Says why a command could not go on; returns its exit code. Set by `cli`.
    report_error: Callable[[BaseException], Exit]

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """A command's own options."""


class Settings(NamedTuple):
    """What a run goes by. `graph_url_from`: where it was said, see `preference`."""

    profile: str
    language: str
    graph_url: str
    graph_url_from: str
    graph_version: str


#: What is preferred → the variable that says it for one run.
PREFERENCES = {
    "lang": "WA_WIZARD_LANG",
    "graph_version": "WA_WIZARD_GRAPH_VERSION",
    "graph_url": "WA_WIZARD_GRAPH_URL",
    "store": "",
}
_OURS = {"graph_version": DEFAULT_VERSION, "graph_url": META_URL, "store": "os-keyring"}


def preference(
    name: str, environ: Mapping[str, str], config: Config, profile: str, option: str = ""
) -> tuple[str, str]:
    """One of PREFERENCES and where it was said: option, variable, profile, config or "" (ours).

    The one place of this order. A language that the tool does not speak is passed over.
    StateFileError for a profile whose preferences are damaged.
    """
    own, variable = config.of(profile), PREFERENCES[name]
    said = (
        (option, "option"),
        (environ.get(variable), variable),
        (own.vault.get("store") if name == "store" else getattr(own, name), "profile"),
        (getattr(config.preferences, name), "config"),
    )
    spoken = ((value, source) for value, source in said if name != "lang" or value in LANGUAGES)
    ours = _language_of_machine(environ) if name == "lang" else _OURS.get(name, "")
    return next(((value, source) for value, source in spoken if value), (ours, ""))


def profile_of(environ: Mapping[str, str], config: Config, profile: str = "") -> str:
    """The profile of a run; `profile` is the option. InvalidProfileName."""
    return profile_name(profile or environ.get("WA_WIZARD_PROFILE") or config.current)


#: Commands that begin a profile, or are about none.
_ANY_PROFILE = ("setup", "login", "profiles add", "help", "completion")


def check_profile(chosen: Arguments, environ: Mapping[str, str]) -> None:
    """UsageError for a profile that was named and does not exist: a misspelt one has no verdict.

    In the sandbox those of its scenario and the real ones do.
    """
    named = chosen.profile or environ.get("WA_WIZARD_PROFILE")
    if not named or chosen.command in _ANY_PROFILE:
        return
    real = find(environ)
    name, known = profile_name(named), {DEFAULT_PROFILE}
    for home in (real.sandbox(chosen.sandbox), real) if chosen.sandbox else (real,):
        if name not in known:
            known |= {*home.profiles(), home.config().current}
    if name not in known:
        raise unknown_word("profiles.no_such", name, sorted(known))


def settings(
    environ: Mapping[str, str],
    config: Config,
    *,
    profile: str = "",
    lang: str = "",
    color: str = "",
) -> Settings:
    """See `preference`; `profile` and `lang` are options.

    InvalidProfileName; StateFileError for a profile whose preferences are damaged.
    """
    name = profile_of(environ, config, profile)
    language = preference("lang", environ, config, name, lang)[0]
    url, source = preference("graph_url", environ, config, name)
    version = preference("graph_version", environ, config, name)[0]
    return Settings(name, language, url, source, version)


def language_of(environ: Mapping[str, str], *, profile: str = "", lang: str = "") -> str:
    """The language alone, for complaints: a broken configuration is complained about later."""
    try:
        return settings(environ, find(environ).config(), profile=profile, lang=lang).language
    except WizardError:
        return preference("lang", environ, Config(), DEFAULT_PROFILE, lang)[0]


def _language_of_machine(environ: Mapping[str, str]) -> str:
    # The first that is set decides, as POSIX has it.
    named = (environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    spoken = next(filter(None, named), "") or system_language() or locale.getlocale()[0] or ""
    # Windows calls its own "Russian_Russia".
    return "ru" if spoken.lower().startswith("ru") else "en"


def system_language() -> str:
    """What Windows or macOS speaks to its user, such as ru_RU; "" elsewhere or when it is silent.

    Neither sets the variables of POSIX: Windows has a language of its windows, which may be another
    one than that of dates and numbers; macOS a list of languages, which Terminal alone passes on.
    """
    try:
        platform: str = sys.platform  # of any system, also for the type checker
        if platform == "win32":
            import ctypes

            # Typed for Windows alone.
            code = ctypes.windll.kernel32.GetUserDefaultUILanguage()  # type: ignore[attr-defined]
            return locale.windows_locale.get(code, "")
        if platform == "darwin":
            with os.popen("/usr/bin/defaults read -g AppleLanguages 2>/dev/null") as listed:  # noqa: S605
                first = listed.read().strip("() \n").partition(",")[0]
            return first.strip('" \n').replace("-", "_")
    except (OSError, AttributeError, ValueError):
        pass
    return ""


def scenarios() -> tuple[str, ...]:
    """The names of the sandbox's scenarios; the sandbox itself is not imported for this."""
    folder = Path(__file__).parents[1] / "sandbox" / "scenarios"
    names = os.listdir(folder) if folder.is_dir() else []
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))
