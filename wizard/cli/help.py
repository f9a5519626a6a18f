"""`help`, and what `--help` shows: commands, options, exit codes, environment, checklist."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from wizard.audit import checklist
from wizard.cli.arguments import Line, Parser, arrange
from wizard.commands import COMMANDS, subcommand_of
from wizard.context.context import Context
from wizard.context.settings import Arguments
from wizard.report.documents import item_list
from wizard.text.errors import Exit, unknown_word
from wizard.text.localised import Text
from wizard.text.secret import SECRET_NAMES
from wizard.ui.screen import GLUE, Screen, show_rows
from wizard.ui.words import Words, family
from wizard.vault.environment import variable

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


def _exit_codes(words: Words, screen: Screen) -> None:
    screen.line(words.say("help.exit_title"), "bold")
    show_rows(screen, [(str(int(code)), words.say(f"help.exit_{int(code)}")) for code in Exit])


def _exit_codes_data() -> dict[str, Any]:
    return {"schema": 1, "exit_codes": {code.name.lower(): int(code) for code in Exit}}


def _environment(words: Words, screen: Screen) -> None:
    screen.line(words.say("help.env_title"), "bold")
    show_rows(screen, [(name, words.say(f"help.env_{key}")) for name, key in ENVIRONMENT.items()])
    screen.line()
    screen.line(words.say("help.env_secrets_title"), "bold")
    show_rows(screen, [(variable(name), words.say(f"help.env_{name}")) for name in SECRET_NAMES])


def _environment_data() -> dict[str, Any]:
    return {"schema": 1, "variables": [*ENVIRONMENT, *(variable(name) for name in SECRET_NAMES)]}


def _checklist(words: Words, screen: Screen) -> None:
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


def _reasons(words: Words, screen: Screen) -> None:
    """Every reason of every item; {in braces} stands what the audit fills in."""

    def rows(texts: Mapping[str, Text]) -> None:
        says = ((name, getattr(text, words.language)) for name, text in texts.items())
        show_rows(screen, ((f"  {name}", said) for name, said in says))

    for item in checklist.load().items:
        screen.line(item.id, "bold")
        rows({name: reason.says for name, reason in item.reasons.items()})
    screen.line()
    screen.line(words.say("help.reasons_any"), "bold")
    rows(_reasons_of_any())
    screen.line()
    screen.line(words.say("help.reasons_more"))


def _reasons_of_any() -> dict[str, Text]:
    """The reasons that any item can have; `unreachable` has words of its own for each cause."""
    texts = family("reason")
    return {
        name: text
        for name, text in texts.items()
        if not name.endswith("_next") and not name.startswith(("unreachable_", "meta_said"))
    }


def _reasons_data() -> dict[str, Any]:
    items = {item.id: list(item.reasons) for item in checklist.load().items}
    return {"schema": 1, "items": items, "any": list(_reasons_of_any())}


def _json(words: Words, screen: Screen) -> None:
    """What each command prints with --json, and where its schema stands."""
    from wizard.report.outputs import schema_file

    screen.line(words.say("help.json_title"), "bold")
    lines = f" ({words.say('help.json_lines')})"
    show_rows(
        screen,
        [(row["command"], row["schema"] + (lines if row["lines"] else "")) for row in _outputs()],
    )
    screen.line()
    screen.line(words.say("help.json_error", schema=schema_file("error")))


def _outputs() -> list[dict[str, Any]]:
    # Describes every document there is, for this page alone.
    from wizard.report.outputs import OUTPUTS, schema_file

    return [
        {"command": name, "schema": schema_file(name), "lines": output.lines}
        for name, output in OUTPUTS.items()
        if output.kinds
    ]


class Topic(NamedTuple):
    """A page of `help` that is about no command: for people, and as data."""

    show: Callable[[Words, Screen], None]
    data: Callable[[], Any]


TOPICS: Mapping[str, Topic] = {
    "exit-codes": Topic(_exit_codes, _exit_codes_data),
    "environment": Topic(_environment, _environment_data),
    "checklist": Topic(_checklist, lambda: item_list(checklist.load().items)),
    "reasons": Topic(_reasons, _reasons_data),
    "json": Topic(_json, lambda: {"schema": 1, "outputs": _outputs()}),
}
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
    context, topic = Context(chosen), chosen.topic
    if topic and topic[0] in TOPICS:
        if chosen.json:
            context.print_json(TOPICS[topic[0]].data())
        else:
            TOPICS[topic[0]].show(context.words, context.screen)
        return Exit.FINE
    if topic and topic[0] not in COMMANDS:
        raise unknown_word("cli.no_such_topic", topic[0], [*TOPICS, *COMMANDS])
    line = arrange([*topic, "--help"])
    if chosen.json:
        context.print_json(command_list(line, context.words))
    else:
        # The same page as --help, whose commands are of no profile.
        sys.stdout.write(show(line, Words(chosen.language)))
    return Exit.FINE


def command_list(line: Line, words: Words) -> dict[str, Any]:
    """The commands that the help of this line is about, with their own options."""
    commands = [line.command] if line.command else list(COMMANDS)
    rows: list[dict[str, Any]] = []
    for command in commands:
        actions = [line.branch] if line.branch else list(COMMANDS[command])
        rows += [_row(f"{command} {action}".strip(), words) for action in actions or [""]]
    return {"schema": 1, "commands": rows}


def _row(name: str, words: Words) -> dict[str, Any]:
    parser = _parser(name, words)
    return {"name": name, "options": [word for word in parser.flags if word.startswith("-")]}


def show(line: Line, words: Words) -> str:
    """The help of a command, of a command of several, or of the whole program."""
    if not line.command:
        text = _program(words)
    elif COMMANDS[line.command] and not line.branch:
        text = _several(line.command, words)
    else:
        parser = _parser(line.name, words)
        parser.description = words.say(_key(line.name))
        text = parser.help_text()
    return text.replace(GLUE, " ")


def _parser(name: str, words: Words) -> Parser:
    parser = Parser(name, words)
    command, _, action = name.partition(" ")
    branch = subcommand_of(command, action)
    if branch is not None and branch.options is not None:
        branch.options(parser)
    return parser


def _program(words: Words) -> str:
    rows = [(name, words.say(_key(name))) for name in COMMANDS]
    examples = [(line, words.say(f"help.example_{name}")) for line, name in EXAMPLES.items()]
    parts: list[str] = [words.say("help.tagline"), words.say("help.usage")]
    parts += [words.say("help.commands") + "\n" + _table(rows)]
    parts += [words.say("help.examples") + "\n" + _table(examples)]
    options = Parser("", words).help_text().partition("\n\n")[2].rstrip()
    return "\n\n".join([*parts, options, words.say("help.more")]) + "\n"


def _several(command: str, words: Words) -> str:
    rows = [(name, words.say(_key(f"{command} {name}"))) for name in COMMANDS[command]]
    parts: list[str] = [words.say(_key(command)), words.say("help.branch_usage", command=command)]
    parts += [words.say("help.branches") + "\n" + _table(rows)]
    return "\n\n".join([*parts, words.say("cli.see_help", command=f"{command} … --help")]) + "\n"


def _key(name: str) -> str:
    return f"commands.{name.replace(' ', '_')}"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    rows = list(rows)
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name:{width}}  {says}" for name, says in rows)
