"""The settings of one run by precedence: option, environment, profile, default."""

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
    """What a run goes by. `graph_url_from`: the variable or "profile"; "" for our own choice."""

    profile: str
    language: str
    graph_url: str
    graph_url_from: str
    graph_version: str


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
    """Option before environment before profile before default; `profile` and `lang` are options.

    A language that the tool does not speak is passed over. InvalidProfileName; StateFileError for
    a profile whose preferences are damaged.
    """
    name = profile_of(environ, config, profile)
    preferred = config.of(name)
    urls = (
        (environ.get("WA_WIZARD_GRAPH_URL"), "WA_WIZARD_GRAPH_URL"),
        (preferred.graph_url, "profile"),
    )
    url, source = next(((url, source) for url, source in urls if url), (META_URL, ""))
    version = environ.get("WA_WIZARD_GRAPH_VERSION") or preferred.graph_version or DEFAULT_VERSION
    language = _language(environ, lang, environ.get("WA_WIZARD_LANG", ""), preferred.lang)
    return Settings(name, language, url, source, version)


def language_of(environ: Mapping[str, str], *, profile: str = "", lang: str = "") -> str:
    """The language alone, for complaints: a broken configuration is complained about later."""
    try:
        return settings(environ, find(environ).config(), profile=profile, lang=lang).language
    except WizardError:
        return _language(environ, lang, environ.get("WA_WIZARD_LANG", ""))


def _language(environ: Mapping[str, str], *wishes: str) -> str:
    for wish in wishes:
        if wish in LANGUAGES:
            return wish
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
