"""How long an audit takes when every answer of Meta takes 100 ms, and how often it asks.

    python -m tests.bench.audit [runs]

The sandbox serves from a process of its own. A known profile: its ids are saved, its token comes
from the environment. The best of some runs is taken: this machine may be busy with other things.
"""

import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from unittest import mock

from tests.support.fake_vault import MemoryVault
from wizard.audit import checklist
from wizard.audit.runner import audit
from wizard.facts.facts import Facts
from wizard.facts.reads import run_concurrently
from wizard.graph import Credentials
from wizard.graph.client import GraphClient
from wizard.state.record import ProfileRecord
from wizard.text.secret import Secret

LATENCY_MS = 100
IDS = ("app_id", "business_id", "waba_id", "phone_number_id")
START = "import sys; from wizard.__main__ import main; sys.exit(main())"


@contextmanager
def serving(latency):
    """What the sandbox prints of itself, while it serves."""
    call = [sys.executable, "-m", "wizard", "sandbox", "--scenario", "healthy"]
    with (
        tempfile.TemporaryDirectory() as home,
        subprocess.Popen(
            [*call, "--latency", str(latency)],
            env={**os.environ, "WA_WIZARD_HOME": home},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as child,
    ):
        try:
            yield json.loads(child.stdout.readline())
        finally:
            child.terminate()


def client(play):
    keys = Credentials(
        Secret(play["access_token"]), play["app_id"], Secret(play["app_secret"]), True
    )
    return GraphClient(keys, url=play["graph_url"])


def audited(play):
    """(seconds, requests) of one audit; every fact is read anew."""
    record = ProfileRecord(ids={name: play[name] for name in IDS if name in play})
    secrets = {name: Secret(play[name]) for name in ("access_token", "app_secret")}
    graph = client(play)
    began = time.perf_counter()
    found = list(audit(checklist.load(), Facts(graph, record, MemoryVault(**secrets))))
    took = time.perf_counter() - began
    assert found[0].item.id == "environment.vault"
    requests = len(graph.exchanges)
    graph.close()
    return took, requests


def one_read(play):
    """Seconds of a read alone, its connection included."""
    graph = client(play)
    began = time.perf_counter()
    graph.get(play["waba_id"], fields=("id",))
    took = time.perf_counter() - began
    graph.close()
    return took


def command(play, home):
    """Seconds of the whole command `wa-wizard audit --json`, Python's own start included."""
    given = {"WA_WIZARD_HOME": home, "WA_WIZARD_GRAPH_URL": play["graph_url"]}
    given["WA_WIZARD_ACCESS_TOKEN"] = play["access_token"]
    given["WA_WIZARD_APP_SECRET"] = play["app_secret"]
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", START, "audit", "--json", "--no-input"],
        env={**os.environ, **given},
        capture_output=True,
        check=False,
    )
    took = time.perf_counter() - began
    assert json.loads(done.stdout)["ids"]["waba_id"] == play["waba_id"], done.stderr
    return took


def measure(runs):
    """Name → the best of some runs: seconds, and the number of requests."""
    in_turn = mock.patch(
        "wizard.facts.facts.run_concurrently", functools.partial(run_concurrently, most=1)
    )
    with (
        serving(LATENCY_MS) as slow,
        serving(0) as quick,
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as other,
    ):
        command(slow, one), command(quick, other)  # finds the ids, and compiles
        best = {
            "read": min(one_read(slow) for _ in range(runs)),
            "audit": min(audited(slow)[0] for _ in range(runs)),
            "requests": audited(slow)[1],
        }
        # In turn, so that whatever else this machine does falls on both.
        pairs = [(command(slow, one), command(quick, other)) for _ in range(runs)]
        best["command"], best["at_once"] = (min(times) for times in zip(*pairs, strict=True))
        with in_turn:
            best["in_turn"] = min(audited(slow)[0] for _ in range(2))
    return best


def rows(runs):
    """(what, milliseconds, ratio, of what, aim), for the table."""
    best = measure(runs)
    read, waited = best["read"], best["command"] - best["at_once"]
    latencies = waited * 1000 / LATENCY_MS
    return [
        (f"one read, {LATENCY_MS} ms away", read, 1.0, "a read", None),
        ("an audit of a known profile", best["audit"], best["audit"] / read, "a read", 3.0),
        ("the same reads in turn", best["in_turn"], best["in_turn"] / read, "a read", None),
        (
            "wa-wizard audit, no latency at all",
            best["at_once"],
            best["at_once"] / read,
            "a read",
            None,
        ),
        ("… and what 100 ms each add to it", waited, latencies, "latencies", 3.0),
        ("requests of an audit", None, best["requests"], "requests", 12),
    ]


def main():
    from tests.bench.__main__ import table

    table(rows(int(sys.argv[1]) if len(sys.argv) > 1 else 5))


if __name__ == "__main__":
    main()
