"""Keys and clients; see tests/support/graph_fixtures.py."""

from tests.support.graph_fixtures import authority, client, keys, pauses

__all__ = ["authority", "client", "keys", "pauses"]
