"""What a profile or a conversation is filled with before a command begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from wizard.actions.prompter import Prompter, Question
from wizard.state.record import Goal, SecretNote
from wizard.text.localised import Phrase, phrase
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
        session.record.secrets[session.record.kept_as(name)] = SecretNote(
            store, set_at=session.stamp()
        )
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


def passphrase_from(prompter: Callable[[], Prompter]) -> Callable[[bool], Secret]:
    """Asks for the passphrase of one encrypted file, for a new one twice.

    When it is asked for once more, a sentence says that the one before did not fit.
    """
    from wizard.vault.encrypted_file import SHORTEST_PASSPHRASE

    tried = False

    def long_enough(typed: str) -> str | Phrase:
        short = phrase("vault.passphrase_short", least=SHORTEST_PASSPHRASE)
        return typed if len(typed) >= SHORTEST_PASSPHRASE else short

    def typed(key: str) -> str:
        text = phrase(f"vault.passphrase_{key}", least=SHORTEST_PASSPHRASE)
        parse, option = long_enough if key == "new" else None, "--passphrase-file"
        return prompter().ask(Question("passphrase", text, True, parse=parse, option=option))

    def ask(new: bool) -> Secret:
        nonlocal tried
        if tried and not new:
            prompter().tell("vault.passphrase_wrong")
        tried = True
        while True:
            first = typed("new" if new else "ask")
            if not new or typed("repeat") == first:
                return Secret(first)
            prompter().tell("vault.passphrase_differs")

    return ask
