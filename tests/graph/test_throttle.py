"""Meta throttles: the reads that are left end at once, and no edge is read without end."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import loopback
from tests.support.fake_graph import envelope
from tests.support.fake_vault import MemoryVault
from tests.support.loopback import Reply
from wizard import sandbox
from wizard.facts.facts import Facts
from wizard.graph import Credentials, GraphError
from wizard.graph import client as client_module
from wizard.graph import retry as retry_module
from wizard.graph.client import GraphClient
from wizard.state.record import Goal, ProfileRecord
from wizard.text.errors import ErrorKind, Unavailable
from wizard.text.secret import Secret

CODES = [4, 17, 32, 613, 80000, 80007, 80014, 130429]
#: An audit makes thirteen reads; the first that is throttled is repeated three times.
MOST = 12 + 3


def throttled(code, **headers):
    return Reply({"error": envelope(code)["error"]}, 400, headers)


def at_once(graph, reads):
    def read(path):
        try:
            return graph.get(path)
        except GraphError as error:
            return error

    with ThreadPoolExecutor(reads) as pool:
        return list(pool.map(read, map(str, range(reads))))


@pytest.mark.parametrize("code", CODES)
def test_a_throttle_ends_the_other_reads(client, code):
    with loopback.web(lambda _: throttled(code)) as server:
        graph = client(server.url)
        answers = at_once(graph, 12)
        assert len(server.requests) <= MOST
        made = len(server.requests)
        with pytest.raises(GraphError) as caught:
            graph.pages("1/rows")
        assert len(server.requests) == made
    assert {(error.kind, error.code) for error in [*answers, caught.value]} == {
        (ErrorKind.BUSY, code)
    }


@pytest.mark.parametrize("code", CODES)
def test_reads_that_were_throttled_for_a_moment_are_all_answered(client, pauses, code):
    barrier, lock, seen = threading.Barrier(8), threading.Lock(), []

    def respond(request):
        with lock:
            seen.append(request)
            first = len(seen) <= 8
        if first:
            barrier.wait(10)
            return throttled(code)
        return {"id": "1"}

    with loopback.web(respond) as server:
        assert at_once(client(server.url), 8) == [{"id": "1"}] * 8
    assert len(server.requests) == 16
    assert len(pauses) == 1  # the others got through after the first without one of their own


@pytest.mark.parametrize("code", [1, 2, 131016, 200, 190])
def test_what_is_no_throttle_ends_no_other_read(client, code):
    with loopback.web(lambda r: throttled(code) if r.path.endswith("/1") else {}) as server:
        graph = client(server.url)
        with pytest.raises(GraphError):
            graph.get("1")
        assert graph.get("2") == {}


def test_a_throttle_is_asked_about_again_after_its_time(client, monkeypatch):
    monkeypatch.setattr(retry_module, "THROTTLED_SECONDS", 0.05)
    answers = [*[throttled(80007)] * 4, {"id": "1"}]
    with loopback.web(lambda _: answers.pop(0)) as server:
        graph = client(server.url)
        for _ in range(2):
            with pytest.raises(GraphError):
                graph.get("1")
        assert len(server.requests) == 4
        time.sleep(0.06)
        assert graph.get("1") == {"id": "1"}


def test_the_announced_time_goes_to_every_read(client):
    usage = '{"1": [{"estimated_time_to_regain_access": 42}]}'
    reply = throttled(80007, **{"X-Business-Use-Case-Usage": usage})
    with loopback.web(lambda _: reply) as server:
        answers = at_once(client(server.url), 12)
        assert len(server.requests) <= 12
    assert {error.values["wait_minutes"] for error in answers} == {42}


@pytest.mark.parametrize("scenario", ["throttled-80007", "throttled-80008"])
def test_an_audit_of_a_throttled_account_makes_few_requests(scenario):
    with sandbox.start(scenario) as running:
        held = running.profile
        keys = Credentials(
            Secret(held.secrets["access_token"]), running.app_id, Secret(running.app_secret)
        )
        graph = GraphClient(keys, url=running.graph_url, pause=lambda _: None)
        goals = (Goal.SENDING, Goal.RECEIVING)
        facts = Facts(graph, ProfileRecord("default", goals, ids=dict(held.ids)), MemoryVault())
        facts.gather()
        with pytest.raises(Unavailable) as caught:
            facts.account  # noqa: B018
        graph.close()
    assert caught.value.kind is ErrorKind.BUSY
    assert len(graph.exchanges) <= MOST


def test_an_edge_has_a_deadline_for_all_its_pages(client, monkeypatch):
    monkeypatch.setattr(client_module, "EDGE_SECONDS", 0.3)

    def page(_):
        time.sleep(0.05)
        after = str(time.monotonic())
        return {"data": [{"id": "1"}], "paging": {"next": "x", "cursors": {"after": after}}}

    with loopback.web(page) as server, pytest.raises(Unavailable) as caught:
        client(server.url).pages("1/rows")
    # What was read so far is not all: no count may rest on it.
    assert (caught.value.kind, caught.value.values["cause"]) == (ErrorKind.UNREACHABLE, "timeout")
    assert 2 <= len(server.requests) < 20
