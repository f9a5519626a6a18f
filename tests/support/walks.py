"""One walk of a random person: the commands of it, and what must hold after each of them.

See tests/trials/test_random_person.py.
"""

import contextlib
import functools
import io
import json
import logging
import os
import re
import signal
import time
from collections import Counter
from dataclasses import dataclass
from random import Random

import jsonschema
import pytest

from tests.schemas import schema
from tests.support.random_person import (
    NO_ANSWER,
    Kill,
    Meta,
    Person,
    answer_through,
    shown_requests,
)
from wizard import sandbox
from wizard.__main__ import main
from wizard.audit import checklist
from wizard.audit.error_codes import explain
from wizard.context.context import Context
from wizard.context.filling import bring_scenario
from wizard.context.settings import Arguments
from wizard.graph.client import GraphClient
from wizard.graph.consent import Consent
from wizard.graph.transport import Transport
from wizard.net.connection import Outside
from wizard.state import private_file, safe_yaml
from wizard.state.config import find
from wizard.state.record import RecordFile
from wizard.text.secret import PIN, kind_of
from wizard.ui.console_prompter import ConsolePrompter
from wizard.vault.os_keyring import OsKeyring

#: A command may take so many seconds; with answers and pauses of tests it takes one or two.
LONGEST = 60

#: Commands whose exit code is that of their last change at Meta.
ACTS = (
    *("number add", "number request-code", "number verify", "number register", "number pin"),
    "webhook subscribe",
)
#: The last part of a path that Meta counts.
COUNTED = ("register", "request_code", "verify_code")


@dataclass(frozen=True)
class Step:
    """One command: what fails at Meta, how the person answers, and where the program is killed."""

    command: str
    fault: str = "none"
    target: str = "any"  # any, reads, writes
    rate: int = 100
    seed: int = 0
    kill: int = 0  # at which point; 0: not at all
    lang: str = "en"


@dataclass(frozen=True)
class Walk:
    world: str
    steps: tuple[Step, ...]
    begun: bool = True  # the profile is the scenario's; else there is none yet


class Hanging(BaseException):
    """The command did not come to its end."""


class Trial:
    """One walk in a home of its own; `check` fails as soon as something does not hold."""

    def __init__(self, walk, folder, patch):
        self.walk, self.patch, self.meta = walk, patch, Meta()
        self.kill, self.person = Kill(0), Person(0, {}, (), Kill(0))
        self.line, self.consents, self.secrets = "", [], set()
        self.log, self._ordinary = io.StringIO(), set()
        self.killed, self.problems = False, []
        #: Paths that Meta refuses for a while.
        self.closed = set()
        patch.setenv("WA_WIZARD_HOME", str(folder / "home"))
        patch.setenv("TESTS_KEYRING", str(folder / "keyring.json"))
        patch.setenv("PYTHON_KEYRING_BACKEND", "tests.support.keyring_backends.OnDisk")
        patch.setattr("wizard.sandbox.world.next_fault", self.meta.next_fault)
        patch.setattr("wizard.sandbox.server.Handler._answer", answer_through(self.meta))
        self.running = sandbox.start(walk.world)
        patch.setenv("WA_WIZARD_GRAPH_URL", self.running.graph_url)
        self.home = find(os.environ)
        self.keyring = folder / "keyring.json"
        self._patch_program()
        self._patch_points_of_death()
        if walk.begun:
            with Context(Arguments()) as context, contextlib.redirect_stderr(io.StringIO()):
                bring_scenario(context.session, self.running)

    def _patch_program(self):
        """The person in place of the keyboard, and no pauses."""
        patch, trial = self.patch, self
        patch.setattr("wizard.cli.errors.let_next_interrupt_end", lambda: None)
        patch.setattr(
            "wizard.graph.client.GraphClient", functools.partial(GraphClient, pause=lambda _: None)
        )
        patch.setattr("wizard.context.context.PLAY_SECONDS", 1.0)
        patch.setattr("wizard.webhook.local_receiver.WAIT_SECONDS", 0.5)
        patch.setattr("wizard.actions.message.DELIVERY_SECONDS", 0.2)
        patch.setattr(
            "wizard.net.connection.Outside", lambda **how: Outside(**how | {"allow_local": True})
        )
        patch.setattr(
            Context, "attended", property(lambda self: not self.chosen.no_input), raising=True
        )
        patch.setattr("wizard.ui.console_prompter.open_keyboard", lambda *_, **__: trial.person)
        asking = ConsolePrompter._asking

        def noted(self, name, *more, **named):
            if name != "consent":
                trial.person.asked = name
            return asking(self, name, *more, **named)

        patch.setattr(ConsolePrompter, "_asking", noted)
        consented = Consent.__init__

        def given(self, maker, item_id, requests):
            consented(self, maker, item_id, requests)
            trial.consented(item_id, requests)

        patch.setattr(Consent, "__init__", given)

    def _patch_points_of_death(self):
        self._deadly(private_file, "replace")
        self._deadly(OsKeyring, "put")
        self._deadly(OsKeyring, "remove")
        send, trial = Transport.send, self

        def sent(self, call):
            if call.method != "GET":
                trial.kill.point()
            answer = send(self, call)
            if call.method != "GET":
                trial.kill.point()
            return answer

        self.patch.setattr(Transport, "send", sent)

    def _deadly(self, owner, name):
        plain, trial = getattr(owner, name), self

        def deadly(*parts, **more):
            trial.kill.point()
            answer = plain(*parts, **more)
            trial.kill.point()
            return answer

        self.patch.setattr(owner, name, deadly)

    def consented(self, act, requests):
        """A consent came about: only by a yes, by --yes, or by an act of the person."""
        words, person = self.line.split(), self.person
        if "typed" in act:
            fine = person.typed or words[:2] == ["number", "verify"]
        elif act.startswith("the person ran"):
            fine = " ".join(words[:2]) in act
        else:
            fine = person.agreed or "--yes" in words
        if not fine:
            self.problems.append(f"nobody agreed to {act}: {requests}")
        self.consents += [[*pair, 1] for pair in shown_requests(requests)]

    # What is looked at afterwards.

    @property
    def numbers(self):
        return self.running._world["numbers"]

    def record(self):
        return RecordFile(self.home.status_path("default")).load()

    def kept(self):
        """Every secret in the keyring by its name."""
        if not self.keyring.exists():
            return {}
        return {row[0].rpartition("/")[2]: row[2] for row in json.loads(self.keyring.read_text())}

    def every_secret(self):
        world = self.running._world
        found = {token["value"] for token in world["tokens"].values()}
        found |= {app["secret"] for app in world["apps"].values()}
        found |= {number["pin"] for number in self.numbers.values() if number.get("pin")}
        found |= set(self.kept().values()) | self.secrets
        return {one for one in found if len(one) > 5} - self._ordinary

    def step(self, step):
        """Runs one command; everything that must hold is checked."""
        self.meta.fails(step.fault, step.target, step.rate, step.seed)
        self.kill = Kill(step.kill)
        secret, wrong = self._wrong(Random(step.seed))
        self._ordinary |= set(wrong)
        wrong += secret
        self.person = Person(step.seed, self.running.suggestions, wrong, self.kill)
        self.line, self.consents = step.command, []
        before = Before(self.kept(), {k: n.get("pin") for k, n in self.numbers.items()})
        code, out = self._run([*step.command.split(), "--lang", step.lang])
        self.meta.kind = "none"
        self.secrets |= self.person.secrets - self._ordinary
        self.check(step, code, out, before)
        return code

    def _run(self, words):
        out, err, begun = io.StringIO(), io.StringIO(), time.monotonic()
        handler = logging.StreamHandler(self.log)
        logging.getLogger().addHandler(handler)
        alarm = signal.signal(signal.SIGALRM, _hangs)
        signal.alarm(LONGEST)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(words)
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, alarm)
            logging.getLogger().removeHandler(handler)
        assert time.monotonic() - begun < LONGEST, words
        self.out = out.getvalue()
        return code, self.out + err.getvalue()

    def _wrong(self, chance):
        """What people type that is not the answer: what is secret in it, and the rest."""
        world = self.running._world
        pin = f"{chance.randrange(10**6):06}"
        token = "EAA" + "".join(chance.choices("ABCdef123", k=180))
        others = [*world["accounts"], *world["numbers"], *world["apps"], "999888777666555"]
        secret = chance.choice([app["secret"] for app in world["apps"].values()])
        return (pin, token, secret), (
            *("no", "нет", "later", "-", "   ", "0", "9" * 40, "https://[", "hello\x1b[31m"),
            *("+7 916 123-45-67", "here was Vasya", "здесь был Вася", "https://a.example/hook"),
            *("000000", chance.choice(others)),
        )

    def check(self, step, code, out, before):
        plain = re.sub(r"\s", "", out)
        told = f"{step}: {code}\n{out}"
        assert not self.problems, f"{self.problems}\n{told}"
        self._agreed(told)
        self._closed(told)
        self._whole(told)
        self._no_secret_shown(out, told)
        if self.kill.dead:
            self.killed = True
            return
        self._no_secret_lost(step, before, told)
        assert code != 70, told
        for write in self.meta.writes:
            if write.message and not write.path.endswith(("access_tokens", "access_token")):
                assert re.sub(r"\s", "", write.message) in plain, f"{write} is not shown\n{told}"
        if code not in (130, 143):
            self._exit_code(step, code, out, told)

    def _agreed(self, told):
        """Each change was shown and agreed to; what Meta counts, once for each consent."""
        for write in self.meta.writes:
            fits = [
                one
                for one in self.consents
                if one[0] == write.method and one[1].fullmatch(write.path)
            ]
            assert fits, f"{write} without a consent\n{told}"
            if write.path.endswith(COUNTED):
                left = [one for one in fits if one[2]]
                assert left, f"{write} twice for one consent\n{told}"
                left[0][2] = 0

    def _closed(self, told):
        """Nothing that Meta counts is tried while Meta is known to refuse it."""
        for write in self.meta.writes:
            if not write.path.endswith(COUNTED):
                continue
            assert write.path not in self.closed, f"{write} while it is closed\n{told}"
            # Known gap until the table of codes says how long a lock lasts.
            if write.code and getattr(explain(write.code), "wait_minutes", 0):
                self.closed.add(write.path)

    def _whole(self, told):
        path = self.home.status_path("default")
        if path.exists():
            content = safe_yaml.parse(path.read_bytes())
            jsonschema.Draft202012Validator(schema("status")).validate(content)
            self.record()

    def _no_secret_shown(self, out, told):
        texts = {"output": out, "log": self.log.getvalue()}
        for path in (self.home.status_path("default"), self.home.config_path):
            if path.exists():
                texts[path.name] = path.read_text("utf-8")
        for secret in self.every_secret():
            whole = re.compile(rf"(?<![\w]){re.escape(secret)}(?![\w])")
            for where, text in texts.items():
                assert not whole.search(text), f"{secret[:6]}… in {where}\n{told}"

    def _no_secret_lost(self, step, before, told):
        kept, record = self.kept(), self.record()
        for name in record.secrets:
            # Killed while a PIN that Meta refused was taken back: out of the vault, still noted.
            half_back = self.killed and kind_of(name) in (PIN, "app_secret")
            assert name in kept or half_back, f"{name} is said to be kept and is not\n{told}"
        for name in ("access_token", "app_secret"):
            other_app = any(asked == "other_app" for asked, _ in self.person.answers)
            assert name not in before.kept or name in kept or other_app, f"{name} lost\n{told}"
        typed = step.command == "credentials set two_step_pin"
        for number_id, number in self.numbers.items():
            own = f"{PIN}:{number_id}"
            knew = before.pins.get(number_id) == before.kept.get(own)
            changed = number.get("pin") != before.pins.get(number_id)
            if number.get("pin") and (changed or (knew and not typed)):
                assert kept.get(own) == number["pin"], f"PIN lost\n{told}"

    def _exit_code(self, step, code, out, told):
        if step.command.startswith(("audit", "status", "setup")):
            assert code == expected_code(self.record()), f"{expected_code(self.record())}\n{told}"
        if step.command == "audit --json":
            document = json.loads(self.out)
            record = self.record()
            for goal, ready in document["ready"].items():
                assert ready == (expected_code(record, {goal}) == 0), told
        if step.command.startswith("audit") and code == 0 and step.fault != "none":
            self.kill = Kill(0)
            again, more = self._run(["audit", "--lang", "en"])
            assert again == 0, f"in order only while Meta fails\n{told}\n{more}"
        if step.command.startswith(ACTS) and self.meta.writes:
            last = self.meta.writes[-1]
            if last.fault in NO_ANSWER or last.message:
                assert code != 0, f"{last}\n{told}"
            elif last.accepted and not last.fault:
                assert code == 0, f"{last}\n{told}"

    def close(self):
        self.running.close()


@dataclass(frozen=True)
class Before:
    kept: dict[str, str]
    pins: dict[str, str]


def _hangs(*_):
    raise Hanging


def expected_code(record, goals=None):
    """The exit code of the table, for what the status file says of the required items."""
    wanted = {str(goal) for goal in (record.goals if goals is None else goals)}
    needed = [
        item.id
        for item in checklist.load().items
        if item.needed_for
        and ((item.needed_for == "sending" and wanted) or item.needed_for in wanted)
    ]
    seen = Counter(str(record.verdicts[i].status) if i in record.verdicts else "?" for i in needed)
    if seen["failed"] or seen["waiting"]:
        return 1
    return 0 if needed and seen["passed"] == len(needed) else 3


def walked(walk, folder):
    with pytest.MonkeyPatch.context() as patch:
        trial = Trial(walk, folder, patch)
        try:
            return [trial.step(step) for step in walk.steps]
        finally:
            trial.close()
