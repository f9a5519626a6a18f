"""Where the passphrase of the encrypted file comes from: a file that was named, else a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from wizard.text.secret import Secret
from wizard.vault.environment import content

VARIABLE = "WA_WIZARD_PASSPHRASE_FILE"
CREDENTIAL = "wa-wizard-passphrase"


def passphrase_from(
    environ: Mapping[str, str],
    file: Path | None = None,
    ask: Callable[[bool], Secret | None] | None = None,
) -> Callable[[bool], Secret | None]:
    """The option, WA_WIZARD_PASSPHRASE_FILE, systemd's credential, then `ask`; None: nowhere.

    Never an argument and never a variable's own value: other processes can read those.
    """

    def passphrase(new: bool) -> Secret | None:
        for path, source in _files(environ, file):
            return Secret(content(path, source).rstrip("\r\n"))
        return ask(new) if ask else None

    return passphrase


def _files(environ: Mapping[str, str], file: Path | None) -> list[tuple[Path, str]]:
    found = [(file, "--passphrase-file")] if file else []
    if named := environ.get(VARIABLE):
        found.append((Path(named), VARIABLE))
    credential = Path(environ.get("CREDENTIALS_DIRECTORY") or ".") / CREDENTIAL
    if environ.get("CREDENTIALS_DIRECTORY") and credential.exists():
        found.append((credential, str(credential)))
    return found
