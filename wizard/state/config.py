"""Where everything is kept, and `config.yaml`: the profiles and their preferences."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from wizard.state.yaml_file import YamlFile
from wizard.text.errors import Exit, WizardError

APP = "wa-wizard"
DEFAULT_PROFILE = "default"
SANDBOX = "sandbox"
#: Names that mean something else in our folder, or a device on Windows.
_RESERVED = frozenset(
    [SANDBOX, "config", "con", "prn", "aux", "nul"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in range(10)]
)
_LONGEST = 64  # bytes: together with what follows it stays a file name everywhere


class InvalidProfileName(WizardError):
    """Not a name of a profile: letters, digits, - and _ only. The name itself stays out."""

    exit_code = Exit.USAGE

    def __init__(self, _name: str) -> None:
        super().__init__("cli.bad_profile")


class Preferences(NamedTuple):
    """What a profile prefers; "" and {} leave it to the environment and to our own choice."""

    lang: str = ""
    graph_version: str = ""
    graph_url: str = ""
    vault: Mapping[str, Any] = {}  # {"store": "encrypted-file", …}


class Config(NamedTuple):
    """`config.yaml`. `extra` keeps the keys that a later version wrote."""

    current: str = DEFAULT_PROFILE
    profiles: Mapping[str, Preferences] = {}
    extra: Mapping[str, Any] = {}

    def of(self, profile: str) -> Preferences:
        """The preferences of a profile; those of an unknown one are empty."""
        return self.profiles.get(profile, Preferences())

    def with_profile(self, profile: str, **changes: Any) -> Config:
        """The same, with some preferences of one profile changed."""
        changed = self.of(profile)._replace(**changes)
        return self._replace(profiles={**self.profiles, profile: changed})

    def without(self, profile: str) -> Config:
        """The same without a profile; when it was the current one, the default one is."""
        profiles = {name: kept for name, kept in self.profiles.items() if name != profile}
        current = DEFAULT_PROFILE if self.current == profile else self.current
        return self._replace(profiles=profiles, current=current)


class Home(NamedTuple):
    """The two folders everything is in; the same one twice where the platform has only one."""

    config_folder: Path
    state_folder: Path

    @property
    def config_path(self) -> Path:
        """The configuration file."""
        return self.config_folder / "config.yaml"

    def folder(self, profile: str) -> Path:
        """The folder of one profile."""
        return self.state_folder / profile_name(profile)

    def status_path(self, profile: str) -> Path:
        """The status file of one profile."""
        return self.folder(profile) / "status.yaml"

    def inbox_path(self, profile: str) -> Path:
        """The inbox of one profile."""
        return self.folder(profile) / "inbox.sqlite3"

    def sandbox(self, scenario: str) -> Home:
        """A home of its own for one scenario, apart from everything real."""
        inside = self.state_folder / SANDBOX / profile_name(scenario)
        return Home(inside, inside)

    def profiles(self) -> tuple[str, ...]:
        """Every profile that is configured or has a status file, by name."""
        found = set(self.config().profiles)
        if self.state_folder.is_dir():
            found |= {path.parent.name for path in self.state_folder.glob("*/status.yaml")}
        return tuple(sorted(filter(_is_profile_name, found)))

    def config(self) -> Config:
        """The configuration, empty when there is none; StateFileError when it cannot be trusted."""
        document = YamlFile(self.config_path)
        node = document.load()
        return Config() if node is None else _decode(node, document)

    def save_config(self, config: Config) -> None:
        """Replaces the configuration; StateFileError when that fails."""
        profiles = {name: _encode(kept) for name, kept in config.profiles.items()}
        known = {"current": config.current, "profiles": profiles}
        YamlFile(self.config_path).save({**known, **config.extra})


def find(environ: Mapping[str, str]) -> Home:
    """WA_WIZARD_HOME, else the platform's own folders for configuration and state."""
    if ours := environ.get("WA_WIZARD_HOME"):
        folder = Path(os.path.abspath(os.path.expanduser(ours)))
        return Home(folder, folder)
    if sys.platform == "linux":
        # The XDG rules fit in two lines; platformdirs for them would cost a fifth of `status`.
        return Home(
            _xdg(environ, "XDG_CONFIG_HOME", ".config"),
            _xdg(environ, "XDG_STATE_HOME", ".local/state"),
        )
    import platformdirs

    return Home(
        platformdirs.user_config_path(APP, appauthor=False),
        platformdirs.user_state_path(APP, appauthor=False),
    )


def _xdg(environ: Mapping[str, str], variable: str, usual: str) -> Path:
    # A relative path is to be ignored, says the specification.
    given = Path(environ.get(variable, ""))
    return (given if given.is_absolute() else Path(os.path.expanduser("~")) / usual) / APP


def profile_name(name: str) -> str:
    """A name that is safe as a folder, in lower case: macOS and Windows do not tell cases apart."""
    import unicodedata

    plain = unicodedata.normalize("NFC", name).lower()
    letters = all(character.isalnum() or character in "-_" for character in plain)
    fits = 0 < len(plain.encode("utf-8", "replace")) <= _LONGEST
    if not (letters and fits) or plain.startswith("-") or plain in _RESERVED:
        raise InvalidProfileName(name)
    return plain


def _is_profile_name(name: str) -> bool:
    """Whether a folder can be that of a profile: somebody may have put others beside them."""
    try:
        return profile_name(name) == name
    except InvalidProfileName:
        return False


def _encode(kept: Preferences) -> dict[str, Any]:
    return {key: value for key, value in kept._asdict().items() if value}


def _decode(node: dict[str, Any], document: YamlFile) -> Config:
    profiles = node.pop("profiles", None) or {}
    if not isinstance(profiles, dict):
        raise document.malformed("profiles")
    current = _name(node.pop("current", None) or DEFAULT_PROFILE, "current", document)
    return Config(
        current,
        {
            _name(name, "profiles", document): _preferences(name, kept, document)
            for name, kept in profiles.items()
        },
        node,
    )


def _name(name: object, where: str, document: YamlFile) -> str:
    """A name out of the file is as much a path as one from the command line."""
    try:
        return profile_name(str(name))
    except InvalidProfileName:
        raise document.malformed(where) from None


def _preferences(name: str, node: object, document: YamlFile) -> Preferences:
    node = {} if node is None else node
    texts = ("lang", "graph_version", "graph_url")
    if not isinstance(node, dict) or not isinstance(node.get("vault") or {}, dict):
        raise document.malformed(f"profiles.{name}")
    return Preferences(
        **{key: str(node[key]) for key in texts if node.get(key) is not None},
        vault=node.get("vault") or {},
    )
