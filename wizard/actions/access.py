"""One paste finds everything: the token is recognised, tried, described, and its assets listed."""

from __future__ import annotations

from wizard.actions.prompter import Choice, Question
from wizard.actions.results import ActionResult, Declined, Done, Refused, action
from wizard.actions.select_assets import choose_account, choose_number, take_account
from wizard.actions.session import Session
from wizard.actions.token_trial import TokenTrial, TrialPolicy, TrialResult, Verdict
from wizard.facts.discovery import Found, discover, what_is
from wizard.facts.facts import Facts
from wizard.facts.models import Account, Token
from wizard.graph import Graph
from wizard.text.localised import Phrase, phrase
from wizard.text.paste import parse_id, parse_token
from wizard.text.secret import Secret


@action("access.present", "access.valid", "access.app")
def take_token(session: Session, facts: Facts) -> ActionResult:
    """Asks for a token until Meta accepts one, keeps it, and takes what it can list."""
    if not session.vault.get("access_token") and not _has_token(session):
        session.show_steps(session.checklist.item("access.present"))
    trial = _accepted_paste(session)
    if trial is None:
        return Refused()
    if not _same_app(session, trial.token):
        return Declined()
    session.keep("access_token", trial.secret, trial.token)
    if trial.app_secret is not None and trial.app_secret != session.keys().app_secret:
        session.keep("app_secret", trial.app_secret)  # the proof was taken: it is this app's
    session.prompter.tell("access.kept", store=session.vault.describe().store)
    if not take_assets(session, trial.graph):
        session.prompter.tell("access.no_account")
    return Done()


def take_assets(session: Session, graph: Graph) -> bool:
    """Lists what the token reaches; one candidate is taken and said, several are offered.

    False when no WABA shows.
    """
    with session.prompter.waiting(phrase("access.discovering")):
        found = discover(graph, session.record.ids)
    if not choose_account(session, found.accounts):
        return False
    chosen = session.record.ids["waba_id"]
    if not choose_number(session, found.numbers_of(chosen)):
        # Not seen is not the same as none: a throttled list is empty too.
        held = next((one.error for one in found.accounts if one.account.id == chosen), None)
        if held is None:
            session.prompter.tell("access.no_number")
        else:
            session.prompter.show_error(held)
    return True


@action("account.visible")
def find_account(session: Session, facts: Facts) -> ActionResult:
    """Looks again by every way; when nothing shows, takes an id and says what it really is."""
    graph = session.graph()
    if take_assets(session, graph):
        return Done()
    session.prompter.tell("account.none_found")
    typed = session.prompter.ask(
        Question("waba_id", phrase("account.paste"), parse=_parse_id_or_none, option="--answers")
    )
    if typed:
        return take_id(session, graph, typed)
    session.show_steps(session.checklist.item("account.visible"))
    return Declined()


def _parse_id_or_none(typed: str) -> str | Phrase:
    """Nothing typed is an answer too: there is no account yet."""
    return parse_id(typed) if typed.strip() else ""


def take_id(session: Session, graph: Graph, pasted: str) -> ActionResult:
    """A pasted id is looked up first: people paste phone number ids and portfolios for WABAs."""
    with session.prompter.waiting(phrase("account.asking_what")):
        node = what_is(graph, pasted)
    lost = "_alone" if node.kind == "number" and not node.parent else ""
    session.prompter.tell(
        f"account.is_{node.kind}{lost}",
        id=pasted,
        name=node.name,
        kind=node.type,
        parent=node.parent_name or node.parent,
    )
    if node.kind == "account":
        take_account(session, Account(pasted, node.name, business_id=node.parent))
    elif node.kind == "number" and node.parent:
        take_account(session, Account(node.parent, node.parent_name))
        session.record.ids["phone_number_id"] = pasted
        session.save()
    elif node.kind != "business" or not choose_account(
        session, [Found(account) for account in node.accounts]
    ):
        return Refused()
    return Done()


def _accepted_paste(session: Session) -> TrialResult | None:
    """Asks until Meta accepts a token; None when Meta cannot be asked, or nothing new comes."""
    tried: Secret | None = None
    question = Question(
        "access_token",
        phrase("access.paste"),
        secret=True,
        parse=parse_token,
        option="credentials set access_token",
    )
    while (pasted := Secret(session.prompter.ask(question))) != tried:
        tried, trial = pasted, TokenTrial(pasted, TrialPolicy(ask_app_secret=True)).run(session)
        if trial.ok:
            return trial
        if trial.verdict is Verdict.UNKNOWN:
            session.prompter.tell("access.not_tried")
            return None
        session.prompter.tell("access.nothing_kept")
    return None


def _has_token(session: Session) -> bool:
    question = Question("has_token", phrase("access.has_token"), default="yes")
    choices = [
        Choice("yes", phrase("access.has_token_yes")),
        Choice("no", phrase("access.has_token_no")),
    ]
    return session.prompter.choose(question, choices) == "yes"


def _same_app(session: Session, token: Token) -> bool:
    """Another app's token never slips into a profile: it would subscribe that other app."""
    ids = session.record.ids
    before = ids.get("app_id")
    if before and before != token.app_id:
        session.prompter.tell(
            "access.other_app", app=token.app_name, id=token.app_id, before=before
        )
        question = Question("other_app", phrase("access.other_app_ask"), default="switch")
        choices = [
            Choice("switch", phrase("access.other_app_switch")),
            Choice("stay", phrase("access.other_app_stay")),
        ]
        if session.prompter.choose(question, choices) == "stay":
            return False
        ids.clear()
        # Graph refuses what is signed with another app's secret, and no word about one app
        # (app.published) holds for another.
        session.record.confirmed.clear()
        session.put_back("app_secret", None)
    ids["app_id"] = token.app_id
    session.save()
    return True
