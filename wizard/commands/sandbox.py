"""`sandbox`: a stand-in for Meta on this machine, for rehearsals and for other people's tests."""

from __future__ import annotations

import json
import sys
import threading
from typing import TYPE_CHECKING

from wizard.context.context import Context
from wizard.context.settings import DEFAULT_SCENARIO, scenarios
from wizard.state.private_file import make_folder
from wizard.text.errors import Exit, UsageError, unknown_word
from wizard.ui.screen import show_rows

if TYPE_CHECKING:
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments
    from wizard.sandbox import Running


ANNOUNCED = (
    *("graph_url", "access_token", "app_id", "app_secret"),
    *("business_id", "waba_id", "phone_number_id"),
)


def options(parser: OptionParser) -> None:
    """Which world, where, how slow."""
    parser.option("--scenario", says="sandbox.scenario_help", metavar="NAME")
    parser.option("--port", says="sandbox.port_help", metavar="N", type=int, default=0)
    parser.option("--latency", says="sandbox.latency_help", metavar="MS", type=int, default=0)
    parser.option("--fresh", says="sandbox.fresh_help", action="store_true")
    parser.option("--callbacks-anywhere", says="sandbox.anywhere_help", action="store_true")
    parser.option("--list", says="sandbox.list_help", action="store_true")


def run(chosen: Arguments) -> int:
    """Prints one line of JSON, then serves until it is stopped."""
    context = Context(chosen)
    if chosen.list:
        _list(context)
        return Exit.FINE
    name = chosen.scenario or chosen.sandbox or DEFAULT_SCENARIO
    if name not in scenarios():
        raise unknown_word("cli.no_such_scenario", name, scenarios())
    with _start(context, name) as running:
        if chosen.callbacks_anywhere:
            context.notes.line(context.words.say("sandbox.anywhere"))
        _announce(running)
        if context.notes.terminal:
            context.notes.line(context.words.say("webhook.stop"), "dim")
        _serve()
    return Exit.FINE


def _list(context: Context) -> None:
    from wizard import sandbox

    known = sandbox.scenarios()
    if context.chosen.json:
        context.print_json({"schema": 1, "scenarios": [one.name for one in known]})
    else:
        show_rows(context.screen, [(one.name, context.words.text(one.title)) for one in known])


def _start(context: Context, name: str) -> Running:
    from wizard import sandbox

    chosen = context.chosen
    folder = context.real_home.sandbox(name).state_folder
    make_folder(folder)
    try:
        return sandbox.start(
            name,
            folder,
            chosen.port,
            chosen.latency,
            fresh=chosen.fresh,
            callbacks_anywhere=chosen.callbacks_anywhere,
        )
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError("sandbox.port_taken", port=str(chosen.port), why=why) from None


def _announce(running: Running) -> None:
    # Play secrets: they open nothing.
    line = {name: getattr(running, name) for name in ANNOUNCED}
    sys.stdout.write(json.dumps({**line, "scenario": running.scenario.name}) + "\n")
    sys.stdout.flush()


def _serve() -> None:
    threading.Event().wait()
