"""A session whose other side is the sandbox, over real HTTP, and whose person is a FakePrompter."""

from contextlib import closing, contextmanager

import pytest

from tests.support.fake_store import MemoryStore
from tests.support.fake_vault import MemoryVault
from wizard import sandbox
from wizard.actions.session import Session
from wizard.audit import checklist
from wizard.facts.facts import Facts
from wizard.graph.client import GraphClient
from wizard.net.connection import Outside
from wizard.text.secret import Secret
from wizard.webhook.local_receiver import LocalEvidence, LocalReceiver


@pytest.fixture
def open_session(tmp_path):
    """`with open_session("healthy", prompter) as (session, play)`: a session on a scenario."""

    @contextmanager
    def opened(scenario, prompter=None, *, knows=False, patience=5.0):
        outside = Outside(allow_local=True, environ={}, seconds=3.0)
        listener = LocalReceiver(tmp_path / "inbox.sqlite3", outside, patience)
        evidence = LocalEvidence(listener.reader, outside)
        with sandbox.start(scenario) as play, closing(listener):
            store, vault = MemoryStore(), MemoryVault()
            session = Session(
                prompter=prompter,
                vault=vault,
                store=store,
                record=store.load(),
                checklist=checklist.load(),
                open_graph=lambda keys: GraphClient(keys, url=play.graph_url, pause=lambda _: None),
                open_facts=lambda graph, record, vault: Facts(
                    graph, record, vault, evidence=evidence
                ),
                listener=listener,
                nudge=play.write,
            )
            if knows:
                session.record.ids.update(play.profile.ids)
                for name, value in play.profile.secrets.items():
                    vault.put(name, Secret(value))
            yield session, play

    return opened
