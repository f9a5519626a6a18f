"""The healthy account, as facts: every check passes on it. A test changes what it is about."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from wizard.facts.models import (
    Account,
    AppSubscription,
    Arrivals,
    Callbacks,
    Handshake,
    Health,
    HealthEntity,
    HealthIssue,
    MetaApp,
    Number,
    Origin,
    PublicProfile,
    Subscriber,
    Template,
    Token,
    VaultState,
)
from wizard.graph import Reachability
from wizard.net.address import META_URL
from wizard.state.record import ProfileRecord, TestMessage
from wizard.templates.plan import Plan
from wizard.text.errors import ErrorKind, Unavailable

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)

IDS = {
    "app_id": "500100200300400",
    "business_id": "600100200300400",
    "waba_id": "700100200300400",
    "phone_number_id": "800100200300400",
    "display_phone_number": "+7 912 345-67-89",
}

TOKEN = Token(
    valid=True,
    kind="SYSTEM_USER",
    app_id=IDS["app_id"],
    app_name="Romashka",
    user_id="900100200300400",
    scopes=frozenset({"whatsapp_business_management", "whatsapp_business_messaging"}),
    # An administrator's grant covers all assets: Meta leaves the ids out.
    granted={"whatsapp_business_management": None, "whatsapp_business_messaging": None},
    issued_at=NOW - timedelta(days=3),
    expires_at=None,
    data_access_until=None,
)
#: What is known of a token that may not even inspect itself.
DEAD = replace(
    TOKEN,
    valid=False,
    kind="",
    app_id="",
    app_name="",
    scopes=frozenset(),
    granted={},
    error_code=190,
    error_message="Invalid OAuth access token - Cannot parse access token",
)

ACCOUNT = Account(
    id=IDS["waba_id"],
    name="Romashka",
    review="APPROVED",
    status="ACTIVE",
    business_id=IDS["business_id"],
    business_name="Romashka LLC",
    business_verification="VERIFIED",
    currency="USD",
    timezone_id="1",
    messaging_limit="TIER_2K",
)

NUMBER = Number(
    id=IDS["phone_number_id"],
    display=IDS["display_phone_number"],
    verified_name="Romashka",
    status="CONNECTED",
    code_verification="VERIFIED",
    platform="CLOUD_API",
    quality="GREEN",
    name_status="APPROVED",
    new_name_status="NONE",
    pin_enabled=True,
    account_mode="LIVE",
    throughput="STANDARD",
    on_phone_app=False,
    callbacks=Callbacks(app="https://romashka.example/hook"),
)
#: Meta's own: free, five recipients.
TEST_NUMBER = replace(NUMBER, display="+1 555-012-3456", verified_name="Test Number")


def entity(
    kind: str, can_send: str = "AVAILABLE", *issues: tuple[int, str] | tuple[int, str, str]
) -> HealthEntity:
    """One entity of a health_status; issues are (code, text) or (code, text, remedy)."""
    return HealthEntity(kind, "1", can_send, tuple(HealthIssue(*issue) for issue in issues))


def health(*entities: HealthEntity) -> Health:
    """A health_status: the given entities, and the others of a healthy number."""
    given = {one.kind for one in entities}
    others = (kind for kind in ("PHONE_NUMBER", "WABA", "BUSINESS", "APP") if kind not in given)
    return Health((*entities, *map(entity, others)))


TEMPLATE = Template("order_ready", "ru", "APPROVED", "UTILITY", 1, "Заказ {{1}} готов.")
HELLO_WORLD = Template("hello_world", "en_US", "APPROVED", "UTILITY", 0, "Hello World")

PROFILE = PublicProfile(
    description="Цветы с доставкой",
    vertical="RETAIL",
    websites=("https://romashka.example",),
    picture="https://pps.whatsapp.net/v/1",
)

SENT = TestMessage(
    phone_number_id=IDS["phone_number_id"],
    to="79001112233",
    wamid="wamid.HBgLNzkwMDExMTIyMzM",
    at="2026-11-22T19:00:00Z",
    template="order_ready",
)


def record(**changes: Any) -> ProfileRecord:
    """What is remembered of the healthy account, changed."""
    values = {"ids": dict(IDS), "test_message": SENT, **changes}
    return ProfileRecord(**values)


def without(*names: str) -> dict[str, str]:
    """The ids of the healthy account but for these."""
    return {name: value for name, value in IDS.items() if name not in names}


REACH = Reachability(META_URL, "v26.0", "v26.0", NOW, NOW)
VAULT = VaultState("os-keyring", "Secret Service")
KEPT = Origin("os-keyring")

HEALTHY: dict[str, Any] = {
    "now": NOW,
    "token_mark": "5a1e77ed",
    "expected": {},
    "vault": VAULT,
    "reach": REACH,
    "token": TOKEN,
    "secret_fits": True,
    "app": MetaApp(IDS["app_id"], "Romashka", IDS["business_id"]),
    "app_itself": MetaApp(IDS["app_id"], "Romashka", IDS["business_id"]),
    "app_permissions": TOKEN.scopes,
    "app_subscriptions": (
        AppSubscription(
            "whatsapp_business_account",
            "https://romashka.example/hook",
            True,
            frozenset({"messages"}),
        ),
    ),
    "account": ACCOUNT,
    "funding": "1000200300400",
    "account_health": health(),
    "numbers": (NUMBER,),
    "number": NUMBER,
    "number_health": health(),
    "profile": PROFILE,
    "subscribers": (Subscriber(IDS["app_id"], "Romashka"),),
    "templates": (TEMPLATE,),
    "template_plan": Plan(unchanged=1),
    "handshake": Handshake("https://romashka.example/hook", milliseconds=140),
    "arrivals": Arrivals(message_at="2026-11-22T18:30:00.000Z", test_state="delivered"),
}
SECRETS = ("access_token", "app_secret", "two_step_pin", "verify_token")

#: What a report shows of a refusal, where Graph said nothing.
SILENT: dict[str, Any] = {"code": 0, "subcode": 0, "message": "", "details": "", "trace": ""}

NOT_VISIBLE = Unavailable(ErrorKind.NOT_VISIBLE, code=100, subcode=33)
PERMISSION = Unavailable(ErrorKind.PERMISSION, code=200, subcode=0)
BUSY = Unavailable(ErrorKind.BUSY, code=80007, subcode=0)


def unreachable(cause: str) -> Unavailable:
    """Nobody answers."""
    return Unavailable(ErrorKind.UNREACHABLE, cause=cause)


class StandIn:
    """Facts out of a dict: a Unavailable among the answers is raised, as the real ones do."""

    def __init__(
        self, answers: Mapping[str, Any], origins: Mapping[str, Origin | Unavailable]
    ) -> None:
        self._answers, self._origins = answers, origins
        self._touched: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        try:
            answer = self._answers[name]
        except KeyError:
            raise AttributeError(name) from None
        self._touched.add(name)
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    def origin(self, name: str) -> Origin:
        if name not in self._origins:
            raise Unavailable(ErrorKind.NOT_GIVEN, name=name)
        if isinstance(kept := self._origins[name], Unavailable):
            raise kept
        return kept

    def gather(self, names: Iterable[str] | None = None) -> None:
        pass

    def forget(self, names: Iterable[str] | None = None) -> None:
        pass

    def touched(self) -> frozenset[str]:
        seen, self._touched = frozenset(self._touched), set()
        return seen


def unusable(name: str) -> Any:
    """Facts of an account whose secret of this name stands in a variable and cannot be one."""
    why = Unavailable(ErrorKind.NOT_GIVEN, name=name, closed="invalid", source="VARIABLE")
    return facts(origins={**dict.fromkeys(SECRETS, KEPT), name: why})


def facts(origins: Mapping[str, Origin | Unavailable] | None = None, **changes: Any) -> Any:
    """Facts of the healthy account, changed: `facts(number=replace(NUMBER, status="BANNED"))`.

    A change is an answer or a Unavailable. `origins` are the secrets that are kept, or why not.
    """
    if strange := changes.keys() - HEALTHY.keys() - {"record"}:
        raise TypeError(f"no such fact: {strange.pop()}")
    kept: Mapping[str, Any] = dict.fromkeys(SECRETS, KEPT) if origins is None else origins
    return StandIn({**HEALTHY, "record": record(), **changes}, kept)
