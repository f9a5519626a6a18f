"""Delivers webhooks as Meta does: signed, repeated until answered with 200, in no fixed order.

The tree's `delivery` sets the pace: `first_retry_s`, `factor`, `retries` (after the first try),
`duplicates` (extra copies of everything), `gap_s` (between statuses), `statuses` (their order),
`sign_as` (the app whose secret signs, when it is not the right one).
"""

from __future__ import annotations

import copy
import hashlib
import heapq
import hmac
import itertools
import json
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from wizard.sandbox import templates, webhooks
from wizard.sandbox.call import Answer
from wizard.sandbox.messages import digits_of, fresh_wamid, open_window, user_id_of
from wizard.sandbox.world import World, merge

#: Failures that come by webhook alone: code → (title, details).
LATER = {
    131026: ("Message undeliverable", "Message Undeliverable."),
    131042: (
        "Business eligibility payment issue",
        "Message failed to send because there were one or more errors related to your payment "
        "method.",
    ),
}


def envelope(account_id: str, value: Answer, field: str = "messages") -> Answer:
    """One change of a field. Meta's own time stands beside what is no message."""
    entry: Answer = {"id": account_id, "changes": [{"value": value, "field": field}]}
    if field != "messages":
        entry["time"] = int(time.time())
    return {"object": "whatsapp_business_account", "entry": [entry]}


def inbound_payload(number: Answer, sender: Answer, wamid: str, text: str, more: Answer) -> Answer:
    """A message of a person. `more` replaces parts of it: another type, other content.

    A sender with `hides_number` comes with the user id (BSUID) alone, as since April 2026.
    """
    user_id = sender.get("user_id", user_id_of(sender["wa_id"]))
    contact: Answer = {"profile": {"name": sender.get("name", "")}, "user_id": user_id}
    message: Answer = {
        "from_user_id": user_id,
        "id": wamid,
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": text},
    }
    if not sender.get("hides_number"):
        contact["wa_id"] = message["from"] = sender["wa_id"]
    if more.get("type", "text") != "text":
        del message["text"]
    if more.get("type") in ("button", "interactive"):
        # Meta always says which message was answered.
        asked = {"from": digits_of(number["display_phone_number"]), "id": _last_sent(number)}
        message["context"] = asked
    return {**_head(number), "contacts": [contact], "messages": [{**message, **more}]}


def _last_sent(number: Answer) -> str:
    """The message that a person answers: the last one sent, or one from before this world."""
    return str(number.get("last_sent") or fresh_wamid(digits_of(number["display_phone_number"])))


def status_payload(number: Answer, wamid: str, message: Answer, stage: str, code: int) -> Answer:
    """One status of a message that was sent; `code` says why it failed."""
    line: Answer = {
        "id": wamid,
        "status": stage,
        "timestamp": str(int(time.time())),
        "recipient_user_id": message.get("user_id") or user_id_of(message["to"]),
        "pricing": {
            "billable": True,
            "pricing_model": "PMP",
            "type": "regular",
            "category": message["category"],
        },
    }
    if code:
        del line["pricing"]
        title, details = LATER[code]
        line["errors"] = [
            {"code": code, "title": title, "message": title, "error_data": {"details": details}}
        ]
    contact = {"user_id": line["recipient_user_id"]}
    if message["to"].isdecimal():  # of a foreign user ID this world knows no number
        line["recipient_id"] = contact["wa_id"] = message["to"]
    if note := message.get("note"):
        line["biz_opaque_callback_data"] = note
    return {**_head(number), "contacts": [contact], "statuses": [line]}


def test_payload() -> Answer:
    """What the dashboard's Test button sends: an invented number and message."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "16505551111", "phone_number_id": "123456123"},
        "contacts": [{"profile": {"name": "test user name"}, "wa_id": "16315551181"}],
        "messages": [
            {
                "from": "16315551181",
                "id": "ABGGFlA5Fpa",
                "timestamp": "1504902988",
                "type": "text",
                "text": {"body": "this is a text message"},
            }
        ],
    }
    return envelope("0", value)


def _head(number: Answer) -> Answer:
    return {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": digits_of(number["display_phone_number"]),
            "phone_number_id": number["id"],
        },
    }


PACE = {"first_retry_s": 1.0, "factor": 2.0, "retries": 8, "duplicates": 0, "gap_s": 0.05}
STATUSES = ("sent", "delivered", "read")
REMEMBERED = 200

Job = Callable[[], None]


class Delivery:
    """One worker thread with a timetable; begun with the first job, gone with `close`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._jobs: list[tuple[float, int, Job]] = []
        self._turn = threading.Condition()
        self._count = itertools.count()
        self._worker: threading.Thread | None = None
        self._closed = False

    def message_accepted(self, wamid: str) -> None:
        """Plans the statuses of a message that was sent."""
        message, pace = self._world["sent"][wamid], self._pace()
        number = self._world["numbers"][message["number"]]
        account = self._world["accounts"][number["account"]]
        if message["to"] in self._world.tree.get("not_on_whatsapp", ()):
            stages = [("failed", 131026)]
        elif account.get("payment_missing"):
            stages = [("failed", 131042)]
        else:
            stages = [(stage, 0) for stage in pace.get("statuses", STATUSES)]
        for place, (stage, code) in enumerate(stages, 1):
            self._plan(pace["gap_s"] * place, partial(self._status, wamid, stage, code))

    def write(self, number_id: str, sender: Answer, text: str, message: Answer) -> str:
        """A person writes to a number: opens the window and is delivered. Returns the wamid."""
        number = self._world["numbers"][number_id]
        wa_id = digits_of(sender["wa_id"])
        wamid = fresh_wamid(wa_id)
        open_window(number, wa_id, self._world.now())
        number["arrived"] = [*number.get("arrived", ())[-50:], wamid]
        value = inbound_payload(number, {**sender, "wa_id": wa_id}, wamid, text, message)
        self._send_out(number, value, f"message {wamid}")
        return wamid

    def test_event(self, app_id: str) -> bool:
        """The dashboard's Test button: goes to the app's callback, published or not."""
        url = webhooks.subscription(self._world, app_id).get("callback_url", "")
        if url:
            url = self._world.here(url)
            self._post(app_id, url, test_payload(), "test event")
        return bool(url)

    def route_changed(self) -> None:
        """Callbacks or registration changed: a scenario's person who waits for that writes now."""
        person = self._world.tree.get("person", {})
        if not person.get("writes_by_herself"):
            return
        for number in self._world["numbers"].values():
            if number["status"] == "CONNECTED" and webhooks.destinations(self._world, number):
                self._plan(person.get("after_s", 1.0), partial(self._write_as_person, number["id"]))

    def template_submitted(self, account_id: str, seconds: float) -> None:
        """Plans the end of a review, and what Meta does to the template by itself afterwards."""
        self._plan(seconds + self._pace()["gap_s"], partial(self._template_news, account_id))

    def close(self) -> None:
        """Ends the worker; what was planned is not done any more."""
        with self._turn:
            self._closed = True
            self._jobs.clear()
            self._turn.notify_all()
        if self._worker is not None:
            self._worker.join(webhooks.HANDSHAKE_SECONDS + 1)

    def _write_as_person(self, number_id: str) -> None:
        with self._world.held():
            person = self._world["person"]
            self.write(number_id, person, person["text"], {})

    def _template_news(self, account_id: str) -> None:
        """Delivered to the app's own callback: overrides are for messages alone."""
        with self._world.held():
            account = self._world["accounts"].get(account_id, {})
            templates.settle(self._world, account)
            for news in account.pop("template_news", []):
                body = envelope(account_id, news["value"], news["field"])
                for app_id in webhooks.subscribers(self._world, account, news["field"]):
                    url = webhooks.subscription(self._world, app_id)["callback_url"]
                    self._post(app_id, self._world.here(url), body, news["field"])
            coming = [t for t in account.get("templates", {}).values() if "then" in t]
            for template in coming:
                self.template_submitted(account_id, template["reviewed_at"] - self._world.now())

    def _status(self, wamid: str, stage: str, code: int) -> None:
        with self._world.held():
            message = self._world["sent"].get(wamid)
            if message is None:
                return
            message["status"] = stage
            number = self._world["numbers"][message["number"]]
            value = status_payload(number, wamid, message, stage, code)
            self._send_out(number, value, f"status {stage} {wamid}")

    def _send_out(self, number: Answer, value: Answer, about: str) -> None:
        body = envelope(number["account"], value)
        for app_id, url in webhooks.destinations(self._world, number):
            for _ in range(1 + int(self._pace()["duplicates"])):
                self._post(app_id, url, body, about)

    def _post(self, app_id: str, url: str, payload: Answer, about: str) -> None:
        # Meta escapes slashes and everything beyond ASCII: the signature is over these bytes.
        body = json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()
        signer = self._world["apps"][self._pace().get("sign_as", app_id)]
        headers = {
            "Content-Type": "application/json",
            "X-Hub-Signature-256": "sha256=" + _signed(signer["secret"], body, "sha256"),
            "X-Hub-Signature": "sha1=" + _signed(signer["secret"], body, "sha1"),
        }
        self._plan(0, lambda: self._attempt(url, body, headers, about, 0))

    def _attempt(
        self, url: str, body: bytes, headers: dict[str, str], about: str, so_far: int
    ) -> None:
        away = webhooks.leads_away(self._world, url)
        try:
            status = 0
            if not away:
                status, _, _ = webhooks.exchange("POST", url, body=body, headers=headers)
        except webhooks.NoAnswer:
            pass
        pace = self._pace()
        line = {"about": about, "url": url, "http": status, "attempt": so_far + 1}
        with self._world.held():
            log = self._world.tree.setdefault("deliveries", [])
            log.append(line | ({"not_played": away} if away else {}))
            del log[:-REMEMBERED]
        if not away and status != 200 and so_far < pace["retries"]:
            wait = pace["first_retry_s"] * pace["factor"] ** so_far
            self._plan(wait, lambda: self._attempt(url, body, headers, about, so_far + 1))

    def _pace(self) -> dict[str, Any]:
        return {**PACE, **self._world.tree.get("delivery", {})}

    def _plan(self, wait: float, job: Job) -> None:
        with self._turn:
            if self._closed:
                return
            heapq.heappush(self._jobs, (time.monotonic() + wait, next(self._count), job))
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, daemon=True, name="delivery")
                self._worker.start()
            self._turn.notify_all()

    def _work(self) -> None:
        while job := self._next():
            job()

    def _next(self) -> Job | None:
        with self._turn:
            while not self._closed:
                wait = self._jobs[0][0] - time.monotonic() if self._jobs else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._jobs)[2]
                self._turn.wait(wait)
        return None


def _signed(secret: str, body: bytes, how: str) -> str:
    return hmac.new(secret.encode(), body, getattr(hashlib, how)).hexdigest()


def control_answer(
    world: World, delivery: Delivery, method: str, parts: list[str], params: Answer
) -> tuple[int, Any]:
    """(HTTP status, JSON) of what people and the dashboard do outside Graph, below /_sandbox.

    GET state; POST write {text, from?, name?, phone_number_id?, hides_number?, message?}; POST
    test_event {app_id?}; POST change {…} merges into the tree; POST faults {faults: […]}.
    """
    what = "/".join(parts)
    with world.held():
        if (method, what) == ("GET", "state"):
            return 200, copy.deepcopy(world.tree)
        if (method, what) == ("POST", "write"):
            return _write(world, delivery, params)
        if (method, what) == ("POST", "test_event"):
            app_id = params.get("app_id") or next(iter(world["apps"]))
            sent = delivery.test_event(app_id)
            return (200 if sent else 409), {"sent": sent}
        if (method, what) == ("POST", "change"):
            world.tree = merge(world.tree, params)
            return 200, {"changed": True}
        if (method, what) == ("POST", "faults"):
            world.tree["faults"] = params.get("faults", [])
            return 200, {"changed": True}
    return 404, {"error": "no such path"}


def _write(world: World, delivery: Delivery, params: Answer) -> tuple[int, Any]:
    person = world.tree.get("person", {})
    number_id = params.get("phone_number_id") or _first_connected(world)
    number = world["numbers"].get(number_id)
    if number is None or number["status"] != "CONNECTED":
        return 409, {"error": "no such number is connected"}
    sender = dict(person)
    for key, name in (("from", "wa_id"), ("name", "name"), ("hides_number", "hides_number")):
        if key in params:
            sender[name] = params[key]
    text = str(params.get("text", person.get("text", "")))
    wamid = delivery.write(number_id, sender, text, params.get("message") or {})
    return 200, {"id": wamid, "phone_number_id": number_id}


def _first_connected(world: World) -> str:
    for number in world["numbers"].values():
        if number["status"] == "CONNECTED":
            return str(number["id"])
    return ""
