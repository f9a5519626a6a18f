"""The guided setup: the audit in a loop. Look, stop at what is not in order, explain, ask or act.

There is no second logic for setup.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence
from contextlib import suppress

from wizard.actions import access
from wizard.actions.changes import NOTHING, change, choose_change
from wizard.actions.prompter import NextAction
from wizard.actions.results import UNASKED, action_of
from wizard.actions.session import Session
from wizard.audit.checklist import Item
from wizard.audit.results import ItemResult, turn
from wizard.audit.runner import audit, look, spoken_of
from wizard.facts.facts import Facts
from wizard.graph import Credentials
from wizard.state.record import Confirmation, Goal, Status
from wizard.text.errors import Back, ErrorKind, InputRequired, PutOff, Unavailable, UserAbort
from wizard.text.localised import phrase
from wizard.text.sanitise import masked
from wizard.vault import Vault

#: How often one item may be tried in an unattended run.
UNATTENDED_TRIES = 2
#: Nothing is wrong yet, something was simply never asked: no menu stands before the question.
NEVER_ASKED = frozenset({ErrorKind.NOT_GIVEN, "not_chosen"})


#: Only a person can make an account; looking again looks for one by every way.
ACCOUNT = "account.visible"
#: Sections whose advice has its turn in the walk: a token that will end, and the test message.
IN_TURN = ("token", "message")


class Setup:
    """One walk over the checklist of one profile."""

    def __init__(self, session: Session, *, attended: bool = True) -> None:
        self._session, self._attended = session, attended
        self._facts: Facts = session.facts()
        self._put_off: set[str] = set()
        self._tried: dict[str, int] = {}
        #: Item id → how it stood in the round before.
        self._seen: dict[str, tuple[Status, str]] = {}
        #: Whether the person asked for the last look.
        self._looked = False
        #: Items whose last action was refused or declined: no tick for these.
        self._not_done: set[str] = set()
        #: Item id → new, same or fixed, against the verdict of the last run.
        self.changes: dict[str, str] = {}
        #: The last look, whole or of the section that was walked.
        self.results: list[ItemResult] = []
        #: Whether anything was asked or done in this run.
        self.acted = False
        #: Item id → the answer that was missing, in an unattended run.
        self.needed: dict[str, str] = {}
        #: The first choice among ids that no one made: without it the profile is no one's.
        self.undecided: InputRequired | None = None

    def walk(
        self, section: str = "", seen: Callable[[list[ItemResult]], None] = lambda results: None
    ) -> list[ItemResult]:
        """Works on what is not in order, of one section or of all; returns how everything stands.

        `seen` gets the first look, before anything is done. Raises UserAbort or
        KeyboardInterrupt when the person goes; all that was done is saved.
        """
        only = (section,) if section else ()
        results = self._look(only)
        seen(results)
        while (result := self._next(results)) is not None:
            self._work_on(result)
            results = self._look(only)
            self._tick(results)
        return results

    def _tick(self, results: Sequence[ItemResult]) -> None:
        """Says of what was being worked on that it is in order now; each once."""
        for result in results:
            if result.status is not Status.PASSED or not self._tried.pop(result.item.id, 0):
                continue
            if result.item.id not in self._not_done:
                self._session.prompter.show_result(result)

    def renew(self) -> None:
        """Forgets what Meta said: something was changed beside the walk."""
        self._facts = self._session.facts()

    def _look(self, only: Sequence[str] = ()) -> list[ItemResult]:
        with self._session.prompter.waiting(phrase("guide.looking")):
            results = list(audit(self._session.checklist, self._facts, only=only))
        for item_id, changed in self._session.take_over(results, self._facts).items():
            # The first look of a run is what "since the last time" means.
            self.changes.setdefault(item_id, changed)
        self.results = results
        return results

    def _next(self, results: Sequence[ItemResult]) -> ItemResult | None:
        """The first to work on: what only receiving needs comes once sending is in order."""
        stops = [f for f in results if f.item.id not in self._put_off and self._stops(f)]
        return min(stops, key=turn, default=None)

    def _stops(self, result: ItemResult) -> bool:
        """Whether a person is stopped for it: what is required, and what IN_TURN names.

        Other advice never stands in the way, see `offer`; of an unattended run the answers file
        says which of it is wanted.
        """
        if result.status in (Status.PASSED, Status.SKIPPED):
            return False
        if result.required(self._session.record.goals):
            return True
        if result.item.needed_for is not None:
            return False  # for a goal that is not this person's
        if self._attended and result.item.section not in IN_TURN:
            return False
        return action_of(result) is not None and result.status is not Status.UNKNOWN

    def offer(self, ask: str = "change", *, advice_alone: bool = False) -> bool:
        """One list of what only advises and what can be changed; False when nothing was picked.

        With `advice_alone` nothing is asked where there is no advice that this tool can do for the
        person: the rest stands on the last screen.
        """
        advice = [one for one in self.results if self._advises(one)]
        if advice_alone and not any(map(action_of, advice)):
            return False
        picked = choose_change(self._session, advice, ask)
        if picked == NOTHING:
            return False
        for result in advice:
            if result.item.id == picked:
                self._work_on(result)
                self._put_off.add(picked)
                self._tick(self._look())
                return True
        self._change(picked)
        return True

    def _advises(self, result: ItemResult) -> bool:
        return (
            result.item.needed_for is None
            and result.status in (Status.FAILED, Status.WAITING)
            and result.item.id not in self._put_off
            and bool(action_of(result) or result.item.standing(result.reason).steps)
        )

    def _change(self, name: str) -> None:
        """Makes a change; what was put off before it may be in order now."""
        change(self._session, name)
        self._put_off.clear()
        self._seen.clear()
        self.renew()

    def _work_on(self, result: ItemResult) -> None:
        """One round on one item: explain, let the person choose, act. The next look decides."""
        item, self.acted = result.item, True
        first = item.id not in self._tried
        self._not_done.discard(item.id)
        self._tried[item.id] = self._tried.get(item.id, 0) + 1
        if not self._attended and self._tried[item.id] > UNATTENDED_TRIES:
            self._put_off.add(item.id)
            return
        try:
            self._round(result, first)
        except InputRequired as missing:
            if self._attended:
                raise
            self.needed[item.id] = missing.name
            if "offered" in missing.values and missing.name.startswith("ids."):
                self.undecided = self.undecided or missing
            self._put_off.add(item.id)

    def _round(self, result: ItemResult, first: bool) -> None:
        item, act = result.item, action_of(result)
        before, self._seen[item.id] = self._seen.get(item.id), (result.status, result.reason)
        if first and act and result.reason in NEVER_ASKED:
            if self._act(result) or not self._attended:
                return
        elif before == self._seen[item.id] and self._attended:
            self._show_same(result)
        else:
            brief = bool(act) or not self._attended
            self._session.prompter.show_problem(result, self._session.record.ids, brief=brief)
            if item.confirm is not None and not act:
                self._confirm(result)
                return
            # The action itself asks, and shows what it sends: that is the one question.
            asks = self._attended and before is None and act and act not in UNASKED
            if asks and self._act(result):
                return
            if not asks and before is None:
                self._follow(result, None)
                return
        if item.id not in self._put_off:
            by_hand = before is None and item.id == ACCOUNT
            self._follow(result, NextAction.AGAIN if by_hand else NextAction.LATER)

    def _show_same(self, result: ItemResult) -> None:
        """One line where nothing is new; who asked for a look reads that there was one."""
        if self._looked:
            self._session.prompter.tell("guide.looked", at=self._session.stamp())
        self._session.prompter.show_result(result)

    def _follow(self, result: ItemResult, default: NextAction | None) -> None:
        """Asks what next, and does it. What did not come about is put off by Enter alone."""
        item = result.item
        try:
            move = self._ask_what_next(result, default)
        except PutOff:
            move = NextAction.LATER
        except Back:
            self._looked = False
            return  # the next round shows the item once more
        self._looked = move is NextAction.AGAIN
        if move is NextAction.CHANGE:
            self._offer_changes()
        elif move is NextAction.FIX:
            self._act(result)
        elif item.confirm is not None and (move is NextAction.AGAIN or not self._attended):
            # "I did it" about what no program can see is a word to be kept.
            self._confirm(result)
        elif move is NextAction.LATER:
            self._put_off.add(item.id)
        else:
            self._look_again(item)

    def _ask_what_next(self, result: ItemResult, default: NextAction | None) -> NextAction:
        moves, prompter = self._moves(result), self._session.prompter
        if default is None and "until" in result.values:
            default = NextAction.LATER  # time alone helps
        move = prompter.next_action(result, moves, default)
        while move is NextAction.STEPS:
            self._session.show_steps(result.item.standing(result.reason))
            move = prompter.next_action(result, moves, NextAction.AGAIN)
        if move is NextAction.LEAVE:
            raise UserAbort
        return move

    def _offer_changes(self) -> None:
        with suppress(Back):
            picked = choose_change(self._session)
            if picked != NOTHING:
                self._change(picked)

    @staticmethod
    def _moves(result: ItemResult) -> list[NextAction]:
        """Always in the same order: a person learns the numbers."""
        steps = [NextAction.STEPS] if result.item.standing(result.reason).steps else []
        # Without an action the steps have just been shown.
        action = [NextAction.FIX, *steps] if action_of(result) else []
        rest = [NextAction.LATER, NextAction.CHANGE, NextAction.LEAVE]
        return [*action, NextAction.AGAIN, *rest]

    def _act(self, result: ItemResult) -> bool:
        """Makes the action of an item; whether it came about."""
        act, before, done = action_of(result), self._signed(), False
        assert act is not None
        try:
            done = act(self._session, self._facts).ok
        except PutOff:
            self._put_off.add(result.item.id)
        except Back:
            pass
        except Unavailable as error:
            # Meta refused: shown, and the item is shown again as it stands then.
            self._session.prompter.show_error(error)
        finally:
            if not done:
                self._not_done.add(result.item.id)
            self._session.save()
            if self._signed() != before:
                self._facts = self._session.facts()
            else:
                # What an action changed at Meta may show anywhere: health, status, name …
                self._facts.forget()
        return done

    def _signed(self) -> tuple[Credentials, dict[str, str], tuple[Goal, ...], Vault]:
        record = self._session.record
        return self._session.keys(), dict(record.ids), record.goals, self._session.vault

    def _look_again(self, item: Item) -> None:
        """Asks Meta anew only what this verdict rests on: new WABAs have 200 calls an hour."""
        if item.id == ACCOUNT and not self._session.record.ids.get("waba_id"):
            access.take_assets(self._session, self._session.graph())
            self.renew()
            return
        self._facts.touched()
        look(item, self._facts)
        self._facts.forget(self._facts.touched())
        if look(item, self._facts).status is Status.PASSED:
            self._facts.forget()

    def _confirm(self, result: ItemResult) -> None:
        """Only a person can say it: kept with who, when and in which words."""
        session = self._session
        try:
            words = session.prompter.confirm(result)
        except Back:
            words = ""
        if not words:
            self._put_off.add(result.item.id)
            return
        about = spoken_of(result.item, session.record)
        # The words are kept in the clear: a secret that was pasted here must not be.
        confirmation = Confirmation(masked(words), session.stamp(), getpass.getuser(), about)
        session.record.confirmed[result.item.id] = confirmation
        session.save()
