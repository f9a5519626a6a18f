"""Graph's JSON → models: one function for each node and edge."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wizard.facts.json_values import (
    ident,
    inner,
    link,
    moment,
    names,
    node,
    nodes,
    odd,
    text,
    truth,
    whole,
    word,
)
from wizard.facts.models import (
    Account,
    AppSubscription,
    Business,
    Callbacks,
    Health,
    HealthEntity,
    HealthIssue,
    MetaApp,
    Number,
    PublicProfile,
    Subscriber,
    Template,
    Token,
)
from wizard.graph import GraphError, Json


def token(json: Json) -> Token:
    """The token; also of a dead one, for which Meta answers 200 with `is_valid: false`."""
    data = node(json.get("data"))
    if not data:
        raise odd("data")
    error = node(data.get("error"))
    if not error and truth(data.get("is_valid")) is None:
        raise odd("is_valid")
    return Token(
        valid=truth(data.get("is_valid")) is True,
        kind=word(data.get("type")),
        app_id=ident(data.get("app_id")),
        app_name=text(data.get("application")),
        user_id=ident(data.get("user_id")),
        scopes=frozenset(names(data.get("scopes"))),
        granted=_granted(data.get("granular_scopes")),
        issued_at=moment(data.get("issued_at")),
        expires_at=moment(data.get("expires_at")),
        data_access_until=moment(data.get("data_access_expires_at")),
        error_code=whole(error.get("code")),
        # Here the key is `subcode`, in ordinary errors `error_subcode`.
        error_subcode=whole(error.get("subcode")) or whole(error.get("error_subcode")),
        error_message=text(error.get("message")),
        page_id=ident(data.get("profile_id")),
    )


def dead_token(refusal: GraphError) -> Token:
    """What is known of a token that may not even inspect_token itself: why it was refused."""
    return Token(
        valid=False,
        kind="",
        app_id="",
        app_name="",
        user_id="",
        scopes=frozenset(),
        granted={},
        issued_at=None,
        expires_at=None,
        data_access_until=None,
        error_code=refusal.code,
        error_subcode=refusal.subcode,
        error_message=refusal.message,
    )


def undescribed_token(
    code: int = 0, subcode: int = 0, message: str = "", app_id: str = ""
) -> Token:
    """A token that works, though Meta did not describe it, with what Meta said instead."""
    return Token(
        valid=True,
        kind="",
        app_id=app_id,
        app_name="",
        user_id="",
        scopes=frozenset(),
        granted={},
        issued_at=None,
        expires_at=None,
        data_access_until=None,
        error_code=code,
        error_subcode=subcode,
        error_message=message,
        described=False,
    )


def _granted(value: object) -> dict[str, frozenset[str] | None]:
    granted: dict[str, frozenset[str] | None] = {}
    for row in nodes(value):
        scope, targets = text(row.get("scope")), row.get("target_ids")
        if not scope:
            continue
        # Left out means "all assets", which a second row of the same scope cannot narrow.
        ids = frozenset(map(ident, targets)) - {""} if isinstance(targets, list) else None
        known = granted.get(scope, frozenset())
        granted[scope] = None if ids is None or known is None else known | ids
    return granted


APP_FIELDS = ("id", "name", "business")
#: What publishing asks for, of what the API shows.
PUBLISHING_FIELDS = ("privacy_policy_url", "icon_url", "category")
APP_AND_FORM = (*APP_FIELDS, *PUBLISHING_FIELDS)


def app(json: Json) -> MetaApp:
    """The app node."""
    business = node(json.get("business")) or node(json.get("owner_business"))
    filled = tuple(name for name in PUBLISHING_FIELDS if text(json.get(name)))
    return MetaApp(ident(json.get("id")), text(json.get("name")), ident(business.get("id")), filled)


def permissions(rows: Sequence[Json]) -> frozenset[str]:
    """Names of the permissions the app has, whatever their status."""
    return frozenset(text(row.get("permission")) for row in rows) - {""}


def subscriptions(rows: Sequence[Json]) -> tuple[AppSubscription, ...]:
    """The app's webhook subscriptions, one per object; "" is one that is not shown."""
    return tuple(
        AppSubscription(
            object=text(row.get("object")).lower(),
            callback_url=link(row.get("callback_url")),
            active=truth(row.get("active")) is not False,
            # Strings on one page of Meta's, {name, version} on another.
            fields=frozenset(names(row["fields"])) if "fields" in row else None,
        )
        for row in rows
    )


ACCOUNT_FIELDS = (
    "id",
    "name",
    "account_review_status",
    "status",
    "business_verification_status",
    "owner_business_info",
    "currency",
    "timezone_id",
    "marketing_messages_onboarding_status",
    "whatsapp_business_manager_messaging_limit",
)
BUSINESS_FIELDS = ("id", "name", "verification_status")


def account(json: Json) -> Account:
    """A WABA."""
    owner = _owner(json)
    return Account(
        id=ident(json.get("id")),
        name=text(json.get("name")),
        review=word(json.get("account_review_status")),
        status=word(json.get("status")),
        business_id=ident(owner.get("id")),
        business_name=text(owner.get("name")),
        business_verification=word(json.get("business_verification_status")),
        currency=word(json.get("currency")),
        timezone_id=ident(json.get("timezone_id")),
        marketing_onboarding=word(json.get("marketing_messages_onboarding_status")),
        messaging_limit=word(json.get("whatsapp_business_manager_messaging_limit")),
    )


#: The id of the payment method.
FUNDING = "primary_funding_id"


def funding(json: Json) -> str:
    """The id of a WABA's payment method; "" where the answer has none."""
    return ident(inner(json.get(FUNDING), "id"))


def business(json: Json) -> Business:
    """A business portfolio."""
    return Business(
        ident(json.get("id")), text(json.get("name")), word(json.get("verification_status"))
    )


def _owner(json: Json) -> Json:
    for key in ("owner_business_info", "owner_business", "on_behalf_of_business_info"):
        if owner := node(json.get(key)):
            return owner
    return {}


#: What a list of numbers is chosen from.
LIST_FIELDS = (
    "id",
    "display_phone_number",
    "verified_name",
    "status",
    "code_verification_status",
    "platform_type",
    "quality_rating",
    "account_mode",
)
NUMBER_FIELDS = (
    *LIST_FIELDS,
    "is_pin_enabled",
    "throughput",
    "last_onboarded_time",
    "webhook_configuration",
    "name_status",
    "new_name_status",
    "new_display_name",
    "is_on_biz_app",
    "whatsapp_business_manager_messaging_limit",
    "messaging_limit_tier",
)


def number(json: Json) -> Number:
    """A phone number."""
    limit = json.get("whatsapp_business_manager_messaging_limit")
    return Number(
        id=ident(json.get("id")),
        display=text(json.get("display_phone_number"), 40),
        verified_name=text(json.get("verified_name")),
        status=word(json.get("status")),
        code_verification=word(json.get("code_verification_status")),
        # host_platform is the older name of the same.
        platform=word(json.get("platform_type")) or word(json.get("host_platform")),
        quality=word(json.get("quality_rating")) or word(inner(json.get("quality_score"), "score")),
        name_status=word(json.get("name_status")),
        new_name_status=word(json.get("new_name_status")),
        new_display_name=text(json.get("new_display_name")),
        pin_enabled=truth(json.get("is_pin_enabled")),
        account_mode=word(json.get("account_mode")),
        throughput=word(inner(json.get("throughput"), "level")),
        messaging_limit=word(limit) or word(json.get("messaging_limit_tier")),
        on_phone_app=truth(json.get("is_on_biz_app")),
        last_onboarded=moment(json.get("last_onboarded_time")),
        callbacks=_callbacks(node(json.get("webhook_configuration"))),
    )


PROFILE_FIELDS = (
    *("about", "address", "description", "email", "vertical", "websites"),
    *("profile_picture_url", "messaging_product"),
)


def public_profile(rows: Sequence[Json], unknown: frozenset[str]) -> PublicProfile:
    """The public profile, the only row of its edge; ODD without one."""
    found = [nodes(row.get("business_profile")) or [row] for row in rows]
    # What is empty is left out, but never all of a profile that was read.
    if not found or not set(found[0][0]) & set(PROFILE_FIELDS):
        raise odd("data")
    row, sites = found[0][0], found[0][0].get("websites")
    return PublicProfile(
        about=text(row.get("about")),
        address=text(row.get("address")),
        description=text(row.get("description"), 600),
        email=text(row.get("email")),
        vertical=word(row.get("vertical")),
        websites=tuple(filter(None, map(link, sites if isinstance(sites, list) else ()))),
        picture=link(row.get("profile_picture_url")),
        unknown=unknown & frozenset(PROFILE_FIELDS),
    )


def _callbacks(levels: Json) -> Callbacks:
    return Callbacks(
        app=_url(levels.get("application")),
        account=_url(levels.get("whatsapp_business_account")),
        number=_url(levels.get("phone_number")),
    )


def _url(value: object) -> str:
    # Written as {override_callback_uri: …} when it is set; read as a plain URL.
    return link(inner(value, "override_callback_uri"))


def health(json: Json) -> Health:
    """The entities; ODD when Graph left health_status out (it is in beta for some).

    The overall verdict is not used where there are entities: Meta's own example says
    BLOCKED there because SIP is not set up, while every entity is AVAILABLE.
    """
    status = node(json.get("health_status"))
    if not status and "entities" in json:
        status = json
    if not status:
        raise odd("health_status")
    if entities := tuple(map(_entity, nodes(status.get("entities")))):
        return Health(entities)
    return Health((_entity({**status, "id": json.get("id")}),))


def _entity(json: Json) -> HealthEntity:
    return HealthEntity(
        kind=word(json.get("entity_type")),
        id=ident(json.get("id")),
        can_send=word(json.get("can_send_message")),
        issues=(*map(_error, nodes(json.get("errors"))), *_remarks(json.get("additional_info"))),
    )


def _error(json: Json) -> HealthIssue:
    return HealthIssue(
        code=whole(json.get("error_code")) or whole(json.get("code")),
        text=text(json.get("error_description")) or text(json.get("message")),
        remedy=text(json.get("possible_solution")),
    )


def _remarks(value: object) -> list[HealthIssue]:
    remarks = value if isinstance(value, list) else [value]
    return [HealthIssue(0, remark) for remark in map(text, remarks) if remark]


def subscribers(rows: Sequence[Json]) -> tuple[Subscriber, ...]:
    """The apps subscribed to a WABA; one whose id is not shown has the id ""."""
    return tuple(map(_subscriber, rows))


def _subscriber(row: Json) -> Subscriber:
    # Wrapped in Meta's examples and in practice, flat in Meta's schema.
    app = node(row.get("whatsapp_business_api_data")) or row
    override = row.get("override_callback_uri") or app.get("override_callback_uri")
    return Subscriber(ident(app.get("id")), text(app.get("name")), link(override))


TEMPLATE_FIELDS = ("id", "name", "language", "status", "category", "components")

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
#: Headers and buttons that need a parameter at every sending, without a {{placeholder}}.
_NEED_PARAMETER = frozenset({"IMAGE", "VIDEO", "DOCUMENT", "LOCATION", "COPY_CODE", "OTP"})


def templates(rows: Sequence[Json]) -> tuple[Template, ...]:
    """The templates of a WABA; one whose name is not shown has the name ""."""
    return tuple(map(_template, rows))


def template_rows(rows: Sequence[Json]) -> tuple[Json, ...]:
    """The rows themselves, of templates that have a name and a language: others are no one's."""
    found = [{**row, "language": text(inner(row.get("language"), "code"))} for row in rows]
    return tuple(row for row in found if text(row.get("name"), 512) and row["language"])


def _template(row: Json) -> Template:
    parts = nodes(row.get("components"))
    bodies = (part.get("text") for part in parts if word(part.get("type")) == "BODY")
    return Template(
        name=text(row.get("name"), 512),
        language=text(inner(row.get("language"), "code")),
        status=word(row.get("status")),
        category=word(row.get("category")),
        variables=sum(map(_variables, parts)),
        text=text(next(bodies, ""), 1100),  # bodies have at most 1024 characters
    )


#: Buttons of a card of a carousel stand three deep.
_DEEPEST = 5


def _variables(part: Json, depth: int = 0) -> int:
    own = {*_PLACEHOLDER.findall(f"{text(part.get('text'), 4000)} {text(part.get('url'), 4000)}")}
    needs = word(part.get("format")) in _NEED_PARAMETER or word(part.get("type")) in _NEED_PARAMETER
    below = [*nodes(part.get("buttons")), *nodes(part.get("cards"))]
    if "cards" not in part:
        below += nodes(part.get("components"))  # of one card of a carousel
    inside = below if depth < _DEEPEST else []
    return len(own) + needs + sum(_variables(one, depth + 1) for one in inside)
