"""Maps an item's id to the function that puts it right."""

from __future__ import annotations

from collections.abc import Callable

from wizard.actions.session import Session
from wizard.audit.results import ItemResult
from wizard.facts.facts import Facts

#: Speaks with the person through desk.talk, acts, and returns nothing: whether it worked is
#: decided by the next look, not by the repair's own opinion.
Action = Callable[[Session, Facts], None]
ACTIONS: dict[str, Action] = {}


def action_of(result: ItemResult) -> Action | None:
    """The repair for how this item stands: for this very reason, else for any."""
    item_id, reason = result.item.id, result.reason
    return ACTIONS.get(f"{item_id}/{reason}") or ACTIONS.get(item_id)


def action(*item_ids: str) -> Callable[[Action], Action]:
    """Register the decorated function as the one that puts these items right.

    `item/reason` registers it for that one reason: not every way to fail can be repaired.
    """

    def register(function: Action) -> Action:
        for item_id in item_ids:
            if item_id in ACTIONS:
                raise ValueError(f"{item_id} already has a repair")
            ACTIONS[item_id] = function
        return function

    return register
