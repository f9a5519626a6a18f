"""The first and the last screen of the setup, and the page that a sign-in ends on."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime

from wizard.audit.results import AuditResult
from wizard.state.record import Goal
from wizard.text.sanitise import clean
from wizard.ui.audit_view import INDENT, AuditView
from wizard.ui.item_view import ItemView
from wizard.ui.screen import Screen
from wizard.ui.words import Words

PLAN = ("computer", "token", "account", "number", "permanent", "message")
AT_HAND = ("login", "phone")


def welcome(screen: Screen, words: Words, audit: AuditResult, sandbox: bool = False) -> None:
    """Shows a new profile the plan, a known one where it continues.

    `audit` are those the status file remembers.
    """
    ItemView(screen, words, sandbox).banner()
    if audit.record.started:
        _welcome_back(screen, words, audit)
    else:
        _welcome_new(screen, words)
    screen.line()
    screen.line(words.say("greeting.leave"))
    screen.line()


def _welcome_new(screen: Screen, words: Words) -> None:
    screen.line(words.say("greeting.hello"), "bold")
    screen.line(words.say("greeting.time"))
    screen.line()
    for number, step in enumerate(PLAN, start=1):
        screen.line(words.say(f"greeting.plan_{step}"), first=f"  {number}. ")
    screen.line()
    screen.line(words.say("greeting.at_hand"), "bold")
    for thing in AT_HAND:
        screen.line(words.say(f"greeting.at_hand_{thing}"), first="  • ")
    screen.line()
    screen.line(words.say("greeting.promise"))


def _welcome_back(screen: Screen, words: Words, audit: AuditResult) -> None:
    record = audit.record
    screen.line(words.say("greeting.again", profile=record.profile), "bold")
    if record.checked_at:
        screen.line(words.say("greeting.last", at=words.time(record.checked_at)))
    first = next(iter(audit.open(required=True)), None)
    if first is not None:
        screen.line(words.say("greeting.resume", item=words.text(first.item.title)))
    elif audit.results:
        screen.line(words.say("greeting.was_fine"))


#: What to run next: command, and the goal without which it is of no use.
COMMANDS = (("messages", Goal.RECEIVING), ("audit", None), ("status", None))


#: A command and what it does stand side by side when this much room is left for the latter.
NARROWEST = 20


@dataclass(frozen=True)
class Places:
    """Where everything of this profile is kept; "" for what is not there."""

    status_file: str
    secrets: str  # the store and its place, in one line
    config_file: str = ""
    inbox: str = ""
    token_from: str = ""  # the environment variable that supplies the access token


def end_screen(
    screen: Screen,
    words: Words,
    audit: AuditResult,
    places: Places,
    now: datetime,
    *,
    sandbox: bool = False,
) -> None:
    """Prints it."""
    if sandbox:
        screen.line()
        ItemView(screen, words, sandbox).banner(again=True)
    view = AuditView(screen, words)
    view.open_items(audit)
    _places(screen, words, places)
    _commands(screen, words, audit)
    screen.line()
    if first := next(iter(audit.open(required=True)), None):
        screen.line(words.say("report.act_there", item=words.text(first.item.title)), "bold")
    view.conclusion(audit, now, places.token_from)


def _places(screen: Screen, words: Words, places: Places) -> None:
    screen.line()
    screen.line(words.say("ending.kept"), "bold")
    for name in ("secrets", "status_file", "inbox", "config_file"):
        if place := getattr(places, name):
            screen.line(words.say(f"ending.{name}", place=clean(place, 1000)), first=INDENT)


def _commands(screen: Screen, words: Words, audit: AuditResult) -> None:
    screen.line()
    screen.line(words.say("ending.next"), "bold")
    names = [name for name, goal in COMMANDS if goal is None or goal in audit.goals]
    if audit.record.received_here:
        names.insert(0, "webhook listen")
    commands = [words.command(name) for name in names]
    longest = max(map(len, commands))
    beside = longest + NARROWEST <= screen.width
    for name, command in zip(names, commands, strict=True):
        said = words.say(f"ending.command_{name.replace(' ', '_')}")
        if beside:
            screen.line(said, first=f"{INDENT}{command:<{longest}}  ")
        else:
            screen.line(command, "bold", INDENT)
            screen.line(said, first=INDENT * 2)


_PAGE = """<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>
body {{ font: 1.1rem/1.5 system-ui, sans-serif; margin: 15vh auto; padding: 1rem }}
body {{ max-width: 32rem }}
</style></head>
<body><h1>{title}</h1><p>{text}</p></body></html>
"""


def sign_in_page(words: Words, kind: str) -> str:
    """What the browser shows after Meta's dialog: done, refused or foreign."""
    title, text = (html.escape(words.say(f"login.page_{kind}{part}")) for part in ("", "_text"))
    return _PAGE.format(language=words.language, title=title, text=text)
