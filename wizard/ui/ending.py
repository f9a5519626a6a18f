"""The last screen of the setup: what is there now, what is left, where it is kept, what to run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wizard.foreign import clean
from wizard.model import Finding, Goal, Status
from wizard.ui import essentials
from wizard.ui.report import INDENT, Report
from wizard.ui.screen import Screen
from wizard.ui.showing import Showing
from wizard.ui.signs import ADVICE, SIGNS
from wizard.ui.verdicts import Verdicts
from wizard.ui.words import Words

#: What to run next: command, and the goal without which it is of no use.
COMMANDS = (("send", None), ("messages", Goal.RECEIVING), ("audit", None), ("status", None))


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
    showing = Showing(screen, words, sandbox)
    showing.banner()
    Report(screen, words).ready(verdicts)
    screen.line()
    essentials.show(screen, words, verdicts.record, now, places.token_from)
    required = [f for f in verdicts.findings if _open(f) and verdicts.required(f)]
    advice = [f for f in verdicts.findings if _open(f) and f.item.needed_for is None]
    for key, findings in (("ending.left", required), ("ending.advice", advice)):
        if findings:
            screen.line()
            screen.line(words.say(key), "bold")
        for finding in findings:
            status = finding.outcome.status
            is_advice = finding in advice and status is Status.FAILED
            sign = ADVICE if is_advice else SIGNS[status]
            screen.marked(sign, words.text(finding.item.title), indent=INDENT)
            showing.next_thing(finding, verdicts.record.ids, set(), INDENT * 2)
    _places(screen, words, places)
    _commands(screen, words, verdicts, bool(required))


def _open(finding: Finding) -> bool:
    return finding.outcome.status not in (Status.PASSED, Status.SKIPPED)


def _places(screen: Screen, words: Words, places: Places) -> None:
    screen.line()
    screen.line(words.say("ending.kept"), "bold")
    for name in ("secrets", "status_file", "inbox", "config_file"):
        if place := getattr(places, name):
            screen.line(words.say(f"ending.{name}", place=clean(place, 1000)), first=INDENT)


def _commands(screen: Screen, words: Words, verdicts: Verdicts, unfinished: bool) -> None:
    screen.line()
    screen.line(words.say("ending.next"), "bold")
    names = [name for name, goal in COMMANDS if goal is None or goal in verdicts.goals]
    if unfinished:
        names = ["setup", *names[1:]]
    for name in names:
        command = f"{INDENT}wa-wizard {name:<10}"
        screen.line(words.say(f"ending.command_{name}"), first=command)
