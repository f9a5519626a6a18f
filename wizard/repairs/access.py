"""One paste finds everything: the token is recognised, tried, described, and its assets listed."""

from __future__ import annotations

from datetime import timedelta

from wizard.audit import look
from wizard.desk import Desk
from wizard.discovery import Found, discover, what_is
from wizard.facts import Account, Facts, Token
from wizard.graph import Graph
from wizard.model import Finding, Outcome
from wizard.repairs.candidate import Candidate, candidate, signed
from wizard.repairs.choosing import choose_account, choose_number, take_account
from wizard.repairs.keeping import keep, put_back
from wizard.repairs.registry import repair
from wizard.repairs.token import APP_SECRET, secret_page
from wizard.state.record import Status
from wizard.talk import Choice, Question
from wizard.text.localised import Phrase, phrase
from wizard.text.paste import mend_id, mend_token
from wizard.text.secret import Secret

#: The words for the kinds of tokens that Meta names; its list is open.
KINDS = {"SYSTEM_USER": "system_user", "USER": "user", "PAGE": "page"}

#: Nothing is wrong with the token itself: the app wants every request signed with its secret.
UNSIGNED = frozenset({"proof_required", "wrong_proof"})


@repair("access.present", "access.valid", "access.app")
def take_token(desk: Desk, facts: Facts) -> None:
    """Asks for a token until Meta accepts one, keeps it, and takes what it can list."""
    if not desk.vault.get("access_token") and not _has_token(desk):
        desk.talk.instruct(desk.checklist.item("access.present"), desk.record.ids)
    trial = _accepted_paste(desk)
    if trial is None or not _same_app(desk, trial.facts.token):
        return
    keep(desk, "access_token", trial.secret, trial.facts.token)
    if trial.app_secret is not None and trial.app_secret != desk.keys().app_secret:
        keep(desk, "app_secret", trial.app_secret)  # the proof was taken: it is this app's
    desk.talk.say("access.kept", store=desk.vault.describe().store)
    if not take_assets(desk, trial.graph):
        desk.talk.say("access.no_account")


def take_assets(desk: Desk, graph: Graph) -> bool:
    """Lists what the token reaches; one candidate is taken and said, several are offered.

    False when no WABA shows.
    """
    with desk.talk.wait(phrase("access.discovering")):
        found = discover(graph, desk.record.ids)
    if not choose_account(desk, found.accounts):
        return False
    chosen = desk.record.ids["waba_id"]
    if not choose_number(desk, found.numbers_of(chosen)):
        # Not seen is not the same as none: a throttled list is empty too.
        held = next((one.trouble for one in found.accounts if one.account.id == chosen), None)
        if held is None:
            desk.talk.say("access.no_number")
        else:
            desk.talk.show_error(held)
    return True


@repair("account.visible")
def find_account(desk: Desk, facts: Facts) -> None:
    """Looks again by every way; when nothing shows, takes an id and says what it really is."""
    graph = desk.graph()
    if take_assets(desk, graph):
        return
    desk.talk.say("account.none_found")
    typed = desk.talk.ask(
        Question("waba_id", phrase("account.paste"), mend=_mend_id_or_none, option="--answers")
    )
    if typed:
        take_id(desk, graph, typed)
    else:
        desk.talk.instruct(desk.checklist.item("account.visible"), desk.record.ids)


def _mend_id_or_none(typed: str) -> str | Phrase:
    """Nothing typed is an answer too: there is no account yet."""
    return mend_id(typed) if typed.strip() else ""


def take_id(desk: Desk, graph: Graph, pasted: str) -> None:
    """A pasted id is looked up first: people paste phone number ids and portfolios for WABAs."""
    with desk.talk.wait(phrase("account.asking_what")):
        node = what_is(graph, pasted)
    lost = "_alone" if node.kind == "number" and not node.parent else ""
    desk.talk.say(
        f"account.is_{node.kind}{lost}",
        id=pasted,
        name=node.name,
        kind=node.type,
        parent=node.parent_name or node.parent,
    )
    if node.kind == "account":
        take_account(desk, Account(pasted, node.name, business_id=node.parent))
    elif node.kind == "number" and node.parent:
        take_account(desk, Account(node.parent, node.parent_name))
        desk.record.ids["phone_number_id"] = pasted
        desk.save()
    elif node.kind == "business":
        choose_account(desk, [Found(account) for account in node.accounts])


def _accepted_paste(desk: Desk) -> Candidate | None:
    """Asks until Meta accepts a token; None when Meta cannot be asked, or nothing new comes."""
    tried: Secret | None = None
    question = Question(
        "access_token",
        phrase("access.paste"),
        secret=True,
        mend=mend_token,
        option="credentials set access_token",
    )
    while (pasted := Secret(desk.talk.ask(question))) != tried:
        tried, trial = pasted, candidate(desk, pasted)
        outcome = _said(desk, trial)
        if outcome.reason in UNSIGNED:
            trial, outcome = _signed(desk, trial, outcome)
        if outcome.status is Status.PASSED:
            return trial
        if outcome.status is not Status.FAILED:
            desk.talk.say("access.not_tried")
            return None
        desk.talk.say("access.nothing_kept")
    return None


def _signed(desk: Desk, trial: Candidate, outcome: Outcome) -> tuple[Candidate, Outcome]:
    """Asks for the app secret until the app takes the proof, or nothing new comes."""
    desk.talk.say("access.proof_why", link=secret_page(desk.record.ids.get("app_id", "")))
    tried: Secret | None = None
    while outcome.reason in UNSIGNED and (typed := Secret(desk.talk.ask(APP_SECRET))) != tried:
        tried, trial = typed, signed(desk, trial.secret, typed)
        outcome = _said(desk, trial)
    return trial, outcome


def _said(desk: Desk, trial: Candidate) -> Outcome:
    """Says what the token is, or why it is not accepted."""
    item = desk.checklist.item("access.valid")
    with desk.talk.wait(phrase("access.trying")):
        outcome = look(item, trial.facts)
    if outcome.status is Status.PASSED:
        describe(desk, trial.facts.token)
    else:
        desk.talk.settled(Finding(item, outcome))
    return outcome


def describe(desk: Desk, token: Token) -> None:
    """Says kind, app and life of a token, the moment it is there."""
    app = token.app_name or token.app_id
    if token.kind in KINDS:
        desk.talk.say(f"access.is_{KINDS[token.kind]}", app=app)
    else:
        desk.talk.say("access.is_other", kind=token.kind or "?", app=app)
    if token.expires_at is None:
        desk.talk.say("access.life_never")
        return
    left, date = token.expires_at - desk.now(), f"{token.expires_at:%Y-%m-%d %H:%M} UTC"
    if left < timedelta(days=3):
        # Rounded up, as the check does it: the last hour counts until it is over.
        desk.talk.say("access.life_hours", date=date, hours=-(-left // timedelta(hours=1)))
    else:
        desk.talk.say("access.life_days", date=date, days=left.days)


def _has_token(desk: Desk) -> bool:
    question = Question("has_token", phrase("access.has_token"), default="yes")
    choices = [
        Choice("yes", phrase("access.has_token_yes")),
        Choice("no", phrase("access.has_token_no")),
    ]
    return desk.talk.choose(question, choices) == "yes"


def _same_app(desk: Desk, token: Token) -> bool:
    """Another app's token never slips into a profile: it would subscribe that other app."""
    ids = desk.record.ids
    before = ids.get("app_id")
    if before and before != token.app_id:
        desk.talk.say("access.other_app", app=token.app_name, id=token.app_id, before=before)
        question = Question("other_app", phrase("access.other_app_ask"), default="switch")
        choices = [
            Choice("switch", phrase("access.other_app_switch")),
            Choice("stay", phrase("access.other_app_stay")),
        ]
        if desk.talk.choose(question, choices) == "stay":
            return False
        ids.clear()
        # Graph refuses what is signed with another app's secret, and no word about one app
        # (app.published) holds for another.
        desk.record.confirmed.clear()
        put_back(desk, "app_secret", None)
    ids["app_id"] = token.app_id
    desk.save()
    return True
