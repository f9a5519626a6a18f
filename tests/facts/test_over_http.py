"""The facts and the search over real HTTP, against the stand-in for Meta's side."""

import time
from contextlib import contextmanager

import pytest

from tests.support.fake_vault import MemoryVault
from wizard.facts.discovery import discover, what_is
from wizard.facts.facts import OF_GRAPH, Facts
from wizard.graph import Credentials
from wizard.graph.client import GraphClient
from wizard.sandbox import start
from wizard.state.record import ProfileRecord
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.secret import Secret


@contextmanager
def playing(scenario, **options):
    """(sandbox, graph, facts) of somebody who has what the scenario says she has."""
    with start(scenario, **options) as sandbox:
        kept = {name: Secret(value) for name, value in sandbox.profile.secrets.items()}
        ids = dict(sandbox.profile.ids)
        token, secret = kept.get("access_token"), kept.get("app_secret")
        keys = Credentials(token, ids.get("app_id", ""), secret, proves=bool(token and secret))
        graph = GraphClient(keys, url=sandbox.graph_url, pause=lambda seconds: None)
        try:
            yield sandbox, graph, Facts(graph, ProfileRecord(ids=ids), MemoryVault(**kept))
        finally:
            graph.close()


def from_error(facts):
    troubles = {}
    for name in OF_GRAPH:
        try:
            getattr(facts, name)
        except Unavailable as trouble:
            troubles[name] = trouble.kind
    return troubles


def test_an_audit_of_a_known_profile_asks_thirteen_things_and_learns_all():
    with playing("healthy") as (sandbox, graph, facts):
        facts.gather()
        assert len(graph.exchanges) <= 13
        assert from_error(facts) == {}
        assert len(graph.exchanges) <= 13
        assert facts.token.app_id == facts.app.id == sandbox.app_id
        assert facts.account.id == sandbox.waba_id
        assert facts.number.id == sandbox.phone_number_id
        assert facts.number.registered
        assert sandbox.app_id in {subscriber.app_id for subscriber in facts.subscribers}
        assert {entity.kind for entity in facts.number_health.entities} >= {"PHONE_NUMBER", "WABA"}


def test_an_audit_takes_as_long_as_its_slowest_read_not_their_sum():
    with playing("healthy", latency_ms=300) as (_, graph, facts):
        began = time.monotonic()
        facts.gather()
        elapsed = time.monotonic() - began
        # One latency in truth; a third of the sum leaves room for a machine that is busy.
        assert elapsed < len(graph.exchanges) * 0.3 / 3


@pytest.mark.parametrize(
    "scenario", ["app-secret-of-another-app", "proof-required", "field-unknown", "forty-numbers"]
)
def test_one_thing_out_of_order_leaves_the_other_facts_standing(scenario):
    with playing(scenario) as (sandbox, _, facts):
        facts.gather()
        assert facts.token.valid
        assert facts.account.id == sandbox.waba_id
        assert facts.number.id == sandbox.phone_number_id
        assert facts.secret_fits is (scenario != "app-secret-of-another-app")
        assert len(facts.numbers) == (40 if scenario == "forty-numbers" else 1)


def test_a_token_of_another_app_is_known_for_what_it_is():
    with playing("wrong-app") as (_, _, facts):
        assert facts.token.valid
        assert facts.token.app_id not in ("", facts.record.ids["app_id"])


@pytest.mark.parametrize(
    ("scenario", "subcode"),
    [("token-expired", 463), ("token-expired-secret-known", 463), ("token-password-changed", 460)],
)
def test_a_dead_token_says_why_with_and_without_the_secret(scenario, subcode):
    with playing(scenario) as (_, _, facts):
        assert (facts.token.valid, facts.token.error_subcode) == (False, subcode)


def test_a_network_in_between_is_the_same_trouble_for_every_fact():
    with playing("captive-portal") as (_, _, facts):
        facts.gather()
        assert set(from_error(facts).values()) == {ErrorKind.UNREACHABLE}


@pytest.mark.parametrize(
    ("scenario", "accounts"),
    [("rehearsal", 1), ("healthy", 1), ("employee-system-user", 1), ("three-accounts", 3)],
)
def test_one_token_finds_its_accounts(scenario, accounts):
    with playing(scenario) as (sandbox, graph, _):
        found = discover(graph)
        assert len(found.accounts) == accounts
        assert sandbox.phone_number_id in {n.id for n in found.numbers_of(sandbox.waba_id)}


def test_a_fresh_account_has_nothing_to_find():
    with playing("fresh-account") as (_, graph, _):
        assert discover(graph).accounts == ()


def test_every_id_of_the_sandbox_tells_what_it_is():
    with playing("healthy") as (sandbox, graph, _):
        kinds = {
            sandbox.waba_id: "account",
            sandbox.phone_number_id: "number",
            sandbox.business_id: "business",
            sandbox.app_id: "app",
            "999999999999999": "unseen",
        }
        seen = {node_id: what_is(graph, node_id) for node_id in kinds}
        assert {node_id: node.kind for node_id, node in seen.items()} == kinds
        assert seen[sandbox.phone_number_id].parent == sandbox.waba_id
        assert [a.id for a in seen[sandbox.business_id].accounts] == [sandbox.waba_id]
