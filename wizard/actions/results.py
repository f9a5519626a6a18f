"""What an action is, what it returns, and the one way it changes something at Meta.

The exit code of a command and its tick come from this, never from a later look at the item: an
item may be in order for another reason, or not show yet what was just done.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from wizard.actions.session import Session
from wizard.audit.results import ItemResult, passed
from wizard.audit.runner import look
from wizard.facts.facts import Facts
from wizard.facts.json_values import ident, truth
from wizard.graph import Json, Upload
from wizard.graph.consent import UPLOAD_SESSION, Consent
from wizard.state.record import Status
from wizard.text.errors import ErrorKind, Exit, Unavailable
from wizard.text.localised import phrase


class ActionResult:
    """The base of the four results."""

    ok: ClassVar[bool] = False

    @property
    def exit_code(self) -> Exit:
        """0 when what was asked for is so now, 1 otherwise."""
        return Exit.FINE if self.ok else Exit.NOT_IN_ORDER


@dataclass(frozen=True)
class Done(ActionResult):
    """It was done, and Meta (or the vault) confirmed it."""

    ok = True


@dataclass(frozen=True)
class AlreadySo(ActionResult):
    """There was nothing to do."""

    ok = True


@dataclass(frozen=True)
class Declined(ActionResult):
    """The person did not want it; nothing was changed."""


@dataclass(frozen=True)
class Refused(ActionResult):
    """It did not work, and the reason was shown. `error` where Meta refused or did not answer."""

    error: Unavailable | None = None

    @property
    def exit_code(self) -> Exit:
        """4 where a credential is missing or dead; what a live one may not do is a plain no."""
        dead = self.error is not None and self.error.without_credential
        return Exit.CREDENTIAL if dead else Exit.NOT_IN_ORDER


def need_credential(read: Callable[[], object]) -> None:
    """Raises what this read met where a secret is missing or dead; anything else is left for later.

    Called before a person is asked for what could not be used then.
    """
    try:
        read()
    except Unavailable as error:
        if error.without_credential:
            raise


def refused(session: Session, error: Unavailable) -> Refused:
    """Says why it did not work."""
    session.prompter.show_error(error)
    return Refused(error)


def post(
    session: Session,
    path: str,
    body: Mapping[str, Any],
    consent: Consent,
    waiting: str,
    wants: str = "success",
) -> Json:
    """One change, while the text `waiting` is shown; Unavailable unless Meta confirmed it."""
    with session.prompter.waiting(phrase(waiting)):
        return confirmed(session.graph().post(path, body, consent), wants)


def confirmed(answer: Json, wants: str = "success") -> Json:
    """The answer; Unavailable when `wants` is missing from it, empty, false or of another kind."""
    given = answer.get(wants)
    fine = {"success": truth(given), "id": ident(given).isdecimal()}.get(wants, given)
    if not fine:
        raise Unavailable(ErrorKind.ODD, cause="not_confirmed")
    return answer


def upload_requests(app_id: str, file: Upload) -> list[str]:
    """What a consent shows of an upload."""
    about = f"file_name={file.name} file_type={file.kind} file_length={len(file.content)}"
    return [f"POST /{app_id}/uploads  {about}", f"POST /{UPLOAD_SESSION}"]


def upload(session: Session, app_id: str, file: Upload, consent: Consent) -> str:
    """Uploads a file; its handle. Unavailable when it did not work."""
    with session.prompter.waiting(phrase("templates.uploading")):
        return session.graph().upload(app_id, file, consent)


#: A line of a request that is longer is cut on the screen; what is consented to is shown whole.
LONGEST = 900


def body_lines(body: Json) -> Iterator[str]:
    """Everything a request holds, a line for each key and each component.

    The mark before each keeps a line of someone's text from being taken for another request.
    """
    for key, value in body.items():
        for row in value if isinstance(value, list) else [value]:
            text = row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)
            for start in range(0, max(len(text), 1), LONGEST):
                mark = f"· {key}: " if start == 0 else "· … "
                yield mark + text[start : start + LONGEST]


def look_again(session: Session, item_id: str) -> ItemResult:
    """How the item stands now, saved."""
    item, facts = session.checklist.item(item_id), session.facts()
    seen = ItemResult(item, look(item, facts))
    session.take_over([seen], facts)
    return seen


def conclude(session: Session, item_id: str, result: ActionResult) -> Exit:
    """Shows how an action ended and how its item stands; the exit code is the action's own."""
    seen = look_again(session, item_id)
    in_order = seen.status is Status.PASSED
    if result.ok and not in_order:
        session.prompter.show_result(ItemResult(seen.item, passed()))
        session.prompter.tell("ui.not_shown_yet")
    if result.ok or not in_order:
        session.prompter.show_result(seen)
    return result.exit_code


Action = Callable[[Session, Facts], ActionResult]
_A = TypeVar("_A", bound=Action)
#: `item`, or `item/reason` → what puts it right.
ACTIONS: dict[str, Action] = {}


def action_of(result: ItemResult) -> Action | None:
    """The action for how this item stands: for this very reason, else for any."""
    item_id, reason = result.item.id, result.reason
    return ACTIONS.get(f"{item_id}/{reason}") or ACTIONS.get(item_id)


#: Actions that begin without a question: a person says first that they shall.
UNASKED: set[Action] = set()


def action(*item_ids: str, asks: bool = True) -> Callable[[_A], _A]:
    """Register the decorated function as the one that puts these items right.

    `item/reason` registers it for that one reason: not every failure has an action. `asks`: before
    it does anything it asks, for a value or for consent, so that nothing has to be asked before.
    """

    def register(function: _A) -> _A:
        if not asks:
            UNASKED.add(function)
        for item_id in item_ids:
            if item_id in ACTIONS:
                raise ValueError(f"{item_id} already has an action")
            ACTIONS[item_id] = function
        return function

    return register
