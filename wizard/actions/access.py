"""Which WABA, which number: one candidate is taken and said, several are offered, none is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wizard.actions.environment import can_keep
from wizard.actions.login import PORT, browser_token
from wizard.actions.prompter import Choice, Question
from wizard.actions.results import ActionResult, Declined, Done, Refused, action
from wizard.actions.session import Session
from wizard.actions.token_trial import TokenTrial, TrialPolicy, TrialResult, Verdict
from wizard.facts.discovery import Discovery, Found, discover, what_is
from wizard.facts.facts import Facts
from wizard.facts.models import Account, Number, Token
from wizard.graph import Graph
from wizard.state.record import ID_NAMES
from wizard.text.errors import ErrorKind, Unavailable, UsageError
from wizard.text.localised import Phrase, phrase
from wizard.text.paste import parse_id, parse_token
from wizard.text.secret import Secret

ADD = "add"
#: What gives an id where no one can be asked.
FILE = "--answers FILE"
#: Without these an audit cannot look at the number.
_NEEDED_IDS = ("app_id", "waba_id", "phone_number_id")
#: What is forgotten with an id.
_BELOW = {
    "waba_id": ("business_id", "phone_number_id", "display_phone_number"),
    "phone_number_id": ("waba_id", "business_id", "display_phone_number"),
}
#: What goes with the WABA it is in.
_OF_A_NUMBER = ("phone_number_id", "display_phone_number")
#: What says nothing of whether a token reaches something.
_NOT_SEEN = (ErrorKind.UNREACHABLE, ErrorKind.BUSY, ErrorKind.ODD)


def take_account(session: Session, account: Account) -> None:
    """Makes this the WABA of the profile; a number of another WABA is forgotten with it."""
    ids = session.record.ids
    if ids.get("waba_id") != account.id:
        ids.pop("phone_number_id", None)
        ids.pop("display_phone_number", None)
    ids["waba_id"] = account.id
    if account.business_id:
        ids["business_id"] = account.business_id
    session.save()


def take_number(session: Session, number: Number) -> None:
    """Makes this the number of the profile."""
    session.record.ids |= {"phone_number_id": number.id, "display_phone_number": number.display}
    session.save()


def choose_account(session: Session, found: Sequence[Found]) -> bool:
    """Takes the pinned WABA, the only one, or the one the person picks; False for none."""
    if not found:
        return False
    pin = session.expected.get("waba_id")
    found = [entry for entry in found if entry.account.id == pin] or found
    question = Question("waba_id", phrase("account.choose"), option=FILE)
    choices = [Choice(entry.account.id, _label(entry)) for entry in found]
    picked = session.prompter.choose(question, choices)
    chosen = next(entry.account for entry in found if entry.account.id == picked)
    take_account(session, chosen)
    session.prompter.tell("account.taken", name=chosen.name, id=chosen.id)
    return True


def choose_number(session: Session, numbers: Sequence[Number], *, may_add: bool = False) -> bool:
    """Takes the pinned number, the only one, or the one the person picks.

    False: none, or "add another".
    """
    if not numbers:
        return False
    pin = session.expected.get("phone_number_id")
    numbers = [number for number in numbers if number.id == pin] or numbers
    # A number that is the profile's already and yet not in order is not chosen by itself again.
    again = may_add and session.record.ids.get("phone_number_id") == numbers[0].id
    question = Question("phone_number_id", phrase("number.choose"), option=FILE)
    choices = [Choice(n.id, phrase("number.choice", **_described(n))) for n in numbers]
    if may_add and (again or len(numbers) > 1):
        choices.append(Choice(ADD, phrase("number.choice_add")))
    picked = session.prompter.choose(question, choices)
    if picked == ADD:
        return False
    chosen = next(number for number in numbers if number.id == picked)
    take_number(session, chosen)
    session.prompter.tell("number.taken", number=chosen.display, id=chosen.id)
    return True


def _label(entry: Found) -> str:
    """Name, owner, numbers and id: what tells one WABA from another at a glance."""
    account = entry.account
    numbers = ", ".join(number.display for number in entry.numbers[:3])
    parts = (account.name, account.business_name, numbers, account.id)
    return " · ".join(part for part in parts if part)


def _described(number: Number) -> dict[str, str]:
    return {
        "number": number.display,
        "name": number.verified_name or "–",
        "status": number.status or "–",
    }


def complete_ids(session: Session, given: Mapping[str, str] = {}) -> dict[str, str]:
    """Takes over the ids that the token leaves no choice about, says so, and returns them.

    For a profile with a token and without ids, say in CI. Several WABAs or numbers are no one's
    choice but the person's, unless the profile is pinned to one of them; a pinned id that the
    token does not reach is the check access.expected's to report, as a token that cannot be
    asked is the audit's. What is `given` is taken as it is, also where Meta does not show it, or
    refused: UsageError, with what there is, where Meta shows something else.
    """
    ids, pins = session.record.ids, session.expected
    asked = {
        name: given[name] for name in ID_NAMES if given.get(name, "") not in ("", ids.get(name))
    }
    differs = any(ids.get(name, pin) != pin for name, pin in pins.items())
    if not (asked or differs) and all(ids.get(name) for name in _NEEDED_IDS):
        return {}
    other = "waba_id" in asked
    known = {n: v for n, v in ids.items() if not (other and n in _OF_A_NUMBER)} | asked
    try:
        found = discover(session.graph(), {**known, **pins})
    except Unavailable:
        return {}
    _refuse_others(found, known, asked)
    reached = _reached(found, pins)
    if reached.keys() < pins.keys() and any(
        error.kind in _NOT_SEEN for error in found.unreadable.values()
    ):
        return {}  # a throttled read is no proof that the token leads elsewhere
    known = _pinned(found, known, pins, reached)
    taken = known | found.only_choice(known)
    new = {name: taken[name] for name in ID_NAMES if taken.get(name) not in (None, ids.get(name))}
    ids.clear()
    ids |= taken
    for name in new:
        key = "given" if name in asked else f"took_{name}"
        session.prompter.tell(f"discovery.{key}", name=name, id=taken[name])
    return new


def _reached(found: Discovery, pins: Mapping[str, str]) -> dict[str, str]:
    """Those of the pinned ids that the token leads to."""
    shown = _shown(found)
    return {name: pin for name, pin in pins.items() if pin in shown[name]}


def _shown(found: Discovery, waba: str = "") -> dict[str, list[str]]:
    """What the token shows of each id; numbers are those of this WABA, else of every one."""
    seen = [one for one in found.accounts if one.visible]
    ours = [one for one in seen if one.account.id == waba] or seen
    app = found.token.app_id if found.token else ""
    owners = {one.account.business_id for one in ours} - {""}
    return {
        "app_id": [app] if app else [],
        "business_id": sorted(owners | {business.id for business in found.businesses}),
        "waba_id": [one.account.id for one in seen],
        "phone_number_id": [number.id for one in ours for number in one.numbers],
    }


def _pinned(
    found: Discovery, ids: Mapping[str, str], pins: Mapping[str, str], reached: Mapping[str, str]
) -> dict[str, str]:
    """The ids with the pinned ones that the token reaches; what hung on another one goes.

    Where it reaches others alone, the first of them shows where it leads.
    """
    known = dict(ids)
    for name, below in _BELOW.items():
        if name in reached and ids.get(name, reached[name]) != reached[name]:
            for other in below:
                known.pop(other, None)
    known |= reached
    others = [one.account.id for one in found.accounts if one.visible]
    chosen = known.get("waba_id") or known.get("phone_number_id")
    if others and not chosen and pins.keys() & _BELOW.keys():
        known["waba_id"] = others[0]
    numbers = found.numbers_of(known.get("waba_id", ""))
    if "phone_number_id" in pins and not known.get("phone_number_id") and numbers:
        known["phone_number_id"] = numbers[0].id
    return known


def _refuse_others(found: Discovery, known: Mapping[str, str], asked: Mapping[str, str]) -> None:
    """UsageError where Meta shows that the token leads elsewhere than was asked for."""
    waba = known.get("waba_id", "")
    # The read that would show it, where it had no answer, says nothing of what there is.
    reads = {"waba_id": waba, "phone_number_id": "phone_numbers"}
    for name, there in _shown(found, waba).items():
        if name not in asked or _not_seen(found, reads.get(name, "")):
            continue
        if there and asked[name] not in there:
            raise UsageError("answers.leads_elsewhere", key=f"ids.{name}", there=", ".join(there))


def _not_seen(found: Discovery, ending: str) -> bool:
    """Whether a read of such a path had no answer, which says nothing of what there is."""
    refused = {ErrorKind.NOT_VISIBLE, ErrorKind.PERMISSION}
    errors = found.unreadable.items() if ending else ()
    return any(path.endswith(ending) and error.kind not in refused for path, error in errors)


@action("access.present", "access.valid", "access.app")
def take_token(session: Session, facts: Facts) -> ActionResult:
    """Asks for a token until Meta accepts one, keeps it, and takes what it can list."""
    if not can_keep(session):
        return Refused()
    way = "yes" if session.vault.get("access_token") else _way_to_a_token(session)
    if way == "browser":
        return sign_in(session)
    if way == "no":
        session.show_steps(session.checklist.item("access.present"))
    return _take_over(session, _accepted_paste(session))


def sign_in(session: Session, port: int = PORT, config: str = "") -> ActionResult:
    """Signs in with the browser and goes on as after a paste."""
    return _take_over(session, browser_token(session, port=port, config=config))


def _take_over(session: Session, trial: TrialResult | None) -> ActionResult:
    """Keeps a token that Meta accepted, and takes what it can list."""
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
    if typed := session.prompter.ask(ACCOUNT_ID):
        return take_id(session, graph, typed)
    session.show_steps(session.checklist.item("account.visible").standing("not_given"))
    return Declined()


def _parse_id_or_none(typed: str) -> str | Phrase:
    """Nothing typed is an answer too: there is no account yet."""
    return parse_id(typed) if typed.strip() else ""


ACCOUNT_ID = Question("waba_id", phrase("account.paste"), parse=_parse_id_or_none, option=FILE)


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
        once=True,
    )
    while (pasted := Secret(session.prompter.ask(question))) != tried:
        tried, trial = pasted, TokenTrial(pasted, TrialPolicy(ask_app_secret=True)).run(session)
        if trial.ok:
            return trial
        if trial.verdict is Verdict.UNKNOWN:
            session.prompter.tell("access.not_tried")
            return None
        session.prompter.tell("access.nothing_kept")
    session.prompter.tell("access.same_again")
    return None


def _way_to_a_token(session: Session) -> str:
    question = Question("has_token", phrase("access.has_token"), default="yes")
    choices = [
        Choice("yes", phrase("access.has_token_yes")),
        Choice("no", phrase("access.has_token_no")),
        Choice("browser", phrase("access.has_token_browser")),
    ]
    return session.prompter.choose(question, choices)


def _same_app(session: Session, token: Token) -> bool:
    """Another app's token never slips into a profile: it would subscribe that other app."""
    ids = session.record.ids
    if not token.app_id:
        return True  # Meta would not say whose it is
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
