"""`status`: the last verdict. No network, no keyring, no prompt."""

from __future__ import annotations

from wizard.audit.results import saved_exit_code
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.report.documents import audit_document
from wizard.ui.status_view import Overview
from wizard.vault.environment import Environment


def run(chosen: Arguments) -> int:
    """Shows what was saved; the exit code is that of the audit that saved it."""
    context = Context(chosen)
    if chosen.json:
        context.print_json(audit_document(context.verdict))
    else:
        _show(context)
    return saved_exit_code(context.record, context.checklist)


def _show(context: Context) -> None:
    record = context.record  # first, so that nothing stands there when it cannot be read
    if context.chosen.sandbox:
        context.screen.line(context.words.say("ui.sandbox"), "reverse bold")
    context.screen.line(context.words.say("status.profile", profile=context.profile))
    overview = Overview(context.screen, context.words)
    overview.show(record, context.checklist, _token_source(context))
    for name, path in (
        ("status_file", context.home.status_path(context.profile)),
        ("config_file", context.home.config_path),
    ):
        context.screen.line(context.words.say(f"ending.{name}", place=str(path)), "dim")


def _token_source(context: Context) -> str:
    """What of the environment gives the token, if anything does; nothing of it is read."""
    if context.chosen.sandbox or not _may_give(context):
        return ""
    return Environment(context.environ).source("access_token")


def _may_give(context: Context) -> bool:
    names = ("WA_WIZARD_ACCESS_TOKEN", "WA_WIZARD_ACCESS_TOKEN_FILE", "CREDENTIALS_DIRECTORY")
    return any(context.environ.get(name) for name in names)
