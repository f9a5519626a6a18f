"""`templates …`: message templates as files, and what Meta has."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wizard.commands import Subcommand
from wizard.context.context import Context
from wizard.context.filling import prefilled
from wizard.text.errors import Exit, unknown_word

if TYPE_CHECKING:
    from wizard.actions.templates import Applied
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments
    from wizard.facts.facts import Facts
    from wizard.graph import Json
    from wizard.templates.files import SourceFile
    from wizard.templates.plan import Plan
    from wizard.ui.template_view import TemplateView

#: Where the files are when no one says otherwise.
USUAL = "templates"
#: How long `wait` waits without --timeout, in seconds.
PATIENCE = 600.0


def _in_folder(parser: OptionParser) -> None:
    parser.option("--dir", dest="folder", metavar="DIR", says="templates.dir_help")


def _linting(parser: OptionParser) -> None:
    _in_folder(parser)
    formats = ("text", "json", "sarif")
    parser.option("--format", choices=formats, says="templates.format_help")


def _pulling(parser: OptionParser) -> None:
    parser.option("names", metavar="NAME", nargs="*", says="templates.names_help")
    _in_folder(parser)
    parser.option("--remember", action="store_true", says="templates.remember_help")


def _planning(parser: OptionParser) -> None:
    _in_folder(parser)
    parser.option("--delete", action="store_true", says="templates.delete_help")


def _applying(parser: OptionParser) -> None:
    _planning(parser)
    parser.option("--yes", "-y", action="store_true", says="templates.yes_help")


def _of_one(parser: OptionParser) -> None:
    parser.option("name", metavar="NAME", says="templates.name_help")
    parser.option("--language", dest="code", metavar="CODE", says="templates.language_help")


def _waiting(parser: OptionParser) -> None:
    _of_one(parser)
    parser.option("--timeout", metavar="SECONDS", type=float, says="templates.timeout_help")


def _deleting(parser: OptionParser) -> None:
    _of_one(parser)
    parser.option("--yes", "-y", action="store_true", says="templates.yes_help")


def folder_of(context: Context) -> Path:
    """The folder of the option, else that of the profile, else `templates` here."""
    return Path(context.chosen.folder or context.template_folder or USUAL)


def _view(context: Context) -> TemplateView:
    from wizard.ui.template_view import TemplateView

    return TemplateView(context.screen, context.words)


def run_lint(chosen: Arguments) -> int:
    """0 without errors, 1 with them; what Meta's rules say, without asking Meta."""
    from wizard.report.template_documents import count, lint_document, sarif
    from wizard.templates.files import look_into
    from wizard.templates.lint import Severity, lint

    with Context(chosen) as context:
        files = look_into(folder_of(context))
        found = lint(files)
        errors = count(found, Severity.ERROR)
        if chosen.format == "sarif":
            context.print_json(sarif(found, chosen.language))
        elif chosen.json or chosen.format == "json":
            context.print_json(lint_document(found))
        else:
            _view(context).findings(found)
            warnings = count(found, Severity.WARNING)
            totals = {"files": len(files), "errors": errors, "warnings": warnings}
            context.screen.line(context.words.say("templates.linted", **totals))
        return Exit.NOT_IN_ORDER if errors else Exit.FINE


def run_list(chosen: Arguments) -> int:
    """Every template that Meta has."""
    from wizard.report.template_documents import row_document

    with Context(chosen) as context:
        rows = context.session.facts().template_rows
        if chosen.json:
            shown = [row_document(row) for row in rows]
            context.print_json({"schema": 1, "templates": shown})
        elif rows:
            _view(context).rows(rows)
            context.screen.line(context.words.say("templates.charges"), "dim")
        else:
            context.screen.line(context.words.say("templates.none"))
        return Exit.FINE


def run_show(chosen: Arguments) -> int:
    """One template as a file would have it, and how it stands."""
    from wizard.report.template_documents import row_document
    from wizard.templates.files import rendered
    from wizard.templates.model import authored, from_rows, to_rows
    from wizard.text.sanitise import clean

    with Context(chosen) as context:
        rows = _named(context.session.facts(), chosen)
        node = from_rows([authored(row) for row in rows])
        if chosen.json:
            contents = [dict(one) for one in to_rows(node)]
            shown = [
                row_document(row) | {"content": content}
                for row, content in zip(rows, contents, strict=True)
            ]
            context.print_json({"schema": 1, "templates": shown})
            return Exit.FINE
        _view(context).states(rows)
        context.screen.line(context.words.say("templates.charges"), "dim")
        context.screen.line()
        for line in rendered(node).decode().splitlines():
            bare = line.lstrip(" ")
            context.screen.whole(" " * (len(line) - len(bare)) + clean(bare, 2000))
        return Exit.FINE


def _named(facts: Facts, chosen: Arguments) -> list[Json]:
    """The templates of the name and language that were typed; UsageError with those there are."""
    rows = [row for row in facts.template_rows if row.get("name") == chosen.name]
    if not rows:
        known = sorted({str(row.get("name")) for row in facts.template_rows})
        raise unknown_word("templates.no_such", chosen.name, known[:40])
    found = [row for row in rows if chosen.code in (None, row.get("language"))]
    if not found:
        codes = [str(row.get("language")) for row in rows]
        raise unknown_word("templates.no_such_language", chosen.code, codes)
    return found


def run_pull(chosen: Arguments) -> int:
    """Writes what Meta has into the files; what does not differ stays as it stands."""
    from wizard.templates.files import read_folder
    from wizard.templates.plan import SAMPLE

    with Context(chosen) as context:
        folder = folder_of(context)
        files = {file.name: file for file in read_folder(folder)} if os.path.isdir(folder) else {}
        at_meta = _by_name(context.session.facts())
        for name in chosen.names:
            if name not in at_meta:
                raise unknown_word("templates.no_such", name, sorted(at_meta)[:40])
        ended: dict[str, list[str]] = {"created": [], "changed": [], "skipped": [], "same": []}
        for name in chosen.names or [name for name in at_meta if name != SAMPLE]:
            ended[_pull(folder, files.get(name), name, at_meta[name])].append(name)
        if chosen.remember:
            _remember(context, folder)
        _tell_pulled(context, folder, ended, len(ended.pop("same")))
        return Exit.FINE


def _by_name(facts: Facts) -> dict[str, list[Json]]:
    """The templates that Meta shows whole and does not delete, by name, languages in order."""
    from wizard.templates.plan import GOING

    found: dict[str, list[Json]] = defaultdict(list)
    for row in sorted(facts.template_rows, key=lambda row: str(row.get("language"))):
        if row.get("status") not in GOING and isinstance(row.get("components"), list):
            found[str(row.get("name"))].append(row)
    return dict(found)


def _pull(folder: Path, file: SourceFile | None, name: str, rows: Sequence[Json]) -> str:
    """Writes one template; how that ended."""
    from wizard.templates.files import write_new, write_over
    from wizard.templates.model import authored
    from wizard.templates.plan import pulled

    if file is None:
        written = write_new(folder, name, [authored(row) for row in rows])
        return "created" if written else "skipped"
    return "changed" if write_over(file, pulled(file, rows)) else "same"


def _remember(context: Context, folder: Path) -> None:
    """The audit compares with this folder from now on."""
    home = context.home
    changed = home.config().with_profile(context.profile, templates=str(folder.resolve()))
    home.save_config(changed)


def _tell_pulled(
    context: Context, folder: Path, done: dict[str, list[str]], unchanged: int
) -> None:
    if context.chosen.json:
        found = {"schema": 1, "folder": str(folder), **done, "unchanged": unchanged}
        context.print_json(found)
        return
    for key, names in done.items():
        for name in names:
            context.screen.line(context.words.say(f"templates.pulled_{key}", name=name))
    totals = {"created": len(done["created"]), "changed": len(done["changed"])}
    words = context.words.say("templates.pulled", folder=str(folder), unchanged=unchanged, **totals)
    context.screen.line(words)


def _plan(context: Context) -> Plan:
    from wizard.templates.files import read_folder
    from wizard.templates.plan import plan

    chosen, session = context.chosen, context.session
    files = read_folder(folder_of(context))
    facts = session.facts()
    rows = facts.template_rows
    return plan(files, rows, delete=bool(chosen.delete), unknown=facts.unknown_fields)


def run_plan(chosen: Arguments) -> int:
    """0 when there is nothing to do, 1 when there is."""
    from wizard.report.template_documents import plan_document

    with Context(chosen) as context:
        found = _plan(context)
        if chosen.json:
            context.print_json(plan_document(found))
        else:
            _view(context).plan(found)
        return Exit.NOT_IN_ORDER if found.changes else Exit.FINE


def run_apply(chosen: Arguments) -> int:
    """Does what the plan says, one consent for each request; 0 when nothing is left to do."""
    from wizard.actions.templates import apply
    from wizard.report.template_documents import apply_document

    with Context(chosen) as context:
        found = _plan(context)
        if not chosen.json:
            _view(context).plan(found)
        if not _lint_first(context, found):
            return Exit.NOT_IN_ORDER
        session = prefilled(context.session, {}, yes=bool(chosen.yes))
        applied = apply(session, found.changes, folder_of(context))
        if chosen.json:
            context.print_json(apply_document([(o.change, _ended(o)) for o in applied], found))
        fine = len(applied) == len(found.changes) and all(one.result.ok for one in applied)
        sent = [o.change.name for o in applied if o.change.body and o.result.ok]
        if sent:
            context.screen.line(context.words.say("templates.wait_next", name=sent[0]))
        return Exit.FINE if fine else Exit.NOT_IN_ORDER


def _ended(applied: Applied) -> str:
    """How a change ended, for programs."""
    blocked = applied.change.action == "blocked"
    return "blocked" if blocked else type(applied.result).__name__.lower()


def _lint_first(context: Context, found: Plan) -> bool:
    """Whether what would be sent keeps Meta's rules: a rejected edit uses up the day's only one."""
    from wizard.templates.files import read_folder
    from wizard.templates.lint import Severity, lint

    files = read_folder(folder_of(context))
    names = {file.path: file.name for file in files}
    sent = {(one.name, one.language) for one in found.changes if one.body}
    sent |= {(name, "") for name, _ in sent}
    errors = [
        one
        for one in lint(files)
        if one.severity is Severity.ERROR and (names[one.path], one.language) in sent
    ]
    if errors:
        _view(context).findings(errors)
        context.screen.line(context.words.say("templates.lint_first", errors=len(errors)))
    return not errors


def run_wait(chosen: Arguments) -> int:
    """0 approved, 1 rejected or paused, 3 when the review has not ended by then."""
    from wizard.actions.templates import follow
    from wizard.report.template_documents import row_document
    from wizard.text.localised import phrase

    seconds = PATIENCE if chosen.timeout is None else chosen.timeout
    with Context(chosen) as context:
        session = context.session
        with session.prompter.waiting(phrase("templates.waiting", name=chosen.name)):
            code, rows = follow(lambda: _named(session.facts(), chosen), seconds)
        if chosen.json:
            context.print_json({"schema": 1, "templates": [row_document(row) for row in rows]})
        else:
            _view(context).states(rows)
        return code


def run_delete(chosen: Arguments) -> int:
    """Deletes one template at Meta: every language, or the one that is named."""
    from wizard.actions.templates import delete
    from wizard.templates.plan import Change

    with Context(chosen) as context:
        session = prefilled(context.session, {}, yes=bool(chosen.yes))
        rows = _named(session.facts(), chosen)
        code = chosen.code or ", ".join(str(row.get("language")) for row in rows)
        one = str(rows[0].get("id", "")) if chosen.code else ""
        change = Change("delete", chosen.name, code, id=one)
        return delete(session, change).exit_code


BRANCHES = {
    "list": Subcommand(None, run_list),
    "show": Subcommand(_of_one, run_show),
    "pull": Subcommand(_pulling, run_pull),
    "lint": Subcommand(_linting, run_lint),
    "plan": Subcommand(_planning, run_plan),
    "apply": Subcommand(_applying, run_apply),
    "wait": Subcommand(_waiting, run_wait),
    "delete": Subcommand(_deleting, run_delete),
}
