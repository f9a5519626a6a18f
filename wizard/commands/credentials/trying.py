"""A value on trial: asked of Meta where Meta can say, judged by its shape where it cannot."""

from __future__ import annotations

from dataclasses import dataclass

from wizard.audit import audit, look
from wizard.commands.credentials.names import PAGE, is_token
from wizard.desk import Desk
from wizard.facts import Token
from wizard.graph import Credentials, GraphError
from wizard.model import Finding
from wizard.repairs.access import describe
from wizard.repairs.candidate import Candidate, candidate, prove
from wizard.state.record import Status
from wizard.text.errors import ErrorKind, Exit, Unavailable
from wizard.text.localised import phrase
from wizard.text.secret import Secret

#: What a token must stand before it may replace one that works.
MUST = ("access.valid", "access.app", "account.visible", "number.added", "token.assets")


@dataclass(frozen=True)
class Tried:
    """FINE, CREDENTIAL (refused) or NOT_SEEN (Meta could not be asked); what a token is."""

    code: Exit
    token: Token | None = None


def tried(desk: Desk, name: str, secret: Secret) -> Tried:
    """The trial of a value under a name; everything it finds is said."""
    if is_token(name):
        return _token(desk, name, secret)
    if name == "app_secret":
        return Tried(app_secret(desk, desk.record.ids.get("app_id", ""), secret))
    # A PIN is not tried: guesses are limited, and only registering would tell.
    return Tried(Exit.FINE)


def app_secret(desk: Desk, app_id: str, secret: Secret) -> Exit:
    """Whether it belongs to this app. Unavailable when the app is not known, or nobody answers."""
    if not app_id:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="app_id")
    graph = desk.open_graph(Credentials(None, app_id, secret))
    try:
        with desk.talk.wait(phrase("token.secret_proving")):
            graph.get(app_id, fields=("id",), as_app=True)
    except GraphError as error:
        if error.kind is ErrorKind.BUSY:
            raise
        desk.talk.say("credentials.secret_refused", app=app_id)
        return Exit.CREDENTIAL
    return Exit.FINE


def _token(desk: Desk, name: str, secret: Secret) -> Tried:
    trial = candidate(desk, secret)
    item = desk.checklist.item("access.valid")
    with desk.talk.wait(phrase("access.trying")):
        outcome = look(item, trial.facts)
    if outcome.status is not Status.PASSED:
        desk.talk.settled(Finding(item, outcome))
        return Tried(Exit.CREDENTIAL if outcome.status is Status.FAILED else Exit.NOT_SEEN)
    token = trial.facts.token
    describe(desk, token)
    fits = _fits_name(desk, name, token) and _same_app(desk, token)
    if fits and name == "access_token":
        fits = _worthy(desk, trial)
    return Tried(Exit.FINE if fits else Exit.CREDENTIAL, token)


def _fits_name(desk: Desk, name: str, token: Token) -> bool:
    kind, _, page = name.partition(":")
    wanted = {"user_token": "USER", PAGE: "PAGE"}.get(kind, token.kind)
    if token.kind != wanted or (page and token.page_id not in ("", page)):
        desk.talk.say("credentials.other_kind", name=name, kind=token.kind, page=token.page_id)
        return False
    return True


def _same_app(desk: Desk, token: Token) -> bool:
    """Another app's token never slips into a profile: it would subscribe that other app."""
    before = desk.record.ids.get("app_id")
    if before and before != token.app_id:
        app = token.app_name or token.app_id
        desk.talk.say("credentials.other_app", app=app, id=token.app_id, before=before)
        return False
    return True


def _worthy(desk: Desk, trial: Candidate) -> bool:
    """Whether it may take the place of the token that is kept: a working one is not lost."""
    if not desk.vault.get("access_token") or not works(desk):
        return True
    ids = desk.record.ids
    known = [i for i in MUST if _ID_OF.get(i, "app_id") in ids]
    if prove(desk, trial, known):
        return True
    desk.talk.say("credentials.keeps_working_one")
    return False


_ID_OF = {
    "account.visible": "waba_id",
    "number.added": "phone_number_id",
    "token.assets": "phone_number_id",
}


def works(desk: Desk) -> bool:
    """Whether Meta accepts the token that is kept now."""
    facts = desk.facts()
    findings = audit(desk.checklist, facts, only=("access.valid",))
    return all(finding.outcome.status is Status.PASSED for finding in findings)
