"""What is not shown is not "no": no read that fails or says less turns an item to failed.

One healthy account is read once from the sandbox. Then every read of it is refused, answered with
an error page, robbed of one field, or given a value that nobody knows, and the audit is made again
on what is left.
"""

import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.fake_vault import MemoryVault
from wizard.audit import checklist
from wizard.audit.results import exit_code
from wizard.audit.runner import audit
from wizard.facts.facts import Facts
from wizard.facts.models import Arrivals, Handshake
from wizard.graph import Credentials, GraphError, Rows
from wizard.graph.client import GraphClient
from wizard.sandbox import start
from wizard.state.record import Goal, ProfileRecord, Status, TestMessage
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.secret import Secret

GOALS = (Goal.SENDING, Goal.RECEIVING)
#: Items whose subject is one very read: that Meta refuses it is what they are there to say.
ABOUT_THE_READ = {"account.visible", "number.added", "token.assets"}


@dataclass
class Recorded:
    """Graph as it answered once, with one alteration. Only reads; in memory."""

    answers: dict[Any, Any]
    keys: Credentials
    alter: Any = None
    version: str = "v26.0"
    url: str = "https://graph.facebook.com"
    exchanges: tuple[Any, ...] = ()
    unknown_fields: frozenset[str] = frozenset()

    def get(self, path, *, fields=(), as_app=False, prove=True, **params):
        return self._read("get", path, tuple(fields), as_app)

    def pages(self, path, *, fields=(), as_app=False, prove=True, limit=100, most=2000, **params):
        return self._read("pages", path, tuple(fields), as_app)

    def probe(self):
        return self._read("probe", "", (), False)

    def _read(self, kind, path, fields, as_app):
        if self.alter is not None:
            self.alter.before(kind, path, fields, as_app)
        answer = copy.deepcopy(self.answers[kind, path, as_app])
        if kind == "get" and fields:
            asked = {name.partition("{")[0] for name in fields} | {"id"}
            answer = {name: value for name, value in answer.items() if name in asked}
        return answer if self.alter is None else self.alter.after(kind, path, as_app, answer)


class Recorder:
    """A client that remembers every answer by what was asked, all fields of one path together."""

    def __init__(self, client):
        self._client, self.answers = client, {}
        self.keys, self.version, self.url = client.keys, client.version, client.url
        self.exchanges, self.unknown_fields = (), frozenset()

    def get(self, path, *, as_app=False, **more):
        answer = self._client.get(path, as_app=as_app, **more)
        self.answers.setdefault(("get", path, as_app), {}).update(answer)
        return answer

    def pages(self, path, *, as_app=False, **more):
        answer = list(self._client.pages(path, as_app=as_app, **more))
        self.answers["pages", path, as_app] = answer
        return answer

    def probe(self):
        self.answers["probe", "", False] = self._client.probe()
        return self.answers["probe", "", False]


class Evidence:
    """The callback answers, and a message has arrived."""

    def handshake(self, url, verify_token):
        return Handshake(url, milliseconds=100)

    def arrivals(self, record):
        moment = datetime.now(UTC) - timedelta(hours=1)
        return Arrivals(message_at=moment.isoformat(), test_state="delivered")


@pytest.fixture(scope="module")
def healthy():
    """(answers, keys, record, vault) of an account in which every item passes."""
    with start("receiving") as running:
        profile = running.profile
        secrets = {name: Secret(value) for name, value in profile.secrets.items()}
        secrets |= {"two_step_pin": Secret("271828"), "verify_token": Secret("verify me")}
        keys = Credentials(
            secrets["access_token"], profile.ids["app_id"], secrets["app_secret"], proves=True
        )
        record = ProfileRecord(goals=GOALS, ids=dict(profile.ids), webhook=dict(profile.webhook))
        record.test_message = TestMessage(
            profile.ids["phone_number_id"], "447700900456", "wamid.A", "2026-11-27T10:00:00Z"
        )
        client = GraphClient(keys, url=running.graph_url, pause=lambda _: None)
        recorder = Recorder(client)
        vault = MemoryVault(store="sandbox", **secrets)
        look(recorder, record, vault)
        client.close()
    return recorder.answers, keys, record, vault


def look(graph, record, vault):
    facts = Facts(graph, record, vault, evidence=Evidence())
    return list(audit(checklist.load(), facts))


def statuses(results):
    return {one.item.id: one.status for one in results}


class Refused:
    """One read is refused: "not for this app", code 10."""

    def __init__(self, key):
        self.key = key

    def before(self, kind, path, fields, as_app):
        if (kind, path, as_app) == self.key:
            raise GraphError(
                ErrorKind.PERMISSION,
                code=10,
                subcode=0,
                http=403,
                message="(#10) This action requires another kind of business.",
                details="",
                trace="Atrace",
            )

    def after(self, kind, path, as_app, answer):
        return answer


class RefusedField(Refused):
    """One field refuses the whole read that asks for it; Meta does not name the field."""

    def __init__(self, key, field):
        super().__init__(key)
        self.field = field

    def before(self, kind, path, fields, as_app):
        if self.field in {name.partition("{")[0] for name in fields}:
            super().before(kind, path, fields, as_app)


class Page(Refused):
    """An HTML page with status 500 in place of one answer."""

    def before(self, kind, path, fields, as_app):
        if (kind, path, as_app) == self.key:
            raise Unavailable(
                ErrorKind.UNREACHABLE, cause="html_error", host="h", proxy="", http=500
            )


class Changed:
    """One field of one answer is absent (None), or has another value."""

    def __init__(self, key, field, value=None):
        self.key, self.field, self.value = key, field, value

    def before(self, kind, path, fields, as_app):
        pass

    def after(self, kind, path, as_app, answer):
        if (kind, path, as_app) != self.key:
            return answer
        for whole in answer if isinstance(answer, list) else [answer]:
            row = whole.get("data", whole) if kind == "get" else whole
            row.pop(self.field, None)
            if self.value is not None:
                row[self.field] = self.value
        return answer


class Cut(Changed):
    """The first rows of one edge are of others, or what it has; there are more than were read."""

    def __init__(self, key, strange):
        super().__init__(key, "")
        self.strange = strange

    def after(self, kind, path, as_app, answer):
        if (kind, path, as_app) != self.key:
            return answer
        return Rows([] if self.strange else answer, cut=True)


def fields_of(answers):
    """(key, field, value) of every field of every answer; of lists, of the first row."""
    for key, answer in answers.items():
        if key[0] == "probe":
            continue
        row = answer[0] if isinstance(answer, list) and answer else answer
        if isinstance(row, dict) and key[0] == "get":
            row = row.get("data", row)
        for field, value in row.items() if isinstance(row, dict) else ():
            yield key, field, value


def test_the_healthy_account_passes_everything(healthy):
    answers, keys, record, vault = healthy
    results = look(Recorded(answers, keys), record, vault)
    # Nobody named template files.
    expected = {"message.template_drift"}
    assert {i for i, status in statuses(results).items() if status is not Status.PASSED} == expected


def judged(healthy, alteration):
    """Items that turned from passed to failed; required ones that were not seen; the exit code."""
    answers, keys, record, vault = healthy
    before = statuses(look(Recorded(answers, keys), record, vault))
    results = look(Recorded(answers, keys, alteration), record, vault)
    after = statuses(results)
    turned = {id for id in after if after[id] is Status.FAILED and before[id] is Status.PASSED}
    unseen = {
        one.item.id
        for one in results
        if one.item.required(frozenset(GOALS)) and one.status is not Status.PASSED
    }
    return turned, unseen, exit_code(results, GOALS)


@pytest.mark.parametrize("alteration", [Refused, Page])
def test_a_read_that_fails_turns_nothing_to_failed(healthy, alteration):
    wrong = {}
    for key in healthy[0]:
        turned, unseen, code = judged(healthy, alteration(key))
        turned -= ABOUT_THE_READ if alteration is Refused else set()
        if turned or (unseen and code == 0):
            wrong[key] = (turned, unseen, code)
    assert wrong == {}


def test_rows_that_were_not_read_are_not_taken_for_none(healthy):
    wrong = {}
    for key in healthy[0]:
        if key[0] != "pages":
            continue
        turned, unseen, code = judged(healthy, Cut(key, strange=True))
        if turned or (unseen and code == 0):
            wrong[key] = (turned, unseen, code)
        # What was read proves what it shows.
        if (found := judged(healthy, Cut(key, strange=False))) != (set(), set(), 0):
            wrong[key] = found
    assert wrong == {}


def test_a_refused_field_costs_only_itself(healthy):
    answers, keys, record, vault = healthy
    wrong = {}
    for key, field, _ in fields_of(answers):
        if key[0] != "get" or field == "id" or key[1] == "debug_token":
            continue
        refused = look(Recorded(answers, keys, RefusedField(key, field)), record, vault)
        absent = look(Recorded(answers, keys, Changed(key, field)), record, vault)
        lost = {one.item.id: one.status for one in refused if one.status is not Status.PASSED}
        expected = {one.item.id for one in absent if one.status is not Status.PASSED}
        failed = {id for id, status in lost.items() if status is Status.FAILED}
        if failed or not set(lost) <= expected | {"account.payment"}:
            wrong[key[1], field] = lost
    assert wrong == {}


def test_a_field_that_is_absent_turns_nothing_to_failed(healthy):
    wrong = {}
    for key, field, _ in fields_of(healthy[0]):
        if field in ("id", "app_id") or (key[1], field) == ("debug_token", "is_valid"):
            continue
        turned, unseen, code = judged(healthy, Changed(key, field))
        # Meta's page says that an accepted read without this field means: no payment method.
        turned -= {"account.payment"} if field == "primary_funding_id" else set()
        # Of a public profile Meta leaves out what is empty.
        turned -= {"number.profile"} if "profile" in key[1] else set()
        if turned or (unseen and code == 0):
            wrong[key[1], field] = (turned, unseen, code)
    assert wrong == {}


def test_a_value_that_nobody_knows_turns_nothing_to_failed(healthy):
    wrong = {}
    for key, field, value in fields_of(healthy[0]):
        if not isinstance(value, str) or not (value.isupper() or field.endswith("status")):
            continue
        turned, unseen, code = judged(healthy, Changed(key, field, "SOMETHING_NEW"))
        if turned or (unseen and code == 0):
            wrong[key[1], field] = (turned, unseen, code)
    assert wrong == {}
