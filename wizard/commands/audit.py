"""`audit`: looks at everything at Meta, changes nothing there, saves the verdict."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wizard.commands.parts import Parts
from wizard.state.yaml_file import StateFileError
from wizard.text.errors import Unavailable, UsageError
from wizard.ui.words import Words
from wizard.vault import VaultError

if TYPE_CHECKING:
    from wizard.commands import Chosen
    from wizard.commands.parser import Parser
    from wizard.ui.verdicts import Verdicts

#: Which exit code stands for several profiles: the first of these that any of them had.
GRAVEST = (70, 6, 5, 4, 2, 1, 3, 0)


def options(parser: Parser) -> None:
    """Its own options."""
    parser.option("--all", action="store_true", says="audit.all_help")
    parser.option("--only", metavar="ID", action="append", default=[], says="audit.only_help")
    parser.option("--skip", metavar="ID", action="append", default=[], says="audit.skip_help")
    parser.option("--list", action="store_true", says="audit.list_help")


def run(chosen: Chosen) -> int:
    """One profile, or every one; the code of the worst."""
    _refuse_strangers(chosen)
    if chosen.list:
        return _list(chosen)
    if not chosen.all:
        return audit_profile(chosen)
    with Parts(chosen) as parts:
        profiles = parts.home.profiles()
    codes = [_one_of_several(chosen, profile) for profile in profiles]
    return next(code for code in GRAVEST if code in codes or code == 0)


def _one_of_several(chosen: Chosen, profile: str) -> int:
    """One profile's code; a vault that is shut or a broken file stops none of the others."""
    from wizard.commands.endings import Ending

    chosen.profile = profile
    words = Words(chosen.language)
    if not chosen.json:
        sys.stdout.write("\n" + words.say("status.profile", profile=profile) + "\n")
    try:
        return audit_profile(chosen)
    except (Unavailable, StateFileError, VaultError) as error:
        return int(Ending(words, chosen.command, chosen.verbose).of(error))


def audit_profile(chosen: Chosen) -> int:
    """Looks, keeps what was seen, shows it."""
    from wizard.audit import audit, complete_ids, exit_code
    from wizard.text.localised import phrase
    from wizard.ui.verdicts import Verdicts

    with Parts(chosen) as parts:
        desk = parts.desk
        with desk.talk.wait(phrase("guide.looking")):
            complete_ids(desk)
            facts = desk.facts()
            findings = list(audit(desk.checklist, facts, chosen.only, chosen.skip))
        changes = desk.take_over(findings, facts)
        _show(parts, Verdicts(desk.checklist, desk.record, findings, changes))
        return exit_code(findings, desk.record.goals)


def _show(parts: Parts, verdicts: Verdicts) -> None:
    if parts.chosen.json:
        parts.print_json(verdicts.as_json())
        return
    from wizard.ui.report import Report

    full = parts.chosen.verbose
    Report(parts.screen, parts.words, bool(parts.chosen.sandbox), full).show(verdicts)


def _list(chosen: Chosen) -> int:
    """The items that would be looked at; no network."""
    from wizard.audit import named
    from wizard.checklist import load

    for item in load().items:
        if named(item, chosen.only, True) and not named(item, chosen.skip):
            sys.stdout.write(f"{item.id}\n")
    return 0


def _refuse_strangers(chosen: Chosen) -> None:
    """A misspelt id would quietly audit nothing."""
    from wizard.audit import strangers
    from wizard.checklist import load

    if unknown := strangers(load(), [*chosen.only, *chosen.skip]):
        raise UsageError("audit.no_such_item", item=unknown[0])
