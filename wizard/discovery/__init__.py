"""From one token to everything it reaches: app, portfolios, WABAs and their numbers."""

from __future__ import annotations

from wizard.discovery.found import Discovery, Found
from wizard.discovery.identity import Node, what_is
from wizard.discovery.search import discover

__all__ = ["Discovery", "Found", "Node", "discover", "what_is"]
