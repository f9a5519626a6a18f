"""GET /{waba} and rows of the edges that list WABAs and businesses → Account, Business."""

from __future__ import annotations

from wizard.facts.nouns import Account, Business
from wizard.facts.plain import ident, inner, node, text, word
from wizard.graph import Json

ACCOUNT_FIELDS = (
    "id",
    "name",
    "account_review_status",
    "status",
    "business_verification_status",
    "owner_business_info",
    "currency",
    "timezone_id",
)
#: Newer than some versions, or shown to some tokens only (primary_funding_id: billing).
ACCOUNT_EXTRAS = (
    "primary_funding_id",
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
        funding_id=ident(inner(json.get("primary_funding_id"), "id")),
        marketing_onboarding=word(json.get("marketing_messages_onboarding_status")),
        messaging_limit=word(json.get("whatsapp_business_manager_messaging_limit")),
    )


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
