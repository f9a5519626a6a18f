"""Every world, looked at by the real audit over real HTTP, says what it must."""

import pytest

from tests.support.fake_vault import MemoryVault
from wizard.audit import checklist
from wizard.audit.runner import audit
from wizard.facts.facts import Facts
from wizard.graph import Credentials
from wizard.graph.client import GraphClient
from wizard.net.connection import Outside
from wizard.sandbox import scenarios, start
from wizard.state.record import Goal, ProfileRecord
from wizard.text.secret import Secret
from wizard.webhook.local_receiver import LocalEvidence

#: Nobody waits six seconds for the slow receiver here.
EARS = LocalEvidence(outside=Outside(allow_local=True, seconds=1.0, environ={}))
WORLDS = {world.name: world for world in scenarios()}


def keys_of(profile):
    token, secret = (profile.secrets.get(name) for name in ("access_token", "app_secret"))
    return Credentials(
        access_token=Secret(token) if token else None,
        app_id=profile.ids.get("app_id", ""),
        app_secret=Secret(secret) if secret else None,
        proves=bool(token and secret and profile.ids.get("app_id")),
    )


def verdicts(running):
    """What the audit says, by item: (status, reason)."""
    profile = running.profile
    record = ProfileRecord(
        goals=tuple(Goal(goal) for goal in profile.goals),
        ids=dict(profile.ids),
        webhook=dict(profile.webhook),
    )
    secrets = {name: Secret(value) for name, value in profile.secrets.items()}
    vault = MemoryVault(store="sandbox", **secrets)
    graph = GraphClient(keys_of(profile), url=running.graph_url, pause=lambda _: None)
    try:
        facts = Facts(graph, record, vault, evidence=EARS)
        results = list(audit(checklist.load(), facts))
    finally:
        graph.close()
    return {f.item.id: (f.status.value, f.reason) for f in results}


def concerning(goals):
    """The items that these goals need, and all advice."""
    wanted = frozenset(Goal(goal) for goal in goals)
    items = checklist.load().items
    return {item.id for item in items if item.needed_for is None or item.required(wanted)}


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_the_audit_of_this_world_says(world):
    with start(world.name) as running:
        seen = verdicts(running)
    expected = {line.item: (line.status, line.reason) for line in world.expect if not line.after}
    told = {
        item: (status, reason or seen[item][1])
        for item, (status, reason) in expected.items()
        if item in seen
    }
    assert {item: seen[item] for item in told} == told
    alarms = {item for item, (status, _) in seen.items() if status == "failed"}
    if expected.get("app.restricted", ("", ""))[0] == "failed":
        # A refusal of everything may be the alarm of what it closes as well.
        alarms -= {"access.valid", "account.visible"}
    assert alarms & concerning(world.profile["goals"]) <= set(told)
