"""What Meta delivered, kept on this machine: messages, statuses, everything else, and what failed.

Meta has no way to fetch a missed delivery again, so what is here is all there is.
"""

from __future__ import annotations

from wizard.webhook.inbox.models import (
    REACHED,
    Delivery,
    Event,
    HandshakeAttempt,
    InboxError,
    Message,
    RejectedDelivery,
    StatusUpdate,
    Stored,
    Update,
    furthest,
)
from wizard.webhook.inbox.reader import EventFilter, Reader
from wizard.webhook.inbox.writer import Pending, Writer

__all__ = [
    "REACHED",
    "Delivery",
    "Event",
    "EventFilter",
    "HandshakeAttempt",
    "InboxError",
    "Message",
    "Pending",
    "Reader",
    "RejectedDelivery",
    "StatusUpdate",
    "Stored",
    "Update",
    "Writer",
    "furthest",
]
