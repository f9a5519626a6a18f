"""`bugreport`: what a person may send to someone who helps; no secret, no full phone number."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from wizard.context.context import Context
from wizard.report.documents import bug_report
from wizard.state import private_file
from wizard.text.errors import UsageError
from wizard.text.sanitise import json_text, redacted

if TYPE_CHECKING:
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments


def options(parser: OptionParser) -> None:
    """Its own options."""
    parser.option("--output", metavar="FILE", says="support.output_help")


def run(chosen: Arguments) -> int:
    """Prints the bundle, or writes it to a file that only its owner can read."""
    with Context(chosen) as context:
        content = redacted(bug_report(context.verdict, context.environ))
    if chosen.json and not chosen.output:
        context.print_json(content)
        return 0
    if chosen.json:
        text = json_text(content, indent=2) + "\n"
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
