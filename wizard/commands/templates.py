"""`templates …`: message templates as files, and what Meta has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wizard.commands import Subcommand
from wizard.context.context import Context
from wizard.text.errors import Exit

if TYPE_CHECKING:
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments
    from wizard.templates.lint import Finding

#: Where the files are when nobody says otherwise.
USUAL = "templates"


def _in_folder(parser: OptionParser) -> None:
    parser.option("--dir", dest="folder", metavar="DIR", says="templates.dir_help")


def _linting(parser: OptionParser) -> None:
    _in_folder(parser)
    formats = ("text", "json", "sarif")
    parser.option("--format", choices=formats, says="templates.format_help")


def folder_of(context: Context) -> Path:
    """The folder of the option, else that of the profile, else `templates` here."""
    return Path(context.chosen.folder or context.template_folder or USUAL)


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
            _show(context, found)
            warnings = count(found, Severity.WARNING)
            totals = {"files": len(files), "errors": errors, "warnings": warnings}
            context.screen.line(context.words.say("templates.linted", **totals))
        return Exit.NOT_IN_ORDER if errors else Exit.FINE


def _show(context: Context, findings: list[Finding]) -> None:
    """A line for each finding, as compilers write them, and the page that states the rule."""
    from wizard.report.template_documents import said
    from wizard.templates.lint import Severity, table
    from wizard.text.sanitise import clean

    styles = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
    for one in findings:
        where = f"{one.path}:{one.line}: " + (f"{one.language}: " if one.language else "")
        text = f"{where}{clean(said(one, context.words.language), 500)} [{one.rule}]"
        context.screen.line(text, styles[one.severity])
        context.screen.line(table()[one.rule].source, "dim", "    ")


BRANCHES = {
    "lint": Subcommand(_linting, run_lint),
}
