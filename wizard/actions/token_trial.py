"""A token on trial: it is kept only when Meta accepts it, so a wrong paste replaces nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wizard.actions.session import Session
from wizard.audit.results import ItemResult
from wizard.audit.runner import audit
from wizard.facts.facts import Facts
from wizard.graph import Credentials, Graph
from wizard.state.record import Status
from wizard.text.errors import Unavailable
from wizard.text.localised import phrase
from wizard.text.secret import Secret


@dataclass(frozen=True)
class TokenTrial:
    """A token that is not kept yet, with the means to ask Meta about it."""

    secret: Secret
    graph: Graph
    facts: Facts
    app_secret: Secret | None = None  # what it is signed with


def open_trial(session: Session, secret: Secret) -> TokenTrial:
    """Opens a candidate, with the proof of the app secret where that is known to belong to it."""
    keys = session.keys()
    plain = _open(session, Credentials(access_token=secret, app_id=keys.app_id))
    if keys.app_secret is None:
        return plain
    proven = signed(session, secret, keys.app_secret)
    try:
        return proven if plain.facts.token.app_id == keys.app_id else plain
    except Unavailable as error:
        # An app that demands the proof answers nothing at all without it.
        return proven if error.values.get("proof") == "required" else plain


def signed(session: Session, token: Secret, app_secret: Secret) -> TokenTrial:
    """Opens a candidate with a proof by this app secret, which is not kept yet either."""
    return _open(
        session, Credentials(token, session.record.ids.get("app_id", ""), app_secret, proves=True)
    )


def _open(session: Session, keys: Credentials) -> TokenTrial:
    assert keys.access_token is not None
    graph = session.open_graph(keys)
    facts = session.open_facts(graph, session.record, session.vault)
    return TokenTrial(keys.access_token, graph, facts, keys.app_secret if keys.proves else None)


def prove(session: Session, trial: TokenTrial, item_ids: Sequence[str]) -> bool:
    """Judges the candidate by these items and says what is wrong; True when nothing it needs is.

    An advice that fails (a token of 60 days) is said and does not refuse the candidate.
    """
    with session.prompter.waiting(phrase("token.proving")):
        results = list(audit(session.checklist, trial.facts, only=item_ids))
    for result in results:
        if result.status is not Status.PASSED:
            session.prompter.show_result(result)
    return not any(_refuses(result) for result in results)


def _refuses(result: ItemResult) -> bool:
    return result.item.needed_for is not None and result.status is not Status.PASSED
