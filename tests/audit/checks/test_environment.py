"""environment.*: the store for secrets, the way to Meta, the clock, the version."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.healthy import BUSY, NOW, REACH, VAULT, facts, record, unreachable
from wizard.audit.checks import CHECKS
from wizard.audit.checks.environment import CAUSES
from wizard.audit.results import failed, passed, unknown
from wizard.state.record import SecretNote
from wizard.text.errors import ErrorKind, Unavailable
from wizard.vault import VaultProblem


def closed(why, *from_environment):
    return replace(VAULT, closed=why, detail="…", from_environment=frozenset(from_environment))


def served(**changes):
    return facts(reach=replace(REACH, **changes))


KEYS = {"access_token": SecretNote("environment"), "two_step_pin": SecretNote("environment")}

CASES = [
    ("environment.vault", facts(), passed()),
    *(
        (
            "environment.vault",
            facts(vault=closed(why)),
            failed(why.value, store="os-keyring", detail="…"),
        )
        for why in VaultProblem
    ),
    # A store that others share is only read.
    (
        "environment.vault",
        facts(vault=replace(VAULT, store="command", backend="pass")),
        passed("read", store="pass"),
    ),
    # A container that is given its token needs no store.
    (
        "environment.vault",
        facts(vault=closed(VaultProblem.MISSING, "access_token")),
        passed("environment_only", names="access_token"),
    ),
    (
        "environment.vault",
        facts(
            vault=closed(VaultProblem.MISSING, "access_token", "two_step_pin"),
            record=record(secrets=KEYS),
        ),
        passed("environment_only", names="access_token, two_step_pin"),
    ),
    # One secret that is kept in the store is enough to need it.
    (
        "environment.vault",
        facts(vault=closed(VaultProblem.LOCKED, "access_token"), record=record(secrets=KEYS)),
        failed("locked", store="os-keyring", detail="…"),
    ),
    ("environment.reachable", facts(), passed()),
    *(
        ("environment.reachable", facts(reach=unreachable(cause)), unknown(cause))
        for cause in sorted(CAUSES)
    ),
    ("environment.reachable", facts(reach=unreachable("gremlins")), unknown("other")),
    (
        "environment.reachable",
        facts(reach=Unavailable(ErrorKind.UNREACHABLE)),
        unknown("other"),
    ),
    (
        "environment.reachable",
        facts(
            reach=Unavailable(
                ErrorKind.UNREACHABLE, cause="not_graph", host="127.0.0.1:9", source="config.yaml"
            )
        ),
        unknown("not_graph", host="127.0.0.1:9", source="config.yaml"),
    ),
    (
        "environment.reachable",
        served(url="http://127.0.0.1:8321"),
        passed("not_meta", url="http://127.0.0.1:8321"),
    ),
    ("environment.clock", facts(), passed()),
    ("environment.clock", served(seen_at=NOW + timedelta(minutes=5)), passed()),
    ("environment.clock", served(seen_at=NOW - timedelta(minutes=5)), passed()),
    ("environment.clock", served(seen_at=NOW + timedelta(hours=3)), failed("ahead", minutes=180)),
    ("environment.clock", served(seen_at=NOW - timedelta(minutes=6)), failed("behind", minutes=6)),
    ("environment.clock", served(served_at=None), unknown("no_date")),
    ("environment.version", facts(), passed()),
    (
        "environment.version",
        served(asked_version="v21.0", version="v21.0"),
        passed("ends", version="v21.0", date="2027-01-21", days=60),
    ),
    # Meta knows better than our table, both about newer versions and about old ones.
    ("environment.version", served(asked_version="v31.0", version="v31.0"), passed()),
    (
        "environment.version",
        facts(
            reach=replace(REACH, asked_version="v21.0", version="v21.0"),
            now=NOW + timedelta(days=365),
        ),
        passed(),
    ),
    (
        "environment.version",
        served(asked_version="v19.0", version="v21.0"),
        failed("moved", asked="v19.0", served="v21.0"),
    ),
    ("environment.version", served(version=""), unknown("no_header", version="v26.0")),
]


@pytest.mark.parametrize(("item", "given", "expected"), CASES)
def test_environment(item, given, expected):
    assert CHECKS[item](given) == expected


def test_only_silence_is_a_verdict_on_the_way_to_meta():
    with pytest.raises(Unavailable) as raised:
        CHECKS["environment.reachable"](facts(reach=BUSY))
    assert raised.value.kind is ErrorKind.BUSY
