"""The webhook endpoint: what Meta delivers is on disk before it is acknowledged."""

from __future__ import annotations

from wizard.receiver.endpoint import Arrived, Endpoint, Event
from wizard.receiver.running import Address, Receiver

__all__ = ["Address", "Arrived", "Endpoint", "Event", "Receiver"]
