"""`audit`: looks at everything at Meta, changes nothing there, saves the verdict."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wizard.context.context import Context
from wizard.state.yaml_file import StateFileError
from wizard.text.errors import Unavailable, UsageError
from wizard.ui.words import Words
from wizard.vault import VaultError

if TYPE_CHECKING:
    from wizard.audit.summary import AuditResult
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments


#: Which exit code stands for several profiles: the first of these that any of them had.
GRAVEST = (70, 6, 5, 4, 2, 1, 3, 0)


def options(parser: OptionParser) -> None:
    """Its own options."""
    parser.option("--all", action="store_true", says="audit.all_help")
    parser.option("--only", metavar="ID", action="append", default=[], says="audit.only_help")
    parser.option("--skip", metavar="ID", action="append", default=[], says="audit.skip_help")
    parser.option("--list", action="store_true", says="audit.list_help")


def run(chosen: Arguments) -> int:
    """One profile, or every one; the code of the worst."""
    _refuse_unknown_names(chosen)
    if chosen.list:
        return _list(chosen)
    if not chosen.all:
        return audit_profile(chosen)
    with Context(chosen) as context:
        profiles = context.home.profiles()
    codes = [_one_of_several(chosen, profile) for profile in profiles]
    return next(code for code in GRAVEST if code in codes or code == 0)


def _one_of_several(chosen: Arguments, profile: str) -> int:
    """One profile's code; a vault that is shut or a broken file stops none of the others."""
    chosen.profile = profile
    words = Words(chosen.language)
    if not chosen.json:
        sys.stdout.write("\n" + words.say("status.profile", profile=profile) + "\n")
    try:
        return audit_profile(chosen)
    except (Unavailable, StateFileError, VaultError) as error:
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
    from wizard.ui.audit_view import AuditView

    full = context.chosen.verbose
    AuditView(context.screen, context.words, bool(context.chosen.sandbox), full).show(verdicts)


def _list(chosen: Arguments) -> int:
    """The items that would be looked at; no network."""
    from wizard.audit.checklist import load
    from wizard.audit.runner import is_named

    for item in load().items:
        if is_named(item, chosen.only, True) and not is_named(item, chosen.skip):
            sys.stdout.write(f"{item.id}\n")
    return 0


def _refuse_unknown_names(chosen: Arguments) -> None:
    """A misspelt id would quietly audit nothing."""
    from wizard.audit.checklist import load
    from wizard.audit.runner import unknown_names

    if unknown := unknown_names(load(), [*chosen.only, *chosen.skip]):
        raise UsageError("audit.no_such_item", item=unknown[0])
