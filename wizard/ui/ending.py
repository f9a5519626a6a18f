"""The last screen of the setup: what is there now, what is left, where it is kept, what to run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wizard.state.record import Goal
from wizard.text.sanitise import clean
from wizard.ui import essentials
from wizard.ui.report import INDENT, Report
from wizard.ui.screen import Screen
from wizard.ui.showing import Showing
from wizard.ui.verdicts import Verdicts
from wizard.ui.words import Words

#: What to run next: command, and the goal without which it is of no use.
COMMANDS = (("send", None), ("messages", Goal.RECEIVING), ("audit", None), ("status", None))


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
    verdicts: Verdicts,
    places: Places,
    now: datetime,
    *,
    sandbox: bool = False,
) -> None:
    """Prints it."""
    screen.line()
    Showing(screen, words, sandbox).banner()
    report = Report(screen, words)
    report.ready(verdicts)
    screen.line()
    essentials.show(screen, words, verdicts.record, now, places.token_from)
    report.open_items(verdicts)
    _places(screen, words, places)
    _commands(screen, words, verdicts)


def _places(screen: Screen, words: Words, places: Places) -> None:
    screen.line()
    screen.line(words.say("ending.kept"), "bold")
    for name in ("secrets", "status_file", "inbox", "config_file"):
        if place := getattr(places, name):
            screen.line(words.say(f"ending.{name}", place=clean(place, 1000)), first=INDENT)


def _commands(screen: Screen, words: Words, verdicts: Verdicts) -> None:
    screen.line()
    screen.line(words.say("ending.next"), "bold")
    names = [name for name, goal in COMMANDS if goal is None or goal in verdicts.goals]
    if verdicts.open(required=True):
        names = ["setup", *names[1:]]
    commands = [words.command(name) for name in names]
    longest = max(map(len, commands))
    beside = longest + NARROWEST <= screen.width
    for name, command in zip(names, commands, strict=True):
        said = words.say(f"ending.command_{name}")
        if beside:
            screen.line(said, first=f"{INDENT}{command:<{longest}}  ")
        else:
            screen.line(command, "bold", INDENT)
            screen.line(said, first=INDENT * 2)
