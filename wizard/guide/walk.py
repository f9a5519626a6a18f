"""The walk itself."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence

from wizard.audit import audit, look
from wizard.desk import Desk
from wizard.facts import Facts
from wizard.graph import Credentials
from wizard.model import Finding, Item
from wizard.repairs import repair_of
from wizard.state.record import Confirmation, Goal, Status
from wizard.talk import Move
from wizard.text.errors import ErrorKind, InputRequired, Unavailable, UserAbort
from wizard.text.localised import phrase
from wizard.vault import Vault

#: How often one item may be tried in a run that nobody watches.
UNATTENDED_TRIES = 2
#: Nothing is wrong yet, something was simply never asked: no menu stands before the question.
NEVER_ASKED = frozenset({ErrorKind.NOT_GIVEN, "not_chosen"})


class Guide:
    """One walk over the checklist of one profile."""

    def __init__(self, desk: Desk, *, attended: bool = True) -> None:
        self._desk, self._attended = desk, attended
        self._facts: Facts = desk.facts()
        self._put_off: set[str] = set()
        self._tried: dict[str, int] = {}
        #: Item id → new, same or fixed, against the verdict of the last run.
        self.changes: dict[str, str] = {}
        #: The last look, whole or of the section that was walked.
        self.findings: list[Finding] = []
        #: Whether anything was asked or done in this run.
        self.acted = False
        #: Item id → the answer that was missing, in a run that nobody watches.
        self.needed: dict[str, str] = {}

    def walk(
        self, section: str = "", seen: Callable[[list[Finding]], None] = lambda findings: None
    ) -> list[Finding]:
        """Settles what is not in order, of one section or of all; returns how everything stands.

        `seen` is told of the first look, before anything is settled. Raises UserAbort or
        KeyboardInterrupt when the person goes; all that was done is saved.
        """
        only = (section,) if section else ()
        findings = self._look(only)
        seen(findings)
        while (finding := self._next(findings)) is not None:
            self._settle(finding)
            findings = self._look(only)
            self._tick(findings)
        return findings

    def _tick(self, findings: Sequence[Finding]) -> None:
        """Says of what was being worked on that it is in order now; each once."""
        for finding in findings:
            if finding.outcome.status is Status.PASSED and self._tried.pop(finding.item.id, 0):
                self._desk.talk.settled(finding)

    def renew(self) -> None:
        """Forgets what Meta said: something was changed beside the walk."""
        self._facts = self._desk.facts()

    def _look(self, only: Sequence[str] = ()) -> list[Finding]:
        with self._desk.talk.wait(phrase("guide.looking")):
            findings = list(audit(self._desk.checklist, self._facts, only=only))
        for item_id, change in self._desk.take_over(findings, self._facts).items():
            # The first look of a run is what "since the last time" means.
            self.changes.setdefault(item_id, change)
        self.findings = findings
        return findings

    def _next(self, findings: Sequence[Finding]) -> Finding | None:
        return next(
            (f for f in findings if f.item.id not in self._put_off and self._stops(f)), None
        )

    def _stops(self, finding: Finding) -> bool:
        """Whether a person is stopped for it: what is required, and advice the tool can act on."""
        if finding.outcome.status in (Status.PASSED, Status.SKIPPED):
            return False
        if finding.item.required(frozenset(self._desk.record.goals)):
            return True
        if finding.item.needed_for is not None:
            return False  # for a goal that is not this person's
        return repair_of(finding) is not None and finding.outcome.status is not Status.UNKNOWN

    def _settle(self, finding: Finding) -> None:
        """One round on one item: explain, let the person choose, act. The next look decides."""
        item, self.acted = finding.item, True
        first = item.id not in self._tried
        self._tried[item.id] = self._tried.get(item.id, 0) + 1
        if not self._attended and self._tried[item.id] > UNATTENDED_TRIES:
            self._put_off.add(item.id)
            return
        try:
            self._round(finding, first)
        except InputRequired as missing:
            if self._attended:
                raise
            self.needed[item.id] = missing.name
            self._put_off.add(item.id)

    def _round(self, finding: Finding, first: bool) -> None:
        item = finding.item
        if first and repair_of(finding) and finding.outcome.reason in NEVER_ASKED:
            self._repair(finding)
            return
        talk, ids, repairable = self._desk.talk, self._desk.record.ids, bool(repair_of(finding))
        talk.present(finding, ids, brief=repairable or not self._attended)
        if item.confirm is not None and not repairable:
            self._vouch(finding)
            return
        move = talk.move(finding, self._moves(finding))
        if move is Move.STEPS:
            talk.instruct(item, ids)
            move = talk.move(finding, [m for m in self._moves(finding) if m is not Move.STEPS])
        if move is Move.LEAVE:
            raise UserAbort
        if move is Move.REPAIR:
            self._repair(finding)
        elif item.confirm is not None and (move is Move.AGAIN or not self._attended):
            # "I did it" about what no program can see is a word to be kept.
            self._vouch(finding)
        elif move is Move.LATER:
            self._put_off.add(item.id)
        else:
            self._look_again(item)

    @staticmethod
    def _moves(finding: Finding) -> list[Move]:
        steps = [Move.STEPS] if finding.item.steps else []
        repair = [Move.REPAIR, *steps] if repair_of(finding) else []
        return [*repair, Move.AGAIN, Move.LATER, Move.LEAVE]

    def _repair(self, finding: Finding) -> None:
        act, before = repair_of(finding), self._signed()
        assert act is not None
        try:
            act(self._desk, self._facts)
        except Unavailable as error:
            # Meta did not play along: said, and the item is shown again as it stands then.
            self._desk.talk.show_error(error)
        finally:
            self._desk.save()
            if self._signed() != before:
                self._facts = self._desk.facts()
            else:
                # What a repair changed at Meta may show anywhere: health, status, name …
                self._facts.forget()

    def _signed(self) -> tuple[Credentials, dict[str, str], tuple[Goal, ...], Vault]:
        record = self._desk.record
        return self._desk.keys(), dict(record.ids), record.goals, self._desk.vault

    def _look_again(self, item: Item) -> None:
        """Asks Meta anew only what this verdict rests on: new WABAs have 200 calls an hour."""
        self._facts.touched()
        look(item, self._facts)
        self._facts.forget(self._facts.touched())
        if look(item, self._facts).status is Status.PASSED:
            self._facts.forget()

    def _vouch(self, finding: Finding) -> None:
        """Only a person can say it: kept with who, when and in which words."""
        desk = self._desk
        words = desk.talk.vouch(finding)
        if not words:
            self._put_off.add(finding.item.id)
            return
        confirmation = Confirmation(words, desk.stamp(), getpass.getuser())
        desk.record.confirmed[finding.item.id] = confirmation
        desk.save()
