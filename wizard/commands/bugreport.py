"""`report`: what a person may send to whoever helps her; no secret, no phone number in full."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wizard.context.context import Context
from wizard.state import private_file
from wizard.text.errors import UsageError

if TYPE_CHECKING:
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments
    from wizard.state.record import ProfileRecord


#: The libraries whose versions matter when something goes wrong.
LIBRARIES = ("requests", "urllib3", "keyring", "questionary", "prompt_toolkit", "rich", "PyYAML")
#: Their presence is told, never their value: a proxy's address may hold a password.
VARIABLES = (
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_CONNECTION",
    "CI",
    "PYTHON_KEYRING_BACKEND",
)
RECENT = 30


def options(parser: OptionParser) -> None:
    """Its own options."""
    parser.option("--output", metavar="FILE", says="support.output_help")


def run(chosen: Arguments) -> int:
    """Prints the report, or writes it to a file that only its owner can read."""
    import json

    import yaml

    from wizard.text.redact import redacted

    with Context(chosen) as context:
        content = redacted(_content(context))
    if chosen.json:
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    else:
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100)
    if not chosen.output:
        sys.stdout.write(text)
        return 0
    try:
        private_file.create(Path(chosen.output), text.encode())
    except FileExistsError:
        raise UsageError("support.exists", path=chosen.output) from None
    context.notes.line(context.words.say("support.written", path=chosen.output))
    return 0


def _content(context: Context) -> dict[str, Any]:
    record = context.record
    return {
        **context.as_data(),
        "machine": _machine(context),
        "goals": [goal.value for goal in record.goals],
        "secrets": _secrets(record),
        "confirmed": {item: said.at for item, said in record.confirmed.items()},
        "attempts": record.attempts,
        "test_message": _test_message(record),
        "history": [vars(change) for change in record.history[-RECENT:]],
    }


def _machine(context: Context) -> dict[str, Any]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    def known(library: str) -> str:
        try:
            return version(library)
        except PackageNotFoundError:
            return "-"

    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "terminal": os.environ.get("TERM", ""),
        "encoding": sys.stdout.encoding,
        "set": [name for name in VARIABLES if context.environ.get(name)],
        "libraries": {library: known(library) for library in LIBRARIES},
    }


def _secrets(record: ProfileRecord) -> dict[str, dict[str, str]]:
    """Where secrets are kept, and of what kind they are; not even fingerprints of them."""
    return {
        name: {
            "store": note.store,
            "backend": note.backend,
            "kind": note.kind,
            "set_at": note.set_at,
            "expires_at": note.expires_at,
        }
        for name, note in record.secrets.items()
    }


def _test_message(record: ProfileRecord) -> dict[str, Any]:
    sent = record.test_message
    if sent is None:
        return {}
    return {"at": sent.at, "state": sent.state, "code": sent.code, "details": sent.details}
