"""`status`: the last verdict. No network, no keyring, no prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.audit.results import saved_exit_code
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.report.documents import audit_document
from wizard.state.record import Status
from wizard.state.yaml_file import StateFileError
from wizard.ui.screen import SIGNS
from wizard.ui.status_view import Overview, show_in_short

if TYPE_CHECKING:
    from wizard.commands import OptionParser


def options(parser: OptionParser) -> None:
    """Its own options."""
    parser.option("--all", action="store_true", says="status.all_help")


def run(chosen: Arguments) -> int:
    """Shows what was saved; the exit code is that of the audit that saved it."""
    if not chosen.all:
        return _of_one(chosen)
    from wizard.commands.profiles import every_profile

    return every_profile(chosen, Context(chosen).home.profiles(), _of_one)


def _of_one(chosen: Arguments) -> int:
    context = Context(chosen)
    try:
        context.config.of(context.profile)  # its preferences decide where its secrets are
        _ = context.record
    except StateFileError:
        if chosen.all and not chosen.json:
            said = f"{context.profile} · {context.words.say('status.short_damaged')}"
            context.screen.marked(SIGNS[Status.FAILED], said)
        raise
    if chosen.json:
        context.print_json(audit_document(context.verdict), line=chosen.all)
    elif chosen.all:
        show_in_short(context.screen, context.words, context.profile, context.verdict)
    else:
        _show(context)
    if newer := context.store.newer:
        return int(chosen.report_error(newer))
    return saved_exit_code(context.record, context.checklist)


def _show(context: Context) -> None:
    record = context.record  # first, so that nothing stands there when it cannot be read
    if context.chosen.sandbox:
        context.screen.line(context.words.say("ui.sandbox"), "reverse bold")
    context.screen.line(context.words.say("status.profile", profile=context.profile))
    for name, path in (
        ("status_file", context.home.status_path(context.profile)),
        ("config_file", context.home.config_path),
    ):
        if path.exists():
            context.screen.line(context.words.say(f"ending.{name}", place=str(path)), "dim")
    if record.checked_at and context.home.inbox_path(context.profile).exists():
        from wizard.commands.events import tell_account_events  # not for every start

        tell_account_events(context, record.checked_at, "since_saved")
    overview = Overview(context.screen, context.words)
    overview.show(record, context.checklist, context.environment.source("access_token"))
