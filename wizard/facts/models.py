"""What Meta answers, as frozen dataclasses. Meta's peculiar formats are resolved before these.

Enums of Meta's are open sets: they come as upper-case strings, compared, never rejected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wizard.text.localised import Value
from wizard.vault import VaultProblem


@dataclass(frozen=True)
class Token:
    """The access token, as /debug_token describes it.

    `expires_at` and `data_access_until` are None for "never" (Meta writes 0). `granted` maps a
    scope to the ids it is limited to; None: all assets (Meta leaves `target_ids` out then).
    `error_code`/`error_subcode` say why a token is not valid (190/463: expired …).
    """

    valid: bool
    kind: str  # SYSTEM_USER, USER, PAGE, APP … "" when Meta does not say
    app_id: str
    app_name: str
    user_id: str
    scopes: frozenset[str]
    granted: Mapping[str, frozenset[str] | None]
    issued_at: datetime | None
    expires_at: datetime | None
    data_access_until: datetime | None
    error_code: int = 0
    error_subcode: int = 0
    error_message: str = ""
    page_id: str = ""  # of a page token: its page
    #: False: Meta did not describe it. That it works was seen by what it reads, and `app_id` is
    #: given where Graph accepted the proof by that app's secret.
    described: bool = True


@dataclass(frozen=True)
class MetaApp:
    """The app node. No field of Meta's shows Live/Development, or that WhatsApp was added."""

    id: str
    name: str
    business_id: str = ""
    #: What publishing wants and is filled in, by the field's name; others may be too.
    filled: tuple[str, ...] = ()


@dataclass(frozen=True)
class AppSubscription:
    """One row of /{app}/subscriptions (app token only)."""

    object: str  # whatsapp_business_account
    callback_url: str
    active: bool
    fields: frozenset[str] | None  # None: not shown


#: The object of the app's subscriptions that is about WhatsApp.
OBJECT = "whatsapp_business_account"


def whatsapp(rows: tuple[AppSubscription, ...]) -> AppSubscription | None:
    """The row of an app's subscriptions that is about WhatsApp."""
    return next((one for one in rows if one.object == OBJECT), None)


@dataclass(frozen=True)
class Business:
    """A business portfolio."""

    id: str
    name: str
    verification: str = ""  # VERIFIED, NOT_VERIFIED, PENDING …


@dataclass(frozen=True)
class Account:
    """A WABA (WhatsApp Business Account; "messaging account" in Meta's newest wording)."""

    id: str
    name: str
    review: str = ""  # APPROVED, REJECTED, PENDING …
    status: str = ""  # ACTIVE …
    business_id: str = ""
    business_name: str = ""
    business_verification: str = ""
    currency: str = ""
    timezone_id: str = ""
    marketing_onboarding: str = ""  # PENDING_VALID_PAYMENT_METHOD: no payment method
    messaging_limit: str = ""  # TIER_250 … TIER_UNLIMITED, of the whole portfolio


@dataclass(frozen=True)
class HealthIssue:
    """One error or remark about an entity of a health_status."""

    code: int  # 0: a remark (additional_info) without a code
    text: str
    remedy: str = ""  # possible_solution, Meta's advice in English


@dataclass(frozen=True)
class HealthEntity:
    """One entity of a health_status; `can_send` alone counts.

    can_receive_call_sip is left out on purpose: it is BLOCKED (138024, 138025) on healthy
    numbers.
    """

    kind: str  # PHONE_NUMBER, WABA, BUSINESS, APP, MESSAGE_TEMPLATE
    id: str
    can_send: str  # AVAILABLE, LIMITED, BLOCKED
    issues: tuple[HealthIssue, ...] = ()


@dataclass(frozen=True)
class Health:
    """health_status of a WABA or a number."""

    entities: tuple[HealthEntity, ...]


@dataclass(frozen=True)
class Callbacks:
    """The callback URLs in force for the calling app, by level; "" where none is set."""

    app: str = ""
    account: str = ""
    number: str = ""

    @property
    def winner(self) -> tuple[str, str]:
        """(level, URL) that `messages` go to: number, else account, else app; ("", "") if none."""
        for level in ("number", "account", "app"):
            if url := getattr(self, level):
                return level, url
        return "", ""


@dataclass(frozen=True)
class SeenCallbacks:
    """The callbacks by all that shows them; of a level that is not `known`, "" is no answer."""

    callbacks: Callbacks
    known: frozenset[str]

    @property
    def none_set(self) -> bool:
        """Whether it was seen that there is none: only a subscribed app can override."""
        return not self.callbacks.winner[1] and {"app", "account"} <= self.known

    def elsewhere(self, expected: str) -> str:
        """Another address that an override keeps the messages from, while none was chosen."""
        _, url = self.callbacks.winner
        lower = [getattr(self.callbacks, level) for level in ("app", "account")]
        return "" if expected else next((one for one in lower if one and one != url), "")


@dataclass(frozen=True)
class Number:
    """A phone number of a WABA. `display` is as Meta writes it: normalise before comparing."""

    id: str
    display: str
    verified_name: str = ""
    status: str = ""  # CONNECTED, PENDING, BANNED …
    code_verification: str = ""  # VERIFIED, NOT_VERIFIED, EXPIRED
    platform: str = ""  # CLOUD_API, ON_PREMISE, NOT_APPLICABLE (registered nowhere), "" not said
    quality: str = ""  # GREEN, YELLOW, RED, UNKNOWN, NA
    name_status: str = ""
    new_name_status: str = ""
    new_display_name: str = ""
    pin_enabled: bool | None = None
    account_mode: str = ""  # LIVE, SANDBOX
    throughput: str = ""
    messaging_limit: str = ""
    on_phone_app: bool | None = None  # is_on_biz_app: also used in the WhatsApp Business app
    last_onboarded: datetime | None = None
    callbacks: Callbacks = field(default_factory=Callbacks)

    @property
    def digits(self) -> str:
        """The number as digits alone."""
        return "".join(character for character in self.display if character.isdigit())

    @property
    def is_test_number(self) -> bool:
        """One of Meta's own for trying things out: free, at most five recipients.

        They are +1 555 …, but so are numbers that Meta gives to businesses for good.
        """
        trial = self.account_mode == "SANDBOX" or self.verified_name.casefold() == "test number"
        return self.digits.startswith("1555") and trial

    @property
    def kind(self) -> str:
        """own, test, phone_app or coexistence; "" when Meta shows too little to say.

        phone_app: a number of the WhatsApp Business app that is not connected to the Cloud API;
        request_code and register never work for it. coexistence: it is used in both.
        """
        if self.is_test_number:
            return "test"
        if self.on_phone_app is None:
            return ""
        if not self.on_phone_app:
            return "own"
        if self.registered is None:
            return ""
        return "coexistence" if self.registered else "phone_app"

    @property
    def registered(self) -> bool | None:
        """Whether it is registered with the Cloud API; None when Meta does not show it.

        By its platform, where that is one we know; else a number that is connected is registered.
        """
        if self.platform in PLATFORMS:
            return self.platform == "CLOUD_API"
        if self.status == "CONNECTED":
            return True
        # A number that was never registered is shown without a platform.
        return None if self.platform or not self.status or self.status == "UNKNOWN" else False


@dataclass(frozen=True)
class PublicProfile:
    """What customers see of a business beside its name. Meta leaves out what is empty."""

    about: str = ""
    address: str = ""
    description: str = ""
    email: str = ""
    vertical: str = ""  # RETAIL, RESTAURANT …; UNDEFINED: none was chosen
    websites: tuple[str, ...] = ()
    picture: str = ""  # where the picture is shown; an address that ends
    #: Fields that this version of Graph does not know: they may be filled in all the same.
    unknown: frozenset[str] = frozenset()

    @property
    def missing(self) -> tuple[str, ...]:
        """Of picture, description, vertical and email: what is not filled in.

        `email` stands for any way to reach the business: an address or a website does as well.
        """
        reached = self.email or self.address or self.websites
        there = {
            "profile_picture_url": self.picture,
            "description": self.description,
            "vertical": self.vertical not in ("", "UNDEFINED"),
            "email": reached or self.unknown & {"address", "websites"},
        }
        return tuple(
            name for name, value in there.items() if not value and name not in self.unknown
        )


#: Platforms whose meaning is known. Meta also writes UNKNOWN, and may add others.
PLATFORMS = frozenset({"CLOUD_API", "ON_PREMISE", "NOT_APPLICABLE"})


@dataclass(frozen=True)
class Subscriber:
    """An app that is subscribed to the WABA, with the override it set there ("" = none)."""

    app_id: str
    app_name: str = ""
    override: str = ""


@dataclass(frozen=True)
class Arrivals:
    """What this machine's receiver stored; all empty where there is none.

    `message_at` is when the last real message of this number was received (ISO, "" for never);
    only while there is none do `other_number` (real messages came for that one) and `test_event`
    (the Test button of the dashboard) matter. `refused_for` is why the last delivery that names
    this number or WABA was refused: bad_signature, rewritten, unsigned, no_secret, bad_json, path
    (then `refused_path` is where it came to). `handshake_refused` is why the last handshake was
    refused, while none was accepted after it: path (`handshake_path`), spelling, mode; other
    causes may be a probe of this tool. `test_state` is the furthest status of the test message.
    `inbox_error`: why the inbox cannot be read. `charged_at` and `unpaid_at` are when a message
    that Meta charges was last delivered, and one last failed because it could not be paid for;
    `services` how many service messages of this number were delivered this month (UTC).
    """

    message_at: str = ""
    other_number: str = ""
    test_event: bool = False
    refused_for: str = ""
    refused_path: str = ""
    handshake_refused: str = ""
    handshake_path: str = ""
    test_state: str = ""
    test_code: int = 0
    test_details: str = ""
    inbox_error: str = ""
    charged_at: str = ""
    unpaid_at: str = ""
    services: int = 0


@dataclass(frozen=True)
class Template:
    """A message template. `variables` counts the {{1}} {{name}} placeholders of all components."""

    name: str
    language: str
    status: str
    category: str = ""
    variables: int = 0
    text: str = ""


@dataclass(frozen=True)
class Step:
    """One step of a probe that worked: resolved, connected, certificate, answered, …"""

    name: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Handshake:
    """The result of probing a callback. `reason` is "" when it works.

    `steps` are those that worked before the first that did not. `challenges` are those that this
    probe sent, so that a receiver can distinguish its own probe from Meta.
    """

    url: str
    reason: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    unsure: bool = False
    steps: tuple[Step, ...] = ()
    challenges: frozenset[str] = frozenset()
    milliseconds: int = 0

    @property
    def ok(self) -> bool:
        """Whether Meta's handshake would succeed, as far as it can be seen from here."""
        return not self.reason


@dataclass(frozen=True)
class VaultState:
    """The state of the store of secrets after its probe; `closed` is None when it works.

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
