"""GET /{phone number} and rows of /{waba}/phone_numbers → Number."""

from __future__ import annotations

from wizard.facts.nouns import Callbacks, Number
from wizard.facts.plain import ident, inner, link, moment, node, text, truth, word
from wizard.graph import Json

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
)
#: In beta, newer than some versions, or on their way out.
NUMBER_EXTRAS = (
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


def _callbacks(levels: Json) -> Callbacks:
    return Callbacks(
        app=_url(levels.get("application")),
        account=_url(levels.get("whatsapp_business_account")),
        number=_url(levels.get("phone_number")),
    )


def _url(value: object) -> str:
    # Written as {override_callback_uri: …} when it is set; read as a plain URL.
    return link(inner(value, "override_callback_uri"))
