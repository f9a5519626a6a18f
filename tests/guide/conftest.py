"""A desk whose other side is the sandbox, over real HTTP, and whose person is a script."""

from contextlib import closing, contextmanager

import pytest
from fake_store import MemoryStore
from fake_vault import MemoryVault

from wizard import checklist, sandbox
from wizard.desk import Desk
from wizard.facts.reading import GraphFacts
from wizard.facts.receiving import Ears
from wizard.graph.client import GraphClient
from wizard.listening import Listener
from wizard.probe import Outside
from wizard.text.secret import Secret


@pytest.fixture
def at_desk(tmp_path):
    """Opens a desk on a scenario: `with at_desk("healthy", talk) as (desk, play)`."""

    @contextmanager
    def opened(scenario, talk=None, *, knows=False, patience=5.0):
        outside = Outside(allow_local=True, environ={}, seconds=3.0)
        listener = Listener(tmp_path / "inbox.sqlite3", outside, patience)
        ears = Ears(listener.reader, outside)
        with sandbox.start(scenario) as play, closing(listener):
            store, vault = MemoryStore(), MemoryVault()
            desk = Desk(
                talk=talk,
                vault=vault,
                store=store,
                record=store.load(),
                checklist=checklist.load(),
                open_graph=lambda keys: GraphClient(keys, url=play.graph_url, pause=lambda _: None),
                open_facts=lambda *given: GraphFacts(*given, ears=ears),
                listener=listener,
                nudge=play.write,
            )
            if knows:
                desk.record.ids.update(play.profile.ids)
                for name, value in play.profile.secrets.items():
                    vault.put(name, Secret(value))
            yield desk, play

    return opened
