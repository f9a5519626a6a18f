"""GraphFacts: what is asked, how often, by whom, and what is remembered."""

import threading
from datetime import UTC, datetime

import pytest

from tests.support.fake_graph import NOT_VISIBLE, FakeGraph, envelope
from tests.support.fake_vault import MemoryVault
from wizard.facts.facts import OF_GRAPH, Facts
from wizard.graph import Credentials, GraphError
from wizard.state.record import ProfileRecord
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.secret import Secret
from wizard.vault import StoredSecret

TOKEN, SECRET = Secret("EAAGtoken"), Secret("0123456789abcdef0123456789abcdef")
IDS = {"app_id": "1", "waba_id": "20", "phone_number_id": "30"}
ALL_KEYS = Credentials(TOKEN, "1", SECRET, proves=True)
HEALTH = {"health_status": {"entities": [{"entity_type": "WABA", "can_send_message": "AVAILABLE"}]}}
OWN = {"data": {"is_valid": True, "app_id": "1", "type": "SYSTEM_USER"}}
FOREIGN = {"data": {"is_valid": True, "app_id": "666", "type": "USER"}}
MISMATCH = {"data": {"is_valid": False, "error": {"code": 100, "message": "did not match"}}}
DEAD = envelope(190, "Session has expired", subcode=463)
WRONG_SECRET = envelope(190, "Invalid OAuth access token signature.")
WRONG_PROOF = envelope(100, "Invalid appsecret_proof provided in the API argument")
NEEDS_PROOF = envelope(100, "API calls from the server require an appsecret_proof argument")
BUSY = envelope(4, "Application request limit reached")

ANSWERS = {
    "GET debug_token": OWN,
    "GET 1": {"id": "1", "name": "Shop"},
    "GET 1/permissions": {"data": [{"permission": "whatsapp_business_messaging"}]},
    "GET 1/subscriptions": {"data": []},
    "GET 20": {"id": "20", "name": "N", **HEALTH},
    "GET 20/phone_numbers": {"data": [{"id": "30"}, {"id": "31"}, {}]},
    "GET 20/subscribed_apps": {"data": [{"whatsapp_business_api_data": {"id": "1"}}]},
    "GET 20/message_templates": {
        "data": [{"name": "a", "status": "APPROVED"}, {"name": "b", "status": "PAUSED"}]
    },
    "GET 30": {"id": "30", **HEALTH},
    "GET 30/whatsapp_business_profile": {"data": [{"about": "Open"}]},
}


#: What an audit asks of Graph before it knows anything.
AT_ONCE = 13


class SlowGraph(FakeGraph):
    """Counts how many requests are under way at once; answers none before all are there."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.lock, self.count, self.busy, self.busiest = threading.Lock(), 0, 0, 0
        self.all_there = threading.Event()

    def _slowly(self, answer):
        with self.lock:
            self.count += 1
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
            if self.busy == AT_ONCE:
                self.all_there.set()
        self.all_there.wait(10)
        with self.lock:
            self.busy -= 1
        return answer()

    def _answer(self, call):
        return self._slowly(lambda: super(SlowGraph, self)._answer(call))

    def probe(self):
        return self._slowly(super().probe)


def facts_of(graph=None, ids=IDS, vault=None, **changed):
    changed = {f"GET {path}": answer for path, answer in changed.items()}
    graph = graph or FakeGraph({**ANSWERS, **changed}, keys=ALL_KEYS)
    return Facts(graph, ProfileRecord(ids=dict(ids)), vault or MemoryVault()), graph


def trouble_of(facts, name):
    with pytest.raises(Unavailable) as caught:
        getattr(facts, name)
    return caught.value


def test_gathering_asks_everything_at_once_and_once():
    facts, graph = facts_of(SlowGraph(ANSWERS, keys=ALL_KEYS))
    facts.gather()
    assert graph.count == graph.busiest == AT_ONCE
    for name in OF_GRAPH:
        getattr(facts, name)
    facts.gather()
    assert graph.count == AT_ONCE
    assert [number.id for number in facts.numbers] == ["30", "31"]
    assert [template.name for template in facts.templates] == ["a", "b"]
    assert facts.account.name == "N"
    assert facts.secret_fits
    # Only an app that shows no other sign of WhatsApp is asked for its permissions.
    assert facts.app_permissions == {"whatsapp_business_messaging"}
    assert graph.count == AT_ONCE + 1


def test_nothing_is_asked_before_somebody_asks():
    facts, graph = facts_of()
    assert not graph.calls
    assert facts.token.kind == "SYSTEM_USER"
    assert graph.asked() == ["GET debug_token"]


def test_only_what_is_named_is_gathered():
    facts, graph = facts_of()
    facts.gather(["token", "number", "now"])
    assert sorted(graph.asked()) == ["GET 30", "GET debug_token"]


def test_a_failure_is_remembered_and_leaves_the_others_standing():
    facts, graph = facts_of(**{"20": envelope(200, "no")})
    facts.gather()
    asked = len(graph.calls)
    first, second = trouble_of(facts, "account"), trouble_of(facts, "account")
    assert isinstance(first, GraphError)
    assert first is not second  # else the tracebacks of threads would pile up in one
    assert (first.code, first.values) == (second.code, second.values)
    assert facts.number.id == "30"
    assert len(graph.calls) == asked


def test_a_defect_of_ours_is_remembered_as_what_it_is():
    facts, graph = facts_of(**{"20/subscribed_apps": lambda call: 1 / 0})
    facts.gather()
    asked = len(graph.calls)
    with pytest.raises(ZeroDivisionError):
        _ = facts.subscribers
    assert len(graph.calls) == asked


def test_forgetting_asks_anew_and_only_what_was_forgotten():
    facts, graph = facts_of()
    facts.gather()
    graph.calls.clear()
    facts.forget({"app"})
    assert facts.app
    assert facts.token
    assert graph.asked() == ["GET 1"]
    facts.forget()
    assert facts.token
    assert graph.asked() == ["GET 1", "GET debug_token"]


def test_touched_names_what_this_thread_asked_for():
    facts, _ = facts_of(vault=MemoryVault(access_token=TOKEN))
    facts.gather()
    assert facts.touched() == frozenset()
    assert facts.token
    assert facts.number
    facts.origin("access_token")
    other = []
    thread = threading.Thread(target=lambda: other.append((facts.app, facts.touched())[1]))
    thread.start()
    thread.join()
    assert other == [{"app"}]
    assert facts.touched() == {"token", "number", "origin"}
    assert facts.touched() == frozenset()


@pytest.mark.parametrize(
    ("keys", "ids", "missing"),
    [
        (Credentials(), IDS, dict.fromkeys(["token", "account", "number", "app"], "access_token")),
        (Credentials(TOKEN), IDS, dict.fromkeys(["app_permissions", "secret_fits"], "app_secret")),
        (
            Credentials(TOKEN),
            {},
            {"account": "waba_id", "number": "phone_number_id", "app": "app_id"},
        ),
        (
            Credentials(TOKEN, "", SECRET),
            {},
            {"secret_fits": "app_id", "app_subscriptions": "app_id"},
        ),
    ],
)
def test_what_is_missing_is_named_without_asking(keys, ids, missing):
    facts, graph = facts_of(FakeGraph(ANSWERS, keys=keys), ids)
    for name, lacks in missing.items():
        trouble = trouble_of(facts, name)
        assert (trouble.kind, trouble.values["name"]) == (ErrorKind.NOT_GIVEN, lacks)
    assert not graph.calls


def by_signer(as_app, itself):
    def answer(call):
        chosen = as_app if call.as_app else itself
        return chosen(call) if callable(chosen) else chosen

    return answer


def test_the_token_is_inspected_by_the_app_where_the_secret_is_known():
    facts, graph = facts_of()
    assert facts.token.valid
    (call,) = graph.calls
    assert (call.path, call.as_app) == ("debug_token", True)
    assert Secret(call.params["input_token"]) == TOKEN


def test_a_token_inspects_itself_where_no_secret_is_known():
    facts, graph = facts_of(FakeGraph(ANSWERS, keys=Credentials(TOKEN, "1")))
    assert facts.token.valid
    assert [call.as_app for call in graph.calls] == [False]


@pytest.mark.parametrize("as_app", [WRONG_SECRET, MISMATCH, envelope(100, "no")])
def test_a_token_of_another_app_tells_so_itself(as_app):
    facts, _ = facts_of(debug_token=by_signer(as_app, FOREIGN))
    assert (facts.token.valid, facts.token.app_id) == (True, "666")


def test_a_token_of_another_app_that_reads_is_valid_and_said_to_be_of_another_app():
    facts, _ = facts_of(debug_token=by_signer(MISMATCH, NOT_VISIBLE))
    assert (facts.token.valid, facts.token.described) == (True, False)
    assert facts.token.error_code == 100


@pytest.mark.parametrize("refused", [MISMATCH, NOT_VISIBLE])
def test_a_token_that_is_neither_described_nor_reads_is_as_the_app_said(refused):
    facts, _ = facts_of(
        debug_token=by_signer(MISMATCH, refused), **{"20": NOT_VISIBLE, "30": NOT_VISIBLE}
    )
    assert (facts.token.valid, facts.token.error_code) == (False, 100)


def test_a_dead_token_is_a_token_that_is_not_valid():
    facts, _ = facts_of(FakeGraph({"GET debug_token": DEAD}, keys=Credentials(TOKEN)))
    assert (facts.token.valid, facts.token.error_subcode) == (False, 463)


def test_an_app_that_insists_on_the_proof_is_told_from_a_dead_token():
    facts, _ = facts_of(FakeGraph({"GET debug_token": NEEDS_PROOF}, keys=Credentials(TOKEN)))
    assert (facts.token.valid, facts.token.error_code) == (False, 100)
    assert "appsecret_proof" in facts.token.error_message


def test_being_throttled_says_nothing_about_the_token():
    facts, graph = facts_of(debug_token=BUSY)
    assert trouble_of(facts, "token").kind is ErrorKind.BUSY
    assert len(graph.calls) == 1


def proven(answer):
    """Refuses the proof, and answers without one."""
    return lambda call: WRONG_PROOF if call.prove and not call.as_app else answer


def test_a_wrong_secret_shows_at_the_secret_and_kills_nothing_else():
    answers = {path: by_signer(WRONG_SECRET, proven(answer)) for path, answer in ANSWERS.items()}
    facts, _ = facts_of(FakeGraph(answers, keys=ALL_KEYS))
    facts.gather()
    assert facts.secret_fits is False
    assert facts.token.valid
    assert facts.app.id == "1"
    assert len(facts.numbers) == 2


def test_once_the_proof_is_known_to_be_wrong_it_is_left_out():
    facts, graph = facts_of(**{"20": proven({"id": "20"}), "30": proven({"id": "30"})})
    assert facts.account
    assert facts.number
    assert [call.prove for call in graph.calls] == [True, False, False]


def test_where_a_proof_is_required_the_wrong_one_is_what_is_said():
    answer = lambda call: WRONG_PROOF if call.prove else NEEDS_PROOF  # noqa: E731
    facts, _ = facts_of(**{"20": answer})
    assert trouble_of(facts, "account").proof == "wrong"


@pytest.mark.parametrize("code", [190, 101])
def test_a_secret_that_graph_refuses_does_not_fit(code):
    facts, _ = facts_of(**{"1": envelope(code, "Error validating application")})
    assert facts.secret_fits is False


def test_a_secret_nobody_could_try_neither_fits_nor_not():
    facts, _ = facts_of(**{"1": BUSY})
    assert trouble_of(facts, "secret_fits").kind is ErrorKind.BUSY


def test_the_app_is_asked_with_the_token_where_its_own_is_refused():
    facts, graph = facts_of(**{"1": by_signer(WRONG_SECRET, {"id": "1", "name": "Shop"})})
    assert facts.app.name == "Shop"
    assert [call.as_app for call in graph.calls] == [True, False]


def test_a_field_that_is_not_allowed_costs_that_field_alone():
    def account(call):
        if "currency" in call.fields:
            return envelope(200, "billing")
        return {"id": "20", "account_review_status": "APPROVED"}

    facts, _ = facts_of(**{"20": account})
    assert (facts.account.review, facts.account.currency) == ("APPROVED", "")


def test_the_payment_method_is_refused_unknown_or_not_there():
    """Three outcomes of one field: "not a solution provider", a version without it, none."""
    refused, _ = facts_of(**{"20": envelope(10, "not a Business Solution Provider")})
    assert trouble_of(refused, "funding").kind is ErrorKind.PERMISSION
    known = FakeGraph(ANSWERS, keys=ALL_KEYS, unknown_fields={"primary_funding_id"})
    assert trouble_of(facts_of(known)[0], "funding").kind is ErrorKind.ODD
    assert facts_of()[0].funding == ""
    assert facts_of(**{"20": {"id": "20", "primary_funding_id": "55"}})[0].funding == "55"


@pytest.mark.parametrize("name", ["account", "number", "app", "account_health"])
def test_an_answer_without_what_was_asked_for_is_odd(name):
    facts, _ = facts_of(**{"20": {"x": 1}, "30": {"x": 1}, "1": {"x": 1}})
    assert trouble_of(facts, name).kind is ErrorKind.ODD


def test_meta_out_of_reach_is_a_fact_too():
    facts, _ = facts_of(FakeGraph(reach=Unavailable(ErrorKind.UNREACHABLE, cause="dns")))
    facts.gather()
    assert trouble_of(facts, "reach").values["cause"] == "dns"


def test_the_store_is_probed_once_on_the_thread_that_gathers():
    vault, threads = MemoryVault(), []
    vault.probe = lambda: threads.append(threading.current_thread())
    facts, _ = facts_of(vault=vault)
    facts.gather()
    assert facts.vault.closed is None
    assert threads == [threading.current_thread()]


def test_a_store_that_is_shut_is_a_fact():
    facts, _ = facts_of(vault=MemoryVault(closed="locked"))
    assert (facts.vault.closed, facts.vault.store) == ("locked", "os-keyring")
    assert trouble_of_origin(facts, "access_token").values["closed"] == "locked"


def trouble_of_origin(facts, name):
    with pytest.raises(Unavailable) as caught:
        facts.origin(name)
    assert caught.value.kind is ErrorKind.NOT_GIVEN
    assert caught.value.values["name"] == name
    return caught.value


def test_a_secret_tells_where_it_comes_from():
    vault = MemoryVault(access_token=TOKEN)
    facts, _ = facts_of(vault=vault)
    assert facts.origin("access_token").source == "os-keyring"
    trouble_of_origin(facts, "app_secret")
    vault.get = lambda name: StoredSecret(Secret("x"), "environment", "WA_WIZARD_ACCESS_TOKEN")
    origin = facts.origin("access_token")
    assert (origin.source, origin.detail) == ("environment", "WA_WIZARD_ACCESS_TOKEN")


def test_now_is_when_the_facts_were_opened():
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    facts = Facts(FakeGraph(), ProfileRecord(), MemoryVault(), now=lambda: moment)
    assert facts.now == moment
