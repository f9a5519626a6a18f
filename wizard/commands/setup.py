"""`setup`: the guided way; on a profile that is in order, an audit and what may be changed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from wizard.commands.parts import Parts
from wizard.text.errors import Exit

if TYPE_CHECKING:
    from wizard.commands import Chosen
    from wizard.commands.parser import Parser
    from wizard.guide import Guide
    from wizard.model import Finding
    from wizard.ui.ending import Places


def options(parser: Parser) -> None:
    """Its own options."""
    parser.option("--answers", metavar="FILE", says="setup.answers_help")


def run(chosen: Chosen) -> int:
    """Environment first, then the goal, then everything else; ends on the end screen."""
    from wizard.audit import exit_code
    from wizard.checklist import load
    from wizard.guide import Guide
    from wizard.repairs.environment import open_store
    from wizard.state.answers import read_answers
    from wizard.text.errors import UserAbort
    from wizard.ui.greeting import welcome
    from wizard.ui.verdicts import remembered

    answers = (
        read_answers(chosen.answers, [item.id for item in load().items]) if chosen.answers else None
    )
    with Parts(chosen, answers=answers, seeded=False) as parts:
        desk = parts.desk
        before = remembered(desk.checklist, desk.record)
        welcome(parts.screen, parts.words, before, bool(chosen.sandbox))
        if parts.attended:
            try:
                open_store(desk)
            except UserAbort:
                desk.talk.say("guide.left")
                return Exit.VAULT
        guide = Guide(desk, attended=parts.attended)
        try:
            _walk(parts, guide)
        except UserAbort:
            desk.talk.say("guide.left")
        else:
            _end(parts, guide)
        return exit_code(guide.findings, desk.record.goals)


def _walk(parts: Parts, guide: Guide) -> None:
    from wizard.audit import complete_ids, exit_code
    from wizard.guide.changing import offer_changes
    from wizard.guide.goals import ask_goals
    from wizard.state.record import Status

    desk = parts.desk
    begun = bool(desk.record.ids or desk.record.secrets)
    for finding in guide.walk("environment"):
        if finding.outcome.status is Status.PASSED:
            desk.talk.settled(finding)
    if not begun:
        ask_goals(desk)
    # A token that was not pasted here (the environment's) has listed nothing yet.
    if complete_ids(desk):
        guide.renew()
    guide.walk(seen=partial(_news, parts, guide) if begun else lambda findings: None)
    if guide.acted or not parts.attended or exit_code(guide.findings, desk.record.goals):
        return
    desk.talk.say("guide.all_in_order")
    while offer_changes(desk):
        guide.renew()
        guide.walk()


def _news(parts: Parts, guide: Guide, findings: list[Finding]) -> None:
    """What changed since the last time, to somebody who was here before."""
    from wizard.ui.report import Report
    from wizard.ui.verdicts import Verdicts

    record = parts.desk.record
    verdicts = Verdicts(parts.desk.checklist, record, findings, guide.changes)
    Report(parts.screen, parts.words).changes(verdicts)


def _end(parts: Parts, guide: Guide) -> None:
    """The last screen, and before it what only a person could have answered."""
    from wizard.ui.ending import end_screen
    from wizard.ui.verdicts import Verdicts

    desk = parts.desk
    for item_id, name in guide.needed.items():
        desk.talk.say("guide.person_needed", item=item_id, name=name)
    verdicts = Verdicts(desk.checklist, desk.record, guide.findings, guide.changes)
    sandbox = bool(parts.chosen.sandbox)
    end_screen(parts.screen, parts.words, verdicts, _places(parts), desk.now(), sandbox=sandbox)


def _places(parts: Parts) -> Places:
    from wizard.ui.ending import Places

    store = parts.vault.describe()
    kept = parts.vault.get("access_token")
    return Places(
        status_file=str(parts.home.status_path(parts.profile)),
        secrets=" · ".join(part for part in (store.store, store.backend, store.place) if part),
        config_file=str(parts.home.config_path),
        token_from=kept.detail if kept and kept.source == "environment" else "",
    )
