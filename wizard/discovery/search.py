"""Finds what a token reaches, by every way there is.

No way is sure: `target_ids` is left out for an admin system user, me/assigned… wants
business_management and may answer an empty list, the client edge wants an admin, a portfolio may
be hidden. So each is asked, together, and one that fails shows nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from wizard.discovery.found import Discovery, Found
from wizard.facts import Account, MetaApp, Number, Token, apps
from wizard.facts.accounts import ACCOUNT_FIELDS, BUSINESS_FIELDS, account, business
from wizard.facts.asking import Asking
from wizard.facts.inspection import inspect
from wizard.facts.nouns import Business
from wizard.facts.numbers import LIST_FIELDS, number
from wizard.facts.together import together
from wizard.graph import Graph, Json
from wizard.text.errors import ErrorKind, Unavailable

Noun = TypeVar("Noun", Account, Business, Number)

#: WABAs that are read in full; more are listed without their numbers. A portfolio begins with
#: 20, and an agency's token may see hundreds.
MOST_ACCOUNTS = 20
#: Portfolios whose edges are asked.
MOST_BUSINESSES = 10
#: What is found leads on (a WABA to its owner, the owner to more WABAs), but not for ever.
_ROUNDS = 4

_SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")
_TOKEN = "debug_token"
_EDGES = ("owned_whatsapp_business_accounts", "client_whatsapp_business_accounts")
#: Nobody answers, or nobody answers this token: no other way would tell more.
_HOPELESS = frozenset({ErrorKind.UNREACHABLE, ErrorKind.BUSY, ErrorKind.NOT_GIVEN})


@dataclass(frozen=True)
class _Way:
    """One thing to ask, and what to do with its answer."""

    read: Callable[[], Any]
    take: Callable[[Any], object]


def discover(graph: Graph, known: Mapping[str, str] | None = None) -> Discovery:
    """Everything the token of this Graph reaches, starting with the ids that are `known`.

    Unavailable when Meta cannot be asked at all. A token that Meta refuses reaches nothing.
    """
    return _Search(graph, known or {}).made()


class _Search:
    """One search: what was found so far, and what was asked."""

    def __init__(self, graph: Graph, known: Mapping[str, str]) -> None:
        self._asking, self._known = Asking(graph), known
        self._token: Token | None = None
        self._app: MetaApp | None = None
        self._businesses: dict[str, Business] = {}
        self._accounts: dict[str, Account] = {}
        self._numbers: dict[str, tuple[Number, ...]] = {}
        self._troubles: dict[str, Unavailable] = {}
        self._asked: set[str] = set()
        self._listed: set[str] = set()

    def made(self) -> Discovery:
        """The whole search."""
        if waba_id := self._known.get("waba_id"):
            self._see_account(Account(waba_id, ""))
        self._see_business(Business(self._known.get("business_id", ""), ""))
        ways = self._first_ways()
        for _ in range(_ROUNDS):
            self._ask(ways)
            ways = self._next_ways()
        accounts = [found for found in map(self._found, self._accounts.values()) if found]
        if not accounts:
            self._raise_if_nobody_answered()
        return Discovery(
            token=self._token,
            app=self._app,
            businesses=tuple(b for b in self._businesses.values() if b.name),
            accounts=tuple(sorted(accounts, key=lambda found: found.is_test)),
            dead_ends=dict(self._troubles),
        )

    def _ask(self, ways: Mapping[str, _Way]) -> None:
        for path, answer in together({path: way.read for path, way in ways.items()}).items():
            self._asked.add(path)
            if not isinstance(answer, Unavailable):
                ways[path].take(answer)
            elif answer.kind in _HOPELESS and path == _TOKEN:
                raise answer
            else:
                self._troubles[path] = answer

    def _raise_if_nobody_answered(self) -> None:
        # "There is none" would be a guess while one of the ways may only be throttled.
        for trouble in self._troubles.values():
            if trouble.kind in _HOPELESS:
                raise trouble

    def _first_ways(self) -> dict[str, _Way]:
        """What can be asked with the token alone."""
        assigned = "me/assigned_whatsapp_business_accounts"
        return {
            _TOKEN: _Way(lambda: inspect(self._asking), self._see_token),
            assigned: self._list_of_accounts(assigned),
            "me/businesses": _Way(
                lambda: self._rows("me/businesses", BUSINESS_FIELDS, business),
                self._see_businesses,
            ),
        }

    def _next_ways(self) -> dict[str, _Way]:
        """What has not been asked yet of what is known by now."""
        ways: dict[str, _Way] = {}
        if app_id := self._token.app_id if self._token else "":
            ways[app_id] = _Way(lambda: self._app_at(app_id), self._see_app)
        for business_id in list(self._businesses)[:MOST_BUSINESSES]:
            for edge in _EDGES:
                path = f"{business_id}/{edge}"
                ways[path] = self._list_of_accounts(path)
        for waba_id in list(self._accounts)[:MOST_ACCOUNTS]:
            numbers = f"{waba_id}/phone_numbers"
            ways[waba_id] = _Way(partial(self._account_at, waba_id), self._know_account)
            ways[numbers] = _Way(
                partial(self._rows, numbers, LIST_FIELDS, number),
                partial(self._numbers.__setitem__, waba_id),
            )
        return {path: way for path, way in ways.items() if path not in self._asked}

    def _list_of_accounts(self, path: str) -> _Way:
        return _Way(
            lambda: self._rows(path, ("id", "name"), account),
            self._see_accounts,
        )

    def _see_token(self, token: Token) -> None:
        self._token = token
        for scope in _SCOPES:
            for waba_id in sorted(token.granted.get(scope) or ()):
                self._see_account(Account(waba_id, ""))
        for business_id in sorted(token.granted.get("business_management") or ()):
            self._see_business(Business(business_id, ""))

    def _see_app(self, app: MetaApp) -> None:
        self._app = app
        self._see_business(Business(app.business_id, ""))

    def _see_accounts(self, rows: Iterable[Account]) -> None:
        for row in rows:
            self._listed.add(row.id)
            self._see_account(row)

    def _see_businesses(self, rows: Iterable[Business]) -> None:
        for row in rows:
            self._see_business(row)

    def _see_account(self, seen: Account) -> None:
        """A WABA as a list or a grant shows it, which is less than it shows itself."""
        if not (known := self._accounts.get(seen.id)) or not known.name:
            self._accounts[seen.id] = seen

    def _know_account(self, seen: Account) -> None:
        self._accounts[seen.id] = seen
        self._see_business(Business(seen.business_id, seen.business_name))

    def _see_business(self, seen: Business) -> None:
        known = self._businesses.get(seen.id)
        if seen.id and (not known or not known.name):
            self._businesses[seen.id] = seen

    def _found(self, seen: Account) -> Found | None:
        """A WABA as it turned out; None for an id that shows nothing of one."""
        numbers = self._numbers.get(seen.id)
        trouble = self._troubles.get(seen.id) or self._troubles.get(f"{seen.id}/phone_numbers")
        found = Found(seen, numbers or (), trouble)
        # The edges list WABAs only; the id of a grant may be anything.
        certain = found.visible or numbers is not None or seen.id in self._listed
        return found if certain else None

    def _app_at(self, app_id: str) -> MetaApp:
        return apps.app({"id": app_id, **self._asking.get(app_id, apps.FIELDS, apps.EXTRAS)})

    def _account_at(self, waba_id: str) -> Account:
        return account({"id": waba_id, **self._asking.get(waba_id, ACCOUNT_FIELDS)})

    def _rows(
        self, path: str, fields: Sequence[str], parse: Callable[[Json], Noun]
    ) -> tuple[Noun, ...]:
        return tuple(noun for noun in map(parse, self._asking.pages(path, fields)) if noun.id)
