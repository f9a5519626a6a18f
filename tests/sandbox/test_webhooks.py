"""Handshakes, the three levels, and what is delivered where."""

import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

TOKEN = "my-verify-token"
FIELDS = "messages,account_update"


class Receiver(ThreadingHTTPServer):
    """Somebody's webhook server, as good or as bad as a test wants it."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Reception)
        self.asked, self.got, self.refuse, self.signal = [], [], 0, threading.Condition()
        self.url = f"http://127.0.0.1:{self.server_port}/hook?shop=1"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def wait_for(self, count, seconds=5):
        with self.signal:
            assert self.signal.wait_for(lambda: len(self.got) >= count, seconds), self.got
        return self.got

    def messages(self):
        return [value for got in self.got for value in values(got) if "messages" in value]

    def statuses(self):
        return [
            line["status"]
            for got in self.got
            for v in values(got)
            for line in v.get("statuses", ())
        ]


class Reception(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self):
        query = {name: value[0] for name, value in parse_qs(urlsplit(self.path).query).items()}
        self.server.asked.append(query)
        good = query["hub.verify_token"] == TOKEN
        self.answer(200 if good else 403, query["hub.challenge"] if good else "no")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.signal:
            refused = self.server.refuse > 0
            self.server.refuse -= refused
            if not refused:
                self.server.got.append((body, self.headers["X-Hub-Signature-256"]))
            self.server.signal.notify_all()
        self.answer(503 if refused else 200, "")

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


def values(got):
    return [change["value"] for entry in json.loads(got[0])["entry"] for change in entry["changes"]]


@pytest.fixture
def hooks():
    made = []

    def make():
        made.append(Receiver())
        return made[-1]

    yield make
    for receiver in made:
        receiver.shutdown()
        receiver.server_close()


@pytest.fixture
def owner(open_scenario):
    owner = open_scenario("healthy")
    owner.control("change", person={"writes_by_herself": False})
    return owner


def subscribe(owner, url, **more):
    body = {"object": "whatsapp_business_account", "fields": FIELDS, "verify_token": TOKEN, **more}
    return owner.as_app().post(f"{owner.running.app_id}/subscriptions", callback_url=url, **body)


def rows(owner):
    return owner.as_app().get(f"{owner.running.app_id}/subscriptions").json()["data"]


def test_meta_asks_the_callback_before_it_keeps_it(owner, hooks):
    hook = hooks()
    assert subscribe(owner, hook.url).json() == {"success": True}
    (query,) = hook.asked
    assert query["hub.mode"] == "subscribe"
    assert query["hub.challenge"].isdigit()
    assert query["shop"] == "1"
    (row,) = rows(owner)
    assert (row["callback_url"], row["active"]) == (hook.url, True)
    assert {"name": "messages", "version": "v26.0"} in row["fields"]
    assert "verify_token" not in row


def test_more_fields_are_added_and_none_is_lost(owner, hooks):
    url = hooks().url
    subscribe(owner, url)
    subscribe(owner, url, fields=["security"])
    names = {field["name"] for field in rows(owner)[0]["fields"]}
    assert names == {"messages", "account_update", "security"}


def test_there_is_no_field_message_status(owner, hooks, error):
    assert error(subscribe(owner, hooks().url, fields="message_status")) == (100, 0)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("forbidden", "HTTP Status Code = 403"),
        ("missing", "HTTP Status Code = 404"),
        ("broken", "HTTP Status Code = 500"),
        ("moved", "HTTP Status Code = 301"),
        ("page", "does not match challenge"),
        ("quoted", "does not match challenge"),
    ],
)
def test_a_failed_handshake_is_2200_in_metas_words(owner, error, kind, said):
    url = f"{owner.running.graph_url}/_sandbox/callback/{kind}"
    answer = subscribe(owner, url, verify_token="zarya-verify-token")
    assert answer.status_code == 400
    assert error(answer) == (2200, 0)
    assert said in answer.json()["error"]["message"]
    assert rows(owner) == []


def test_a_closed_port_is_curl_error_7(owner, error):
    answer = subscribe(owner, "http://127.0.0.1:9/hook")
    assert error(answer) == (2200, 0)
    assert "curl_errno = 7;" in answer.text


def test_a_slow_handshake_is_given_up_after_six_seconds(owner, error, monkeypatch):
    monkeypatch.setattr("wizard.sandbox.webhooks.HANDSHAKE_SECONDS", 0.3)
    url = f"{owner.running.graph_url}/_sandbox/callback/slow"
    answer = subscribe(owner, url, verify_token="zarya-verify-token")
    assert error(answer) == (2200, 0)
    assert "curl_errno = 28;" in answer.text


@pytest.mark.parametrize("url", ["http://shop.example/hook", "ftp://127.0.0.2/hook"])
def test_plain_http_is_taken_on_loopback_alone(owner, error, url):
    assert error(subscribe(owner, url)) == (100, 0)


def test_others_are_served_during_a_handshake(owner, monkeypatch):
    monkeypatch.setattr("wizard.sandbox.webhooks.HANDSHAKE_SECONDS", 1.0)
    url = f"{owner.running.graph_url}/_sandbox/callback/slow"
    body = {"verify_token": "zarya-verify-token"}
    other = owner.become(owner.token)
    waiting = threading.Thread(target=lambda: subscribe(owner, url, **body), daemon=True)
    waiting.start()
    time.sleep(0.2)
    assert other.get("me").ok
    assert waiting.is_alive()
    waiting.join(15)


def test_delete_without_an_object_wipes_everything(owner, hooks):
    url = hooks().url
    subscribe(owner, url)
    subscribe(owner, url, object="page", fields="feed")
    edge = f"{owner.running.app_id}/subscriptions"
    app = owner.as_app()
    app.delete(edge, object="whatsapp_business_account", fields="account_update")
    assert {row["object"] for row in rows(owner)} == {"whatsapp_business_account", "page"}
    assert app.delete(edge).json() == {"success": True}
    assert rows(owner) == []


def test_an_override_comes_after_subscribing(owner, hooks, error):
    edge, hook = f"{owner.running.waba_id}/subscribed_apps", hooks()
    override = {"override_callback_uri": hook.url, "verify_token": TOKEN}
    owner.delete(edge)
    assert error(owner.post(edge, **override)) == (100, 0)
    assert owner.post(edge).json() == {"success": True}
    assert owner.post(edge, **override).json() == {"success": True}
    (row,) = owner.get(edge).json()["data"]
    assert row["override_callback_uri"] == hook.url


def test_subscribing_again_with_an_empty_body_takes_the_override_away(owner, hooks):
    edge = f"{owner.running.waba_id}/subscribed_apps"
    owner.post(edge, override_callback_uri=hooks().url, verify_token=TOKEN)
    assert owner.post(edge).json() == {"success": True}
    (row,) = owner.get(edge).json()["data"]
    assert "override_callback_uri" not in row


def configuration(owner):
    fields = {"fields": "webhook_configuration"}
    return owner.get(owner.running.phone_number_id, **fields).json().get("webhook_configuration")


def configure_number(owner, url):
    wanted = {"override_callback_uri": url, "verify_token": TOKEN}
    return owner.post(owner.running.phone_number_id, webhook_configuration=wanted)


def test_number_beats_account_beats_app(owner, hooks):
    of_app, of_account, of_number = hooks(), hooks(), hooks()
    assert configuration(owner) is None
    subscribe(owner, of_app.url)
    edge = f"{owner.running.waba_id}/subscribed_apps"
    owner.post(edge, override_callback_uri=of_account.url, verify_token=TOKEN)
    configure_number(owner, of_number.url)
    assert configuration(owner) == {
        "phone_number": of_number.url,
        "whatsapp_business_account": of_account.url,
        "application": of_app.url,
    }
    for winner, undo in (
        (of_number, lambda: configure_number(owner, "")),
        (of_account, lambda: owner.post(edge)),
        (of_app, lambda: None),
    ):
        owner.running.write("Здравствуйте")
        winner.wait_for(1)
        undo()
    assert [len(hook.got) for hook in (of_app, of_account, of_number)] == [1, 1, 1]


def test_a_message_is_signed_over_its_raw_escaped_bytes(owner, hooks):
    hook = hooks()
    subscribe(owner, hook.url)
    wamid = owner.running.write("Хлеб https://zarya.example/")
    ((body, sign),) = hook.wait_for(1)
    good = hmac.new(owner.running.app_secret.encode(), body, hashlib.sha256).hexdigest()
    assert sign == f"sha256={good}"
    assert b"\\u0425" in body
    assert b"https:\\/\\/" in body
    envelope = json.loads(body)
    assert envelope["object"] == "whatsapp_business_account"
    assert envelope["entry"][0]["id"] == owner.running.waba_id
    (value,) = values((body, sign))
    assert value["metadata"]["phone_number_id"] == owner.running.phone_number_id
    assert value["messages"][0]["id"] == wamid
    assert value["messages"][0]["from"] == value["contacts"][0]["wa_id"] == "447700900456"


def test_a_hidden_number_leaves_only_the_user_id(owner, hooks):
    hook = hooks()
    subscribe(owner, hook.url)
    owner.running.write("Это я", hides_number=True)
    (value,) = values(hook.wait_for(1)[0])
    assert "from" not in value["messages"][0]
    assert "wa_id" not in value["contacts"][0]
    assert value["messages"][0]["from_user_id"] == value["contacts"][0]["user_id"]


def template_to(owner, to="+447700900456"):
    asked = {"name": "order_received", "language": {"code": "ru"}}
    body = {"messaging_product": "whatsapp", "to": to, "type": "template", "template": asked}
    return owner.post(f"{owner.running.phone_number_id}/messages", **body).json()


def test_a_sent_message_is_followed_by_its_statuses(owner, hooks):
    hook = hooks()
    subscribe(owner, hook.url)
    wamid = template_to(owner)["messages"][0]["id"]
    hook.wait_for(3)
    assert hook.statuses() == ["sent", "delivered", "read"]
    lines = [line for got in hook.got for v in values(got) for line in v["statuses"]]
    assert {line["id"] for line in lines} == {wamid}
    assert "conversation" not in lines[0]
    assert owner.state()["sent"][wamid]["status"] == "read"


def test_what_meta_accepted_may_fail_later(owner, hooks):
    hook = hooks()
    subscribe(owner, hook.url)
    template_to(owner, "+447700900999")
    (value,) = values(hook.wait_for(1)[0])
    assert value["statuses"][0]["status"] == "failed"
    assert value["statuses"][0]["errors"][0]["code"] == 131026


def test_a_delivery_is_repeated_until_it_is_answered_with_200(owner, hooks):
    hook = hooks()
    subscribe(owner, hook.url)
    owner.control("change", delivery={"first_retry_s": 0.05})
    hook.refuse = 3
    owner.running.write("Есть кто?")
    hook.wait_for(1)
    deadline = time.monotonic() + 5
    while len(owner.state()["deliveries"]) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [row["http"] for row in owner.state()["deliveries"]] == [503, 503, 503, 200]


def test_a_scenario_may_deliver_everything_more_than_once(owner, hooks):
    hook = hooks()
    subscribe(owner, hook.url)
    owner.control("change", delivery={"duplicates": 2})
    wamid = owner.running.write("Здравствуйте")
    hook.wait_for(3)
    assert [value["messages"][0]["id"] for value in hook.messages()] == [wamid] * 3


@pytest.mark.parametrize(
    "broken",
    [
        {"apps": {"1029384756102938": {"published": False}}},
        {"accounts": {"102290129340398": {"subscribed": None}}},
        {
            "accounts": {
                "102290129340398": {
                    "subscribed": {"1029384756102938": None, "5647382910564738": {}}
                }
            }
        },
    ],
    ids=["unpublished", "not subscribed", "another app subscribed"],
)
def test_nothing_arrives_when_the_chain_is_broken(owner, hooks, broken):
    hook = hooks()
    subscribe(owner, hook.url)
    owner.control("change", **broken)
    owner.running.write("Здравствуйте")
    # The dashboard's own test goes out all the same, and it goes out after the message.
    owner.control("test_event")
    (value,) = values(hook.wait_for(1)[0])
    assert json.loads(hook.got[0][0])["entry"][0]["id"] == "0"
    assert value["metadata"]["phone_number_id"] == "123456123"


def test_without_the_field_messages_no_message_arrives(owner, hooks):
    hook = hooks()
    subscribe(owner, hook.url, fields="account_update")
    owner.running.write("Здравствуйте")
    owner.control("test_event")
    assert json.loads(hook.wait_for(1)[0][0])["entry"][0]["id"] == "0"


def test_a_play_person_writes_by_herself_once_the_chain_leads(open_scenario, hooks):
    owner, hook = open_scenario("healthy"), hooks()
    owner.control("change", person={"after_s": 0.05})
    subscribe(owner, hook.url)
    (value,) = values(hook.wait_for(1)[0])
    assert value["contacts"][0]["profile"]["name"] == "Ольга"


def test_a_number_that_is_not_connected_gets_no_message(open_scenario):
    assert open_scenario("number-unregistered").control("write", text="?").status_code == 409


def test_deliveries_may_be_signed_by_the_wrong_app(open_scenario):
    owner = open_scenario("deliveries-signed-by-another-app")
    owner.running.write("Здравствуйте")
    deadline = time.monotonic() + 5
    while not (got := owner.state().get("received")) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [row["signed_by"] for row in got] == ["5647382910564738"]


def test_a_receiving_world_hears_itself(open_scenario):
    owner = open_scenario("receiving")
    (row,) = rows(owner)
    assert row["callback_url"].startswith(owner.running.graph_url)
    assert owner.running.suggestions["webhook.callback_url"] == row["callback_url"]
    owner.running.write("Здравствуйте")
    deadline = time.monotonic() + 5
    while not owner.state().get("received") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert owner.state()["received"]
