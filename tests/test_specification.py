"""Meta's own specification: its examples are digested, and what we ask for is in it.

META_OPENAPI names the file (Meta's Business Messaging OpenAPI). Its enums and some schemas are
known to be wrong, its paths and parameters are not.
"""

import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from tests.support.fake_graph import FakeGraph
from tests.support.fake_vault import MemoryVault
from wizard.facts.discovery import discover
from wizard.facts.facts import Facts
from wizard.facts.json_values import nodes
from wizard.facts.parsers import (
    account,
    app,
    business,
    health,
    number,
    permissions,
    subscribers,
    subscriptions,
    templates,
    token,
)
from wizard.graph.errors import refusal
from wizard.state.record import ProfileRecord
from wizard.text.errors import Unavailable

SPECIFICATION = os.environ.get("META_OPENAPI", "")
pytestmark = pytest.mark.skipif(not SPECIFICATION, reason="META_OPENAPI names no specification")

PARSERS = {
    "token": token,
    "app": app,
    "account": account,
    "business": business,
    "number": number,
    "health": health,
    "numbers": lambda answer: [number(row) for row in nodes(answer)],
    "accounts": lambda answer: [account(row) for row in nodes(answer)],
    "permissions": lambda answer: permissions(nodes(answer)),
    "subscriptions": lambda answer: subscriptions(nodes(answer)),
    "subscribers": lambda answer: subscribers(nodes(answer)),
    "templates": lambda answer: templates(nodes(answer)),
}


@pytest.fixture(scope="module")
def specification():
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(Path(SPECIFICATION).read_text("utf-8"), loader)


def examples(specification):
    """(path, method, HTTP status, example) of every JSON answer."""
    for path, operations in specification["paths"].items():
        for method, operation in operations.items():
            answers = operation.get("responses", {}) if isinstance(operation, dict) else {}
            for status, answer in answers.items():
                for content in answer.get("content", {}).values():
                    for example in each_example(content):
                        yield path, method, str(status), example


def each_example(content):
    named = content.get("examples", {}).values()
    yield from (one["value"] for one in named if "value" in one)
    schema = content.get("schema", {})
    yield from (place["example"] for place in (content, schema) if "example" in place)
    if drawn := drawn_from(schema):
        yield drawn


def drawn_from(schema):
    """What a schema gives as examples of its parts, put together."""
    if "example" in schema:
        return schema["example"]
    if "properties" in schema:
        drawn = {key: drawn_from(part) for key, part in schema["properties"].items()}
        return {key: value for key, value in drawn.items() if value is not None}
    return [one] if (one := drawn_from(schema["items"]) if "items" in schema else None) else None


def test_every_example_of_an_answer_goes_through_every_parser(specification):
    seen = 0
    for _, _, _, example in examples(specification):
        if isinstance(example, dict):
            seen += 1
            for parse in PARSERS.values():
                with suppress(Unavailable):  # ODD is an answer; a crash is not
                    parse(example)
    assert seen > 300


def test_every_example_of_an_error_is_a_refusal(specification):
    errors = [
        (int(status), example)
        for _, _, status, example in examples(specification)
        if status.isdigit() and isinstance(example, dict) and "error" in example
    ]
    assert len(errors) > 100
    for status, example in errors:
        assert refusal(status, example).code == int(example["error"]["code"])


def answers_to(specification, path):
    return [
        example
        for where, method, status, example in examples(specification)
        if (where, method, status) == (f"/{{Version}}/{path}", "get", "200")
    ]


def test_the_examples_of_our_reads_are_understood(specification):
    numbers = answers_to(specification, "{WABA-ID}/phone_numbers")
    for row in (row for page in numbers for row in nodes(page["data"])):
        assert number(row).id
        assert number(row).digits
    apps = answers_to(specification, "{WABA-ID}/subscribed_apps")
    assert any(subscribers(nodes(page["data"])) for page in apps)
    for page in apps:
        assert len(subscribers(nodes(page.get("data")))) == len(nodes(page.get("data")))
    accounts = [a for a in answers_to(specification, "{WABA-ID}") if "account_review_status" in a]
    assert accounts
    for answer in accounts:
        assert account(answer).review
    found = [
        templates(nodes(a["data"]))
        for a in answers_to(specification, "{WABA-ID}/message_templates")
    ]
    assert any(template.text for page in found for template in page)
    flow = answers_to(specification, "{Flow-ID}")
    codes = {
        issue.code
        for answer in flow
        if "health_status" in answer
        for entity in health(answer).entities
        for issue in entity.issues
    }
    assert {141006, 141014} <= codes


#: What Meta documents elsewhere: Graph API reference (debug_token, app, its permissions and
#: subscriptions, me/businesses).
ELSEWHERE = re.compile(r"debug_token|app|app/(permissions|subscriptions)|me/businesses")
#: Of Graph itself on every edge; `status` stands in the reference of message_templates.
GENERAL = {"fields", "limit", "after", "status"}
NAMES = {"10": "app", "20": "{WABA-ID}", "30": "{Phone-Number-ID}", "90": "{Business-ID}"}
HERE = {
    "me/assigned_whatsapp_business_accounts": "{User-ID}/assigned_whatsapp_business_accounts",
}


@pytest.fixture(scope="module")
def calls():
    """Everything an audit and a search ask of Graph."""
    granted = [
        {"scope": "whatsapp_business_management", "target_ids": ["20"]},
        {"scope": "business_management", "target_ids": ["90"]},
    ]
    token = {"is_valid": True, "app_id": "10", "granular_scopes": granted}
    graph = FakeGraph({"GET debug_token": {"data": token}})
    ids = {"app_id": "10", "waba_id": "20", "phone_number_id": "30"}
    Facts(graph, ProfileRecord(ids=ids), MemoryVault()).gather()
    with suppress(Unavailable):
        discover(graph)
    return graph.calls


def test_every_path_we_ask_is_documented(specification, calls):
    for call in calls:
        head, _, edge = call.path.partition("/")
        path = f"{NAMES.get(head, head)}/{edge}".strip("/")
        if not ELSEWHERE.fullmatch(path):
            operation = specification["paths"][f"/{{Version}}/{HERE.get(path, path)}"]["get"]
            known = {parameter.get("name") for parameter in operation.get("parameters", ())}
            assert set(call.params) <= known | GENERAL, path


def test_the_fields_we_ask_of_a_number_and_an_account_are_known(specification, calls):
    """Not every field of today is in this version; those of its schema are spelled alike."""
    schemas = specification["components"]["schemas"]
    written = set().union(*(schema.get("properties", {}) for schema in schemas.values()))
    newer = {
        "business",  # of the app: Graph API reference
        "funding", "health_status", "is_on_biz_app", "is_pin_enabled", "last_onboarded_time",
        "marketing_messages_onboarding_status", "new_name_status", "owner_business_info",
        "platform_type", "primary_funding_id", "throughput", "verification_status",
        "whatsapp_business_manager_messaging_limit", "name_status",
    }  # fmt: skip
    asked = {field for call in calls for field in call.fields}
    assert asked - written - newer == set()
