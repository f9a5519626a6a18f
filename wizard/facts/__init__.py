"""What Meta says right now, as plain values: this page is the port, `reading` the real adapter.

Each property is one read, made at most once and only if somebody asks; its failure is remembered
like its answer. Reads that do not depend on each other are made at the same time (`gather`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from wizard.facts.nouns import (
    Account,
    AppSubscription,
    Arrivals,
    Health,
    MetaApp,
    Number,
    Subscriber,
    Template,
    Token,
)
from wizard.graph import Reachability
from wizard.probe import Handshake
from wizard.state.record import ProfileRecord
from wizard.vault import VaultProblem


@dataclass(frozen=True)
class VaultState:
    """How the store of secrets stands after its probe; `closed` is None when it works.

    `from_environment` names the secrets that the read-only environment supplies.
    """

    store: str
    backend: str
    closed: VaultProblem | None = None
    detail: str = ""
    from_environment: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Origin:
    """Where a secret in use comes from: a store's name, or "environment" and the variable."""

    source: str
    detail: str = ""


class Facts(Protocol):
    """Every property raises Unavailable when its read fails, however often it is asked."""

    @property
    def now(self) -> datetime:
        """This machine's clock, in UTC, at the beginning of the audit."""

    @property
    def version(self) -> str:
        """The Graph version that is asked for, `v26.0`. No read."""

    @property
    def record(self) -> ProfileRecord:
        """What is remembered of the profile: ids, confirmations, the test message."""

    @property
    def vault(self) -> VaultState:
        """The store for secrets, probed."""

    def origin(self, name: str) -> Origin:
        """Where a secret in use comes from; NOT_GIVEN (values: name) when there is none."""

    @property
    def reach(self) -> Reachability:
        """One request without credentials; UNREACHABLE with its `cause` when nobody answers."""

    @property
    def token(self) -> Token:
        """GET /debug_token, by the app token where the secret is known, else by itself."""

    @property
    def secret_fits(self) -> bool:
        """Whether Graph accepts `app-id|app-secret` of this profile."""

    @property
    def app(self) -> MetaApp:
        """GET /{app}."""

    @property
    def app_permissions(self) -> frozenset[str]:
        """GET /{app}/permissions with the app token: names of the permissions the app has."""

    @property
    def app_subscriptions(self) -> tuple[AppSubscription, ...]:
        """GET /{app}/subscriptions with the app token."""

    @property
    def account(self) -> Account:
        """GET /{waba}."""

    @property
    def account_health(self) -> Health:
        """GET /{waba}?fields=health_status."""

    @property
    def numbers(self) -> tuple[Number, ...]:
        """GET /{waba}/phone_numbers, every page."""

    @property
    def number(self) -> Number:
        """GET /{phone number}: the number itself, asked directly."""

    @property
    def number_health(self) -> Health:
        """GET /{phone number}?fields=health_status."""

    @property
    def subscribers(self) -> tuple[Subscriber, ...]:
        """GET /{waba}/subscribed_apps. Whether apps of others are shown varies."""

    @property
    def templates(self) -> tuple[Template, ...]:
        """GET /{waba}/message_templates: the approved ones."""

    @property
    def handshake(self) -> Handshake:
        """The callback, asked as Meta would ask it: the expected one, else the one in force."""

    @property
    def arrivals(self) -> Arrivals:
        """What our own receiver heard of this number."""

    def gather(self, names: Iterable[str] | None = None) -> None:
        """Makes these reads (None: all) at the same time. Failures wait until somebody asks."""

    def forget(self, names: Iterable[str] | None = None) -> None:
        """Drops answers, so that the next question is asked of Meta anew (None: all)."""

    def touched(self) -> frozenset[str]:
        """Names of the properties asked since the last call of this: what a verdict rests on."""


__all__ = [
    "Account",
    "AppSubscription",
    "Arrivals",
    "Facts",
    "Handshake",
    "Health",
    "MetaApp",
    "Number",
    "Origin",
    "Subscriber",
    "Template",
    "Token",
    "VaultState",
]
