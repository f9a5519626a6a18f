"""`credentials get`: one value, bare, for a script; a terminal shows a secret on request only."""

from __future__ import annotations

import sys

from wizard.commands.credentials.common import IDS, credential_name, value_of
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.text.errors import Exit, UsageError
from wizard.ui.screen import is_terminal


def run(chosen: Arguments) -> int:
    """Writes it to standard output; MissingCredential where there is none."""
    name = credential_name(chosen.name)
    if name not in IDS and is_terminal(sys.stdout) and not chosen.reveal:
        raise UsageError("credentials.would_show", name=name)
    with Context(chosen) as context:
        value = value_of(context, name)
        if chosen.json:
            context.print_json({"schema": 1, "name": name, "value": value})
        else:
            sys.stdout.write(f"{value}\n")
        return Exit.FINE
