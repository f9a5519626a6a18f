"""An id that was pasted tells what it is, whichever way Graph is willing to say it."""

import pytest

from tests.support.fake_graph import NOT_VISIBLE, FakeGraph, envelope
from wizard.facts.discovery import what_is
from wizard.graph import Credentials
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.secret import Secret

ACCOUNT = {
    "id": "20",
    "name": "Shop",
    "currency": "EUR",
    "timezone_id": "1",
    "owner_business_info": {"id": "9", "name": "Co"},
}
NUMBER = {"id": "30", "display_phone_number": "+49 151 1", "verified_name": "Shop"}
BUSINESS = {"id": "9", "name": "Co"}
PAGE = {"id": "8", "name": "A page"}
APP = {"id": "1", "name": "An app"}
ASSIGNED = {"data": [{"id": "20", "name": "Shop"}]}


def typed(node, meta_type):
    """Graph as it refuses an unknown field, and names the kind of the node with it."""

    def answer(call):
        if any(field.startswith("wa_wizard") for field in call.fields):
            field = call.fields[0]
            return envelope(
                100,
                f"(#100) Tried accessing nonexisting field ({field}) on node type ({meta_type})",
            )
        return node

    return answer


def mute(node, meta_type):
    """Graph as it ignores what it does not know, and shows metadata when asked for it."""

    def answer(call):
        return {**node, "metadata": {"type": meta_type}} if "metadata" in call.params else node

    return answer


def shy(node, meta_type):
    """Graph that tells no kind at all."""
    return lambda call: node


def graph_of(**answers):
    usual = {
        "debug_token": {"data": {"is_valid": True, "app_id": "1"}},
        "me/assigned_whatsapp_business_accounts": ASSIGNED,
        "20/phone_numbers": {"data": [NUMBER]},
        "20": ACCOUNT,
    }
    answers = {f"GET {path}": answer for path, answer in {**usual, **answers}.items()}
    return FakeGraph(answers, keys=Credentials(Secret("EAAtoken")))


@pytest.mark.parametrize("manner", [typed, mute, shy])
@pytest.mark.parametrize(
    ("node", "meta_type", "kind", "name", "parent"),
    [
        (ACCOUNT, "WhatsAppBusinessAccount", "account", "Shop", "9"),
        (NUMBER, "WhatsAppBusinessPhoneNumber", "number", "+49 151 1 Shop", "20"),
        (NUMBER, "WhatsAppBusinessAccountToNumberCurrentStatus", "number", "+49 151 1 Shop", "20"),
        (BUSINESS, "Business", "business", "Co", ""),
        (APP, "Application", "app", "An app", ""),
        (PAGE, "Page", "other", "A page", ""),
    ],
)
def test_every_kind_is_told(manner, node, meta_type, kind, name, parent):
    if manner is shy and kind in ("business", "app"):
        kind = "other"  # id and name are all that is left to see
    seen = what_is(graph_of(**{node["id"]: manner(node, meta_type)}), node["id"])
    assert (seen.kind, seen.name, seen.parent) == (kind, name, parent)


def test_a_portfolio_comes_with_its_accounts():
    seen = what_is(graph_of(**{"9": typed(BUSINESS, "Business")}), "9")
    assert [account.id for account in seen.accounts] == ["20"]


def test_a_number_may_name_its_account_itself():
    direct = {**NUMBER, "whatsapp_business_account": {"id": "55", "name": "Other"}}
    seen = what_is(graph_of(**{"30": typed(direct, "WhatsAppBusinessPhoneNumber")}), "30")
    assert (seen.parent, seen.parent_name) == ("55", "Other")


def test_a_number_that_no_visible_account_holds_stands_alone():
    graph = graph_of(**{"31": typed({**NUMBER, "id": "31"}, "WhatsAppBusinessPhoneNumber")})
    seen = what_is(graph, "31")
    assert (seen.kind, seen.parent) == ("number", "")


@pytest.mark.parametrize("answer", [NOT_VISIBLE, envelope(200, "no"), envelope(803, "alias")])
def test_what_this_token_may_not_see_is_unseen(answer):
    graph = graph_of(**{"66": answer})
    assert what_is(graph, "66").kind == "unseen"
    assert len(graph.calls) == 1


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [(envelope(190, "expired"), ErrorKind.REFUSED), (envelope(4, "limit"), ErrorKind.BUSY)],
)
def test_a_trouble_that_is_not_about_the_id_is_raised(answer, trouble):
    with pytest.raises(Unavailable) as caught:
        what_is(graph_of(**{"66": answer}), "66")
    assert caught.value.kind is trouble
