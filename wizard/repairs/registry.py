"""Maps an item's id to the function that puts it right."""

from __future__ import annotations

from collections.abc import Callable

from wizard.desk import Desk
from wizard.facts import Facts
from wizard.model import Finding

#: Speaks with the person through desk.talk, acts, and returns nothing: whether it worked is
#: decided by the next look, not by the repair's own opinion.
Repair = Callable[[Desk, Facts], None]
REPAIRS: dict[str, Repair] = {}


def repair_of(finding: Finding) -> Repair | None:
    """The repair for how this item stands: for this very reason, else for any."""
    item_id, reason = finding.item.id, finding.outcome.reason
    return REPAIRS.get(f"{item_id}/{reason}") or REPAIRS.get(item_id)


def repair(*item_ids: str) -> Callable[[Repair], Repair]:
    """Register the decorated function as the one that puts these items right.

    `item/reason` registers it for that one reason: not every way to fail can be repaired.
    """

    def register(function: Repair) -> Repair:
        for item_id in item_ids:
            if item_id in REPAIRS:
                raise ValueError(f"{item_id} already has a repair")
            REPAIRS[item_id] = function
        return function

    return register
