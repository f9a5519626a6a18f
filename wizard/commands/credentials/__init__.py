"""`credentials …`: the secrets and the ids; one module of this package for each action.

Only the options stand here: `--help` and `completion` import nothing heavier.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from wizard.commands import Subcommand
from wizard.context.settings import Arguments

if TYPE_CHECKING:
    from wizard.commands import OptionParser

STORES = ("os-keyring", "encrypted-file", "command")
PROGRAMS = ("hermes", "pywa", "chatwoot", "n8n", "typebot")
FORMATS = ("env", "dotenv", "json", "github", "docker")
PRESETS = ("pass", "op", "vault")
PROTOCOLS = ("docker", "git-style", "aws-process")


def _setting(parser: OptionParser) -> None:
    parser.option("name", metavar="NAME", says="credentials.name_help")
    parser.option("value", nargs="?", says="")  # only to say that it does not belong here
    _sources(parser)


def _removing(parser: OptionParser) -> None:
    parser.option("name", metavar="NAME", nargs="?", says="credentials.name_help")
    parser.option("--all", action="store_true", says="credentials.all_help")
    parser.option("--revoke", action="store_true", says="credentials.revoke_help")
    _consenting(parser)


def _importing(parser: OptionParser) -> None:
    parser.option("file", metavar="FILE", says="credentials.file_help")
    parser.option("--remove-file", action="store_true", says="credentials.remove_file_help")
    _consenting(parser)


def _exporting(parser: OptionParser) -> None:
    parser.option("names", metavar="NAME", nargs="*", says="credentials.names_help")
    parser.option("--format", choices=FORMATS, says="credentials.format_help")
    _program(parser)
    parser.option("--output", metavar="FILE", says="credentials.output_help")
    parser.option("--force", action="store_true", says="credentials.force_help")
    _consenting(parser)


def _getting(parser: OptionParser) -> None:
    parser.option("name", metavar="NAME", says="credentials.get_name_help")
    parser.option("--reveal", action="store_true", says="credentials.reveal_help")


def _running(parser: OptionParser) -> None:
    parser.option("--only", metavar="NAMES", says="credentials.only_help")
    _program(parser)
    parser.option("--mask", action="store_true", says="credentials.mask_help")
    parser.option("program_words", metavar="-- COMMAND", nargs="*", says="credentials.command_help")


def _moving(parser: OptionParser) -> None:
    from importlib.metadata import entry_points

    stores = (*STORES, *(point.name for point in entry_points(group="wa_wizard.stores")))
    parser.option("--to", required=True, choices=stores, says="credentials.to_help")
    parser.option("--from", dest="source", choices=stores, says="credentials.from_help")
    parser.option("--preset", choices=PRESETS, says="credentials.preset_help")


def _rotating(parser: OptionParser) -> None:
    parser.option("--all", action="store_true", says="credentials.rotate_all_help")
    parser.option("--if-expiring", metavar="14d", says="credentials.if_expiring_help")
    parser.option("--revoke-old", action="store_true", says="credentials.revoke_old_help")
    _sources(parser)
    _consenting(parser)


def _helping(parser: OptionParser) -> None:
    parser.option("protocol", choices=PROTOCOLS, says="credentials.protocol_help")
    parser.option("action", metavar="ACTION", nargs="?", says="credentials.action_help")


def _sources(parser: OptionParser) -> None:
    """A value is never an argument: other programs can read those."""
    parser.option("--from-stdin", action="store_true", says="credentials.from_stdin_help")
    parser.option("--from-file", metavar="PATH", says="credentials.from_file_help")
    parser.option("--from-env", metavar="VAR", says="credentials.from_env_help")


def _program(parser: OptionParser) -> None:
    parser.option("--for", dest="program", choices=PROGRAMS, says="credentials.for_help")


def _consenting(parser: OptionParser) -> None:
    parser.option("--yes", "-y", action="store_true", says="credentials.yes_help")


def _runner(module: str, action: str = "run") -> Subcommand:
    """Imported when it runs."""

    def run(chosen: Arguments) -> int:
        found = importlib.import_module(f"wizard.commands.credentials.{module}")
        return int(getattr(found, action)(chosen))

    return Subcommand(_OPTIONS.get(module if action == "run" else action), run)


_OPTIONS = {
    "get": _getting,
    "set": _setting,
    "remove": _removing,
    "import_file": _importing,
    "export": _exporting,
    "run": _running,
    "move": _moving,
    "rotate": _rotating,
    "helper": _helping,
}
BRANCHES = {
    "list": _runner("list"),
    "get": _runner("export", "get"),
    "set": _runner("set"),
    "remove": _runner("remove"),
    "import": _runner("import_file"),
    "export": _runner("export"),
    "run": _runner("run"),
    "move": _runner("move"),
    "rotate": _runner("rotate"),
    "helper": _runner("helper"),
}
