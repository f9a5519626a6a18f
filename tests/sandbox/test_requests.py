"""How a request may come: bodies, headers, methods; and what is refused as not played."""

import json
import re
import socket
from urllib.parse import urlsplit

import pytest
import requests

from wizard.sandbox import start
from wizard.sandbox.accounts import ACCOUNT
from wizard.sandbox.call import catalogue
from wizard.sandbox.numbers import NUMBER
from wizard.sandbox.people import APPLICATION, PORTFOLIO, SYSTEM_USER, USER
from wizard.sandbox.templates import TEMPLATE

KINDS = (ACCOUNT, NUMBER, PORTFOLIO, APPLICATION, USER, SYSTEM_USER, TEMPLATE)
TEXT = {"to": "+447700900456", "type": "text", "text": {"body": "Hi {there} [you]"}}


@pytest.fixture
def owner(open_scenario):
    return open_scenario("healthy")


def url_of(owner, path):
    return f"{owner.running.graph_url}/v26.0/{path}"


def flat(body):
    return {k: json.dumps(v) if isinstance(v, dict) else v for k, v in body.items()}


@pytest.mark.parametrize("way", ["json", "form", "query", "multipart", "chunked"])
def test_a_message_is_taken_however_its_parameters_come(owner, way):
    owner.running.write("Hello")
    body = {**TEXT, "messaging_product": "whatsapp"}
    more = {
        "json": {"json": body},
        "form": {"data": flat(body)},
        "query": {"params": flat(body)},
        "multipart": {"files": {name: (None, value) for name, value in flat(body).items()}},
        "chunked": {
            "data": iter([json.dumps(body)[:9].encode(), json.dumps(body)[9:].encode()]),
        },
    }[way]
    headers = {"Authorization": f"Bearer {owner.token}"}
    if way == "chunked":
        headers["Content-Type"] = "application/json"
    url = url_of(owner, f"{owner.running.phone_number_id}/messages")
    answer = owner.session.post(url, headers=headers, timeout=10, **more)
    assert answer.json()["messages"][0]["id"].startswith("wamid.")
    assert owner.get("me").ok


def test_a_file_in_a_form_leaves_the_connection_and_the_other_fields_whole(owner, error):
    owner.token, token = "", owner.token
    path = f"{owner.running.phone_number_id}/media"
    files = {"file": ("a.jpg", b"\xff\xd8\xff\r\n--x", "image/jpeg"), "access_token": (None, token)}
    answer = owner.ask("POST", path, files=files)
    assert answer.status_code == 501
    assert "Not played by the sandbox" in answer.json()["error"]["message"]
    assert owner.become(token).get("me").ok


@pytest.mark.parametrize(
    "head",
    [
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"Content-Length: 99999999999\r\n\r\n{",
        b"Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n",
    ],
)
def test_a_body_that_cannot_be_read_is_refused_and_its_connection_ends(owner, head):
    host, port = urlsplit(owner.running.graph_url).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST /v26.0/me HTTP/1.1\r\nHost: localhost\r\n" + head)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b'"error"' in answer
    assert b"Connection: close" in answer
    assert owner.get("me").ok


def test_a_parameter_for_the_token_wins_over_the_header(owner):
    app_token = f"{owner.running.app_id}|{owner.running.app_secret}"
    assert owner.get(f"{owner.running.app_id}/subscriptions", access_token=app_token).ok


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "localhost.evil.example:80"}, 403),
        ({"Host": "127.0.0.1.nip.example"}, 403),
        ({"Host": "192.168.1.5"}, 403),
        ({"Host": "not a host["}, 403),
        ({"Host": "localhost"}, 200),
        ({"Host": "[::1]:8080"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 200),
    ],
)
@pytest.mark.parametrize("path", ["v26.0/me", "_sandbox/state"])
def test_pages_in_a_browser_and_names_led_here_are_refused(owner, path, headers, code):
    headers = {"Authorization": f"Bearer {owner.token}", **headers}
    answer = owner.session.get(f"{owner.running.graph_url}/{path}", headers=headers, timeout=10)
    assert answer.status_code == code
    if code == 403:
        assert owner.running.app_secret not in answer.text
        assert answer.json()["error"]["type"] == "SandboxException"


def test_a_form_that_a_page_posts_changes_nothing(owner):
    headers = {"Origin": "https://evil.example"}
    url = f"{owner.running.graph_url}/_sandbox/faults"
    assert owner.session.post(url, data={"faults": "[{}]"}, headers=headers, timeout=10).status_code
    assert owner.state()["faults"] == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "HEAD", "BREW"])
def test_other_methods_are_refused_in_metas_shape(owner, method):
    answer = owner.ask(method, "me")
    assert answer.status_code == 501
    if method != "HEAD":
        assert answer.json()["error"]["message"]
    assert owner.get("me").ok


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("POST", "", {"batch": "[]"}),
        ("GET", "", {"ids": "1,2"}),
        ("GET", "search", {"q": "x"}),
        ("GET", "{waba_id}/flows", {}),
        ("GET", "{waba_id}", {"fields": "name,analytics.start(1).end(2)"}),
        ("POST", "{waba_id}", {"is_enabled_for_insights": "true"}),
        ("DELETE", "{waba_id}", {}),
        ("POST", "{waba_id}/anything", {}),
        ("POST", "{phone_number_id}", {"certificate": "x"}),
        ("POST", "{phone_number_id}/settings", {"calling": "{}"}),
        ("POST", "{phone_number_id}/calls", {}),
        ("GET", "{phone_number_id}/block_users", {}),
        ("POST", "{waba_id}/message_templates", {"bid_spec": "{}"}),
        ("POST", "{waba_id}/message_templates", {"library_template_body_inputs": "{}"}),
        ("POST", "{phone_number_id}/messages", {"ttl": "5"}),
        ("GET", "{business_id}/owned_apps", {}),
        ("GET", "{app_id}/roles", {}),
        ("GET", "me/adaccounts", {}),
        ("POST", "123123123/publish", {}),
    ],
)
def test_what_is_not_played_says_so(owner, method, path, params):
    names = ("waba_id", "phone_number_id", "business_id", "app_id")
    path = path.format(**{name: getattr(owner.running, name) for name in names})
    answer = owner.ask(method, path, params=params)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["type"]) == (501, 100, "SandboxException")
    assert "Not played by the sandbox" in error["message"]


def test_an_id_of_no_node_is_answered_as_meta_does_and_says_what_has_no_nodes(owner):
    error = owner.get("999888777666555").json()["error"]
    assert (error["code"], error["error_subcode"]) == (100, 33)
    assert "media" in error["sandbox"]
    seen = owner.get("307270387770611").json()["error"]  # another company's, which is there
    assert "sandbox" not in seen or seen["error_subcode"] == 33


ROOTS = {"debug_token", "message_template_library", "oauth/access_token", "oauth/revoke"}
#: Edges whose parameters are their handlers' own affair.
UNLISTED = re.compile(r"whatsapp_business_profile|message_qrdls|uploads|media")


def test_every_call_names_the_parameters_it_looks_at():
    calls = {f"{kind.name} {' '.join(edge)}" for kind in KINDS for edge in kind.edges}
    listed = set(catalogue()["parameters"])
    assert not {call for call in calls - listed if not UNLISTED.search(call)}
    nodes = {f"{kind.name} {method}" for kind in KINDS for method in ("GET", "POST")}
    assert listed - calls - nodes == ROOTS


def test_nothing_is_both_played_and_not():
    for kind in KINDS:
        unplayed = set(catalogue()["fields"][kind.name].split())
        both = unplayed & set(kind.readers) | {e for e in unplayed if ("GET", e) in kind.edges}
        assert both <= {"conversational_automation", "username"}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"content": "заказ"}, {"order_received", "order_ready"}),
        ({"name_or_content": "AUTUMN"}, {"autumn_sale"}),
        ({"name_or_content": "спасибо"}, {"order_received"}),
        ({"quality_score": "GREEN"}, set()),
        ({"quality_score": "UNKNOWN,GREEN"}, {"order_received", "order_ready", "autumn_sale"}),
    ],
)
def test_templates_are_found_by_content_and_quality(owner, filters, found):
    rows = owner.get(f"{owner.running.waba_id}/message_templates", **filters).json()["data"]
    assert {row["name"] for row in rows} == found


@pytest.mark.parametrize("user_id", ["US.4477009004560001", "GB.1234567890", "IN.ENT.9z"])
def test_a_user_id_is_a_receiver_and_its_statuses_bear_it(owner, user_id):
    owner.running.write("Hello")
    template = {"name": "order_received", "language": {"code": "ru"}}
    answer = owner.post(
        f"{owner.running.phone_number_id}/messages",
        messaging_product="whatsapp",
        recipient=user_id,
        type="template",
        template=template,
        biz_opaque_callback_data="order 7",
    ).json()
    assert answer["contacts"] == [{"input": user_id, "user_id": user_id}]
    sent = owner.state()["sent"][answer["messages"][0]["id"]]
    assert (sent["user_id"], sent["note"]) == (user_id, "order 7")


@pytest.mark.parametrize("recipient", ["nobody", "us.1", "US.", "+447700900456"])
def test_a_receiver_that_is_no_user_id_is_refused(owner, error, recipient):
    path = f"{owner.running.phone_number_id}/messages"
    body = {**TEXT, "to": "", "recipient": recipient, "messaging_product": "whatsapp"}
    assert error(owner.post(path, **body))[0] == 131009


def test_contacts_are_a_list(owner, error):
    owner.running.write("Hello")
    path = f"{owner.running.phone_number_id}/messages"
    body = {"messaging_product": "whatsapp", "to": TEXT["to"], "type": "contacts"}
    card = {"name": {"formatted_name": "Ann", "first_name": "Ann"}}
    assert owner.post(path, **body, contacts=[card]).ok
    for wrong in ({}, [], card):
        assert error(owner.post(path, **body, contacts=wrong))[0] == 131008


def test_each_world_has_secrets_of_its_own_and_keeps_them(tmp_path):
    def secrets(**more):
        with start("healthy", tmp_path, **more) as running:
            headers = {"Authorization": f"Bearer {running.access_token}"}
            assert requests.get(f"{running.graph_url}/me", headers=headers, timeout=10).ok
            return running.access_token, running.app_secret

    first = secrets()
    assert secrets() == first
    again = secrets(fresh=True)
    assert not set(again) & set(first)
    assert secrets() == again
    with start("healthy") as other:
        assert other.access_token not in (first[0], again[0])


def test_a_fresh_world_forgets_what_was_done(tmp_path):
    for fresh, status in ((False, "CONNECTED"), (False, "DISCONNECTED"), (True, "CONNECTED")):
        with start("healthy", tmp_path, fresh=fresh) as running:
            headers = {"Authorization": f"Bearer {running.access_token}"}
            url = f"{running.graph_url}/{running.phone_number_id}"
            number = requests.get(f"{url}?fields=status", headers=headers, timeout=10).json()
            assert number["status"] == status
            requests.post(f"{url}/deregister", headers=headers, timeout=10)


FAR = "https://hooks.zarya.example/hook"


def test_callbacks_beyond_this_machine_are_not_asked(owner, monkeypatch):
    asked = []
    monkeypatch.setattr("wizard.sandbox.webhooks.exchange", lambda *a, **k: asked.append(a))
    body = {"object": "whatsapp_business_account", "callback_url": FAR, "verify_token": "v"}
    path = f"{owner.running.app_id}/subscriptions"
    answer = owner.as_app().post(path, **body, fields="messages")
    assert answer.status_code == 501
    assert "--callbacks-anywhere" in answer.json()["error"]["message"]
    row = {"object": body["object"], "callback_url": FAR, "fields": {"messages": "v26.0"}}
    rows = {"whatsapp_business_account": row}
    owner.control("change", apps={owner.running.app_id: {"subscriptions": rows}})
    owner.running.write("Hello")
    for _ in range(100):
        if log := owner.state().get("deliveries"):
            break
    assert log[0]["http"] == 0
    assert "beyond this machine" in log[0]["not_played"]
    assert not asked


def test_they_are_asked_where_that_was_wished(open_scenario, monkeypatch):
    owner = open_scenario("healthy", callbacks_anywhere=True)
    asked = []

    def exchange(method, url, query=None, **_):
        asked.append(url)
        return 200, "OK", query["hub.challenge"].encode()

    monkeypatch.setattr("wizard.sandbox.webhooks.exchange", exchange)
    body = {"object": "whatsapp_business_account", "callback_url": FAR, "verify_token": "v"}
    path = f"{owner.running.app_id}/subscriptions"
    assert owner.as_app().post(path, **body, fields="messages").ok
    assert asked == [FAR]


@pytest.mark.parametrize("kind", ["button", "interactive"])
def test_an_answer_to_buttons_names_the_message_it_answers(owner, kind):
    owner.running.write("Hello", message={"type": kind, kind: {}})
    body = {**TEXT, "messaging_product": "whatsapp"}
    sent = owner.post(f"{owner.running.phone_number_id}/messages", **body).json()["messages"][0]
    assert owner.state()["numbers"][owner.running.phone_number_id]["last_sent"] == sent["id"]
