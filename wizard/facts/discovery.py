"""What a token reaches: portfolios, WABAs, numbers; and what stands behind an id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from wizard.facts.json_values import node, odd, text
from wizard.facts.models import (
    Account,
    Business,
    MetaApp,
    Number,
    Token,
)
from wizard.facts.parsers import (
    ACCOUNT_FIELDS,
    APP_FIELDS,
    BUSINESS_FIELDS,
    LIST_FIELDS,
    account,
    app,
    business,
    number,
)
from wizard.facts.reads import TolerantReader, inspect_token, run_concurrently
from wizard.graph import Graph, GraphError, Json
from wizard.text.errors import ErrorKind, Unavailable

#: What Meta calls the WABA that it makes for trying out; the person may have renamed it.
_TEST_NAME = "test whatsapp business account"


@dataclass(frozen=True)
class Found:
    """A WABA with its numbers; `error` is why it or they could not be read in full."""

    account: Account
    numbers: tuple[Number, ...] = ()
    error: Unavailable | None = None

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

    `unreadable` maps each way that showed nothing to the reason: the path that was asked. `token`
    is None when Meta would not say what the token is.
    """

    token: Token | None = None
    app: MetaApp | None = None
    businesses: tuple[Business, ...] = ()
    accounts: tuple[Found, ...] = ()
    unreadable: Mapping[str, Unavailable] = field(default_factory=dict)

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


Model = TypeVar("Model", Account, Business, Number)

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
#: Meta does not answer, or not this token: no other read would work.
_FINAL = frozenset({ErrorKind.UNREACHABLE, ErrorKind.BUSY, ErrorKind.NOT_GIVEN})


@dataclass(frozen=True)
class _Read:
    """One read, and what takes its answer."""

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
        self._reader, self._known = TolerantReader(graph), known
        self._token: Token | None = None
        self._app: MetaApp | None = None
        self._businesses: dict[str, Business] = {}
        self._accounts: dict[str, Account] = {}
        self._numbers: dict[str, tuple[Number, ...]] = {}
        self._errors: dict[str, Unavailable] = {}
        self._asked: set[str] = set()
        self._listed: set[str] = set()

    def made(self) -> Discovery:
        """The whole search."""
        if waba_id := self._known.get("waba_id"):
            self._see_account(Account(waba_id, ""))
        self._see_business(Business(self._known.get("business_id", ""), ""))
        reads = self._first_reads()
        for _ in range(_ROUNDS):
            self._ask(reads)
            reads = self._next_reads()
        accounts = [found for found in map(self._found, self._accounts.values()) if found]
        if not accounts:
            self._raise_if_unanswered()
        return Discovery(
            token=self._token,
            app=self._app,
            businesses=tuple(b for b in self._businesses.values() if b.name),
            accounts=tuple(sorted(accounts, key=lambda found: found.is_test)),
            unreadable=dict(self._errors),
        )

    def _ask(self, reads: Mapping[str, _Read]) -> None:
        for path, answer in run_concurrently(
            {path: one.read for path, one in reads.items()}
        ).items():
            self._asked.add(path)
            if not isinstance(answer, Unavailable):
                reads[path].take(answer)
            elif answer.kind in _FINAL and path == _TOKEN:
                raise answer
            else:
                self._errors[path] = answer

    def _raise_if_unanswered(self) -> None:
        # "There is none" would be a guess while one of the reads may only be throttled.
        for error in self._errors.values():
            if error.kind in _FINAL:
                raise error

    def _first_reads(self) -> dict[str, _Read]:
        """What can be asked with the token alone."""
        assigned = "me/assigned_whatsapp_business_accounts"
        return {
            _TOKEN: _Read(lambda: inspect_token(self._reader), self._see_token),
            assigned: self._list_of_accounts(assigned),
            "me/businesses": _Read(
                lambda: self._rows("me/businesses", BUSINESS_FIELDS, business),
                self._see_businesses,
            ),
        }

    def _next_reads(self) -> dict[str, _Read]:
        """What has not been asked yet of what is known by now."""
        reads: dict[str, _Read] = {}
        if app_id := self._token.app_id if self._token else "":
            reads[app_id] = _Read(lambda: self._app_at(app_id), self._see_app)
        for business_id in list(self._businesses)[:MOST_BUSINESSES]:
            for edge in _EDGES:
                path = f"{business_id}/{edge}"
                reads[path] = self._list_of_accounts(path)
        for waba_id in list(self._accounts)[:MOST_ACCOUNTS]:
            numbers = f"{waba_id}/phone_numbers"
            reads[waba_id] = _Read(partial(self._account_at, waba_id), self._know_account)
            reads[numbers] = _Read(
                partial(self._rows, numbers, LIST_FIELDS, number),
                partial(self._numbers.__setitem__, waba_id),
            )
        return {path: one for path, one in reads.items() if path not in self._asked}

    def _list_of_accounts(self, path: str) -> _Read:
        return _Read(
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
        error = self._errors.get(seen.id) or self._errors.get(f"{seen.id}/phone_numbers")
        found = Found(seen, numbers or (), error)
        # The edges list WABAs only; the id of a grant may be anything.
        certain = found.visible or numbers is not None or seen.id in self._listed
        return found if certain else None

    def _app_at(self, app_id: str) -> MetaApp:
        return app({"id": app_id, **self._reader.get(app_id, APP_FIELDS)})

    def _account_at(self, waba_id: str) -> Account:
        return account({"id": waba_id, **self._reader.get(waba_id, ACCOUNT_FIELDS)})

    def _rows(
        self, path: str, fields: Sequence[str], parse: Callable[[Json], Model]
    ) -> tuple[Model, ...]:
        rows = self._reader.pages(path, fields)
        if {} in rows:
            self._errors[path] = odd("paging.next")  # there are more than were read
        return tuple(found for found in map(parse, rows) if found.id)


#: A field that no node has: Graph's refusal names the kind of node, "(#100) Tried accessing
#: nonexisting field (x) on node type (WhatsAppBusinessAccount)".
_NO_FIELD = "wa_wizard_asks_for_the_kind_of_this_node"
#: Meta refuses this token access, and does not give the reason.
_NO_ACCESS = frozenset({ErrorKind.NOT_VISIBLE, ErrorKind.PERMISSION})
#: Fields that only one kind has among those a node shows unasked.
_FIELD_KINDS = {
    "display_phone_number": "number",
    "verified_name": "number",
    "message_template_namespace": "account",
    "timezone_id": "account",
}


@dataclass(frozen=True)
class Node:
    """A node of Graph's. `kind`: account, number, business, app, other, unseen.

    `type` is Meta's own name of the kind. `parent` is the WABA of a number, or the portfolio of a
    WABA; `accounts` are the WABAs of a portfolio. "" and none where Meta does not show it.
    """

    kind: str
    id: str
    name: str = ""
    type: str = ""
    parent: str = ""
    parent_name: str = ""
    accounts: tuple[Account, ...] = ()


def what_is(graph: Graph, node_id: str, found: Discovery | None = None) -> Node:
    """What stands behind an id. Unavailable when Meta cannot be asked, or refuses the token.

    `found` saves a search where one was made already.
    """
    try:
        kind, meta_type = _kind(graph, node_id)
        read = {"account": _account, "number": _number, "business": _business}.get(kind)
        if read:
            return read(graph, node_id, meta_type, found)
        shown = _shown(graph, node_id, ("id", "name"))
    except GraphError as refusal:
        if refusal.kind in _NO_ACCESS:
            return Node("unseen", node_id)
        raise
    return Node(kind, node_id, text(shown.get("name")), meta_type)


def _kind(graph: Graph, node_id: str) -> tuple[str, str]:
    """The kind by our names, and by Meta's."""
    meta_type = ""
    try:
        graph.get(node_id, fields=(_NO_FIELD,))
    except GraphError as refusal:
        meta_type = text(refusal.values.get("node_type"))
        if refusal.kind is not ErrorKind.ODD:
            raise
    if kind := _named(meta_type):
        return kind, meta_type
    shown = graph.get(node_id, metadata=1)
    meta_type = meta_type or text(node(shown.get("metadata")).get("type"))
    by_field = next((kind for field, kind in _FIELD_KINDS.items() if field in shown), "")
    return _named(meta_type) or by_field or "other", meta_type


def _named(meta_type: str) -> str:
    """Meta renames its types now and then; what they are made of stays."""
    name = meta_type.casefold().replace("_", "")
    if "whatsapp" in name:
        return "number" if "phone" in name or "number" in name else "account"
    return {"business": "business", "application": "app", "app": "app"}.get(name, "")


def _account(graph: Graph, node_id: str, meta_type: str, _found: Discovery | None) -> Node:
    seen = account(_shown(graph, node_id, ("id", "name", "owner_business_info")))
    return Node("account", node_id, seen.name, meta_type, seen.business_id, seen.business_name)


def _number(graph: Graph, node_id: str, meta_type: str, found: Discovery | None) -> Node:
    seen = number(_shown(graph, node_id, ("id", "display_phone_number", "verified_name")))
    parent = _holder(graph, node_id, found)
    name = " ".join(part for part in (seen.display, seen.verified_name) if part)
    return Node("number", node_id, name, meta_type, parent.id, parent.name)


def _holder(graph: Graph, number_id: str, found: Discovery | None) -> Account:
    """The WABA of a number: no field for it is documented, so the WABAs are looked through too."""
    try:
        shown = graph.get(number_id, fields=("whatsapp_business_account",))
        if (direct := account(node(shown.get("whatsapp_business_account")))).id:
            return direct
    except Unavailable:
        pass  # "#100" for system users, by one report
    return (found or discover(graph)).holder(number_id) or Account("", "")


def _business(graph: Graph, node_id: str, meta_type: str, found: Discovery | None) -> Node:
    name = text(_shown(graph, node_id, ("id", "name")).get("name"))
    found = found or discover(graph, {"business_id": node_id})
    inside = tuple(f.account for f in found.accounts if f.account.business_id == node_id)
    return Node("business", node_id, name, meta_type, accounts=inside)


def _shown(graph: Graph, node_id: str, fields: tuple[str, ...]) -> Json:
    return graph.get(node_id, fields=fields)
