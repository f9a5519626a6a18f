"""Which WABA, which number: one candidate is taken and said, several are offered, none is asked."""

from __future__ import annotations

from collections.abc import Sequence

from wizard.actions.prompter import Choice, Question
from wizard.actions.session import Session
from wizard.facts.discovery import Found, discover
from wizard.facts.models import Account, Number
from wizard.state.record import ID_NAMES
from wizard.text.errors import Unavailable
from wizard.text.localised import phrase

ADD = "add"
#: Without these an audit cannot look at the number.
_NEEDED_IDS = ("app_id", "waba_id", "phone_number_id")


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
    """Takes the only WABA, or the one the person picks; False when there is none."""
    if not found:
        return False
    if len(found) == 1:
        chosen = found[0].account
    else:
        question = Question("waba_id", phrase("account.choose"), option="--answers")
        choices = [Choice(entry.account.id, _label(entry)) for entry in found]
        picked = session.prompter.choose(question, choices)
        chosen = next(entry.account for entry in found if entry.account.id == picked)
    take_account(session, chosen)
    session.prompter.tell("account.taken", name=chosen.name, id=chosen.id)
    return True


def choose_number(session: Session, numbers: Sequence[Number], *, may_add: bool = False) -> bool:
    """Takes the only number, or the one the person picks; False: none, or "add another"."""
    if not numbers:
        return False
    # A number that is the profile's already and yet not in order is not chosen by itself again.
    again = may_add and session.record.ids.get("phone_number_id") == numbers[0].id
    if len(numbers) == 1 and not again:
        chosen = numbers[0]
    else:
        question = Question("phone_number_id", phrase("number.choose"), option="--answers")
        choices = [Choice(n.id, phrase("number.choice", **_described(n))) for n in numbers]
        if may_add:
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


def complete_ids(session: Session) -> dict[str, str]:
    """Takes over the ids that the token leaves no choice about, says so, and returns them.

    For a profile with a token and without ids, say in CI. Several WABAs or numbers are nobody's
    choice but the person's; a token that cannot be asked is the audit's to report.
    """
    ids = session.record.ids
    if all(ids.get(name) for name in _NEEDED_IDS):
        return {}
    try:
        taken = discover(session.graph(), ids).only_choice(ids)
    except Unavailable:
        return {}
    ids |= taken
    for name in (name for name in ID_NAMES if name in taken):
        session.prompter.tell(f"discovery.took_{name}", id=taken[name])
    return taken
