"""`audit`: looks at everything at Meta, changes nothing there, saves the verdict."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from wizard.actions.access import complete_ids
from wizard.audit.checklist import Item, load
from wizard.audit.results import FAIL_ON, AuditResult, exit_code
from wizard.audit.runner import audit, is_named, unknown_names
from wizard.commands.events import tell_account_events
from wizard.commands.profiles import every_profile
from wizard.context.context import Context
from wizard.report.documents import audit_document, item_list
from wizard.state.private_file import UnsafeFile, replace_report
from wizard.state.record import Goal
from wizard.state.yaml_file import StateFileError
from wizard.text.errors import Exit, UsageError, WizardError, unknown_word
from wizard.text.localised import phrase
from wizard.ui.audit_view import AuditView
from wizard.vault.environment import Environment, variable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments


class OutputError(WizardError):
    """The file of --output could not be written."""

    exit_code = Exit.FILE


def options(parser: OptionParser) -> None:
    """Its own options."""
    several = {"action": "extend", "type": _words, "default": []}
    parser.option("--all", action="store_true", says="audit.all_help")
    parser.option("--only", metavar="ID", says="audit.only_help", **several)
    parser.option("--skip", metavar="ID", says="audit.skip_help", **several)
    parser.option("--goal", metavar="GOAL", says="audit.goal_help", **several)
    parser.option("--fail-on", choices=FAIL_ON, default=FAIL_ON[0], says="audit.fail_on_help")
    parser.option("--format", choices=("text", "json", "jsonl"), says="audit.format_help")
    parser.option("--output", metavar="FILE", says="audit.output_help")
    parser.option("--list", action="store_true", says="audit.list_help")


def _words(given: str) -> list[str]:
    """The words of a comma list; of an empty one the empty word, which is no item."""
    return [word for word in map(str.strip, given.split(",")) if word] or [""]


def run(chosen: Arguments) -> int:
    """One profile, or every one; the most severe code of all."""
    if chosen.format == "text" and chosen.json:
        raise UsageError("audit.two_formats")
    for goal in chosen.goal:
        if goal not in list(Goal):
            raise unknown_word("audit.no_such_goal", goal, list(Goal))
    items = _named_items(chosen)
    return _audit(chosen, items) if chosen.output is None else _into_file(chosen, items)


def _named_items(chosen: Arguments) -> list[Item]:
    """What the options leave to be looked at: a misspelt id would quietly audit nothing."""
    checklist = load()
    known = {name for item in checklist.items for name in (item.id, item.section)}
    if unknown := unknown_names(checklist, [*chosen.only, *chosen.skip]):
        raise unknown_word("audit.no_such_item", unknown[0], sorted(known))
    items = [
        item
        for item in checklist.items
        if is_named(item, chosen.only, True) and not is_named(item, chosen.skip)
    ]
    if not items:
        raise UsageError("audit.nothing_left")
    return items


def _into_file(chosen: Arguments, items: Sequence[Item]) -> int:
    """Writes what would be on standard output, as a whole or not at all."""
    content = io.BytesIO()
    stream = io.TextIOWrapper(content, "utf-8", "backslashreplace", write_through=True)
    with redirect_stdout(stream):
        code = _audit(chosen, items)
    try:
        save_output(chosen.output, content.getvalue())
    except OutputError:
        chosen.answered = False
        raise
    return code


def save_output(path: str, content: bytes) -> None:
    """The file of --output, as a whole or not at all; OutputError."""
    try:
        replace_report(Path(path), content)
    except (OSError, UnsafeFile) as error:
        why = error.strerror if isinstance(error, OSError) else error.kind
        raise OutputError("audit.not_written", path=path, why=why or "?") from None


def _audit(chosen: Arguments, items: Sequence[Item]) -> int:
    if chosen.list:
        return _list(chosen, items)
    if not chosen.all:
        return audit_profile(chosen)
    with Context(chosen) as context:
        profiles = context.home.profiles()
        if len(profiles) > 1 and not chosen.sandbox:
            _refuse_shared_token(context, profiles)
    return every_profile(chosen, profiles, audit_profile)


def _refuse_shared_token(context: Context, profiles: Sequence[str]) -> None:
    """A token belongs to one profile: it would make all of them look like that one."""
    for profile in profiles:
        if source := Environment(context.environ, profile).shared_source("access_token"):
            own = variable("access_token", profile)
            raise UsageError("audit.token_of_one", source=source, profile=profile, name=own)


def audit_profile(chosen: Arguments) -> int:
    """Looks, keeps what was seen, shows it; a verdict that cannot be kept is shown all the same."""
    with Context(chosen) as context:
        if chosen.all:
            context.screen.line()
            context.screen.line(context.words.say("status.profile", profile=chosen.profile))
            context.screen.flush()
        session = context.session
        record, own = session.record, session.record.goals
        goals = tuple(map(Goal, dict.fromkeys(chosen.goal))) or own
        session.only_looks = True
        with session.prompter.waiting(phrase("guide.looking")):
            complete_ids(session)
            facts = session.facts()
            record.goals = goals
            results = list(audit(session.checklist, facts, chosen.only, chosen.skip))
        record.goals, before = own, record.checked_at
        changes = session.take_over(results, facts, save=False)
        unsaved = _save(context)
        judged = structs.replace(record, goals=goals)
        _show(context, AuditResult(session.checklist, judged, results, changes))
        if not chosen.json:
            tell_account_events(context, before, "since_look" if before else "before_first")
        if unsaved:
            return int(chosen.report_error(unsaved))
        return int(exit_code(results, goals, chosen.fail_on))


def _save(context: Context) -> StateFileError | None:
    try:
        context.session.save()
    except StateFileError as error:
        return error
    return None


def _show(context: Context, verdict: AuditResult) -> None:
    chosen = context.chosen
    if chosen.json:
        context.print_json(audit_document(verdict), line=_in_lines(chosen))
    else:
        report = AuditView(context.screen, context.words, bool(chosen.sandbox), chosen.verbose)
        report.show(verdict, context.environment.source("access_token"))
        context.screen.flush()


def _in_lines(chosen: Arguments) -> bool:
    return bool(chosen.all or chosen.format == "jsonl")


def _list(chosen: Arguments, items: Sequence[Item]) -> int:
    """The items that would be looked at; no network."""
    if chosen.json:
        Context(chosen).print_json(item_list(items), line=_in_lines(chosen))
    else:
        sys.stdout.writelines(f"{item.id}\n" for item in items)
    return 0
