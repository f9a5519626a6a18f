"""From one token to what it reaches: every way alone must be enough, and none is relied upon."""

import pytest

from tests.support.fake_graph import FakeGraph, envelope
from wizard.facts.discovery import discover
from wizard.graph import Credentials
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.secret import Secret

NO = envelope(10, "(#10) Application does not have permission for this action", subcode=1752203)
TOKEN = {"is_valid": True, "app_id": "1", "type": "SYSTEM_USER"}
SHOP = {"id": "20", "name": "Shop", "currency": "EUR", "account_review_status": "APPROVED"}
NUMBERS = {"data": [{"id": "30", "display_phone_number": "+49 151 1234567"}]}
ASSIGNED = "me/assigned_whatsapp_business_accounts"
LISTED = {"data": [{"id": "20", "name": "Shop"}]}


def graph_of(granted=None, **answers):
    """A world in which every way is shut but those given."""
    token = {**TOKEN, "granular_scopes": granted or []}
    usual = {
        "debug_token": {"data": token},
        ASSIGNED: NO,
        "me/businesses": NO,
        "20": SHOP,
        "20/phone_numbers": NUMBERS,
    }
    answers = {f"GET {path}": answer for path, answer in {**usual, **answers}.items()}
    return FakeGraph(answers, keys=Credentials(Secret("EAAtoken")))


def grant(scope, *ids):
    return [{"scope": scope, "target_ids": list(ids)}]


OWNED = "9/owned_whatsapp_business_accounts"
CLIENT = "9/client_whatsapp_business_accounts"
WAYS = {
    "management grant": ({"granted": grant("whatsapp_business_management", "20")}, {}),
    "messaging grant": ({"granted": grant("whatsapp_business_messaging", "20")}, {}),
    "assigned": ({ASSIGNED: LISTED}, {}),
    "owned by a portfolio of the person": (
        {"me/businesses": {"data": [{"id": "9", "name": "Co"}]}, OWNED: LISTED},
        {},
    ),
    "shared with a portfolio of the person": (
        {"me/businesses": {"data": [{"id": "9", "name": "Co"}]}, CLIENT: LISTED},
        {},
    ),
    "portfolio of a grant": ({"granted": grant("business_management", "9"), OWNED: LISTED}, {}),
    "portfolio of the app": ({"1": {"id": "1", "business": {"id": "9"}}, OWNED: LISTED}, {}),
    "portfolio that is known": ({OWNED: LISTED}, {"business_id": "9"}),
    "id that is known": ({}, {"waba_id": "20"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_alone_finds_the_account_with_its_numbers(way):
    answers, known = WAYS[way]
    found = discover(graph_of(**answers), known)
    (shop,) = found.accounts
    assert (shop.account.id, shop.account.name, shop.account.review) == ("20", "Shop", "APPROVED")
    assert [number.id for number in found.numbers_of("20")] == ["30"]
    assert shop.error is None
    assert found.token.app_id == "1"


def test_ways_that_fail_are_remembered_and_stop_nothing():
    found = discover(graph_of(granted=grant("whatsapp_business_management", "20")))
    assert found.unreadable[ASSIGNED].values["subcode"] == 1752203
    assert "me/businesses" in found.unreadable
    assert len(found.accounts) == 1


def test_nothing_is_asked_twice_whatever_leads_there():
    both = grant("whatsapp_business_management", "20") + grant("whatsapp_business_messaging", "20")
    owner = {**SHOP, "owner_business_info": {"id": "9", "name": "Co"}}
    graph = graph_of(granted=both, **{ASSIGNED: LISTED, OWNED: LISTED, "20": owner})
    found = discover(graph)
    assert len(graph.asked()) == len(set(graph.asked()))
    # The list of the owner came last and shows less than the account itself.
    assert found.accounts[0].account.business_name == "Co"
    assert [business.name for business in found.businesses] == ["Co"]


def test_the_owner_of_one_account_leads_to_its_others():
    owner = {**SHOP, "owner_business_info": {"id": "9", "name": "Co"}}
    more = {"data": [{"id": "21", "name": "Second"}]}
    found = discover(graph_of(**{ASSIGNED: LISTED, "20": owner, OWNED: more}))
    assert [entry.account.id for entry in found.accounts] == ["20", "21"]
    assert found.accounts[1].error.kind is ErrorKind.NOT_VISIBLE


def test_a_grant_for_something_that_is_no_account_is_no_account():
    ids = grant("whatsapp_business_management", "20", "77", "78")
    page = {"id": "77", "name": "A page of the shop"}
    found = discover(graph_of(granted=ids, **{"77": page, "77/phone_numbers": envelope(100)}))
    assert [entry.account.id for entry in found.accounts] == ["20"]
    assert {"77/phone_numbers", "78"} <= found.unreadable.keys()


def test_an_account_that_is_listed_and_cannot_be_read_is_shown_with_its_trouble():
    shut = envelope(200, "You do not have the necessary permissions")
    found = discover(graph_of(**{ASSIGNED: LISTED, "20": SHOP, "20/phone_numbers": shut}))
    (shop,) = found.accounts
    assert shop.error.kind is ErrorKind.PERMISSION
    assert shop.numbers == ()


def test_the_test_account_stands_last_and_is_marked():
    accounts = {"data": [{"id": "19", "name": "Test WhatsApp Business Account"}, *LISTED["data"]]}
    test_number = {
        "data": [
            {"id": "31", "display_phone_number": "+1 555-078-3881", "verified_name": "Test Number"}
        ]
    }
    test = {"id": "19", "name": "Renamed", "currency": "USD"}
    found = discover(graph_of(**{ASSIGNED: accounts, "19": test, "19/phone_numbers": test_number}))
    assert [(entry.account.id, entry.is_test) for entry in found.accounts] == [
        ("20", False),
        ("19", True),
    ]


def test_many_accounts_are_listed_but_not_all_read():
    rows = {"data": [{"id": str(100 + n), "name": f"Shop {n}"} for n in range(45)]}
    reads = {
        str(100 + n): {"id": str(100 + n), "name": f"Shop {n}", "currency": "EUR"}
        for n in range(45)
    }
    graph = graph_of(**{ASSIGNED: rows, **reads})
    found = discover(graph)
    assert len(found.accounts) == 45
    assert len(graph.calls) < 50


def test_a_dead_token_reaches_nothing_and_says_so():
    dead = envelope(190, "Session has expired", subcode=463)
    answers = dict.fromkeys(["debug_token", ASSIGNED, "me/businesses", "20"], dead)
    found = discover(graph_of(**answers))
    assert not found.token.valid
    assert found.accounts == ()


@pytest.mark.parametrize("where", ["debug_token", ASSIGNED, "me/businesses"])
def test_nothing_found_while_meta_is_busy_is_not_said_to_be_nothing(where):
    with pytest.raises(Unavailable) as caught:
        discover(graph_of(**{where: envelope(80008, "too many calls")}))
    assert caught.value.kind is ErrorKind.BUSY


def test_no_token_no_search():
    graph = graph_of()
    graph.keys = Credentials()
    with pytest.raises(Unavailable) as caught:
        discover(graph)
    assert caught.value.kind is ErrorKind.NOT_GIVEN


def test_where_a_token_may_not_be_inspected_the_other_ways_still_show():
    found = discover(graph_of(debug_token=envelope(100, "no"), **{ASSIGNED: LISTED}))
    assert found.token is None
    assert [entry.account.id for entry in found.accounts] == ["20"]


TWO_ACCOUNTS = {"data": [*LISTED["data"], {"id": "21", "name": "Second"}]}
SECOND = {"21": {"id": "21", "name": "Second", "currency": "USD"}}
TWO_NUMBERS = {"data": [*NUMBERS["data"], {"id": "31", "display_phone_number": "+49 30 1"}]}
ALL = {
    "app_id": "1",
    "waba_id": "20",
    "phone_number_id": "30",
    "display_phone_number": "+49 151 1234567",
}


@pytest.mark.parametrize(
    ("answers", "known", "taken"),
    [
        ({ASSIGNED: LISTED}, {}, ALL),
        ({ASSIGNED: LISTED}, ALL, {}),
        ({ASSIGNED: TWO_ACCOUNTS, **SECOND}, {}, {"app_id": "1"}),
        (
            {ASSIGNED: TWO_ACCOUNTS, **SECOND},
            {"waba_id": "20"},
            {name: ALL[name] for name in ALL if name != "waba_id"},
        ),
        (
            {ASSIGNED: TWO_ACCOUNTS, **SECOND},
            {"phone_number_id": "30"},
            {name: ALL[name] for name in ALL if name != "phone_number_id"},
        ),
        ({ASSIGNED: LISTED, "20/phone_numbers": TWO_NUMBERS}, {}, {"app_id": "1", "waba_id": "20"}),
        ({ASSIGNED: TWO_ACCOUNTS}, {}, ALL),  # the second is listed, and not assigned
        ({}, {}, {"app_id": "1"}),
    ],
)
def test_only_what_leaves_no_choice_is_taken(answers, known, taken):
    assert discover(graph_of(**answers), known).only_choice(known) == taken
