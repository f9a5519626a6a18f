"""Repairs of the app: its secret, asked and proven."""

from __future__ import annotations

from wizard.desk import Desk
from wizard.facts import Facts
from wizard.repairs.registry import repair
from wizard.repairs.token import ask_app_secret


@repair("app.secret")
def know_secret(desk: Desk, facts: Facts) -> None:
    """Asks for the secret, also in place of one that belongs to another app."""
    ask_app_secret(desk)
