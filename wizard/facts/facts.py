"""What Meta answers now, as plain values: each read is made at most once, when it is needed.

A read that failed is remembered like an answer. Reads that do not depend on each other are made
at the same time (`gather`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Generic, Self, TypeVar, overload

from wizard.facts import parsers
from wizard.facts.json_values import odd
from wizard.facts.models import (
    Account,
    AppSubscription,
    Arrivals,
    Handshake,
    Health,
    MetaApp,
    Number,
    Origin,
    PublicProfile,
    Subscriber,
    Template,
    Token,
    VaultState,
)
from wizard.facts.reads import (
    Evidence,
    Memory,
    TolerantReader,
    compared,
    described_or_seen,
    run_concurrently,
    seen_callbacks,
)
from wizard.graph import Graph, GraphError, Json, Reachability
from wizard.state.record import Goal, ProfileRecord
from wizard.templates import plan
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.secret import SECRET_NAMES, Secret, fingerprint
from wizard.vault import Vault, VaultError

T = TypeVar("T")
#: The name of the secret, and of the memory of having read it.
VERIFY_TOKEN = "verify_token"


class _Fact(Generic[T]):
    """A property of Facts that is read once. `gathered`: `gather` may make it, from a thread."""

    def __init__(self, read: Callable[[Facts], T], *, gathered: bool = True) -> None:
        self.read, self.gathered, self.__doc__ = read, gathered, read.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, facts: None, _owner: type) -> Self: ...
    @overload
    def __get__(self, facts: Facts, _owner: type) -> T: ...
    def __get__(self, facts: Facts | None, _owner: type) -> Self | T:
        return self if facts is None else facts.ask(self.name, lambda: self.read(facts))


def _when_used(read: Callable[[Facts], T]) -> _Fact[T]:
    """A fact of this machine, or one that few profiles need."""
    return _Fact(read, gathered=False)


class Facts:
    """What Meta and this machine show of one profile. Thread-safe, but for `vault` and `origin`.

    Every property raises Unavailable when its read fails, however often it is asked. An audit of
    a profile whose ids are known makes at most thirteen requests, none of which waits for the
    answer of another; only refusals cost more.
    """

    def __init__(
        self,
        graph: Graph,
        record: ProfileRecord,
        vault: Vault,
        evidence: Evidence | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        expected: Mapping[str, str] = {},
    ) -> None:
        self._graph, self._vault, self._evidence = graph, vault, evidence
        #: What is remembered of the profile, and the ids that it is pinned to, by name.
        self.record, self.expected = record, expected
        #: This machine's clock, in UTC, when these facts were opened.
        self.now = now()
        self._reader = TolerantReader(graph)
        self._memory = Memory()
        self._asked = threading.local()
        #: Whether the callback may be asked though the goal is sending alone.
        self.may_probe = False
        #: The folder of template files that the profile names.
        self.template_folder: Path | None = None

    @property
    def version(self) -> str:
        """The Graph version that is asked for, `v26.0`. No read."""
        return self._graph.version

    @property
    def token_mark(self) -> str:
        """The fingerprint of the token in use, "" without one. No read."""
        return fingerprint(token) if (token := self._graph.keys.access_token) else ""

    @property
    def unknown_fields(self) -> frozenset[str]:
        """Names that this version of Graph said it does not know. No read."""
        return self._graph.unknown_fields

    @_when_used
    def vault(self) -> VaultState:
        """The store for secrets, probed once."""
        about = self._vault.describe()
        supplied = frozenset(
            name
            for name in {*SECRET_NAMES, *self.record.secret_names}
            if self._vault.source_of(name).store == "environment"
        )
        try:
            self._vault.probe()
        except VaultError as error:
            return VaultState(about.store, about.backend, error.closed, error.detail, supplied)
        return VaultState(about.store, about.backend, from_environment=supplied)

    def origin(self, name: str) -> Origin:
        """Where a secret in use comes from; else NOT_GIVEN: name; closed and source say why."""
        self._touch("origin")
        try:
            kept = self._vault.get(name)
        except VaultError as error:
            why = {"closed": error.closed.value, "source": error.detail}
            raise Unavailable(ErrorKind.NOT_GIVEN, name=name, **why) from None
        if kept is not None:
            return Origin(kept.source, kept.detail)
        raise Unavailable(ErrorKind.NOT_GIVEN, name=name)

    @_when_used
    def handshake(self) -> Handshake:
        """The callback's answer to a handshake: the expected callback, else the one in force.

        The verify token goes to the callback that the person chose and to no other: another is
        asked with a random one, and stays unsure (`not_chosen`). A profile that only sends asks
        no one (`not_asked`). NOT_GIVEN (values: name) when there is no callback.
        """
        chosen = self.record.webhook.get("callback_url", "")
        url = chosen or seen_callbacks(self).callbacks.winner[1]
        if not url or self._evidence is None:
            raise Unavailable(ErrorKind.NOT_GIVEN, name="callback_url")
        if not (self.may_probe or Goal.RECEIVING in self.record.goals):
            return Handshake(url, "not_asked", {"url": url}, unsure=True)
        if chosen:
            token = self._memory.recall(VERIFY_TOKEN, self._read_verify_token)
            return self._evidence.handshake(url, token)
        found = self._evidence.handshake(url, None)
        if found.reason != "no_token":
            return found
        return replace(found, reason="not_chosen", values={"url": url})

    @_when_used
    def arrivals(self) -> Arrivals:
        """What the receiver of this profile has stored of this number."""
        return Arrivals() if self._evidence is None else self._evidence.arrivals(self.record)

    @_Fact
    def reach(self) -> Reachability:
        """One request without credentials; UNREACHABLE with its `cause` without an answer."""
        return self._graph.probe()

    @_Fact
    def token(self) -> Token:
        """GET /debug_token, by the app token where there is one, else by the token itself.

        Where Meta will not describe it, a read that works shows that it is valid.
        """
        return described_or_seen(self._reader, self._works, self._proven_app)

    @_Fact
    def secret_fits(self) -> bool:
        """Whether Graph accepts `app-id|app-secret`; /debug_token may refuse for other reasons."""
        try:
            self.app_itself  # noqa: B018 (asked for its refusal alone)
        except GraphError as error:
            # A wrong secret is 190 ("Invalid OAuth access token signature"), a wrong app 101.
            if error.kind is ErrorKind.REFUSED or error.code in (101, 190):
                return False
            raise
        return True

    @_when_used
    def app_itself(self) -> MetaApp:
        """GET /{app} with the app token. Two facts rest on it, so neither read is made twice."""
        return self._app(self._as_app(), as_app=True)

    @_Fact
    def app(self) -> MetaApp:
        """GET /{app}: with the app token, which shows most; else with the access token."""
        app_id = self._id("app_id")
        if self._graph.keys.can_be_app:
            try:
                return self.app_itself
            except GraphError as error:
                if error.kind is ErrorKind.BUSY or not self._graph.keys.access_token:
                    raise
        self._with_token()
        return self._app(app_id, as_app=False)

    @_when_used
    def app_permissions(self) -> frozenset[str]:
        """GET /{app}/permissions with the app token: names of the permissions the app has."""
        path = f"{self._as_app()}/permissions"
        return parsers.permissions(self._reader.pages(path, as_app=True))

    @_Fact
    def app_subscriptions(self) -> tuple[AppSubscription, ...]:
        """GET /{app}/subscriptions with the app token: Graph refuses every other (code 15)."""
        path = f"{self._as_app()}/subscriptions"
        return parsers.subscriptions(self._reader.pages(path, as_app=True))

    @_Fact
    def account(self) -> Account:
        """GET /{waba}."""
        found = parsers.account(self._reader.get(self._node("waba_id"), parsers.ACCOUNT_FIELDS))
        if not found.id:
            raise odd("id")
        return found

    @_Fact
    def funding(self) -> str:
        """GET /{waba}?fields=primary_funding_id: the payment method; "" where Meta shows none.

        A read of its own: most developers are refused it. ODD where Graph does not know it.
        """
        asked = self._reader.get(self._node("waba_id"), (parsers.FUNDING,))
        if parsers.FUNDING in self._graph.unknown_fields:
            raise odd(parsers.FUNDING)
        return parsers.funding(asked)

    @_Fact
    def account_health(self) -> Health:
        """GET /{waba}?fields=health_status. A read of its own: the field is in beta for some."""
        return parsers.health(self._reader.get(self._node("waba_id"), ("health_status",)))

    @_Fact
    def numbers(self) -> tuple[Number, ...]:
        """GET /{waba}/phone_numbers, every page: what a choice is made from."""
        rows = self._reader.pages(f"{self._node('waba_id')}/phone_numbers", parsers.LIST_FIELDS)
        found = tuple(one for one in map(parsers.number, rows) if one.id)
        mine = self.record.ids.get("phone_number_id")
        if {} in rows and not any(one.id == mine for one in found):
            raise odd("paging.next")  # it may be among those that were not read
        return found

    @_Fact
    def number(self) -> Number:
        """GET /{phone number}: the number itself, with everything."""
        found = parsers.number(
            self._reader.get(self._node("phone_number_id"), parsers.NUMBER_FIELDS)
        )
        if not found.id:
            raise odd("id")
        return found

    @_Fact
    def number_health(self) -> Health:
        """GET /{phone number}?fields=health_status."""
        return parsers.health(self._reader.get(self._node("phone_number_id"), ("health_status",)))

    @_Fact
    def profile(self) -> PublicProfile:
        """GET /{phone number}/whatsapp_business_profile: what customers see of the business."""
        path = f"{self._node('phone_number_id')}/whatsapp_business_profile"
        rows = self._reader.pages(path, parsers.PROFILE_FIELDS)
        return parsers.public_profile(rows, self._graph.unknown_fields)

    @_Fact
    def subscribers(self) -> tuple[Subscriber, ...]:
        """GET /{waba}/subscribed_apps. Whether apps of others are shown varies."""
        return parsers.subscribers(self._reader.pages(f"{self._node('waba_id')}/subscribed_apps"))

    @_Fact
    def templates(self) -> tuple[Template, ...]:
        """GET /{waba}/message_templates: 250 approved ones, or any where the filter is ignored."""
        path = f"{self._node('waba_id')}/message_templates"
        rows = self._reader.pages(path, parsers.TEMPLATE_FIELDS, most=250, status="APPROVED")
        return parsers.templates(rows)

    @_when_used
    def template_rows(self) -> tuple[Json, ...]:
        """GET /{waba}/message_templates: every one, as Graph shows it."""
        path = f"{self._node('waba_id')}/message_templates"
        return parsers.template_rows(self._reader.pages(path, plan.FIELDS, most=10_000))

    @_when_used
    def template_plan(self) -> plan.Plan | None:
        """What differs from the files that this profile names; None where it names none."""
        return compared(self._reader, self.template_folder, lambda: self.template_rows)

    def gather(self, names: Iterable[str] | None = None) -> None:
        """Makes these reads (None: all) at once. A failure is raised when the fact is used."""
        # The callback is the person's own server: it gets no request for profiles that only send.
        receives = ["handshake"] if Goal.RECEIVING in self.record.goals else []
        wanted = {"vault", *OF_GRAPH, *receives} if names is None else set(names)
        # Before any thread runs: not every keyring works from several.
        if "vault" in wanted:
            self._remember("vault")
        if "handshake" in wanted:
            with suppress(Exception):
                self._memory.recall(VERIFY_TOKEN, self._read_verify_token)
        threaded = [name for name in (*OF_GRAPH, "handshake") if name in wanted]
        run_concurrently({name: partial(self._remember, name) for name in threaded})

    def forget(self, names: Iterable[str] | None = None) -> None:
        """Drops answers and what they rest on, so that they are read again (None: all)."""
        dropped = None if names is None else set(names)
        if dropped and dropped & {"app", "secret_fits"}:
            dropped.add("app_itself")
        self._memory.forget(dropped)

    def touched(self) -> frozenset[str]:
        """Names of the properties that this thread asked for since its last call of this."""
        names = frozenset(getattr(self._asked, "names", ()))
        self._asked.names = set()
        return names

    def ask(self, name: str, read: Callable[[], T]) -> T:
        """The remembered answer of a read; that it was asked for is noted."""
        self._touch(name)
        return self._memory.recall(name, read)

    def _touch(self, name: str) -> None:
        self._asked.__dict__.setdefault("names", set()).add(name)

    def _remember(self, name: str) -> None:
        # A failure is remembered too: it is raised when the fact is used. Not noted as used.
        fact: _Fact[object] = getattr(type(self), name)
        with suppress(Exception):
            self._memory.recall(name, lambda: fact.read(self))

    def _read_verify_token(self) -> Secret | None:
        try:
            kept = self._vault.get(VERIFY_TOKEN)
        except VaultError:  # environment.vault reports what is wrong with it
            return None
        return kept.secret if kept else None

    def _app(self, app_id: str, *, as_app: bool) -> MetaApp:
        found = parsers.app(self._reader.get(app_id, parsers.APP_AND_FORM, as_app=as_app))
        if not found.id:
            raise odd("id")
        return found

    def _works(self) -> bool:
        for name in ("account", "number"):
            with suppress(Unavailable):
                getattr(self, name)
                return True
        return False

    def _proven_app(self) -> str:
        # The secret is this app's, and Graph took the token's proof by it: so is the token.
        with suppress(Unavailable):
            if self._reader.proof_accepted and self.secret_fits:
                return self._id("app_id")
        return ""

    def _as_app(self) -> str:
        """The app's id, once it is clear that the app token can be made."""
        if not self._graph.keys.app_secret:
            raise Unavailable(ErrorKind.NOT_GIVEN, name="app_secret")
        return self._id("app_id")

    def _node(self, name: str) -> str:
        self._with_token()
        return self._id(name)

    def _with_token(self) -> None:
        if not self._graph.keys.access_token:
            raise Unavailable(ErrorKind.NOT_GIVEN, name="access_token")

    def _id(self, name: str) -> str:
        if found := self.record.ids.get(name):
            return found
        raise Unavailable(ErrorKind.NOT_GIVEN, name=name)


#: What every audit asks of Graph, by the name of its property.
OF_GRAPH = tuple(n for n, fact in vars(Facts).items() if isinstance(fact, _Fact) and fact.gathered)
