"""Templates of every shape that Meta's pages and its published specification show."""

from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

#: For tests that write files: shrinking them takes minutes and shows little.
SLOW = settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

#: As they are sent to create a template, each with the body it needs.
_BODY = {
    "type": "BODY",
    "text": "Hi {{1}}, use code {{2}} today.",
    "example": {"body_text": [["Mark", "FALL25"]]},
}
_NAMED_BODY = {
    "type": "body",
    "text": "Thank you, {{first_name}}! Order {{order_number}} is on its way.",
    "example": {
        "body_text_named_params": [
            {"param_name": "first_name", "example": "Pablo"},
            {"param_name": "order_number", "example": "860198"},
        ]
    },
}
_PLAIN_BODY = {"type": "BODY", "text": "Check out this new offer.\n\nIt ends today."}
HEADERS: list[dict[str, Any]] = [
    {"type": "HEADER", "format": "TEXT", "text": "Fall Sale"},
    {
        "type": "HEADER",
        "format": "TEXT",
        "text": "Our {{1}} is on!",
        "example": {"header_text": ["Summer Sale"]},
    },
    {
        "type": "header",
        "format": "text",
        "text": "Our sale starts {{sale_start_date}}!",
        "example": {
            "header_text_named_params": [
                {"param_name": "sale_start_date", "example": "December 1st"}
            ]
        },
    },
    *(
        {"type": "HEADER", "format": form, "example": {"header_handle": ["4::aW1hZ2U:ARZVv4zu"]}}
        for form in ("IMAGE", "VIDEO", "GIF", "DOCUMENT")
    ),
    {"type": "header", "format": "location"},
    {"type": "HEADER", "format": "PRODUCT"},
]
FOOTER = {"type": "FOOTER", "text": "Offer valid until May 31"}
BUTTONS: list[dict[str, Any]] = [
    {"type": "QUICK_REPLY", "text": "Unsubscribe from Promos"},
    {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "16467043595"},
    {"type": "URL", "text": "Support", "url": "https://www.example.com/support"},
    {
        "type": "URL",
        "text": "Shop Now",
        "url": "https://example.com/shop?promo={{1}}",
        "example": ["summer2023"],
    },
    {"type": "COPY_CODE", "example": "250FF"},
    {"type": "MPM", "text": "View items"},
    {"type": "CATALOG", "text": "View catalog"},
    {"type": "VOICE_CALL", "text": "Call"},
    {"type": "SPM", "text": "View"},
    *(
        {
            "type": "FLOW",
            "text": "Check out this offer!",
            "flow_action": "navigate",
            "navigate_screen": "WELCOME_SCREEN",
            **flow,
        }
        for flow in (
            {"flow_id": "1234567890"},
            {"flow_name": "my_flow"},
            {"flow_json": '{"version":"5.0","screens":[]}'},
        )
    ),
]
OTP: list[dict[str, Any]] = [
    {"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy Code"},
    {"type": "otp", "otp_type": "copy_code"},
    {
        "type": "OTP",
        "otp_type": "ONE_TAP",
        "text": "Copy Code",
        "autofill_text": "Autofill",
        "package_name": "com.example.luckyshrub",
        "signature_hash": "K8a%2FAINcGX7",
    },
    {
        "type": "OTP",
        "otp_type": "ZERO_TAP",
        "zero_tap_terms_accepted": True,
        "supported_apps": [
            {"package_name": "com.example.luckyshrub", "signature_hash": "K8a/AINcGX7"}
        ],
    },
]
OFFER = {
    "type": "limited_time_offer",
    "limited_time_offer": {"text": "Expiring offer!", "has_expiration": True},
}
CARD = {
    "components": [
        {"type": "header", "format": "image", "example": {"header_handle": ["4::an..."]}},
        {"type": "body", "text": "From {{1}} on.", "example": {"body_text": [["Monday"]]}},
        {
            "type": "buttons",
            "buttons": [
                {"type": "quick_reply", "text": "Send me more like this!"},
                {
                    "type": "url",
                    "text": "Shop",
                    "url": "https://example.com/rare/{{1}}",
                    "example": ["BLUE_ELF"],
                },
            ],
        },
    ]
}
CAROUSEL = {"type": "carousel", "cards": [CARD, CARD]}


def _buttons(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(buttons)}


#: Every shape once: what stands in it, and its category.
SHAPES: list[tuple[str, list[dict[str, Any]]]] = [
    ("MARKETING", [_PLAIN_BODY]),
    ("utility", [_NAMED_BODY]),
    *(("UTILITY", [header, _BODY, FOOTER]) for header in HEADERS),
    *(("MARKETING", [_BODY, _buttons(button)]) for button in BUTTONS),
    ("MARKETING", [_BODY, FOOTER, _buttons(*BUTTONS[:4])]),
    *(
        (
            "AUTHENTICATION",
            [
                {"type": "BODY", "add_security_recommendation": True},
                {"type": "FOOTER", "code_expiration_minutes": 10},
                _buttons(button),
            ],
        )
        for button in OTP
    ),
    ("AUTHENTICATION", [{"type": "BODY"}, _buttons(OTP[0])]),
    ("marketing", [HEADERS[3], OFFER, _BODY, _buttons(BUTTONS[4], BUTTONS[3])]),
    ("marketing", [_BODY, CAROUSEL]),
    ("UTILITY", [_BODY, {"type": "CALL_PERMISSION_REQUEST"}]),
]


def row(components: list[Any], category: str = "UTILITY", **more: Any) -> dict[str, Any]:
    """A template as it is sent to create it."""
    base = {"name": "order_ready", "language": "en_US", "category": category}
    return {**base, "components": components, **more}


#: What may stand in a text: everything JSON can hold but halves of characters.
words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def rows(draw: Any) -> dict[str, Any]:
    """A template of a known shape with other texts in it, and keys that nobody knows."""
    category, parts = draw(st.sampled_from(SHAPES))
    parts = [_worded(draw, part) for part in parts]
    extra = draw(st.dictionaries(st.sampled_from(["new_key", "bid_spec"]), _json, max_size=2))
    ttl = draw(st.none() | st.integers(30, 900))
    more = extra | ({} if ttl is None else {"message_send_ttl_seconds": ttl})
    return row(parts, category, **more)


def _worded(draw: Any, part: dict[str, Any]) -> dict[str, Any]:
    changed = dict(part)
    if "text" in part and draw(st.booleans()):
        changed["text"] = part["text"] + draw(words)
    if draw(st.integers(0, 9)) == 0:
        changed["new_key"] = draw(_json)
    return changed
