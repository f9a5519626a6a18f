"""`audit`: looks at everything at Meta, changes nothing there, saves the verdict."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wizard.context.context import Context
from wizard.text.errors import MOST_SEVERE_FIRST, UsageError, WizardError
from wizard.ui.words import Words

if TYPE_CHECKING:
    from wizard.audit.summary import AuditResult
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments


def options(parser: OptionParser) -> None:
    """Its own options."""
    parser.option("--all", action="store_true", says="audit.all_help")
    parser.option("--only", metavar="ID", action="append", default=[], says="audit.only_help")
    parser.option("--skip", metavar="ID", action="append", default=[], says="audit.skip_help")
    parser.option("--list", action="store_true", says="audit.list_help")


def run(chosen: Arguments) -> int:
    """One profile, or every one; the code of the worst."""
    _refuse_strangers(chosen)
    if chosen.list:
        return _list(chosen)
    if not chosen.all:
        return audit_profile(chosen)
    with Context(chosen) as context:
        profiles = context.home.profiles()
    codes = [_one_of_several(chosen, profile) for profile in profiles]
    return next(code for code in MOST_SEVERE_FIRST if code in codes or code == 0)


def _one_of_several(chosen: Arguments, profile: str) -> int:
    """One profile's code; a vault that is shut or a broken file stops none of the others."""
    chosen.profile = profile
    words = Words(chosen.language)
    if not chosen.json:
        sys.stdout.write("\n" + words.say("status.profile", profile=profile) + "\n")
    try:
        return audit_profile(chosen)
    except WizardError as error:
        return int(chosen.report_error(error))


def audit_profile(chosen: Arguments) -> int:
    """Looks, keeps what was seen, shows it."""
    from wizard.actions.select_assets import complete_ids
    from wizard.audit.results import exit_code
    from wizard.audit.runner import audit
    from wizard.audit.summary import AuditResult
    from wizard.text.localised import phrase

    with Context(chosen) as context:
        session = context.session
        with session.prompter.waiting(phrase("guide.looking")):
            complete_ids(session)
            facts = session.facts()
            results = list(audit(session.checklist, facts, chosen.only, chosen.skip))
        changes = session.take_over(results, facts)
        _show(context, AuditResult(session.checklist, session.record, results, changes))
        return exit_code(results, session.record.goals)


def _show(context: Context, verdicts: AuditResult) -> None:
    if context.chosen.json:
        context.print_json(verdicts.as_json())
        return
    from wizard.ui.audit_view import Report

    full = context.chosen.verbose
    Report(context.screen, context.words, bool(context.chosen.sandbox), full).show(verdicts)


def _list(chosen: Arguments) -> int:
    """The items that would be looked at; no network."""
    from wizard.audit.checklist import load
    from wizard.audit.runner import named

    for item in load().items:
        if named(item, chosen.only, True) and not named(item, chosen.skip):
            sys.stdout.write(f"{item.id}\n")
    return 0


def _refuse_strangers(chosen: Arguments) -> None:
    """A misspelt id would quietly audit nothing."""
    from wizard.audit.checklist import load
    from wizard.audit.runner import strangers

    if unknown := strangers(load(), [*chosen.only, *chosen.skip]):
        raise UsageError("audit.no_such_item", item=unknown[0])
