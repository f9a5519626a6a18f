"""How a command hears: the listener of its run, and facts that know of its inbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from wizard.facts import Facts
from wizard.facts.reading import GraphFacts
from wizard.facts.receiving import Ears
from wizard.graph import Graph
from wizard.listening import PATIENCE_SECONDS, Listener
from wizard.probe import Outside
from wizard.state.record import ProfileRecord
from wizard.vault import Vault

#: How long a play person is waited for.
PLAY_SECONDS = 20.0


def listener_of(inbox_path: Path, environ: Mapping[str, str], *, play: bool) -> Listener:
    """Not listening yet. The sandbox is on this machine: there its own address will do."""
    outside = Outside(allow_local=play, environ=environ)
    return Listener(inbox_path, outside, PLAY_SECONDS if play else PATIENCE_SECONDS)


def facts_opener(listener: Listener) -> Callable[[Graph, ProfileRecord, Vault], Facts]:
    """Opens facts that hear with this listener's ears."""
    ears = Ears(listener.reader, listener.outside)
    return lambda graph, record, vault: GraphFacts(graph, record, vault, ears=ears)
