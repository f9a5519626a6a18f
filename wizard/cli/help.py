"""`help`, and what `--help` shows: commands, options, exit codes, environment, checklist."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from wizard.audit import checklist
from wizard.cli.arguments import Line, arrange
from wizard.cli.parser import Parser
from wizard.commands import COMMANDS, subcommand_of
from wizard.context.settings import Arguments
from wizard.text.errors import Exit, unknown_word
from wizard.ui.screen import Screen, show_rows
from wizard.ui.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wizard.ui.words import Words


ENVIRONMENT = {
    "WA_WIZARD_HOME": "home",
    "WA_WIZARD_PROFILE": "profile",
    "WA_WIZARD_LANG": "lang",
    "WA_WIZARD_GRAPH_URL": "url",
    "WA_WIZARD_GRAPH_VERSION": "version",
    "WA_WIZARD_KEYRING_TIMEOUT": "timeout",
    "WA_WIZARD_PASSPHRASE_FILE": "passphrase",
    "CREDENTIALS_DIRECTORY": "credentials",
    "HTTPS_PROXY": "proxy",
    "REQUESTS_CA_BUNDLE": "ca",
    "NO_COLOR, FORCE_COLOR": "colour",
}
SECRETS = ("access_token", "app_secret", "verify_token", "two_step_pin", "user_token")


def exit_codes(words: Words, screen: Screen) -> None:
    """Every exit code and what it means."""
    screen.line(words.say("help.exit_title"), "bold")
    show_rows(screen, [(str(int(code)), words.say(f"help.exit_{int(code)}")) for code in Exit])


def environment(words: Words, screen: Screen) -> None:
    """Every variable we read."""
    screen.line(words.say("help.env_title"), "bold")
    show_rows(screen, [(name, words.say(f"help.env_{key}")) for name, key in ENVIRONMENT.items()])
    screen.line()
    screen.line(words.say("help.env_secrets_title"), "bold")
    pairs = [(f"WA_WIZARD_{name.upper()}", words.say(f"help.env_{name}")) for name in SECRETS]
    show_rows(screen, pairs)


def items(words: Words, screen: Screen) -> None:
    """Every item, by section, with what it is needed for."""
    screen.line(words.say("help.checklist_title"), "bold")
    for section in checklist.load().sections:
        screen.line()
        screen.line(words.text(section.title), "bold")
        needed = [words.say(f"help.needed_{item.needed_for or 'advice'}") for item in section.items]
        titles = [words.text(item.title) for item in section.items]
        says = [f"{title} ({goal})" for title, goal in zip(titles, needed, strict=True)]
        show_rows(screen, zip([item.id for item in section.items], says, strict=True))
    screen.line()
    screen.line(words.say("help.checklist_more"))


def _items_data() -> dict[str, Any]:
    return {
        "schema": 1,
        "items": [
            {"id": item.id, "needed_for": item.needed_for, "requires": list(item.requires)}
            for item in checklist.load().items
        ],
    }


PAGES: Mapping[str, Callable[[Words, Screen], None]] = {
    "exit-codes": exit_codes,
    "environment": environment,
    "checklist": items,
}
DATA: Mapping[str, Callable[[], dict[str, Any]]] = {
    "exit-codes": lambda: {
        "schema": 1,
        "exit_codes": {code.name.lower(): int(code) for code in Exit},
    },
    "environment": lambda: {
        "schema": 1,
        "variables": [*ENVIRONMENT, *(f"WA_WIZARD_{name.upper()}" for name in SECRETS)],
    },
    "checklist": _items_data,
}


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


def run(chosen: Arguments) -> int:
    """Prints a topic, the help of a command, or the list of commands."""
    from wizard.context.context import Context

    context, topic = Context(chosen), chosen.topic
    if topic and topic[0] in TOPICS:
        if chosen.json:
            context.print_json(DATA[topic[0]]())
        else:
            PAGES[topic[0]](context.words, context.screen)
    elif topic and topic[0] not in COMMANDS:
        raise unknown_word("cli.no_such_topic", topic[0], [*TOPICS, *COMMANDS])
    else:
        sys.stdout.write(show(arrange([*topic, "--help"]), context.words))
    return Exit.FINE


def show(line: Line, words: Words) -> str:
    """The help of a command, of a command of several, or of the whole program."""
    if not line.command:
        return _program(words)
    if COMMANDS[line.command] and not line.branch:
        return _several(line.command, words)
    parser = Parser(line.name, words)
    parser.description = words.say(_key(line.name))
    branch = subcommand_of(line.command, line.branch)
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
