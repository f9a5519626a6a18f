"""The guided setup: the audit in a loop. Look, stop at what is not in order, explain, ask or act.

There is no second logic for setup.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence

from wizard.actions import access, message, token
from wizard.actions.prompter import Choice, NextAction, Question
from wizard.actions.results import Action, ActionResult, Done, action_of
from wizard.actions.session import Session
from wizard.audit.checklist import Item
from wizard.audit.results import ItemResult
from wizard.audit.runner import audit, look, spoken_of
from wizard.facts.facts import Facts
from wizard.graph import Credentials
from wizard.state.record import Confirmation, Goal, Status
from wizard.text.errors import ErrorKind, InputRequired, Unavailable, UserAbort
from wizard.text.localised import phrase
from wizard.text.sanitise import masked
from wizard.vault import Vault


def ask_goals(session: Session) -> None:
    """Asks for the goal and keeps it."""
    both = f"{Goal.SENDING},{Goal.RECEIVING}"
    question = Question("goals", phrase("guide.goals"), default=Goal.SENDING, option="--answers")
    choices = [
        Choice(Goal.SENDING, phrase("guide.goals_sending")),
        Choice(both, phrase("guide.goals_receiving")),
    ]
    picked = session.prompter.choose(question, choices)
    session.record.goals = tuple(Goal(goal) for goal in picked.split(","))
    session.save()


#: How often one item may be tried in an unattended run.
UNATTENDED_TRIES = 2
#: Nothing is wrong yet, something was simply never asked: no menu stands before the question.
NEVER_ASKED = frozenset({ErrorKind.NOT_GIVEN, "not_chosen"})


class Setup:
    """One walk over the checklist of one profile."""

    def __init__(self, session: Session, *, attended: bool = True) -> None:
        self._session, self._attended = session, attended
        self._facts: Facts = session.facts()
        self._put_off: set[str] = set()
        self._tried: dict[str, int] = {}
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
        #: The first choice among ids that nobody made: without it the profile is nobody's.
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
        for item_id, change in self._session.take_over(results, self._facts).items():
            # The first look of a run is what "since the last time" means.
            self.changes.setdefault(item_id, change)
        self.results = results
        return results

    def _next(self, results: Sequence[ItemResult]) -> ItemResult | None:
        return next((f for f in results if f.item.id not in self._put_off and self._stops(f)), None)

    def _stops(self, result: ItemResult) -> bool:
        """Whether a person is stopped for it: what is required, and advice the tool can act on."""
        if result.status in (Status.PASSED, Status.SKIPPED):
            return False
        if result.required(self._session.record.goals):
            return True
        if result.item.needed_for is not None:
            return False  # for a goal that is not this person's
        return action_of(result) is not None and result.status is not Status.UNKNOWN

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
        item = result.item
        if first and action_of(result) and result.reason in NEVER_ASKED:
            self._act(result)
            return
        prompter, ids, actionable = (
            self._session.prompter,
            self._session.record.ids,
            bool(action_of(result)),
        )
        prompter.show_problem(result, ids, brief=actionable or not self._attended)
        if item.confirm is not None and not actionable:
            self._confirm(result)
            return
        move = prompter.next_action(result, self._moves(result))
        if move is NextAction.STEPS:
            self._session.show_steps(item)
            move = prompter.next_action(
                result, [m for m in self._moves(result) if m is not NextAction.STEPS]
            )
        if move is NextAction.LEAVE:
            raise UserAbort
        if move is NextAction.FIX:
            self._act(result)
        elif item.confirm is not None and (move is NextAction.AGAIN or not self._attended):
            # "I did it" about what no program can see is a word to be kept.
            self._confirm(result)
        elif move is NextAction.LATER:
            self._put_off.add(item.id)
        else:
            self._look_again(item)

    @staticmethod
    def _moves(result: ItemResult) -> list[NextAction]:
        steps = [NextAction.STEPS] if result.item.steps else []
        action = [NextAction.FIX, *steps] if action_of(result) else []
        return [*action, NextAction.AGAIN, NextAction.LATER, NextAction.LEAVE]

    def _act(self, result: ItemResult) -> None:
        act, before = action_of(result), self._signed()
        assert act is not None
        try:
            if not act(self._session, self._facts).ok:
                self._not_done.add(result.item.id)
        except Unavailable as error:
            self._not_done.add(result.item.id)
            # Meta refused: shown, and the item is shown again as it stands then.
            self._session.prompter.show_error(error)
        finally:
            self._session.save()
            if self._signed() != before:
                self._facts = self._session.facts()
            else:
                # What an action changed at Meta may show anywhere: health, status, name …
                self._facts.forget()

    def _signed(self) -> tuple[Credentials, dict[str, str], tuple[Goal, ...], Vault]:
        record = self._session.record
        return self._session.keys(), dict(record.ids), record.goals, self._session.vault

    def _look_again(self, item: Item) -> None:
        """Asks Meta anew only what this verdict rests on: new WABAs have 200 calls an hour."""
        self._facts.touched()
        look(item, self._facts)
        self._facts.forget(self._facts.touched())
        if look(item, self._facts).status is Status.PASSED:
            self._facts.forget()

    def _confirm(self, result: ItemResult) -> None:
        """Only a person can say it: kept with who, when and in which words."""
        session = self._session
        words = session.prompter.confirm(result)
        if not words:
            self._put_off.add(result.item.id)
            return
        about = spoken_of(result.item, session.record)
        # The words are kept in the clear: a secret that was pasted here must not be.
        confirmation = Confirmation(masked(words), session.stamp(), getpass.getuser(), about)
        session.record.confirmed[result.item.id] = confirmation
        session.save()


NOTHING = "nothing"


def offer_changes(session: Session) -> bool:
    """Asks what to change and changes it; False when nothing was."""
    changes: dict[str, Action] = {
        "message": message.send_test,
        "token": token.renew,
        "number": _choose_again,
        "goals": _other_goals,
    }
    if _confirmed(session):
        changes["confirmed"] = _withdraw
    choices = [Choice(name, phrase(f"guide.change_{name}")) for name in (NOTHING, *changes)]
    question = Question("change", phrase("guide.change_ask"), default=NOTHING)
    picked = session.prompter.choose(question, choices)
    if picked == NOTHING:
        return False
    changes[picked](session, session.facts())
    return True


def _choose_again(session: Session, facts: Facts) -> ActionResult:
    """Everything the token reaches is offered again, the number of now among it."""
    access.take_assets(session, session.graph())
    return Done()


def _confirmed(session: Session) -> list[Item]:
    return [item for item in session.checklist.items if item.id in session.record.confirmed]


def _withdraw(session: Session, facts: Facts) -> ActionResult:
    """Takes back one thing that a person confirmed; the next look judges it anew."""
    choices = [
        Choice(item.id, getattr(item.title, session.language)) for item in _confirmed(session)
    ]
    question = Question("withdraw", phrase("guide.withdraw_ask"))
    item_id = session.prompter.choose(question, choices)
    del session.record.confirmed[item_id]
    session.save()
    session.prompter.tell("guide.withdrawn")
    return Done()


def _other_goals(session: Session, facts: Facts) -> ActionResult:
    ask_goals(session)
    return Done()
