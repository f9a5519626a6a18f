"""`completion`: what the shell needs to complete our command lines. Static: Tab starts nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from wizard.cli.arguments import PROGRAM, Parser
from wizard.commands import COMMANDS, subcommand_of
from wizard.context.context import Context
from wizard.text.errors import Exit

if TYPE_CHECKING:
    from wizard.context.settings import Arguments
    from wizard.ui.words import Words


SHELLS = ("bash", "zsh", "tcsh", "fish")


def options(parser: Parser) -> None:
    """The shell."""
    parser.option("shell", says="completion.shell_help", choices=SHELLS)


def run(chosen: Arguments) -> int:
    """Prints the script; how to use it is said where it does not get into the file."""
    import shtab

    context = Context(chosen)
    script = shtab.complete(tree(context.words), chosen.shell)
    if chosen.json:
        context.print_json({"schema": 1, "shell": chosen.shell, "script": script})
    else:
        sys.stdout.write(script + "\n")
    context.notes.line(context.words.say(f"completion.how_{chosen.shell}"), "dim")
    return Exit.FINE


def tree(words: Words) -> Parser:
    """Every command in one parser."""

    class Node(Parser):
        def __init__(self, prog: str = PROGRAM, **_: Any) -> None:
            super().__init__(prog.removeprefix(PROGRAM).strip(), words)

    root = Node()
    root.common()
    commands = root.add_subparsers(parser_class=Node)
    for command, branches in COMMANDS.items():
        says = words.say(f"commands.{command}")
        node = commands.add_parser(command, help=says)
        if not branches:
            _fill(node, command, "")
            continue
        actions = node.add_subparsers(parser_class=Node)
        for branch in branches:
            leaf = actions.add_parser(branch, help=words.say(f"commands.{command}_{branch}"))
            _fill(leaf, command, branch)
    return root


def _fill(parser: Parser, command: str, branch: str) -> None:
    found = subcommand_of(command, branch)
    if found is not None and found.options is not None:
        found.options(parser)
    parser.common()
