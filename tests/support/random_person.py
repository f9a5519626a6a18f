"""A person who answers at random, a Graph that fails at random, and what both were seen to do.

For tests/trials/test_random_person.py. Everything random comes from seeds: the same walk gives the
same answers and, for each request of the same path, the same fault.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from wizard.audit.error_codes import entries
from wizard.sandbox import server
from wizard.sandbox import world as refusals
from wizard.sandbox.world import Fault
from wizard.text.errors import Back

#: Before the sandbox sees the request, so that nothing happens at Meta.
BEFORE = ("error", "throttle", "html", "portal", "drop", "cut", "empty", "text", "not_done")
#: After it: the change is made, and its answer is changed or lost.
AFTER = ("hide", "twist", "lost", "lost_html")
KINDS = ("none", *BEFORE, *AFTER)
#: What a client sees as an answer of Graph's that says neither yes nor no.
NO_ANSWER = {"html", "portal", "drop", "cut", "empty", "text", "lost", "lost_html", "not_done"}
THROTTLES = (4, 80007, 130429)
ODD_VALUES = (None, [], {}, "x", "", 7, -1, True, "2099-99-99", "я" * 300, [[]], {"a": {}})


class Killed(BaseException):
    """The program was killed here."""


class Kill:
    """Kills at the point that is met as the `at`-th; from then on nothing is written or sent."""

    def __init__(self, at: int) -> None:
        self.at, self.met = at, 0

    @property
    def dead(self) -> bool:
        return 0 < self.at <= self.met

    def point(self) -> None:
        """One place where a process may end."""
        if not self.dead:
            self.met += 1
        if self.dead:
            raise Killed


@dataclass
class Write:
    """A change that reached the server, and how it was answered."""

    method: str
    path: str
    fault: str = ""
    message: str = ""  # of a refusal, by the fault or by the sandbox itself
    code: int = 0
    accepted: bool = False  # the sandbox carried it out


CHANGES_BY_GET = {"oauth/access_token", "oauth/revoke"}


class Meta:
    """Stands between the tool and the sandbox: notes every change, and fails as a step wants."""

    def __init__(self) -> None:
        self.kind, self.target, self.rate, self.seed = "none", "any", 0, 0
        self.writes: list[Write] = []
        self.requests = 0
        self.on_request: Any = lambda: None
        self._met: Counter[str] = Counter()

    def fails(self, kind: str, target: str = "any", rate: int = 0, seed: int = 0) -> None:
        """From now on: this kind of fault, for this share of these requests, in percent."""
        self.kind, self.target, self.rate, self.seed = kind, target, rate, seed
        self.writes, self._met = [], Counter()

    def next_fault(self, world: Any, method: str, parts: list[str]) -> Fault | None:
        """In place of wizard.sandbox.world.next_fault."""
        path = "/".join(parts)
        self.requests += 1
        write = Write(method, path)
        changes = method != "GET" or path in CHANGES_BY_GET
        if changes:
            self.writes.append(write)
        self.on_request()
        self._met[f"{method} {path}"] += 1
        chance = Random(f"{self.seed} {method} {path} {self._met[f'{method} {path}']}")
        concerned = self.target in ("any", "writes" if changes else "reads")
        if self.kind == "none" or not concerned or chance.random() * 100 >= self.rate:
            return refusals_of(world, method, parts)
        fault = fault_of(self.kind, chance)
        if changes:
            write.fault = self.kind
            write.message = str(fault.settings.get("message", ""))
            write.code = int(fault.settings.get("code", 0))
        return fault

    def answered(self, method: str, path: str, status: int, body: bytes) -> None:
        """What the sandbox answered, before any fault changed it."""
        for write in reversed(self.writes):
            if (write.method, write.path) == (method, path):
                write.accepted = status < 400
                if status >= 400 and not write.fault:
                    error = json.loads(body)["error"]
                    write.message, write.code = error["message"], error["code"]
                return


refusals_of = refusals.next_fault


def fault_of(kind: str, chance: Random) -> Fault:
    """A fault of this kind, as the sandbox knows it; kinds of our own stay for `answer`."""
    if kind in ("error", "throttle"):
        code = chance.choice(THROTTLES) if kind == "throttle" else chance.choice(CODES)
        message = f"(#{code}) Made up refusal {chance.randrange(10**6)}"
        settings = {"code": code, "message": message, "http": chance.choice((400, 403, 500))}
        if subcodes := SUBCODES.get(code):
            settings["subcode"] = chance.choice(subcodes)
        return Fault("error", settings)
    if kind == "empty":
        return Fault("answer", {"body": "", "met": 0, "status": chance.choice((200, 500))})
    if kind == "not_done":
        return Fault("answer", {"body": '{"success": false}', "met": 0})
    return Fault(kind, {"seed": chance.randrange(10**9)})


CODES = [entry.codes[0] for entry in entries() if len(entry.codes) == 1]
SUBCODES = {
    entry.codes[0]: [int(name) for name in entry.details if name.isdecimal()]
    for entry in entries()
    if len(entry.codes) == 1
}


def answer_through(meta: Meta) -> Any:
    """In place of wizard.sandbox.server.Handler._answer: notes the answer, and may spoil it."""
    plain = server.Handler._answer

    def answer(
        self: Any, asked: str, parts: list[str], params: dict[str, Any], fault: Fault | None
    ) -> None:
        send = self._send

        def spoil(status: int, body: bytes, headers: dict[str, str]) -> None:
            meta.answered(self.command, "/".join(parts), status, body)
            kind = fault.kind if fault is not None else ""
            if kind == "lost":
                self._break_off(Fault("drop", {}))
            elif kind == "lost_html":
                send(500, server.HTML.encode(), {"Content-Type": "text/html"})
            elif kind in ("hide", "twist") and fault is not None:
                content = spoiled(json.loads(body), kind, Random(fault.settings["seed"]))
                send(status, json.dumps(content).encode(), headers)
            else:
                send(status, body, headers)

        self._send = spoil
        try:
            plain(self, asked, parts, params, fault)
        finally:
            del self._send

    return answer


def spoiled(node: Any, kind: str, chance: Random) -> Any:
    """The answer with some of its fields left out, or with values of wrong types."""
    if isinstance(node, list):
        return [spoiled(one, kind, chance) for one in node]
    if not isinstance(node, dict):
        return node
    kept: dict[str, Any] = {}
    for name, value in node.items():
        hit = chance.random() < 0.3
        if hit and kind == "hide":
            continue
        kept[name] = chance.choice(ODD_VALUES) if hit else spoiled(value, kind, chance)
    return kept


@dataclass
class Person:
    """A Keyboard: mostly right, and otherwise whatever people type."""

    plain = False

    seed: int
    right: Mapping[str, str]
    wrong: Sequence[str]
    kill: Kill
    asked: str = ""  # the name of the question, noted by the test
    agreed: bool = False  # the last thing that was answered was "yes"
    typed: bool = False  # … was a line of text
    answers: list[tuple[str, str]] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    #: So many answers, and the person goes.
    patience = 40

    def __post_init__(self) -> None:
        self._chance = Random(self.seed)

    def line(self, message: str, *, secret: bool = False, history: Sequence[str] = ()) -> str:
        self._may_go()
        answer = self._line()
        self.agreed, self.typed = False, True
        self.answers.append((self.asked, answer))
        if secret and len(answer) > 5:
            self.secrets.add(answer)
        return answer

    def _line(self) -> str:
        right = self.right.get(self.asked, "")
        roll = self._chance.random()
        if roll < 0.6:
            return right  # "" takes what Enter takes
        if roll < 0.7:
            return ""
        return self._chance.choice(self.wrong)

    def pick(self, message: str, hint: str, options: Sequence[Any], default: int) -> str:
        self._may_go()
        values = [option.value for option in options]
        if values == ["yes", "no"]:
            answer = "yes" if self._chance.random() < 0.8 else "no"
        elif self.right.get(self.asked) in values and self._chance.random() < 0.5:
            answer = self.right[self.asked]
        elif self._chance.random() < 0.6:
            answer = values[default]
        else:
            answer = self._chance.choice(values)
        self.agreed, self.typed = answer == "yes", False
        self.answers.append((self.asked, answer))
        return str(answer)

    def forget(self) -> None:
        pass

    def _may_go(self) -> None:
        self.kill.point()
        if len(self.answers) >= self.patience or self._chance.random() < 0.02:
            raise KeyboardInterrupt
        if self._chance.random() < 0.02:
            self.answers.append((self.asked, "Esc"))
            raise Back


_REQUEST = re.compile(r"(GET|POST|DELETE) /(\S+)")


def shown_requests(requests: Sequence[str]) -> list[tuple[str, re.Pattern[str]]]:
    """(method, pattern of the path) of the requests that a consent shows."""
    found = []
    for request in requests:
        # "{system user}" stands for an id that Meta gives while the request before is made.
        match = _REQUEST.match(re.sub(r"\{[^{}]*\}(?=/)", "<id>", request, count=1))
        assert match, request
        path = re.escape(match[2]).replace("<id>", r"\d+")
        found.append((match[1], re.compile(path)))
    return found
