"""What a profile or a conversation is filled with before a command begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from wizard.state.record import Goal, SecretNote
from wizard.text.secret import Secret

if TYPE_CHECKING:
    from wizard.actions.session import Session
    from wizard.sandbox import Running


def bring_scenario(session: Session, play: Running) -> None:
    """Gives a fresh profile its scenario's goals, ids, callback and play secrets.

    Any other profile is left alone.
    """
    if session.record.started:
        _find_again(session, play)
        return
    held = play.profile
    session.record.goals = tuple(Goal(goal) for goal in held.goals)
    session.record.ids.update(held.ids)
    session.record.webhook.update(held.webhook)
    store = session.vault.describe().store
    for name, value in held.secrets.items():
        session.vault.put(name, Secret(value))
        session.record.secrets[name] = SecretNote(store, set_at=session.stamp())
    session.save()


def _find_again(session: Session, play: Running) -> None:
    """The play receivers stand at the sandbox's own address, which is new at every start."""
    _, own, kind = session.record.webhook.get("callback_url", "").partition("/_sandbox/")
    if own:
        session.record.webhook["callback_url"] = play.graph_url + own + kind


def prefilled(session: Session, answers: Mapping[str, str | None], *, yes: bool = False) -> Session:
    """The same session, whose conversation asks only for what `answers` does not hold."""
    from wizard.ui.noninteractive_prompter import PresetAnswers

    return replace(session, prompter=PresetAnswers(session.prompter, answers, yes))
