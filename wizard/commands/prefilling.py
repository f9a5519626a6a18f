"""Gives a desk the answers that the command line brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wizard.desk import Desk
from wizard.ui.prefilled import Prefilled


def prefilled(desk: Desk, answers: Mapping[str, str | None], *, yes: bool = False) -> Desk:
    """The same desk, with a conversation that asks only for the rest."""
    return replace(desk, talk=Prefilled(desk.talk, answers, yes))
