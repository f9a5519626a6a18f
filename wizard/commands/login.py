"""`login`: a token by signing in with the browser, in place of a pasted one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.context.context import Context
from wizard.context.filling import prefilled
from wizard.text.errors import UsageError

if TYPE_CHECKING:
    from wizard.commands import OptionParser
    from wizard.context.settings import Arguments


def options(parser: OptionParser) -> None:
    """Its own options."""
    parser.option("--port", metavar="PORT", type=int, says="login.port_help")
    parser.option("--app-id", metavar="ID", dest="app_id", says="login.app_help")
    parser.option("--config-id", metavar="ID", dest="config_id", says="login.config_help")


def run(chosen: Arguments) -> int:
    """0 when a token was kept, 1 otherwise."""
    from wizard.actions.access import sign_in
    from wizard.actions.environment import open_store
    from wizard.actions.login import PORT
    from wizard.text.paste import parse_id

    port = PORT if chosen.port is None else chosen.port
    if not 0 <= port < 65536:
        raise UsageError("login.bad_port")
    for given in (chosen.config_id, chosen.app_id):
        if given and not isinstance(parse_id(given), str):
            raise UsageError("paste.id_empty")
    with Context(chosen, seeded=False) as context:
        known = context.record.ids.get("app_id", "")
        if chosen.app_id and known not in ("", chosen.app_id):
            raise UsageError("login.other_app", id=known)
        session = prefilled(context.session, {"app_id": chosen.app_id})
        if context.attended:
            open_store(session)
        result = sign_in(session, port, chosen.config_id or "")
        if result.ok:
            session.prompter.tell("login.next")
        return result.exit_code
