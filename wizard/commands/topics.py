"""The pages of `help`: exit codes, environment, checklist; as text and as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from wizard import checklist
from wizard.text.errors import Exit
from wizard.ui.layout import cells
from wizard.ui.screen import Screen
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


def rows(screen: Screen, pairs: Iterable[tuple[str, str]]) -> None:
    """Two columns: a name, and what it means."""
    pairs = list(pairs)
    width = max(cells(name) for name, _ in pairs)
    for name, says in pairs:
        screen.line(says, first=f"  {name}{' ' * (width - cells(name))}  ")


def exit_codes(words: Words, screen: Screen) -> None:
    """Every exit code and what it means."""
    screen.line(words.say("help.exit_title"), "bold")
    rows(screen, [(str(int(code)), words.say(f"help.exit_{int(code)}")) for code in Exit])


def environment(words: Words, screen: Screen) -> None:
    """Every variable we read."""
    screen.line(words.say("help.env_title"), "bold")
    rows(screen, [(name, words.say(f"help.env_{key}")) for name, key in ENVIRONMENT.items()])
    screen.line()
    screen.line(words.say("help.env_secrets_title"), "bold")
    pairs = [(f"WA_WIZARD_{name.upper()}", words.say(f"help.env_{name}")) for name in SECRETS]
    rows(screen, pairs)


def items(words: Words, screen: Screen) -> None:
    """Every item, by section, with what it is needed for."""
    screen.line(words.say("help.checklist_title"), "bold")
    for section in checklist.load().sections:
        screen.line()
        screen.line(words.text(section.title), "bold")
        needed = [words.say(f"help.needed_{item.needed_for or 'advice'}") for item in section.items]
        titles = [words.text(item.title) for item in section.items]
        says = [f"{title} ({goal})" for title, goal in zip(titles, needed, strict=True)]
        rows(screen, zip([item.id for item in section.items], says, strict=True))
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
