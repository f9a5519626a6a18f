"""The read-only sources: variables, the files they name, and systemd's credentials."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from wizard.text.paste import NotText, decoded, is_empty, parser_of
from wizard.text.secret import SECRET_NAMES, Secret
from wizard.vault import (
    Description,
    SecretSource,
    StoredSecret,
    Vault,
    VaultError,
    VaultProblem,
)

SOURCE = "environment"
_FROM_OUTSIDE = (SOURCE, "command")
PREFIX = "WA_WIZARD_"
_NUMBERED = re.compile(r"WA_WIZARD_(PAGE_TOKEN|TWO_STEP_PIN)_(\d+)(?:_.*)?")
# Far more than any token, far less than what hurts.
_MOST = 1 << 20


def variable(name: str, profile: str = "") -> str:
    """The variable of a secret: `page_token:17` is WA_WIZARD_PAGE_TOKEN_17.

    With a profile the one that is its own: WA_WIZARD_ACCESS_TOKEN__MY_SHOP of `my-shop`.
    """
    plain, own = (re.sub(r"[^A-Za-z0-9]", "_", word).upper() for word in (name, profile))
    return f"{PREFIX}{plain}__{own}" if own else PREFIX + plain


def _own_variables(name: str, profile: str) -> tuple[str, ...]:
    """The variables of a secret for one profile: the value first, then the paths of a file."""
    own = variable(name, profile)
    return own, variable(f"{name}_FILE", profile), f"{own}_FILE"


_SECRETS = "|".join(map(variable, SECRET_NAMES))
_HOLDS_A_SECRET = re.compile(
    rf"({_SECRETS}|WA_WIZARD_(?:PAGE_TOKEN|TWO_STEP_PIN)_\d+)(__.*)?", re.DOTALL
)


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for programs that are started here: they get no secret of ours."""
    return {key: kept for key, kept in environ.items() if not _HOLDS_A_SECRET.fullmatch(key)}


class Environment:
    """Secrets given by what started this program; a profile's own go before the plain."""

    def __init__(self, environ: Mapping[str, str], profile: str = "") -> None:
        self._environ, self._profile = environ, profile

    def source(self, name: str) -> str:
        """The variable or the file that gives this secret; "" when nothing does.

        An empty variable gives nothing: that is how CI passes a secret that it does not have.
        """
        plain = variable(name)
        for given in (*self._own(name), plain, f"{plain}_FILE"):
            if not is_empty(self._environ.get(given, "")):
                return given
        credential = self._credential(name)
        return str(credential) if credential else ""

    def shared_source(self, name: str) -> str:
        """The same where it is not the profile's own: it would serve every profile."""
        source = self.source(name)
        return "" if source in self._own(name) else source

    def clash(self, others: Iterable[str]) -> tuple[str, str] | None:
        """A variable that is set, and another profile that it would belong to as well."""
        for other in others:
            for name in self.names if other != self._profile else ():
                for given in {*self._own(name)} & {*_own_variables(name, other)}:
                    if not is_empty(self._environ.get(given, "")):
                        return given, other
        return None

    def _own(self, name: str) -> tuple[str, ...]:
        return _own_variables(name, self._profile) if self._profile else ()

    def get(self, name: str) -> StoredSecret | None:
        """A secret, as it stands there; BROKEN when its file cannot be read."""
        source = self.source(name)
        if not source:
            return None
        if source in (variable(name), *self._own(name)[:1]):
            value = self._environ[source]
        else:
            value = content(Path(self._environ.get(source, source)), source)
        return StoredSecret(Secret(value), SOURCE, source)

    @property
    def names(self) -> frozenset[str]:
        """The secrets it gives. Reads none."""
        found = filter(None, map(_NUMBERED.fullmatch, self._environ))
        candidates = {*SECRET_NAMES, *(f"{one[1].lower()}:{one[2]}" for one in found)}
        return frozenset(name for name in candidates if self.source(name))

    def _credential(self, name: str) -> Path | None:
        """LoadCredential= of systemd, whose names may not hold colons."""
        folder = self._environ.get("CREDENTIALS_DIRECTORY")
        path = Path(folder or ".") / f"wa-wizard-{name.replace(':', '-')}"
        return path if folder and path.exists() else None


class EnvironmentFirst:
    """The environment before a store, or before none: it wins, and nothing is written to it."""

    def __init__(self, environ: Mapping[str, str], behind: Vault | None, profile: str = "") -> None:
        self._environment, self.behind = Environment(environ, profile), behind

    def source_of(self, name: str) -> SecretSource:
        """The environment where it gives this secret, else the store behind."""
        if source := self._environment.source(name):
            return SecretSource(SOURCE, source)
        return self.behind.source_of(name) if self.behind else SecretSource(SOURCE)

    def get(self, name: str) -> StoredSecret | None:
        """The environment's, else that of the store behind."""
        if kept := cleaned(name, self._environment.get(name)):
            return kept
        return cleaned(name, self.behind.get(name)) if self.behind else None

    def put(self, name: str, secret: Secret) -> None:
        """Keep it in the store behind, where it stays hidden while the environment gives one."""
        self._store(name).put(name, secret)

    def remove(self, name: str) -> None:
        """Drop it from the store behind; what the environment gives can only be unset there."""
        if self.behind or self._environment.source(name):
            self._store(name).remove(name)

    def probe(self) -> None:
        """The store behind, tried; READ_ONLY when there is none."""
        self._store("").probe()

    def describe(self) -> Description:
        """The store behind, else the environment."""
        return self.behind.describe() if self.behind else Description(SOURCE)

    def _store(self, name: str) -> Vault:
        if self.behind is None:
            raise VaultError(VaultProblem.READ_ONLY, SOURCE, variable(name) if name else "")
        return self.behind


def cleaned(name: str, kept: StoredSecret | None) -> StoredSecret | None:
    """A secret that others wrote, cleaned like a paste; None when nothing is left of it.

    INVALID when it cannot be right: `detail` says where it stands. What our own stores keep was
    cleaned when it came in.
    """
    if kept is None or kept.source not in _FROM_OUTSIDE:
        return kept
    value = kept.secret.reveal()
    if is_empty(value):
        return None
    parsed = parser_of(name)(value)
    if not isinstance(parsed, str):
        raise VaultError(VaultProblem.INVALID, kept.source, f"{kept.detail}: {name}")
    return StoredSecret(Secret(parsed), kept.source, kept.detail)


def content(path: Path, source: str) -> str:
    """A file's text. Links are followed (Kubernetes mounts secrets so); pipes would hang."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise VaultError(VaultProblem.BROKEN, SOURCE, f"{source}: not a regular file")
            content = file.read(_MOST + 1)
        if len(content) > _MOST:
            raise VaultError(VaultProblem.BROKEN, SOURCE, f"{source}: too long")
        return decoded(content)
    except NotText as error:
        kind = f"not UTF-8 (line {error.line})"
    except (OSError, ValueError) as error:
        kind = type(error).__name__
    raise VaultError(VaultProblem.BROKEN, SOURCE, f"{source}: {kind}")
