"""What the person of a scenario already has, before anything was ever done in its sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wizard.state.record import Goal, SecretNote
from wizard.text.secret import Secret

if TYPE_CHECKING:
    from wizard.desk import Desk
    from wizard.sandbox import Running


def seed(desk: Desk, play: Running) -> None:
    """Gives a fresh profile its scenario's goals, ids, callback and play secrets.

    Any other profile is left alone.
    """
    if desk.record.started:
        _find_again(desk, play)
        return
    held = play.profile
    desk.record.goals = tuple(Goal(goal) for goal in held.goals)
    desk.record.ids.update(held.ids)
    desk.record.webhook.update(held.webhook)
    store = desk.vault.describe().store
    for name, value in held.secrets.items():
        desk.vault.put(name, Secret(value))
        desk.record.secrets[name] = SecretNote(store, set_at=desk.stamp())
    desk.save()


def _find_again(desk: Desk, play: Running) -> None:
    """The play receivers stand at the sandbox's own address, which is new at every start."""
    _, own, kind = desk.record.webhook.get("callback_url", "").partition("/_sandbox/")
    if own:
        desk.record.webhook["callback_url"] = play.graph_url + own + kind
