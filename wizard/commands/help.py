"""`help`, and what `--help` shows: commands, options, exit codes, environment, checklist."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wizard.commands import COMMANDS, Chosen, branch_of
from wizard.commands.arguments import Line, arrange, unknown
from wizard.commands.parser import Parser
from wizard.text.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wizard.ui.words import Words

TOPICS = ("exit-codes", "environment", "checklist")
EXAMPLES = {
    "wa-wizard": "setup",
    "wa-wizard setup --sandbox": "rehearse",
    "wa-wizard audit": "audit",
    "wa-wizard explain 131030": "explain",
}


def options(parser: Parser) -> None:
    """A topic, or the words of a command."""
    parser.option("topic", nargs="*", says="help.topic_help", metavar="TOPIC")


def run(chosen: Chosen) -> int:
    """Prints a topic, the help of a command, or the list of commands."""
    from wizard.commands import topics
    from wizard.commands.parts import Parts

    parts, topic = Parts(chosen), chosen.topic
    if topic and topic[0] in TOPICS:
        if chosen.json:
            parts.print_json(topics.DATA[topic[0]]())
        else:
            topics.PAGES[topic[0]](parts.words, parts.screen)
    elif topic and topic[0] not in COMMANDS:
        raise unknown("cli.no_such_topic", topic[0], [*TOPICS, *COMMANDS])
    else:
        sys.stdout.write(show(arrange([*topic, "--help"]), parts.words))
    return Exit.FINE


def show(line: Line, words: Words) -> str:
    """The help of a command, of a command of several, or of the whole program."""
    if not line.command:
        return _program(words)
    if COMMANDS[line.command] and not line.branch:
        return _several(line.command, words)
    parser = Parser(line.name, words)
    parser.description = words.say(_key(line.name))
    branch = branch_of(line.command, line.branch)
    if branch is not None and branch.options is not None:
        branch.options(parser)
    return parser.help_text()


def _program(words: Words) -> str:
    rows = [(name, words.say(_key(name))) for name in COMMANDS]
    examples = [(line, words.say(f"help.example_{name}")) for line, name in EXAMPLES.items()]
    parts = [words.say("help.tagline"), words.say("help.usage")]
    parts += [words.say("help.commands") + "\n" + _table(rows)]
    parts += [words.say("help.examples") + "\n" + _table(examples)]
    options = Parser("", words).help_text().partition("\n\n")[2].rstrip()
    return "\n\n".join([*parts, options, words.say("help.more")]) + "\n"


def _several(command: str, words: Words) -> str:
    rows = [(name, words.say(_key(f"{command} {name}"))) for name in COMMANDS[command]]
    parts = [words.say(_key(command)), words.say("help.branch_usage", command=command)]
    parts += [words.say("help.branches") + "\n" + _table(rows)]
    return "\n\n".join([*parts, words.say("cli.see_help", command=f"{command} … --help")]) + "\n"


def _key(name: str) -> str:
    return f"commands.{name.replace(' ', '_')}"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    rows = list(rows)
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name:{width}}  {says}" for name, says in rows)
