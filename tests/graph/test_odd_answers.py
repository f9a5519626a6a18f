"""Whatever Graph answers, a read gives a value or an error of ours: no crash, no hang."""

import gzip
import json
import tomllib
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from tests.support import loopback
from tests.support.fake_vault import MemoryVault
from tests.support.healthy import IDS
from tests.support.loopback import Reply
from wizard.audit import checklist
from wizard.audit.runner import audit
from wizard.facts.discovery import discover, what_is
from wizard.facts.facts import OF_GRAPH, Facts
from wizard.graph import Credentials, GraphError, Reachability
from wizard.graph.client import GraphClient
from wizard.graph.consent import granted
from wizard.graph.errors import refusal
from wizard.state.record import Goal, ProfileRecord
from wizard.text.errors import Unavailable
from wizard.text.secret import Secret

KEYS = Credentials(Secret("EAAGtoken"), IDS["app_id"], Secret("0" * 32), proves=True)
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
#: Every key that a parser asks for, in whatever place it stands.
NAMES = (
    *("id", "name", "data", "error", "code", "error_subcode", "subcode", "message", "error_data"),
    *("details", "fbtrace_id", "is_transient", "error_user_title", "error_user_msg", "paging"),
    *("cursors", "after", "next", "is_valid", "type", "app_id", "application", "user_id", "scopes"),
    *("granular_scopes", "scope", "target_ids", "issued_at", "expires_at", "profile_id"),
    *("data_access_expires_at", "business", "permission", "object", "callback_url", "active"),
    *("fields", "account_review_status", "status", "owner_business_info", "timezone_id"),
    *("primary_funding_id", "display_phone_number", "platform_type", "quality_score", "score"),
    *("is_pin_enabled", "throughput", "level", "last_onboarded_time", "webhook_configuration"),
    *("phone_number", "override_callback_uri", "health_status", "entities", "entity_type"),
    *("can_send_message", "errors", "error_code", "error_description", "additional_info"),
    *("whatsapp_business_api_data", "language", "components", "text", "buttons", "cards"),
    *("metadata", "account_mode", "is_on_biz_app", "business_verification_status", "category"),
)


def nested(levels, wrap):
    value = "x"
    for _ in range(levels):
        value = wrap(value)
    return value


DEEP = [
    nested(900, lambda inner: [inner]),
    nested(450, lambda inner: {"data": [inner]}),
    nested(490, lambda inner: {"components": [inner], "name": "a", "status": "APPROVED"}),
    nested(300, lambda inner: {"error": inner, "message": inner}),
]
ODD = [
    *(float("nan"), float("inf"), float("-inf"), 1e308, 1.5, 5e14, 10**400, -1, 0, True, None),
    *("", "\ud800", "\udfff x", "1" * 5000, "9" * 19, "NaN", "true", "99999999999", "0x1f"),
    *("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-11-27", 99999999999999),
    *("[" * 5000, "\x00\x1b[2J", "{{1}} {{ x", "a" * 9000, IDS["waba_id"], "APPROVED", "https://["),
]
LEAVES = st.one_of(st.sampled_from(ODD), st.text(max_size=20), st.integers(), st.floats())
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(NAMES), inner, max_size=8)
    ),
    max_leaves=25,
)
ANSWER = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=10)
#: With an id, and rows, so that the parsers behind are reached.
NODE = st.builds(lambda node: {"id": IDS["waba_id"]} | node, ANSWER)
ROWS = st.lists(st.one_of(NODE, ANSWER), max_size=4)
HURRIED = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


class OddGraph:
    """Answers every read with the same; refuses as the real client does."""

    version, url, keys, exchanges = "v26.0", "https://graph.facebook.com", KEYS, ()
    unknown_fields = frozenset()

    def __init__(self, node, rows):
        self.node, self.rows = node, rows

    def get(self, _path, **_options):
        if self.node.get("error"):
            raise refusal(400, self.node)
        return self.node

    def pages(self, _path, **_options):
        self.get("")
        return self.rows

    def probe(self):
        return Reachability(self.url, self.version, "", None, Facts(self, RECORD, VAULT).now)


RECORD = ProfileRecord("default", goals=(Goal.SENDING, Goal.RECEIVING), ids=dict(IDS))
VAULT = MemoryVault()


def read(act):
    """What came of it: a value, or an error of the kinds that people are shown."""
    try:
        return act()
    except Unavailable as error:
        found = error
    assert all(isinstance(value, str | int | float) for value in found.values.values())
    assert "\ud800" not in repr(found.values)
    return found


@HURRIED
@given(node=NODE, rows=ROWS)
@example(node={"data": {"is_valid": True, "app_id": float("nan"), "expires_at": 1e400}}, rows=[])
@example(node={"error": {"code": 10**400, "message": {}, "error_data": "[" * 9000}}, rows=[])
def test_every_fact_is_a_value_or_an_error_of_ours(node, rows):
    graph = OddGraph(node, rows)
    facts = Facts(graph, RECORD, VAULT)
    for name in OF_GRAPH:
        json_of = read(lambda name=name: getattr(facts, name))
        assert "\ud800" not in repr(json_of)
    read(lambda: discover(graph))
    read(lambda: what_is(graph, IDS["waba_id"]))


@HURRIED
@given(node=NODE, rows=ROWS)
def test_no_item_of_an_audit_breaks(node, rows):
    facts = Facts(OddGraph(node, rows), RECORD, VAULT)
    for found in audit(checklist.load(), facts):
        assert found.result.reason != "broke", (found.item.id, found.result.values)
        json.dumps(dict(found.result.values), allow_nan=False)


@pytest.mark.parametrize("deep", range(len(DEEP)))
@pytest.mark.parametrize("name", NAMES)
def test_no_nesting_is_too_deep(name, deep):
    deep = DEEP[deep]
    for node in (
        {name: deep},
        {"id": "1", name: [deep]},
        {"data": {name: deep}},
        {"error": {name: deep}},
    ):
        facts = Facts(
            OddGraph(node, [node, deep] if isinstance(deep, dict) else [node]), RECORD, VAULT
        )
        for fact in OF_GRAPH:
            read(lambda facts=facts, fact=fact: getattr(facts, fact))


# -- over HTTP -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served():
    """A server whose answer each example sets, and a client of it that does not wait."""
    held = {}
    with loopback.web(lambda _: held["reply"]) as server:
        graph = GraphClient(KEYS, url=server.url, pause=lambda _: None, patience=1e9)
        yield graph, held
        graph.close()


HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Date": st.sampled_from(
            ["Fri, 31 Dec 9999 23:59:59 -2359", "Fri, 31 Dec 99999999999 23:59:59 GMT", "x", "0"]
        ),
        "Retry-After": st.sampled_from(["nan", "1e400", "-1", "9" * 400, "Fri, 31 Dec 9999 0:0"]),
        "X-App-Usage": st.sampled_from(
            ["[" * 9000, '{"call_count": NaN}', '{"call_count": 1e400}', "[1]", '{"a": [[{}]]}']
        ),
        "facebook-api-version": st.sampled_from(["v26.0", "v" * 9000, "\x7f"]),
        "Content-Encoding": st.sampled_from(["gzip", "gzip, gzip", "br", "deflate", "x"]),
    },
)
BODIES = st.one_of(
    ANSWER.map(lambda answer: json.dumps(answer).encode()),
    st.builds(lambda error: json.dumps({"error": error}).encode(), st.one_of(ANSWER, JSON)),
    st.builds(lambda rows: json.dumps({"data": rows}).encode(), ROWS),
    st.binary(max_size=50),
    st.sampled_from([b"[" * 100_000, b'{"a":' * 50_000, b"1" * 9000, b"NaN", b"\xff\xfe{}", b""]),
)


@HURRIED
@given(body=BODIES, headers=HEADERS, http=st.sampled_from([200, 204, 302, 400, 401, 429, 500]))
def test_every_answer_over_http_is_a_value_or_an_error_of_ours(served, body, headers, http):
    graph, held = served
    held["reply"] = Reply(body, http, headers)
    consent = granted("test", ["POST /1"])
    for act in (
        lambda: graph.get("1", fields=["id", "owner{id}"]),
        lambda: graph.pages("1/rows"),
        graph.probe,
        lambda: graph.post("1", {"a": 1}, consent),
    ):
        read(act)
    assert all(isinstance(seen.code, int) for seen in graph.exchanges)


@pytest.mark.parametrize("after", ["\ud800", "x" * 9000, {"a": 1}, ["x"], 7, "a b\nc", True])
def test_a_cursor_that_is_none_ends_the_reading(served, after):
    graph, held = served
    held["reply"] = Reply(
        {"data": [{"id": "1"}], "paging": {"next": "x", "cursors": {"after": after}}}
    )
    assert graph.pages("1/rows") == [{"id": "1"}]


def test_numbers_that_are_none_are_not_shown(served):
    graph, held = served
    held["reply"] = Reply(
        b'{"a": NaN, "b": -Infinity, "c": 1e400, "d": %s, "e": 5}' % (b"1" * 4000)
    )
    assert graph.get("1") == {"a": None, "b": None, "c": None, "d": None, "e": 5}


@pytest.mark.parametrize(
    ("number", "ident"),
    [(5e14, "500000000000000"), (1.5, ""), (1e20, ""), (float("nan"), ""), (10**30, ""), (7, "7")],
)
def test_a_number_is_an_id_only_where_it_holds_every_digit(number, ident):
    graph = OddGraph({"id": IDS["waba_id"], "business": {"id": number}}, [])
    assert Facts(graph, RECORD, VAULT).app.business_id == ident


# -- packed answers --------------------------------------------------------------------------------


def packed(times, size):
    body = b'{"id": "%s"}' % (b"0" * size)
    for _ in range(times):
        body = gzip.compress(body)
    return body


def test_an_answer_packed_once_is_read(served):
    graph, held = served
    held["reply"] = Reply(packed(1, 5), 200, {"Content-Encoding": "gzip"})
    assert graph.get("1") == {"id": "00000"}
    held["reply"] = Reply(zlib.compress(b"{}"), 200, {"Content-Encoding": "deflate"})
    assert graph.get("1") == {}


@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip,deflate", "gzip, identity", "br", "zstd"])
def test_an_answer_packed_twice_is_refused_before_it_is_unpacked(served, encoding):
    graph, held = served
    held["reply"] = Reply(packed(2, 5), 200, {"Content-Encoding": encoding})
    with pytest.raises(Unavailable) as caught:
        graph.get("1")
    assert caught.value.values["cause"] == "not_json"


def test_no_urllib3_is_allowed_that_unpacks_without_end():
    """Before 2.6 its streaming reads unpacked a whole answer at once, however little was asked."""
    project = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]
    needs = {one.name: one.specifier for one in map(Requirement, project["dependencies"])}
    assert not list(needs["urllib3"].filter(["1.26.20", "2.2.3", "2.5.0"]))
    assert list(needs["urllib3"].filter(["2.6.0", "2.8.0"]))


def test_an_answer_that_unpacks_to_too_much_is_left(served):
    graph, held = served
    held["reply"] = Reply(packed(1, 50_000_000), 200, {"Content-Encoding": "gzip"})
    with pytest.raises(Unavailable) as caught:
        graph.get("1")
    assert caught.value.values["cause"] == "too_big"


def test_a_refusal_keeps_its_known_secrets_hidden_however_long_it_is():
    message = "x" * 8190 + "EAAGtoken and more"
    error = refusal(400, {"error": {"code": 190, "message": message}}, ["EAAGtoken"])
    assert isinstance(error, GraphError)
    assert "EAAG" not in repr(error.values)
