"""The checklist: its items, and the loading of checklists/*.yaml; what is malformed is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from wizard.state.content import ContentError, read, text
from wizard.state.record import Goal
from wizard.text.localised import Text


@dataclass(frozen=True)
class Reason:
    """One way an item can stand: what was seen and what it means, and the one next thing to do."""

    says: Text
    next: Text | None = None
    link: str = ""


@dataclass(frozen=True)
class Item:
    """One thing that must be true, and everything we say about it."""

    id: str
    title: Text
    why: Text
    needed_for: Goal | None = None  # None: advice, whatever the goals are
    requires: tuple[str, ...] = ()
    steps: tuple[Text, ...] = ()
    links: tuple[str, ...] = ()  # may hold {app_id}, {business_id}, {waba_id}, {phone_number_id}
    confirm: Text | None = None  # set: a person vouches for it; None: a check decides
    reasons: Mapping[str, Reason] = field(default_factory=dict)

    @property
    def section(self) -> str:
        """The part of the id before the dot: the name of its file and of its rooms."""
        return self.id.split(".")[0]

    def required(self, goals: frozenset[Goal]) -> bool:
        """Whether any of these goals needs it. Receiving needs all that sending needs.

        A number that cannot be reached by Meta's own checks receives nothing either, and a
        person who wants to receive will want to answer.
        """
        if self.needed_for is Goal.SENDING:
            return bool(goals)
        return self.needed_for in goals


@dataclass(frozen=True)
class Section:
    """One file of the checklist."""

    id: str
    title: Text
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Checklist:
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


ITEM_KEYS = {field.name for field in fields(Item)}
REASON_KEYS = {field.name for field in fields(Reason)}
SECTION_KEYS = {"order", "title", "items"}

#: The files of `checklists/` that are words about something else than items.
NOT_SECTIONS = frozenset({"graph-errors"})


def folder() -> Path:
    """Where the checklists are: inside the installed package, or beside it in the repository."""
    here = Path(__file__).parents[1]
    installed = here / "checklists"
    return installed if installed.is_dir() else here.parent / "checklists"


@cache
def load(where: Path | None = None) -> Checklist:
    """Every section, sorted by its `order`; refuses ids that are repeated or not yet met.

    Of a folder that is not our own, every reason is looked at too.
    """
    paths = [p for p in sorted((where or folder()).glob("*.yaml")) if p.stem not in NOT_SECTIONS]
    files = [(path.stem, read(path)) for path in paths]
    for name, content in files:
        _only(content, SECTION_KEYS, name)
    files.sort(key=lambda file: file[1]["order"])
    checklist = Checklist(tuple(_section(name, content) for name, content in files))
    _refuse_bad_references(checklist)
    if where is not None:
        for item in checklist.items:
            dict(item.reasons)
    return checklist


def _refuse_bad_references(checklist: Checklist) -> None:
    seen: set[str] = set()
    for item in checklist.items:
        if item.id in seen:
            raise ContentError(f"{item.id}: this id is used twice")
        if missing := set(item.requires) - seen:
            raise ContentError(f"{item.id}: requires {missing.pop()}, which does not come before")
        seen.add(item.id)


def _section(name: str, content: dict[str, Any]) -> Section:
    items = tuple(_item(name, node) for node in content["items"])
    return Section(name, text(content["title"], f"{name}.title"), items)


def _item(section: str, node: dict[str, Any]) -> Item:
    where = str(node.get("id", f"{section}.?"))
    if not where.startswith(f"{section}."):
        raise ContentError(f"{where}: an id starts with its file's name, {section!r}")
    _only(node, ITEM_KEYS, where)
    return Item(
        id=where,
        title=text(node.get("title"), f"{where}.title"),
        why=text(node.get("why"), f"{where}.why"),
        needed_for=_goal(node.get("needed_for"), where),
        requires=tuple(node.get("requires", ())),
        steps=tuple(text(step, f"{where}.steps") for step in node.get("steps", ())),
        links=tuple(node.get("links", ())),
        confirm=text(node["confirm"], f"{where}.confirm") if "confirm" in node else None,
        reasons=_Reasons(where, node.get("reasons", {})),
    )


class _Reasons(Mapping[str, Reason]):
    """The reasons of an item, each made when it is asked for.

    Two texts out of three are reasons, and a run needs a handful: `status` cannot wait for all.
    """

    def __init__(self, where: str, nodes: Mapping[str, Any]) -> None:
        self._where, self._nodes = where, nodes

    def __getitem__(self, key: str) -> Reason:
        return _reason(f"{self._where}.{key}", self._nodes[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)


def _reason(where: str, node: dict[str, Any]) -> Reason:
    _only(node, REASON_KEYS, where)
    step = text(node["next"], f"{where}.next") if "next" in node else None
    return Reason(text(node.get("says"), f"{where}.says"), step, str(node.get("link", "")))


def _goal(node: object, where: str) -> Goal | None:
    try:
        return None if node is None else Goal(str(node))
    except ValueError:
        raise ContentError(f"{where}: needed_for is one of {', '.join(Goal)}") from None


def _only(node: object, allowed: set[str], where: str) -> None:
    if not isinstance(node, dict):
        raise ContentError(f"{where}: expected a mapping")
    if strange := set(node) - allowed:
        raise ContentError(f"{where}: unknown key {strange.pop()!r}")
