"""The trial of a token or an app secret: kept only when Meta accepts it, so a wrong paste
replaces nothing. Setup, `credentials set`, `import` and `rotate` all try a token here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from msgspec import structs

from wizard.actions.prompter import Question
from wizard.actions.session import Session
from wizard.audit.results import CheckResult, ItemResult
from wizard.audit.runner import audit, look
from wizard.facts.discovery import discover
from wizard.facts.facts import Facts
from wizard.facts.models import Token
from wizard.graph import Credentials, Graph, GraphError
from wizard.state.record import Status, write_time
from wizard.text.durations import hours_left
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.localised import phrase
from wizard.text.paste import parse_secret
from wizard.text.secret import Secret

APP_SECRET = Question(
    "app_secret",
    phrase("token.secret_ask"),
    secret=True,
    parse=parse_secret,
    option="credentials set app_secret",
    once=True,
)
#: Nothing is wrong with the token itself: the app wants every request signed with its secret.
UNSIGNED = frozenset({"proof_required", "wrong_proof"})
#: The words for the kinds of tokens that Meta names; its list is open.
KINDS = {"SYSTEM_USER": "system_user", "USER": "user", "PAGE": "page"}


class Verdict(StrEnum):
    """How a trial ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # by Meta
    UNKNOWN = "unknown"  # Meta could not be asked
    OTHER_APP = "other_app"
    UNSUITABLE = "unsuitable"  # an item that the work needs does not pass


_VERDICTS = {Status.PASSED: Verdict.ACCEPTED, Status.FAILED: Verdict.REFUSED}


@dataclass(frozen=True)
class TrialPolicy:
    """What must hold of a token, besides that Meta accepts it, and what is said meanwhile."""

    same_app: bool = False  # it belongs to the app of this profile, where one is known
    items: tuple[str, ...] = ()  # items of the checklist that must pass with it, where required
    ask_app_secret: bool = False  # the person may be asked for it, where the app demands the proof
    describe: bool = True  # say its kind, its app and when it ends
    show: bool = True  # show what is wrong with it


@dataclass(frozen=True)
class TrialResult:
    """How a trial ended, and the means to ask Meta more with this token.

    `check` is what was seen of access.valid; `app_secret` what the token was signed with.
    """

    verdict: Verdict
    secret: Secret
    graph: Graph
    facts: Facts
    check: CheckResult
    app_secret: Secret | None

    @property
    def ok(self) -> bool:
        """Whether everything holds that the policy wants."""
        return self.verdict is Verdict.ACCEPTED

    @property
    def token(self) -> Token:
        """What Meta says of the token; Unavailable where it says nothing."""
        return self.facts.token


@dataclass(frozen=True)
class TokenTrial:
    """One token that is not kept yet."""

    secret: Secret
    policy: TrialPolicy = TrialPolicy()

    def run(self, session: Session) -> TrialResult:
        """Asks Meta; says what was seen as far as the policy wants it."""
        result = self._look(session, self._keys(session))
        if result.check.reason in UNSIGNED and self.policy.ask_app_secret:
            result = self._with_app_secret(session, result)
        if not result.ok:
            return result
        ours = session.record.ids.get("app_id")
        # Not shown is not another one.
        if self.policy.same_app and ours and result.token.app_id not in ("", ours):
            return replace(result, verdict=Verdict.OTHER_APP)
        if not self._suits(session, result.facts):
            return replace(result, verdict=Verdict.UNSUITABLE)
        return result

    def _keys(self, session: Session) -> Credentials:
        """With the proof of the app secret, where that is known to belong to the token's app."""
        keys = session.keys()
        plain = Credentials(access_token=self.secret, app_id=keys.app_id)
        if keys.app_secret is None:
            return plain
        proven = Credentials(self.secret, keys.app_id, keys.app_secret, proves=True)
        try:
            facts = session.open_facts(session.open_graph(plain), session.record, session.vault)
            return proven if facts.token.app_id == keys.app_id else plain
        except Unavailable as error:
            # An app that demands the proof answers nothing at all without it.
            return proven if error.values.get("proof") == "required" else plain

    def _look(self, session: Session, keys: Credentials) -> TrialResult:
        """Whether Meta accepts it."""
        item, graph = session.checklist.item("access.valid"), session.open_graph(keys)
        facts = session.open_facts(graph, session.record, session.vault)
        with session.prompter.waiting(phrase("access.trying")):
            check = look(item, facts)
            if check.status is Status.UNKNOWN and not session.record.ids.get("waba_id"):
                facts = self._with_an_account(session, graph) or facts
                check = look(item, facts)
        verdict = _VERDICTS.get(check.status, Verdict.UNKNOWN)
        if verdict is Verdict.ACCEPTED and self.policy.describe:
            describe(session, facts.token)
        elif verdict is not Verdict.ACCEPTED and self.policy.show:
            session.prompter.show_result(ItemResult(item, check))
        signed_with = keys.app_secret if keys.proves else None
        return TrialResult(verdict, self.secret, graph, facts, check, signed_with)

    def _with_an_account(self, session: Session, graph: Graph) -> Facts | None:
        """Facts about a WABA that it reads: a token that Meta will not describe is proven so."""
        try:
            found = discover(graph, session.record.ids).accounts
        except Unavailable:
            return None
        if not (seen := next((one for one in found if one.visible), None)):
            return None
        ids = {**session.record.ids, "waba_id": seen.account.id}
        return session.open_facts(graph, structs.replace(session.record, ids=ids), session.vault)

    def _with_app_secret(self, session: Session, result: TrialResult) -> TrialResult:
        """Asks for the app secret until the app takes the proof, or nothing new comes."""
        app_id = session.record.ids.get("app_id", "")
        session.prompter.tell("access.proof_why", link=secret_page(app_id))
        tried: Secret | None = None
        while result.check.reason in UNSIGNED:
            typed = Secret(session.prompter.ask(APP_SECRET))
            if typed == tried:
                break
            tried = typed
            result = self._look(session, Credentials(self.secret, app_id, typed, proves=True))
        return result

    def _suits(self, session: Session, facts: Facts) -> bool:
        """Whether the items pass. Advice that fails (a token of 60 days) is shown, no more."""
        if not self.policy.items:
            return True
        with session.prompter.waiting(phrase("token.proving")):
            results = list(audit(session.checklist, facts, only=self.policy.items))
        wrong = [result for result in results if result.status is not Status.PASSED]
        for result in wrong if self.policy.show else ():
            session.prompter.show_result(result)
        return not any(result.item.needed_for is not None for result in wrong)


def describe(session: Session, token: Token) -> None:
    """Says kind, app and life of a token, the moment it is there."""
    app = token.app_name or token.app_id
    if not token.described:
        session.prompter.tell("access.not_described")
        return
    if token.kind in KINDS:
        session.prompter.tell(f"access.is_{KINDS[token.kind]}", app=app)
    else:
        session.prompter.tell("access.is_other", kind=token.kind or "?", app=app)
    if token.expires_at is None:
        session.prompter.tell("access.life_never")
        return
    left, date = token.expires_at - session.now(), write_time(token.expires_at)
    if left < timedelta(days=3):
        # Rounded up, as the check does it: the last hour counts until it is over.
        session.prompter.tell(
            "access.life_hours", date=date, hours=hours_left(token.expires_at, session.now())
        )
    else:
        session.prompter.tell("access.life_days", date=date, days=left.days)


def secret_page(app_id: str) -> str:
    """Where the app secret is shown; the list of apps while the app is not known."""
    page = f"apps/{app_id}/settings/basic/" if app_id else "apps/"
    return f"https://developers.facebook.com/{page}"


def app_secret_refusal(session: Session, app_id: str, secret: Secret) -> GraphError | None:
    """Meta's refusal of a secret that does not belong to this app; None when it does.

    Unavailable when the app is not known, or no one answers: that says nothing about the secret.
    """
    if not app_id:
        raise Unavailable(ErrorKind.NOT_GIVEN, name="app_id")
    graph = session.open_graph(Credentials(None, app_id, secret))
    try:
        with session.prompter.waiting(phrase("token.secret_proving")):
            graph.get(app_id, fields=("id",), as_app=True)
    except GraphError as error:
        if error.kind is ErrorKind.BUSY:
            raise
        # The same code means a dead token elsewhere; here nothing but the secret signed.
        return GraphError(error.kind, **{**error.values, "proof": "secret"})
    return None
