"""Walks of a person who answers at random, through a Graph that fails at random, and kills.

Each walk is a start world and a few commands. After each command everything that must always hold
is looked at: what changed at Meta was agreed to, no secret is lost or shown, the status file is
whole, and verdict and exit code are those of the table. WA_WALKS=500 walks so many, not the same
ones again.
"""

import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.random_person import KINDS
from tests.support.terminal import ROOT
from tests.support.walks import LONGEST, Step, Trial, Walk, walked

WALKS = int(os.environ.get("WA_WALKS", "0"))
WORLDS = [
    *("rehearsal", "fresh-account", "healthy", "receiving", "number-unregistered", "pin-wrong"),
    *("pin-unknown", "pin-guessed-out", "three-accounts", "no-number", "token-sixty-days"),
    *("webhook-elsewhere", "webhook-none", "webhook-account-override", "number-unverified"),
    *(
        "name-approved-anew",
        "proof-required",
        "token-expired-secret-known",
        "two-accounts-none-chosen",
    ),
]
COMMANDS = [
    "setup",
    "setup",
    "setup",
    "setup --no-input",
    "audit",
    "audit --json",
    "status",
    "number list",
    "number add",
    "number request-code",
    "number request-code --method sms --yes",
    "number verify",
    "number verify 123830",
    "number verify 000000",
    "number register",
    "number register --yes",
    "number pin",
    "number pin --yes",
    "send",
    "send --to +447700900456 --template order_received --yes",
    "send --text hello --to +447700900456",
    "credentials set access_token",
    "credentials set app_secret",
    "credentials set two_step_pin",
    "credentials set verify_token",
    "credentials rotate",
    "credentials rotate --yes --revoke-old",
    "webhook set",
    "webhook set --level number --yes",
    "webhook set --remove --level account",
    "webhook subscribe",
    "webhook subscribe --yes",
]

STEPS = st.builds(
    Step,
    command=st.sampled_from(COMMANDS),
    fault=st.sampled_from(("none", *KINDS)),
    target=st.sampled_from(("any", "reads", "writes")),
    rate=st.sampled_from((100, 50, 15)),
    seed=st.integers(0, 10**6),
    kill=st.one_of(st.just(0), st.just(0), st.integers(1, 25)),
    lang=st.sampled_from(("en", "ru")),
)
WALK = st.builds(
    Walk,
    world=st.sampled_from(WORLDS),
    steps=st.lists(STEPS, min_size=1, max_size=5).map(tuple),
    begun=st.booleans(),
)


#: Walks that found something once.
FOUND = [
    # A new token was agreed to before the requests were shown.
    Walk("healthy", (Step("credentials rotate"),)),
    # The app secret was asked for while the app was not known: a KeyError.
    Walk("webhook-elsewhere", (Step("webhook set", seed=7),), begun=False),
    # Left in the first section, the exit code was of that section alone.
    Walk("rehearsal", (Step("audit"), Step("setup", fault="text", seed=3))),
    # The answer to a message had parts of other types than Meta's: an AttributeError.
    Walk(
        "healthy",
        (
            Step(
                "send --to +447700900456 --template order_received --yes",
                fault="twist",
                seed=5,
                target="writes",
            ),
        ),
    ),
]


def test_walks_that_found_something_find_nothing_now(tmp_path):
    for number, walk in enumerate(FOUND):
        (tmp_path / str(number)).mkdir()
        walked(walk, tmp_path / str(number))


@settings(
    max_examples=WALKS or 20,
    derandomize=not WALKS,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
@given(walk=WALK)
def test_whatever_is_answered_and_whatever_fails(walk, tmp_path_factory):
    walked(walk, tmp_path_factory.mktemp("walk"))


#: What is ended by the system in the middle: (world, command, at which request that changes
#: something, or 0: at the fifth request of any kind).
ENDED = [
    ("healthy", "credentials rotate", 4),
    ("number-unregistered", "number register", 1),
    ("rehearsal", "number pin", 1),
    ("rehearsal", "number request-code --method sms", 1),
    ("healthy", "credentials rotate", 0),
    ("webhook-account-override", "webhook set --remove --level account", 1),
    ("webhook-account-not-subscribed", "webhook subscribe", 1),
    ("healthy", "send --to +447700900456 --template order_received", 1),
]


@pytest.mark.parametrize(("world", "command", "at"), ENDED[: None if WALKS else 3])
def test_a_process_that_is_ended_in_the_middle_leaves_everything_whole(
    world, command, at, tmp_path
):
    with pytest.MonkeyPatch.context() as patch:
        trial = Trial(Walk(world, ()), tmp_path, patch)
        patch.setenv("PYTHONPATH", str(ROOT))
        call = [sys.executable, "-m", "wizard", *command.split(), "--yes", "--no-input"]
        child: Any = None

        def end():
            if (at and len(trial.meta.writes) == at) or (not at and trial.meta.requests >= 5):
                child.kill()

        trial.meta.fails("none")
        trial.meta.on_request = end
        before = trial.kept()
        try:
            child = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            out = child.communicate(timeout=LONGEST)[0].decode()
            assert child.returncode == -signal.SIGKILL, out
            trial.meta.on_request = lambda: None
            trial._whole(out)
            assert set(trial.record().secrets) <= set(trial.kept())
            assert set(before) <= set(trial.kept())
            pins = {number.get("pin") for number in trial.numbers.values()} - {None}
            assert command != "number pin" or pins <= set(trial.kept().values())
            code = trial.step(Step("audit"))
            assert code in (0, 1, 3)
            assert trial.record().verdicts["access.valid"].status == "passed"
        finally:
            trial.close()
