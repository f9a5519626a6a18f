"""Signed deliveries of every kind to anybody's receiver, and what its answers say of it."""

from __future__ import annotations

import ipaddress
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal
from xml.etree import ElementTree

from msgspec import Struct

from wizard.net.connection import Outside
from wizard.net.failures import NetworkFailure
from wizard.state.content import CHECKLISTS, read
from wizard.state.typed import convert
from wizard.text.localised import Text
from wizard.text.secret import Secret
from wizard.webhook.payload import WHATSAPP
from wizard.webhook.probe import SIGNATURE, deliver, probe, signature
from wizard.webhook.who_answered import Answer, who_answered

Json = dict[str, Any]
FILE = "rehearsal"
#: Meta asks for 99 % of the answers within a second (its page on throughput).
IN_TIME = 1.0
#: A whole rehearsal ends after this long; what is left is not sent.
MOST_SECONDS = 300.0
#: After a server error the delivery is repeated once, as Meta does, this many seconds later.
AGAIN_SECONDS = 0.5
#: So many deliveries in a row that got no connection: the receiver is gone.
GONE = 3
PIECES = 4


class Case(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that is sent. The file says what its keys mean."""

    name: str
    title: Text
    look: str = "any"
    ask: Literal["", "right", "wrong"] = ""
    message: Mapping[str, Any] | None = None
    contact: Mapping[str, Any] | None = {}
    status: Mapping[str, Any] | None = None
    each: tuple[Mapping[str, Any], ...] = ()
    field: str = "messages"
    value: Mapping[str, Any] | None = None
    content: Mapping[str, Any] | None = None
    times: int = 1
    signed: Literal["right", "wrong", "missing", "changed"] = "right"
    send: Literal["once", "twice", "slowly", "spaced"] = "once"
    within: float = IN_TIME

    @property
    def expects(self) -> str:
        """What a receiver does with it that is in order: answered (handshake), taken, refused."""
        foreign = self.ask == "wrong" or self.signed != "right"
        return "refused" if foreign else "answered" if self.ask else "taken"

    def as_json(self) -> Json:
        """For programs."""
        return {"name": self.name, "expects": self.expects, "look": self.look}


class Usual(Struct, frozen=True, forbid_unknown_fields=True):
    """What the cases are laid over."""

    message: dict[str, Any]
    status: dict[str, Any]
    contact: dict[str, Any]
    metadata: dict[str, Any]
    waba: str


class RehearsalFile(Struct, frozen=True, forbid_unknown_fields=True):
    """`checklists/rehearsal.yaml`."""

    usual: Usual
    looks: dict[str, Text]
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Seen:
    """What came of one case.

    `outcome`: passed, failed, skipped. `reason`: "" or why, a key of the tool's words below
    `rehearse.`; `cause`: what the network or the handshake said. `attempts`: 2 where a server error
    was answered first and the repeated delivery decided.
    """

    case: Case
    outcome: str
    reason: str = ""
    cause: str = ""
    http: int = 0
    milliseconds: int = 0
    attempts: int = 1

    def as_json(self) -> Json:
        """For programs."""
        kept = ("outcome", "reason", "cause", "http", "milliseconds", "attempts")
        return {**self.case.as_json(), **{name: getattr(self, name) for name in kept}}


def is_loopback(host: str) -> bool:
    """Whether a host is this computer itself, as far as its name shows."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@cache
def content() -> RehearsalFile:
    """The cases and their words."""
    return convert(read(CHECKLISTS, FILE), RehearsalFile)


class Rehearsal:
    """One run against one URL. Nothing is sent before `run` is walked through."""

    def __init__(
        self, url: str, app_secret: Secret, verify_token: Secret | None, outside: Outside
    ) -> None:
        self._url, self._secret, self._token = url, app_secret, verify_token
        self._outside = outside
        self._run = secrets.token_hex(6)

    def run(self, cases: Sequence[Case]) -> Iterator[Seen]:
        """Each case in turn; after MOST_SECONDS, or without a receiver, the rest is skipped."""
        end, silent = time.monotonic() + MOST_SECONDS, 0
        for case in cases:
            if time.monotonic() > end or silent >= GONE:
                yield Seen(case, "skipped", "gone" if silent >= GONE else "time")
                continue
            seen = self._handshake(case) if case.ask else self._delivery(case)
            silent = silent + 1 if seen.reason == "silent" else 0
            yield seen

    def _handshake(self, case: Case) -> Seen:
        if case.ask == "right" and self._token is None:
            return Seen(case, "skipped", "no_token")
        found = probe(self._url, self._token if case.ask == "right" else None, self._outside)
        # Without a token only the guard is asked for, and "no_token" says that it stands.
        fine = ("", "any_token") if case.ask == "right" else ("no_token",)
        if found.reason in fine:
            return Seen(case, "passed", milliseconds=found.milliseconds)
        reason = "any_token" if found.reason == "any_token" else "handshake"
        return Seen(case, "failed", reason, found.reason, milliseconds=found.milliseconds)

    def _delivery(self, case: Case) -> Seen:
        body = self.body(case)
        seen = self._post(case, body)
        if seen.http >= 500 and case.expects == "taken":
            time.sleep(AGAIN_SECONDS)
            seen = replace(self._post(case, body), attempts=2)
        if case.send == "twice" and seen.outcome == "passed":
            seen = self._post(case, body)
        return seen

    def _post(self, case: Case, body: bytes) -> Seen:
        headers = {SIGNATURE: signature(self._secret.reveal(), body)}
        if case.signed == "wrong":
            headers = {SIGNATURE: signature(secrets.token_hex(16), body)}
        if case.signed == "missing":
            headers = {}
        if case.signed == "changed":
            body = body.replace(b"Forged", b"Forget")
        pieces = PIECES if case.send == "slowly" else 1
        try:
            answer = deliver(self._url, body, headers, self._outside, pieces)
        except NetworkFailure as failure:
            late = failure.cause == "timeout"
            return Seen(case, "failed", "late" if late else "silent", failure.cause)
        reason = (_of_forged if case.expects == "refused" else _of_delivery)(case, answer)
        outcome = "failed" if reason else "passed"
        return Seen(case, outcome, reason, "", answer.status, answer.milliseconds)

    def body(self, case: Case) -> bytes:
        """The bytes of a case, as Meta writes them: slashes and what is not ASCII escaped."""
        text = json.dumps(
            self._content(case),
            ensure_ascii=case.send != "spaced",
            separators=(", ", ": ") if case.send == "spaced" else (",", ":"),
        )
        return (text if case.send == "spaced" else text.replace("/", "\\/")).encode()

    def _content(self, case: Case) -> Json:
        if case.content is not None:
            whole: Json = self._filled(case.content, case, 0)
            return whole
        usual, changes = content().usual, []
        if case.value is not None:
            changes.append({"field": case.field, "value": self._filled(case.value, case, 0)})
        if case.status is not None:
            rows = [
                self._filled(_over(usual.status, {**case.status, **one}), case, 0)
                for one in case.each or ({},)
            ]
            # Since 2026 with contacts, and those without a profile.
            contact = _over(usual.contact, {"profile": None})
            changes.append(self._messages(statuses=rows, contacts=[contact]))
        if case.message is not None:
            laid = _over(usual.message, case.message)
            rows = [self._filled(laid, case, number) for number in range(case.times)]
            people: Json = {}
            if case.contact is not None:
                people = {"contacts": [_over(usual.contact, case.contact)]}
            changes.append(self._messages(**people, messages=rows))
        # Meta's own time stands beside the events of an account.
        when = {} if case.field == "messages" else {"time": int(time.time())}
        entries = [{"id": usual.waba, **when, "changes": [change]} for change in changes]
        return {"object": WHATSAPP, "entry": entries}

    def _messages(self, **rows: Any) -> Json:
        metadata = content().usual.metadata
        value = {"messaging_product": "whatsapp", "metadata": metadata, **rows}
        return {"field": "messages", "value": value}

    def _filled(self, node: Any, case: Case, number: int) -> Any:
        """The placeholders of a case replaced: {run}, {now}, {long}."""
        if isinstance(node, Mapping):
            return {key: self._filled(value, case, number) for key, value in node.items()}
        if isinstance(node, list | tuple):
            return [self._filled(value, case, number) for value in node]
        if not isinstance(node, str):
            return node
        name = f"{self._run}.{case.name}" + (f".{number}" if number else "")
        filled = node.replace("{run}", name).replace("{now}", str(int(time.time())))
        return filled.replace("{long}", "bread " * 682 + "4096")


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> Json:
    """Mappings merge, everything else replaces; null takes a key away."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _over(merged[key], value) if both else value
    return {key: value for key, value in merged.items() if value is not None}


def _of_forged(_: Case, answer: Answer) -> str:
    """Why a delivery that is not Meta's was not refused as it should be; "" when it was."""
    if answer.status < 300:
        return "unchecked"
    if answer.status >= 500:
        return "crashed"
    return "" if answer.status in (400, 401, 403) else _elsewhere(answer)


def _of_delivery(case: Case, answer: Answer) -> str:
    """Why Meta would not take this answer to a delivery; "" when it would."""
    if answer.status == 200:
        return "late" if answer.milliseconds > case.within * 1000 else ""
    if answer.status in (400, 401, 403) and not who_answered(answer)[0].startswith("firewall"):
        return "refused"
    if answer.status >= 500:
        return "crashed"
    return "not_200" if answer.status < 300 else _elsewhere(answer)


def _elsewhere(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        return "redirect"
    return "wrong_path" if answer.status in (404, 405, 410) else "not_200"


def counted(seen: Sequence[Seen]) -> dict[str, int]:
    """How many passed, failed, were skipped."""
    kinds = ("passed", "failed", "skipped")
    return {kind: sum(one.outcome == kind for one in seen) for kind in kinds}


def junit(seen: Sequence[Seen], language: str, says: Callable[[Seen], str]) -> bytes:
    """The form of results that CI systems read. `says`: why a case did not pass, in words."""
    counts = counted(seen)
    attributes = {
        "name": "wa-wizard webhook rehearse",
        "tests": str(len(seen)),
        "failures": str(counts["failed"]),
        "skipped": str(counts["skipped"]),
    }
    suite = ElementTree.Element("testsuite", attributes)
    for one in seen:
        took = f"{one.milliseconds / 1000:.3f}"
        title = one.case.title.in_language(language)
        row = ElementTree.SubElement(
            suite, "testcase", {"classname": one.case.name, "name": title, "time": took}
        )
        if one.outcome != "passed":
            kind = "failure" if one.outcome == "failed" else "skipped"
            ElementTree.SubElement(row, kind, {"message": one.reason}).text = says(one)
    whole: bytes = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    return whole
