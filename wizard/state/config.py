"""Where everything is kept, and `config.yaml`: the profiles and their preferences."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from msgspec import Meta, Struct, structs, to_builtins

from wizard.state.typed import Misshapen, Node, convert, lenient, nearest, restore, unknown_keys
from wizard.state.yaml_file import StateFileError, YamlFile
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


_Id = Annotated[str, Meta(pattern="^[0-9]{1,20}$")]


class Expect(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The ids that a profile is pinned to. A key that is not known would pin nothing."""

    app_id: _Id = ""
    waba_id: _Id = ""
    phone_number_id: _Id = ""


class VaultChoice(Struct, frozen=True):
    """Of what kind the keys of `vault` are; each store knows which of them it takes."""

    store: str = ""
    path: str = ""
    preset: str = ""
    get: tuple[str, ...] = ()
    set: tuple[str, ...] = ()
    create: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    list: tuple[str, ...] = ()
    absent: str = ""
    seconds: Annotated[float, Meta(gt=0, le=86400)] = 1


class Preferences(Struct, frozen=True, omit_defaults=True):
    """What a profile prefers; "" and {} leave it to the environment and to our own choice."""

    lang: str = ""
    graph_version: str = ""
    graph_url: str = ""
    vault: Mapping[str, Any] = {}  # the keys of VaultChoice
    expect: Expect = Expect()
    templates: str = ""  # the folder of the files that the audit compares with Meta's templates


class Defaults(Struct, frozen=True, omit_defaults=True):
    """What every profile prefers that says nothing else; "" leaves it to our own choice."""

    lang: str = ""
    graph_version: str = ""
    graph_url: str = ""
    store: str = ""  # for the secrets of a new profile


class Config(Struct, frozen=True):
    """`config.yaml`: the profiles, which of them is the current one, and what all prefer."""

    current: str = DEFAULT_PROFILE
    profiles: Mapping[str, Preferences] = {}
    preferences: Defaults = Defaults()
    #: The keys that a later version wrote and this one does not know, where they stood.
    extra: Mapping[str, Any] = {}
    #: Why the preferences of a profile cannot be used: it must not stop the other profiles.
    damaged: Mapping[str, Any] = {}

    def of(self, profile: str) -> Preferences:
        """The preferences of a profile, empty of an unknown one; StateFileError of a damaged."""
        if profile in self.damaged:
            raise self.damaged[profile]
        return self.profiles.get(profile, Preferences())

    def with_profile(self, profile: str, **changes: Any) -> Config:
        """The same, with some preferences of one profile changed."""
        changed = structs.replace(self.of(profile), **changes)
        return structs.replace(self, profiles={**self.profiles, profile: changed})

    def without(self, profile: str) -> Config:
        """The same without a profile; when it was the current one, the default one is."""
        profiles = {name: kept for name, kept in self.profiles.items() if name != profile}
        current = DEFAULT_PROFILE if self.current == profile else self.current
        return structs.replace(self, profiles=profiles, current=current)


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
        config = self.config()
        found = {*config.profiles, *config.damaged}
        if self.state_folder.is_dir():
            found |= {path.parent.name for path in self.state_folder.glob("*/status.yaml")}
        return tuple(sorted(filter(_is_profile_name, found)))

    def config(self) -> Config:
        """The configuration, empty when there is none; StateFileError when it cannot be trusted."""
        file = YamlFile(self.config_path)
        try:
            return _decode(file.load() or {}, file)
        except Misshapen as error:
            raise _named(file, error) from None

    def save_config(self, config: Config) -> None:
        """Replaces the configuration; StateFileError when that fails, or what is there is bad."""
        for trouble in config.damaged.values():
            raise trouble
        node = to_builtins(config)
        del node["damaged"]
        YamlFile(self.config_path).save(restore(node, node.pop("extra"), Config))


def find(environ: Mapping[str, str]) -> Home:
    """WA_WIZARD_HOME, else the platform's own folders for configuration and state."""
    if ours := environ.get("WA_WIZARD_HOME"):
        folder = Path(os.path.abspath(os.path.expanduser(ours)))
        return Home(folder, folder)
    if sys.platform == "linux":
        # The XDG rules fit in two lines, and platformdirs is slow to import.
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
    plain = unicodedata.normalize("NFC", name).lower()
    letters = all(character.isalnum() or character in "-_" for character in plain)
    fits = 0 < len(plain.encode("utf-8", "replace")) <= _LONGEST
    if not (letters and fits) or plain.startswith("-") or plain in _RESERVED:
        raise InvalidProfileName(name)
    return plain


def _is_profile_name(name: str) -> bool:
    """Whether a folder can be that of a profile: someone may have put others beside them."""
    try:
        return profile_name(name) == name
    except InvalidProfileName:
        return False


def _decode(node: Node, file: YamlFile) -> Config:
    damaged = {}
    if isinstance(profiles := node.get("profiles"), dict):
        node["profiles"] = {}
        for written, preferences in profiles.items():
            name = _name(written, ("profiles", written))
            try:
                node["profiles"][name] = _checked(preferences, ("profiles", written))
            except Misshapen as error:
                damaged[name] = _named(file, error)
    node = lenient(node, Config)
    config = convert({**node, "extra": unknown_keys(node, Config), "damaged": {}}, Config)
    current = _name(config.current or DEFAULT_PROFILE, ("current",))
    return structs.replace(config, current=current, damaged=damaged)


def _checked(preferences: Any, path: tuple[str, ...]) -> Node:
    """The preferences of one profile as plain data; Misshapen, as seen from the whole file."""
    node: Node = lenient(preferences, Preferences)
    try:
        convert(node, Preferences)
        path = (*path, "vault")
        vault = {key: kept for key, kept in node.get("vault", {}).items() if kept is not None}
        convert(vault, VaultChoice)
    except Misshapen as error:
        whole = (*path, *error.path)
        raise Misshapen(whole, str(error), error.expected, error.known) from None
    return node


def _named(file: YamlFile, error: Misshapen) -> StateFileError:
    """The error for people: the file, the line, the key, and the key that was probably meant."""
    unknown = error.expected is None and error.known
    return file.misshapen(error.path, nearest(str(error.path[-1]), error.known) if unknown else "")


def _name(name: str, path: tuple[str, ...]) -> str:
    """A name out of the file is as much a path as one from the command line."""
    try:
        return profile_name(name)
    except InvalidProfileName:
        raise Misshapen(path, "not a name of a profile", None, []) from None
