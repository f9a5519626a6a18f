"""Maps an item's id to the function that puts it right."""

from __future__ import annotations

from collections.abc import Callable

from wizard.desk import Desk
from wizard.facts import Facts

#: Speaks with the person through desk.talk, acts, and returns nothing: whether it worked is
#: decided by the next look, not by the repair's own opinion.
Repair = Callable[[Desk, Facts], None]
REPAIRS: dict[str, Repair] = {}
#: Items whose repair is the conversation itself: the guide goes straight into it the first time.
STRAIGHT: set[str] = set()


def repair(*item_ids: str, straight: bool = False) -> Callable[[Repair], Repair]:
    """Register the decorated function as the one that puts these items right."""

    def register(function: Repair) -> Repair:
        for item_id in item_ids:
            if item_id in REPAIRS:
                raise ValueError(f"{item_id} already has a repair")
            REPAIRS[item_id] = function
            if straight:
                STRAIGHT.add(item_id)
        return function

    return register
