"""`status`: the last verdict. No network, no keyring, no prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wizard.commands import Chosen
    from wizard.commands.parts import Parts


def run(chosen: Chosen) -> int:
    """Shows what was saved; the exit code is that of the audit that saved it."""
    from wizard import verdicts
    from wizard.commands.parts import Parts

    parts = Parts(chosen)
    if chosen.json:
        parts.print_json(parts.as_data())
    else:
        _show(parts)
    return verdicts.exit_code(parts.record, parts.checklist)


def _show(parts: Parts) -> None:
    from wizard.ui.overview import Overview

    record = parts.record  # first, so that nothing stands there when it cannot be read
    if parts.chosen.sandbox:
        parts.screen.line(parts.words.say("ui.sandbox"), "reverse bold")
    parts.screen.line(parts.words.say("status.profile", profile=parts.profile))
    overview = Overview(parts.screen, parts.words)
    overview.show(record, parts.checklist, _token_source(parts))
    for name, path in (
        ("status_file", parts.home.status_path(parts.profile)),
        ("config_file", parts.home.config_path),
    ):
        parts.screen.line(parts.words.say(f"ending.{name}", place=str(path)), "dim")


def _token_source(parts: Parts) -> str:
    """What of the environment gives the token, if anything does; nothing of it is read."""
    if parts.chosen.sandbox or not _may_give(parts):
        return ""
    from wizard.vault.environment import Environment

    return Environment(parts.environ).source("access_token")


def _may_give(parts: Parts) -> bool:
    names = ("WA_WIZARD_ACCESS_TOKEN", "WA_WIZARD_ACCESS_TOKEN_FILE", "CREDENTIALS_DIRECTORY")
    return any(parts.environ.get(name) for name in names)
