"""The first screen of the setup: what will happen, how long it takes, what to have at hand."""

from __future__ import annotations

from wizard.ui.screen import Screen
from wizard.ui.showing import Showing
from wizard.ui.verdicts import Verdicts
from wizard.ui.words import Words

PLAN = ("computer", "token", "account", "number", "permanent", "message")
AT_HAND = ("login", "phone")


def welcome(screen: Screen, words: Words, verdicts: Verdicts, sandbox: bool = False) -> None:
    """Greets somebody new with the plan, somebody who returns with where it goes on.

    `verdicts` are those the status file remembers.
    """
    Showing(screen, words, sandbox).banner()
    if verdicts.record.started:
        _again(screen, words, verdicts)
    else:
        _new(screen, words)
    screen.line()
    screen.line(words.say("greeting.leave"))
    screen.line()


def _new(screen: Screen, words: Words) -> None:
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


def _again(screen: Screen, words: Words, verdicts: Verdicts) -> None:
    record = verdicts.record
    screen.line(words.say("greeting.again", profile=record.profile), "bold")
    if record.checked_at:
        screen.line(words.say("greeting.last", at=words.time(record.checked_at)))
    first = next(iter(verdicts.open(required=True)), None)
    if first is not None:
        screen.line(words.say("greeting.resume", item=words.text(first.item.title)))
    elif verdicts.findings:
        screen.line(words.say("greeting.was_fine"))
