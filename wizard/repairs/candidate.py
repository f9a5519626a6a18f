"""A token on trial: it is kept only when Meta accepts it, so a wrong paste replaces nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wizard.audit import audit
from wizard.desk import Desk
from wizard.facts import Facts
from wizard.graph import Credentials, Graph
from wizard.model import Finding
from wizard.state.record import Status
from wizard.text.errors import Unavailable
from wizard.text.localised import phrase
from wizard.text.secret import Secret


@dataclass(frozen=True)
class Candidate:
    """A token that is not kept yet, with the means to ask Meta about it."""

    secret: Secret
    graph: Graph
    facts: Facts
    app_secret: Secret | None = None  # what it is signed with


def candidate(desk: Desk, secret: Secret) -> Candidate:
    """Opens a candidate, with the proof of the app secret where that is known to belong to it."""
    keys = desk.keys()
    plain = _open(desk, Credentials(access_token=secret, app_id=keys.app_id))
    if keys.app_secret is None:
        return plain
    proven = signed(desk, secret, keys.app_secret)
    try:
        return proven if plain.facts.token.app_id == keys.app_id else plain
    except Unavailable as error:
        # An app that demands the proof answers nothing at all without it.
        return proven if error.values.get("proof") == "required" else plain


def signed(desk: Desk, token: Secret, app_secret: Secret) -> Candidate:
    """Opens a candidate with a proof by this app secret, which is not kept yet either."""
    return _open(
        desk, Credentials(token, desk.record.ids.get("app_id", ""), app_secret, proves=True)
    )


def _open(desk: Desk, keys: Credentials) -> Candidate:
    assert keys.access_token is not None
    graph = desk.open_graph(keys)
    facts = desk.open_facts(graph, desk.record, desk.vault)
    return Candidate(keys.access_token, graph, facts, keys.app_secret if keys.proves else None)


def prove(desk: Desk, trial: Candidate, item_ids: Sequence[str]) -> bool:
    """Judges the candidate by these items and says what is wrong; True when nothing it needs is.

    An advice that fails (a token of 60 days) is said and does not refuse the candidate.
    """
    with desk.talk.wait(phrase("token.proving")):
        findings = list(audit(desk.checklist, trial.facts, only=item_ids))
    for finding in findings:
        if finding.outcome.status is not Status.PASSED:
            desk.talk.settled(finding)
    return not any(_refuses(finding) for finding in findings)


def _refuses(finding: Finding) -> bool:
    return finding.item.needed_for is not None and finding.outcome.status is not Status.PASSED
