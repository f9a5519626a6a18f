"""What each fact asks of Graph: one method per property of the port `Facts`, same names."""

from __future__ import annotations

from wizard.facts import apps
from wizard.facts.accounts import ACCOUNT_EXTRAS, ACCOUNT_FIELDS, account
from wizard.facts.asking import Asking
from wizard.facts.health import health
from wizard.facts.inspection import inspect
from wizard.facts.memory import Memory
from wizard.facts.nouns import (
    Account,
    AppSubscription,
    Health,
    MetaApp,
    Number,
    Subscriber,
    Template,
    Token,
)
from wizard.facts.numbers import LIST_FIELDS, NUMBER_EXTRAS, NUMBER_FIELDS, number
from wizard.facts.plain import odd
from wizard.facts.subscribers import subscribers
from wizard.facts.templates import TEMPLATE_FIELDS, templates
from wizard.graph import Graph, GraphError, Reachability
from wizard.state.record import ProfileRecord
from wizard.text.errors import ErrorKind, Unavailable

#: Two reads rest on this one: what the app itself says when asked with its secret.
APP_ASKS_ITSELF = "app_asks_itself"


class Reads:
    """Asks anew at every call, but for what two reads share. Thread-safe."""

    def __init__(self, graph: Graph, record: ProfileRecord, memory: Memory) -> None:
        self._graph, self._record, self._memory = graph, record, memory
        self._asking = Asking(graph)

    def reach(self) -> Reachability:
        """Without credentials."""
        return self._graph.probe()

    def token(self) -> Token:
        """By the app token where there is one, else by the token itself."""
        return inspect(self._asking)

    def secret_fits(self) -> bool:
        """Whether Graph takes the app token.

        Not read off /debug_token: its refusal may be about the token that is inspected.
        """
        try:
            self._app_asks_itself()
        except GraphError as refusal:
            # A wrong secret is 190 ("Invalid OAuth access token signature"), a wrong app 101.
            if refusal.kind is ErrorKind.REFUSED or refusal.code in (101, 190):
                return False
            raise
        return True

    def app(self) -> MetaApp:
        """With the app token, which shows most; else with the access token."""
        app_id = self._id("app_id")
        if self._graph.keys.can_be_app:
            try:
                return self._app_asks_itself()
            except GraphError as refusal:
                if refusal.kind is ErrorKind.BUSY or not self._graph.keys.access_token:
                    raise
        self._with_token()
        return self._app(app_id, as_app=False)

    def app_permissions(self) -> frozenset[str]:
        """With the app token."""
        app_id = self._as_app()
        return apps.permissions(self._asking.pages(f"{app_id}/permissions", as_app=True))

    def app_subscriptions(self) -> tuple[AppSubscription, ...]:
        """With the app token: Graph refuses every other (code 15)."""
        app_id = self._as_app()
        return apps.subscriptions(self._asking.pages(f"{app_id}/subscriptions", as_app=True))

    def account(self) -> Account:
        """The WABA."""
        found = account(self._asking.get(self._waba(), ACCOUNT_FIELDS, ACCOUNT_EXTRAS))
        if not found.id:
            raise odd("id")
        return found

    def account_health(self) -> Health:
        """Apart from the account: health_status is in beta for some."""
        return health(self._asking.get(self._waba(), ("health_status",)))

    def numbers(self) -> tuple[Number, ...]:
        """Every number of the WABA, with what a choice is made from."""
        rows = self._asking.pages(f"{self._waba()}/phone_numbers", LIST_FIELDS)
        return tuple(one for one in map(number, rows) if one.id)

    def number(self) -> Number:
        """The number itself, with everything."""
        found = number(self._asking.get(self._phone(), NUMBER_FIELDS, NUMBER_EXTRAS))
        if not found.id:
            raise odd("id")
        return found

    def number_health(self) -> Health:
        """Apart from the number, as with the account."""
        return health(self._asking.get(self._phone(), ("health_status",)))

    def subscribers(self) -> tuple[Subscriber, ...]:
        """The apps subscribed to the WABA."""
        return subscribers(self._asking.pages(f"{self._waba()}/subscribed_apps"))

    def templates(self) -> tuple[Template, ...]:
        """The approved templates; a WABA has 250 at most."""
        path = f"{self._waba()}/message_templates"
        rows = self._asking.pages(path, TEMPLATE_FIELDS, most=250, status="APPROVED")
        return tuple(one for one in templates(rows) if one.status == "APPROVED")

    def _app_asks_itself(self) -> MetaApp:
        app_id = self._as_app()
        return self._memory.recall(APP_ASKS_ITSELF, lambda: self._app(app_id, as_app=True))

    def _app(self, app_id: str, *, as_app: bool) -> MetaApp:
        found = apps.app(self._asking.get(app_id, apps.FIELDS, apps.EXTRAS, as_app=as_app))
        if not found.id:
            raise odd("id")
        return found

    def _as_app(self) -> str:
        """The app's id, once it is clear that the app token can be made."""
        if not self._graph.keys.app_secret:
            raise Unavailable(ErrorKind.NOT_GIVEN, name="app_secret")
        return self._id("app_id")

    def _waba(self) -> str:
        self._with_token()
        return self._id("waba_id")

    def _phone(self) -> str:
        self._with_token()
        return self._id("phone_number_id")

    def _with_token(self) -> None:
        if not self._graph.keys.access_token:
            raise Unavailable(ErrorKind.NOT_GIVEN, name="access_token")

    def _id(self, name: str) -> str:
        if found := self._record.ids.get(name):
            return found
        raise Unavailable(ErrorKind.NOT_GIVEN, name=name)
