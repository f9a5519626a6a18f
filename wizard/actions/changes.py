"""What can be changed on any profile, finished or not: one menu, and an answers file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import structs

from wizard.actions import access, environment, message, number, set_callback, token
from wizard.actions.prompter import Choice, Question
from wizard.actions.results import Action, ActionResult, Declined, Done, Refused
from wizard.actions.session import Session
from wizard.audit.checklist import Item
from wizard.audit.results import ItemResult
from wizard.facts.discovery import discover
from wizard.facts.facts import Facts
from wizard.state.record import Goal
from wizard.text.errors import Back, Unavailable, UsageError
from wizard.text.localised import LANGUAGES, phrase
from wizard.text.paste import parse_pin
from wizard.text.sanitise import masked
from wizard.text.secret import PIN, Secret
from wizard.vault.environment import SOURCE

NOTHING = "nothing"


def ask_goals(session: Session) -> None:
    """Asks for the goal and keeps it."""
    both = f"{Goal.SENDING},{Goal.RECEIVING}"
    now = both if Goal.RECEIVING in session.record.goals else str(Goal.SENDING)
    question = Question("goals", phrase("guide.goals"), default=now, option="--answers")
    choices = [
        Choice(Goal.SENDING, phrase("guide.goals_sending")),
        Choice(both, phrase("guide.goals_receiving")),
    ]
    picked = session.prompter.choose(question, choices)
    session.record.goals = tuple(Goal(goal) for goal in picked.split(","))
    session.save()


def choose_change(session: Session, advice: Sequence[ItemResult] = (), ask: str = "change") -> str:
    """What the person picks from the menu: an item of the advice, a change, or NOTHING."""
    offered = [name for name, (_, there) in CHANGES.items() if there(session)]
    titles = [getattr(result.item.title, session.language) for result in advice]
    choices = [
        Choice(NOTHING, phrase(f"guide.{ask}_nothing")),
        *(
            Choice(result.item.id, phrase("guide.change_advice", item=title))
            for result, title in zip(advice, titles, strict=True)
        ),
        *(Choice(name, phrase(f"guide.change_{name}")) for name in offered),
    ]
    question = Question("change", phrase(f"guide.{ask}_ask"), default=NOTHING)
    return session.prompter.choose(question, choices)


def change(session: Session, name: str) -> ActionResult:
    """Makes the change of this name; whatever hinders it was said, and nothing entered is lost."""
    try:
        return CHANGES[name][0](session, session.facts())
    except Back:
        return Declined()
    except Unavailable as error:
        session.prompter.show_error(error)
        return Refused(error)
    finally:
        session.save()


def take_answers(session: Session, given: Mapping[str, str]) -> None:
    """What an answers file says of a profile that exists: goals and secrets, taken over.

    UsageError names the key that could not be; the ids are for access.complete_ids.
    """
    if goals := given.get("goals"):
        session.record.goals = tuple(Goal(goal) for goal in goals.split(","))
        session.save()
    number = session.record.ids.get("display_phone_number", "")
    wanted = given.get("phone_number", number)
    if number and _digits(wanted) != _digits(number):
        raise UsageError("answers.other_number", key="phone_number", there=number)
    for name, take in SECRETS.items():
        kept = session.vault.get(name)
        if name not in given or kept is None or kept.secret == Secret(given[name].strip()):
            continue
        if kept.source == SOURCE:
            raise UsageError("answers.from_environment", key=f"secrets.{name}", place=kept.detail)
        if not take(session, session.facts()).ok:
            raise UsageError("answers.not_taken", key=f"secrets.{name}")


def take_callback(session: Session, given: Mapping[str, str]) -> None:
    """The callback URL and its level of an answers file, where another one is set; UsageError."""
    said = {name: given.get(f"webhook.{name}", "") for name in ("callback_url", "level")}
    chosen = session.record.webhook
    if not chosen or all(value in ("", chosen.get(name)) for name, value in said.items()):
        return
    if not set_callback.choose_callback(session, session.facts()).ok:
        raise UsageError("answers.not_taken", key="webhook")


def take_words(session: Session, words: Mapping[str, str]) -> None:
    """A person's words for what was confirmed before, as the answers file has them now."""
    confirmed = session.record.confirmed
    for item_id in words.keys() & confirmed.keys():
        if words[item_id] != confirmed[item_id].words:
            changed = structs.replace(
                confirmed[item_id], words=masked(words[item_id]), at=session.stamp()
            )
            confirmed[item_id] = changed
    session.save()


def _digits(number: str) -> str:
    return "".join(filter(str.isdigit, number))


def _keep_pin(session: Session, facts: Facts) -> ActionResult:
    question = Question(PIN, phrase("number.pin_known_ask"), secret=True, parse=parse_pin)
    session.keep(PIN, Secret(session.prompter.ask(question)))
    return Done()


#: Name → what takes another secret of this name.
SECRETS: dict[str, Action] = {
    "access_token": access.take_token,
    "app_secret": token.ask_app_secret,
    "verify_token": set_callback.keep_verify_token,
    PIN: _keep_pin,
}


def _other_goals(session: Session, facts: Facts) -> ActionResult:
    ask_goals(session)
    return Done()


def _other_account(session: Session, facts: Facts) -> ActionResult:
    """One of those that the token reaches; where it shows no other, an id is asked for."""
    graph = session.graph()
    with session.prompter.waiting(phrase("access.discovering")):
        found = discover(graph, session.record.ids)
    if len(found.accounts) > 1:
        access.choose_account(session, found.accounts)
        access.choose_number(session, found.numbers_of(session.record.ids["waba_id"]))
        return Done()
    typed = session.prompter.ask(access.ACCOUNT_ID)
    return access.take_id(session, graph, typed) if typed else Declined()


def _other_language(session: Session, facts: Facts) -> ActionResult:
    """The language of this profile, from the next sentence on."""
    choices = [Choice(name, phrase(f"guide.language_{name}")) for name in LANGUAGES]
    question = Question("language", phrase("guide.language_ask"), default=session.language)
    session.language = session.prompter.choose(question, choices)
    assert session.speak is not None
    session.speak(session.language)
    return Done()


def _other_store(session: Session, facts: Facts) -> ActionResult:
    """Another store; what the one before holds is moved there."""
    assert session.stores is not None
    return environment.choose_store(session, session.stores, bring=True)


def _confirmed(session: Session) -> list[Item]:
    return [item for item in session.checklist.items if item.id in session.record.confirmed]


def _withdraw(session: Session, facts: Facts) -> ActionResult:
    """Takes back one thing that a person confirmed; the next look judges it anew."""
    choices = [
        Choice(item.id, getattr(item.title, session.language)) for item in _confirmed(session)
    ]
    question = Question("withdraw", phrase("guide.withdraw_ask"))
    item_id = session.prompter.choose(question, choices)
    del session.record.confirmed[item_id]
    session.save()
    session.prompter.tell("guide.withdrawn")
    return Done()


def _known(name: str) -> Callable[[Session], bool]:
    return lambda session: bool(session.record.ids.get(name))


def _always(session: Session) -> bool:
    return True


#: Name → what changes it, and whether there is anything to change yet.
CHANGES: dict[str, tuple[Action, Callable[[Session], bool]]] = {
    "message": (message.send_test, lambda session: session.record.test_message is not None),
    "goals": (_other_goals, _always),
    "token": (access.take_token, _always),
    "lasting": (token.renew, _known("waba_id")),
    "account": (_other_account, _known("app_id")),
    "number": (number.add, _known("waba_id")),
    "app_secret": (token.ask_app_secret, _known("app_id")),
    "callback": (set_callback.choose_callback, _known("phone_number_id")),
    "language": (_other_language, lambda session: session.speak is not None),
    "store": (_other_store, lambda session: session.stores is not None),
    "confirmed": (_withdraw, lambda session: bool(_confirmed(session))),
}
