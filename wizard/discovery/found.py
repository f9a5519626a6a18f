"""What a search found, as frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wizard.facts import Account, MetaApp, Number, Token
from wizard.facts.nouns import Business
from wizard.text.errors import Unavailable

#: What Meta calls the WABA that it makes for trying out; the person may have renamed it.
_TEST_NAME = "test whatsapp business account"


@dataclass(frozen=True)
class Found:
    """A WABA with its numbers; `trouble` says why it or they could not be read in full."""

    account: Account
    numbers: tuple[Number, ...] = ()
    trouble: Unavailable | None = None

    @property
    def is_test(self) -> bool:
        """Meta's own WABA for trying out: nothing but a +1 555 number, or none and its name."""
        if self.numbers:
            return all(number.is_test_number for number in self.numbers)
        return self.account.name.casefold().startswith(_TEST_NAME)

    @property
    def visible(self) -> bool:
        """Whether this token may read it: any node has id and name, a WABA has more."""
        seen = self.account
        return bool(self.numbers or seen.review or seen.currency or seen.timezone_id)


@dataclass(frozen=True)
class Discovery:
    """Everything a token reaches; real WABAs before the test one.

    `dead_ends` maps each way that showed nothing to the reason: the path that was asked. `token`
    is None when Meta would not say what the token is.
    """

    token: Token | None = None
    app: MetaApp | None = None
    businesses: tuple[Business, ...] = ()
    accounts: tuple[Found, ...] = ()
    dead_ends: Mapping[str, Unavailable] = field(default_factory=dict)

    def numbers_of(self, waba_id: str) -> tuple[Number, ...]:
        """The numbers of one WABA; none when it was not found."""
        return next((f.numbers for f in self.accounts if f.account.id == waba_id), ())

    def holder(self, phone_number_id: str) -> Account | None:
        """The WABA that holds this number."""
        return next(
            (f.account for f in self.accounts if phone_number_id in {n.id for n in f.numbers}),
            None,
        )

    def only_choice(self, known: Mapping[str, str]) -> dict[str, str]:
        """The ids that leave no choice, beyond those already known; where several fit, none."""
        taken = dict(known)
        if self.token and self.token.app_id:
            taken.setdefault("app_id", self.token.app_id)
        if account := self._account(known):
            taken.setdefault("waba_id", account.id)
            if account.business_id:
                taken.setdefault("business_id", account.business_id)
        numbers = self.numbers_of(taken.get("waba_id", ""))
        wanted = known.get("phone_number_id")
        number = next((n for n in numbers if n.id == wanted), None)
        if len(numbers) == 1 and not wanted:
            number = numbers[0]
        if number:
            taken.setdefault("phone_number_id", number.id)
            taken.setdefault("display_phone_number", number.display)
        return {name: value for name, value in taken.items() if not known.get(name)}

    def _account(self, known: Mapping[str, str]) -> Account | None:
        if waba_id := known.get("waba_id"):
            return next((f.account for f in self.accounts if f.account.id == waba_id), None)
        if number := known.get("phone_number_id"):
            return self.holder(number)
        # One that is listed but not assigned to this token is no choice beside one that is.
        usable = [found for found in self.accounts if found.visible] or self.accounts
        return usable[0].account if len(usable) == 1 else None
