"""The checklist: its items, and the loading of checklists/*.yaml; what is malformed is refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from msgspec import Struct, structs

from wizard.state.content import CHECKLISTS, ContentError, names, read, refuse
from wizard.state.record import Goal
from wizard.state.typed import Misshapen, convert
from wizard.text.localised import Text


@dataclass(frozen=True)
class Step(Text):
    """One thing to do by hand, with its page."""

    link: str = ""  # may hold ids, as the links of an item


class Reason(Struct, frozen=True, forbid_unknown_fields=True):
    """One way an item can stand: what was seen and what it means, and the one next thing to do.

    `steps`, where they are set, stand in place of the item's own and their links; [] for none.
    """

    says: Text
    next: Text | None = None
    link: str = ""
    needed_for: Goal | None = None  # set: advice that stands like this counts for the goal
    steps: tuple[Step, ...] | None = None


class Item(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that must be true, and everything we say about it."""

    id: str
    title: Text
    why: Text
    needed_for: Goal | None = None  # None: advice, whatever the goals are
    requires: tuple[str, ...] = ()
    #: No one is asked to do this while one of these is not in order; what was done is shown.
    waits_for: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    links: tuple[str, ...] = ()  # may hold {app_id}, {business_id}, {waba_id}, {phone_number_id}
    confirm: Text | None = None  # set: a person confirms it; None: a check decides
    reasons: Mapping[str, Reason] = {}

    @property
    def section(self) -> str:
        """The part of the id before the dot: the name of its file and its checks."""
        return self.id.split(".")[0]

    def standing(self, reason: str) -> Item:
        """The item with the steps of this reason, where it has its own."""
        found = self.reasons.get(reason)
        if found is None or found.steps is None:
            return self
        return structs.replace(self, steps=found.steps, links=())

    def required(self, goals: Collection[Goal], reason: str = "") -> bool:
        """Whether any of these goals needs it, standing as it does for this reason.

        Receiving needs all that sending needs: a number that cannot be reached by Meta's own checks
        receives nothing either, and a person who wants to receive will want to answer.
        """
        stands = self.reasons.get(reason)
        needed_for = (stands.needed_for if stands else None) or self.needed_for
        return bool(goals) if needed_for is Goal.SENDING else needed_for in goals


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """One file of the checklist; `order` is its place among them."""

    id: str  # the name of the file
    title: Text
    items: tuple[Item, ...]
    order: int = 0


class Checklist(Struct, frozen=True):
    """Every section, in the order a person should walk them."""

    sections: tuple[Section, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item, in order."""
        return tuple(item for section in self.sections for item in section.items)

    def item(self, item_id: str) -> Item:
        """One item by its id; KeyError when there is none."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(item_id)


#: The files of `checklists/` that are words about something else than items.
NOT_SECTIONS = frozenset({"graph-errors", "template-rules", "template-gallery", "rehearsal"})


@cache
def load(folder: Path = CHECKLISTS) -> Checklist:
    """Every section, sorted by its `order`; refuses ids that are repeated or not yet met."""
    sections = [_section(folder, name) for name in names(folder) if name not in NOT_SECTIONS]
    checklist = Checklist(tuple(sorted(sections, key=lambda section: section.order)))
    _refuse_bad_references(checklist)
    return checklist


def _section(folder: Path, name: str) -> Section:
    try:
        section = convert({"id": name, **read(folder, name)}, Section)
    except Misshapen as error:
        refuse(folder, name, error.path, str(error))
    for index, item in enumerate(section.items):
        if item.section != name:
            refuse(folder, name, ("items", index, "id"), "an id starts with the name of its file")
    return section


def _refuse_bad_references(checklist: Checklist) -> None:
    seen: set[str] = set()
    for item in checklist.items:
        if item.id in seen:
            raise ContentError(f"{item.id}: this id is used twice")
        if missing := {*item.requires, *item.waits_for} - seen:
            raise ContentError(f"{item.id}: requires {missing.pop()}, which does not come before")
        seen.add(item.id)
