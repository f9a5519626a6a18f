"""`audit`: looks at everything at Meta, changes nothing there, saves the verdict."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wizard.actions.access import complete_ids
from wizard.audit.checklist import load
from wizard.audit.results import AuditResult, exit_code
from wizard.audit.runner import audit, is_named, unknown_names
from wizard.context.context import Context
from wizard.report.documents import audit_document, error_document, item_list, write_document
from wizard.text.errors import MOST_SEVERE_FIRST, UsageError, WizardError
from wizard.text.localised import phrase
from wizard.ui.audit_view import AuditView

if TYPE_CHECKING:
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments


def options(parser: OptionParser) -> None:
    """Its own options."""
    parser.option("--all", action="store_true", says="audit.all_help")
    parser.option("--only", metavar="ID", action="append", default=[], says="audit.only_help")
    parser.option("--skip", metavar="ID", action="append", default=[], says="audit.skip_help")
    parser.option("--list", action="store_true", says="audit.list_help")


def run(chosen: Arguments) -> int:
    """One profile, or every one; the most severe code of all."""
    # A misspelt id would quietly audit nothing.
    if unknown := unknown_names(load(), [*chosen.only, *chosen.skip]):
        raise UsageError("audit.no_such_item", item=unknown[0])
    if chosen.list:
        return _list(chosen)
    if not chosen.all:
        return audit_profile(chosen)
    with Context(chosen) as context:
        profiles = sorted(context.home.profiles())
    if not profiles:
        raise UsageError("audit.no_profiles")
    codes = {profile: _one_of_several(chosen, profile) for profile in profiles}
    code = next(code for code in MOST_SEVERE_FIRST if code in codes.values())
    if chosen.json:
        summary = {"exit_code": int(code), "profiles": codes}
        write_document({"schema": 1, "summary": summary}, line=True)
    return code


def _one_of_several(chosen: Arguments, profile: str) -> int:
    """One profile's code; one that cannot be looked at stops none of the others."""
    chosen.profile = profile
    try:
        return audit_profile(chosen)
    except WizardError as error:
        if chosen.json:
            document = error_document(error.exit_code, error.key, error.values)
            write_document({**document, "profile": profile}, line=True)
        return int(chosen.report_error(error))


def audit_profile(chosen: Arguments) -> int:
    """Looks, keeps what was seen, shows it."""
    with Context(chosen) as context:
        if chosen.all:
            context.screen.line()
            context.screen.line(context.words.say("status.profile", profile=chosen.profile))
            context.screen.flush()
        session = context.session
        with session.prompter.waiting(phrase("guide.looking")):
            complete_ids(session)
            facts = session.facts()
            results = list(audit(session.checklist, facts, chosen.only, chosen.skip))
        changes = session.take_over(results, facts)
        _show(context, AuditResult(session.checklist, session.record, results, changes))
        return int(exit_code(results, session.record.goals))


def _show(context: Context, verdict: AuditResult) -> None:
    chosen = context.chosen
    if chosen.json:
        context.print_json(audit_document(verdict), line=chosen.all)
    else:
        report = AuditView(context.screen, context.words, bool(chosen.sandbox), chosen.verbose)
        report.show(verdict)


def _list(chosen: Arguments) -> int:
    """The items that would be looked at; no network."""
    items = [
        item
        for item in load().items
        if is_named(item, chosen.only, True) and not is_named(item, chosen.skip)
    ]
    if chosen.json:
        Context(chosen).print_json(item_list(items))
    else:
        sys.stdout.writelines(f"{item.id}\n" for item in items)
    return 0
