"""What Meta delivered, kept on this machine: messages, statuses, everything else, and what failed.

Meta has no way to fetch a missed delivery again, so what is here is all there is.
"""

from __future__ import annotations

from wizard.inbox.nouns import (
    REACHED,
    Delivery,
    InboxTrouble,
    Knock,
    Message,
    RejectedDelivery,
    StatusUpdate,
    Stored,
    Update,
    furthest,
)
from wizard.inbox.reading import Reader
from wizard.inbox.writing import Writer

__all__ = [
    "REACHED",
    "Delivery",
    "InboxTrouble",
    "Knock",
    "Message",
    "Reader",
    "RejectedDelivery",
    "StatusUpdate",
    "Stored",
    "Update",
    "Writer",
    "furthest",
]
