"""Every shape in which Meta's answers were seen, and some in which they may come one day."""

import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from tests.support.fake_graph import envelope
from wizard.facts import json_values as plain
from wizard.facts.models import (
    Business,
    Callbacks,
    HealthEntity,
    HealthIssue,
    Subscriber,
)
from wizard.facts.parsers import (
    account,
    app,
    business,
    dead_token,
    funding,
    health,
    number,
    permissions,
    subscribers,
    subscriptions,
    templates,
    token,
)
from wizard.graph.errors import refusal
from wizard.text.errors import ErrorKind, Unavailable

TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
UNIX = int(TIME.timestamp())


@pytest.mark.parametrize(
    ("node", "seen"),
    [
        ("a", "a"),
        (" a\n b ", "a b"),
        (5, "5"),
        (True, ""),
        (None, ""),
        (["a"], ""),
        ({"a": 1}, ""),
        ("\x1b]52;c;evil\x07x", "]52;c;evilx"),
    ],
)
def test_text_is_clean_or_nothing(node, seen):
    assert plain.text(node) == seen


@pytest.mark.parametrize(
    ("node", "seen"),
    [(7, 7), ("7", 7), (7.0, 7), ("", 0), (None, 0), ("x", 0), ([], 0), (1e400, 0), ("1.5", 0)],
)
def test_integers_come_as_numbers_and_strings(node, seen):
    assert plain.whole(node) == seen


@pytest.mark.parametrize(
    ("node", "seen"),
    [
        (True, True),
        ("true", True),
        ("True ", True),
        (1, True),
        (False, False),
        ("false", False),
        (0, False),
        (None, None),
        ("", None),
        ("maybe", None),
        ({}, None),
    ],
)
def test_truth_comes_as_words_too(node, seen):
    assert plain.truth(node) is seen


@pytest.mark.parametrize(
    ("node", "seen"),
    [
        (UNIX, TIME),
        (str(UNIX), TIME),
        ("2026-01-02T03:04:05+0000", TIME),
        ("2026-01-02T05:04:05+0200", TIME),
        ("2026-01-02T03:04:05Z", TIME),
        ("2026-01-02T03:04:05", TIME),
        (0, None),
        ("0", None),
        (-5, None),
        (10**30, None),
        (None, None),
        ("soon", None),
        ([], None),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_a_time_is_unix_or_iso_and_zero_is_never(monkeypatch, node, seen, zone):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    assert plain.moment(node) == seen
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("node", "seen"),
    [
        (["a", "b"], ("a", "b")),
        ([{"name": "a", "version": "v23.0"}, "b"], ("a", "b")),
        ("a, b", ("a", "b")),
        ([None, {}, 3], ("3",)),
        (None, ()),
        ({"a": 1}, ()),
    ],
)
def test_names_come_in_lists_objects_and_commas(node, seen):
    assert plain.names(node) == seen


@pytest.mark.parametrize(
    ("node", "count"),
    [([{}, {}], 2), ({"data": [{}, 1, None]}, 1), ({"a": 1}, 1), (None, 0), ("x", 0), ([[]], 0)],
)
def test_lists_may_be_wrapped(node, count):
    assert len(plain.nodes(node)) == count


def the_token(**data):
    return token({"data": {"is_valid": True, **data}})


def test_a_token_in_full():
    seen = the_token(
        app_id=123,
        type="system_user",
        application="Shop",
        issued_at=UNIX,
        expires_at=0,
        data_access_expires_at=UNIX,
        scopes=["whatsapp_business_management"],
        user_id="77",
    )
    assert (seen.valid, seen.kind, seen.app_id, seen.app_name) == (
        True,
        "SYSTEM_USER",
        "123",
        "Shop",
    )
    assert (seen.issued_at, seen.expires_at, seen.data_access_until) == (TIME, None, TIME)
    assert (seen.scopes, seen.user_id) == ({"whatsapp_business_management"}, "77")


@pytest.mark.parametrize(
    ("rows", "granted"),
    [
        (None, {}),
        ([], {}),
        ([{"scope": "a"}], {"a": None}),
        ([{"scope": "a", "target_ids": None}], {"a": None}),
        ([{"scope": "a", "target_ids": []}], {"a": set()}),
        ([{"scope": "a", "target_ids": [1, "2", None]}], {"a": {"1", "2"}}),
        (
            [{"scope": "a", "target_ids": ["1"]}, {"scope": "a", "target_ids": ["2"]}],
            {"a": {"1", "2"}},
        ),
        ([{"scope": "a", "target_ids": ["1"]}, {"scope": "a"}], {"a": None}),
        ([{"scope": "a"}, {"scope": "a", "target_ids": ["1"]}], {"a": None}),
        ([{"target_ids": ["1"]}, "nonsense", None], {}),
    ],
)
def test_absent_target_ids_mean_all_assets(rows, granted):
    assert the_token(granular_scopes=rows).granted == granted


@pytest.mark.parametrize("key", ["subcode", "error_subcode"])
def test_a_dead_token_says_why(key):
    data = {"is_valid": False, "error": {"code": "190", key: 463, "message": "Session expired"}}
    seen = token({"data": data})
    assert (seen.valid, seen.error_code, seen.error_subcode) == (False, 190, 463)
    assert seen.error_message == "Session expired"


def test_a_refusal_of_the_token_itself_makes_a_dead_token():
    seen = dead_token(refusal(400, envelope(190, "Password changed", subcode=460)))
    assert (seen.valid, seen.error_code, seen.error_subcode) == (False, 190, 460)


@pytest.mark.parametrize("answer", [{}, {"data": []}, {"data": None}, {"data": {}}])
def test_an_inspection_without_data_is_odd(answer):
    with pytest.raises(Unavailable) as caught:
        token(answer)
    assert caught.value.kind is ErrorKind.ODD


def test_an_app_may_show_its_business():
    assert app({"id": 1, "name": "Shop", "business": {"id": "9"}}).business_id == "9"
    assert app({"id": "1"}).business_id == app({"id": "1", "business": None}).business_id == ""


def test_permissions_are_listed_whatever_their_status():
    rows = [{"permission": "a", "status": "live"}, {"permission": "b"}, {}, {"permission": None}]
    assert permissions(rows) == {"a", "b"}


@pytest.mark.parametrize(
    ("row", "fields", "active"),
    [
        ({"fields": ["messages"], "active": True}, {"messages"}, True),
        (
            {"fields": [{"name": "messages", "version": "v23.0"}], "active": "true"},
            {"messages"},
            True,
        ),
        ({"fields": "messages,flows", "active": "false"}, {"messages", "flows"}, False),
        ({}, None, True),
    ],
)
def test_subscriptions_come_in_several_shapes(row, fields, active):
    seen, unnamed = subscriptions(
        [{"object": "WhatsApp_Business_Account", **row}, {"fields": ["x"]}]
    )
    assert unnamed.object == ""
    assert (seen.object, seen.fields, seen.active) == (
        "whatsapp_business_account",
        fields,
        active,
    )


@pytest.mark.parametrize(
    "owner",
    [
        {"owner_business_info": {"id": "9", "name": "Co"}},
        {"owner_business": {"id": 9, "name": "Co"}},
        {"owner_business_info": None, "on_behalf_of_business_info": {"id": "9", "name": "Co"}},
    ],
)
def test_an_account_names_its_owner(owner):
    seen = account({"id": 1, "name": "Shop", **owner})
    assert (seen.id, seen.business_id, seen.business_name) == ("1", "9", "Co")


def test_enums_of_an_account_are_upper_case_and_open():
    seen = account({"account_review_status": "Approved", "business_verification_status": "novel"})
    assert (seen.review, seen.business_verification) == ("APPROVED", "NOVEL")


@pytest.mark.parametrize("node", ["55", 55, {"id": "55"}])
def test_the_funding_is_an_id(node):
    assert funding({"primary_funding_id": node}) == "55"


def test_an_answer_about_a_token_that_does_not_say_whether_it_is_valid_is_odd():
    """Left out is not "no": without an error beside it nothing says that the token is dead."""
    with pytest.raises(Unavailable) as caught:
        token({"data": {"app_id": "1", "type": "USER"}})
    assert caught.value.kind is ErrorKind.ODD
    assert not token({"data": {"error": {"code": 190}}}).valid


def test_a_business():
    assert business({"id": 1, "name": "Co", "verification_status": "not_verified"}) == Business(
        "1", "Co", "NOT_VERIFIED"
    )


@pytest.mark.parametrize(
    ("json", "attribute", "seen"),
    [
        ({"throughput": {"level": "standard"}}, "throughput", "STANDARD"),
        ({"throughput": "HIGH"}, "throughput", "HIGH"),
        ({"throughput": []}, "throughput", ""),
        ({"host_platform": "CLOUD_API"}, "platform", "CLOUD_API"),
        ({"platform_type": "NOT_APPLICABLE", "host_platform": "X"}, "platform", "NOT_APPLICABLE"),
        ({"quality_score": {"score": "GREEN"}}, "quality", "GREEN"),
        ({"quality_rating": "red", "quality_score": {"score": "GREEN"}}, "quality", "RED"),
        ({"messaging_limit_tier": "TIER_1K"}, "messaging_limit", "TIER_1K"),
        (
            {"messaging_limit_tier": "X", "whatsapp_business_manager_messaging_limit": "TIER_2K"},
            "messaging_limit",
            "TIER_2K",
        ),
        ({"is_pin_enabled": "true"}, "pin_enabled", True),
        ({}, "pin_enabled", None),
        ({"is_on_biz_app": 0}, "on_phone_app", False),
        ({"last_onboarded_time": "2026-01-02T03:04:05+0000"}, "last_onboarded", TIME),
        ({"username": None, "display_phone_number": "15550783881"}, "display", "15550783881"),
        (
            {"webhook_configuration": {"application": "https://a/x"}},
            "callbacks",
            Callbacks("https://a/x"),
        ),
        (
            {"webhook_configuration": {"phone_number": {"override_callback_uri": "https://n"}}},
            "callbacks",
            Callbacks(number="https://n"),
        ),
        ({"webhook_configuration": None}, "callbacks", Callbacks()),
        ({"webhook_configuration": "x"}, "callbacks", Callbacks()),
    ],
)
def test_a_number_in_every_shape(json, attribute, seen):
    assert getattr(number(json), attribute) == seen


def test_health_is_read_by_entity():
    json = {
        "health_status": {
            "can_send_message": "BLOCKED",
            "entities": [
                {
                    "entity_type": "waba",
                    "id": 1,
                    "can_send_message": "BLOCKED",
                    "errors": [
                        {
                            "error_code": "141006",
                            "error_description": "payment",
                            "possible_solution": "pay",
                        }
                    ],
                },
                {
                    "entity_type": "PHONE_NUMBER",
                    "id": "2",
                    "can_send_message": "LIMITED",
                    "additional_info": ["name not approved", None],
                },
                {"entity_type": "APP", "can_send_message": "AVAILABLE", "errors": None},
            ],
        },
        "id": "1",
    }
    assert health(json).entities == (
        HealthEntity("WABA", "1", "BLOCKED", (HealthIssue(141006, "payment", "pay"),)),
        HealthEntity("PHONE_NUMBER", "2", "LIMITED", (HealthIssue(0, "name not approved"),)),
        HealthEntity("APP", "", "AVAILABLE"),
    )


@pytest.mark.parametrize("code", [141006, "141006", 141006.0])
def test_health_codes_are_numbers_however_written(code):
    entity = {"errors": {"error_code": code}, "additional_info": "slow"}
    (seen,) = health({"entities": [entity]}).entities
    assert [issue.code for issue in seen.issues] == [141006, 0]


def test_health_without_entities_is_the_node_as_a_whole():
    (seen,) = health({"id": "5", "health_status": {"can_send_message": "available"}}).entities
    assert (seen.id, seen.can_send) == ("5", "AVAILABLE")


@pytest.mark.parametrize("answer", [{}, {"id": "1"}, {"health_status": None}])
def test_health_that_was_left_out_is_odd(answer):
    with pytest.raises(Unavailable) as caught:
        health(answer)
    assert caught.value.kind is ErrorKind.ODD


@pytest.mark.parametrize(
    ("row", "seen"),
    [
        (
            {
                "whatsapp_business_api_data": {"id": "1", "name": "App", "link": "x"},
                "override_callback_uri": "https://o",
            },
            (Subscriber("1", "App", "https://o"),),
        ),
        ({"id": 1, "name": "App"}, (Subscriber("1", "App"),)),
        (
            {"whatsapp_business_api_data": {"id": "1", "override_callback_uri": "https://o"}},
            (Subscriber("1", "", "https://o"),),
        ),
        ({"whatsapp_business_api_data": {}}, (Subscriber(""),)),
        ({"whatsapp_business_api_data": None, "id": "1"}, (Subscriber("1"),)),
    ],
)
def test_subscribers_are_wrapped_or_flat(row, seen):
    assert subscribers([row]) == seen


@pytest.mark.parametrize(
    ("parts", "variables"),
    [
        (None, 0),
        ([{"type": "BODY", "text": "Hello"}], 0),
        ([{"type": "BODY", "text": "{{1}} and {{2}} and {{1}}"}], 2),
        ([{"type": "BODY", "text": "{{ first_name }}"}], 1),
        (
            [
                {"type": "HEADER", "format": "TEXT", "text": "{{1}}"},
                {"type": "BODY", "text": "{{1}}"},
            ],
            2,
        ),
        ([{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "x"}], 1),
        ([{"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://x/{{1}}"}]}], 1),
        ([{"type": "BUTTONS", "buttons": [{"type": "COPY_CODE"}, {"type": "QUICK_REPLY"}]}], 1),
        (
            [
                {
                    "type": "CAROUSEL",
                    "cards": [{"components": [{"type": "header", "format": "image"}]}],
                }
            ],
            1,
        ),
        ("nonsense", 0),
    ],
)
def test_everything_a_template_wants_is_counted(parts, variables):
    (seen,) = templates([{"name": "t", "language": "en_US", "components": parts}])
    assert seen.variables == variables


def test_a_template_whose_name_is_not_shown_is_there_all_the_same():
    (seen,) = templates([{"id": 1, "status": "APPROVED"}])
    assert (seen.name, seen.status) == ("", "APPROVED")


def test_a_template_shows_its_body():
    (seen,) = templates(
        [
            {
                "name": "t",
                "language": {"code": "ru"},
                "status": "approved",
                "components": [{"type": "HEADER", "text": "H"}, {"type": "body", "text": "B"}],
            }
        ]
    )
    assert (seen.text, seen.language, seen.status) == ("B", "ru", "APPROVED")


JUNK = [
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    [],
    [[]],
    [{}],
    {},
    {"data": []},
    {"id": {}},
    {"data": "x"},
]
PARSERS = {
    "token": lambda junk: token({"data": junk}),
    "app": app,
    "account": account,
    "business": business,
    "number": number,
    "health": health,
    "subscribers": lambda junk: subscribers([junk]),
    "templates": lambda junk: templates([{"name": "t", **junk}]),
    "permissions": lambda junk: permissions([junk]),
    "subscriptions": lambda junk: subscriptions([{"object": "x", **junk}]),
}
KEYS = [
    "id",
    "name",
    "is_valid",
    "app_id",
    "type",
    "application",
    "issued_at",
    "expires_at",
    "data_access_expires_at",
    "scopes",
    "granular_scopes",
    "user_id",
    "error",
    "business",
    "owner_business_info",
    "account_review_status",
    "currency",
    "primary_funding_id",
    "display_phone_number",
    "status",
    "throughput",
    "quality_rating",
    "quality_score",
    "is_pin_enabled",
    "last_onboarded_time",
    "webhook_configuration",
    "health_status",
    "entities",
    "errors",
    "whatsapp_business_api_data",
    "override_callback_uri",
    "language",
    "components",
    "permission",
    "fields",
    "active",
    "callback_url",
    "target_ids",
    "verification_status",
    "messaging_limit_tier",
]


@pytest.mark.parametrize("parser", PARSERS)
def test_no_value_of_a_wrong_type_breaks_a_parser(parser):
    for key in KEYS:
        for junk in JUNK:
            with suppress(Unavailable):  # ODD is an answer; a crash is not
                PARSERS[parser]({key: junk})
