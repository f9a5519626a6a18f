"""The facts, read from Graph: the real adapter of the port `Facts`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Generic, TypeVar

from wizard.facts import Arrivals, Origin, VaultState, receiving, storage
from wizard.facts.memory import Memory
from wizard.facts.reads import APP_ASKS_ITSELF, Reads
from wizard.facts.receiving import Ears
from wizard.facts.together import together
from wizard.graph import Graph
from wizard.probe import Handshake
from wizard.state.record import Goal, ProfileRecord
from wizard.text.secret import Secret
from wizard.vault import Vault, VaultError

T = TypeVar("T")
#: The name of the secret, and of the memory of having read it.
VERIFY_TOKEN = "verify_token"


class _Fact(Generic[T]):
    """A property of GraphFacts: one of the Reads, made once and noted as asked."""

    def __init__(self, read: Callable[[Reads], T]) -> None:
        self._read = read
        self.__doc__ = read.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, facts: GraphFacts, _owner: type) -> T:
        return facts.ask(self._name, lambda: self._read(facts.reads))


def _this_moment() -> datetime:
    return datetime.now(UTC)


class GraphFacts:
    """What Meta says of one profile. Thread-safe, but for `vault` and `origin`.

    An audit of a profile whose ids are known makes at most twelve requests, none of which waits
    for the answer of another; only refusals cost more.
    """

    def __init__(
        self,
        graph: Graph,
        record: ProfileRecord,
        vault: Vault,
        now: Callable[[], datetime] = _this_moment,
        ears: Ears | None = None,
    ) -> None:
        self._record, self._vault, self._now = record, vault, now()
        self._ears = ears or Ears()
        self._memory = Memory()
        self._version = graph.version
        self.reads = Reads(graph, record, self._memory)
        self._asked = threading.local()

    @property
    def now(self) -> datetime:
        """When these facts were opened."""
        return self._now

    @property
    def version(self) -> str:
        """See Facts."""
        return self._version

    @property
    def record(self) -> ProfileRecord:
        """The profile these facts are about."""
        return self._record

    @property
    def vault(self) -> VaultState:
        """The store for secrets, probed once."""
        return self.ask("vault", self._probe_vault)

    def origin(self, name: str) -> Origin:
        """Where a secret in use comes from."""
        self._touch("origin")
        return storage.origin(self._vault, name)

    reach = _Fact(Reads.reach)
    token = _Fact(Reads.token)
    secret_fits = _Fact(Reads.secret_fits)
    app = _Fact(Reads.app)
    app_permissions = _Fact(Reads.app_permissions)
    app_subscriptions = _Fact(Reads.app_subscriptions)
    account = _Fact(Reads.account)
    account_health = _Fact(Reads.account_health)
    numbers = _Fact(Reads.numbers)
    number = _Fact(Reads.number)
    number_health = _Fact(Reads.number_health)
    subscribers = _Fact(Reads.subscribers)
    templates = _Fact(Reads.templates)

    @property
    def handshake(self) -> Handshake:
        """The callback, asked as Meta would."""
        return self.ask("handshake", self._handshake)

    @property
    def arrivals(self) -> Arrivals:
        """What our own receiver heard."""
        return self.ask("arrivals", lambda: receiving.arrivals(self._ears, self._record))

    def gather(self, names: Iterable[str] | None = None) -> None:
        """Remembers all answers and failures; says nothing of either."""
        wanted = {"vault", *OF_GRAPH, *self._of_receiving()} if names is None else set(names)
        # Before any thread runs: not every keyring likes to be asked from several.
        if "vault" in wanted:
            self._quietly("vault", self._probe_vault)
        jobs = {name: self._job(name) for name in OF_GRAPH if name in wanted}
        if "handshake" in wanted:
            self._quietly(VERIFY_TOKEN, self._read_verify_token)
            jobs["handshake"] = lambda: self._quietly("handshake", self._handshake)
        together(jobs)

    def forget(self, names: Iterable[str] | None = None) -> None:
        """Also forgets what the named facts rest on."""
        dropped = None if names is None else set(names)
        if dropped and dropped & {"app", "secret_fits"}:
            dropped.add(APP_ASKS_ITSELF)
        self._memory.forget(dropped)

    def touched(self) -> frozenset[str]:
        """Of the calling thread alone: audits may run side by side."""
        names = frozenset(getattr(self._asked, "names", ()))
        self._asked.names = set()
        return names

    def ask(self, name: str, read: Callable[[], T]) -> T:
        """The remembered answer of a read; that it was asked for is noted."""
        self._touch(name)
        return self._memory.recall(name, read)

    def _touch(self, name: str) -> None:
        if not hasattr(self._asked, "names"):
            self._asked.names = set()
        self._asked.names.add(name)

    def _job(self, name: str) -> Callable[[], None]:
        return lambda: self._quietly(name, getattr(self.reads, name))

    def _quietly(self, name: str, read: Callable[[], object]) -> None:
        # Whatever failed is remembered too: whoever asks for it meets it.
        with suppress(Exception):
            self._memory.recall(name, read)

    def _of_receiving(self) -> set[str]:
        # The callback is somebody's server: it is not asked for people who only send.
        return {"handshake"} if Goal.RECEIVING in self._record.goals else set()

    def _handshake(self) -> Handshake:
        token = self._memory.recall(VERIFY_TOKEN, self._read_verify_token)
        winner = "" if self._record.webhook.get("callback_url") else self._winner()
        return receiving.handshake(self._ears, self._record, token, winner)

    def _winner(self) -> str:
        return self._memory.recall("number", self.reads.number).callbacks.winner[1]

    def _read_verify_token(self) -> Secret | None:
        try:
            kept = self._vault.get(VERIFY_TOKEN)
        except VaultError:  # environment.vault says what is wrong with it
            return None
        return kept.secret if kept else None

    def _probe_vault(self) -> VaultState:
        return storage.state(self._vault)


#: Everything that is asked of Graph, by the name of its property.
OF_GRAPH = tuple(name for name, value in vars(GraphFacts).items() if isinstance(value, _Fact))
