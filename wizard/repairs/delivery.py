"""Waits for what becomes of the test message: only the statuses that Meta delivers tell."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from wizard.desk import Desk
from wizard.facts import Facts
from wizard.repairs.message import follow
from wizard.repairs.registry import repair
from wizard.text.errors import Unavailable

#: Longer than Meta usually takes, shorter than a person minds.
SECONDS = 30.0
#: A handshake is noted a moment after it was answered; tenths of a second.
NOTED_TRIES = 5


@repair("message.delivered/on_the_way")
def await_delivery(desk: Desk, facts: Facts) -> None:
    """Waits a moment for `delivered`, and remembers what came."""
    if not somebody_hears(desk):
        desk.talk.say("webhook.nobody_hears")
        return
    follow(desk, SECONDS)


def somebody_hears(desk: Desk) -> bool:
    """Whether what Meta delivers comes to this inbox, by this run's receiver or in another window.

    The callback is asked as Meta would ask it; if it leads here, the handshake stands in the inbox.
    """
    listener = desk.listener
    if listener is None or listener.at is not None:
        return listener is not None
    if not listener.reader.path.exists():
        return False
    before = datetime.now(UTC)
    try:
        if not desk.facts().handshake.ok:
            return False
    except Unavailable:
        return False
    for _ in range(NOTED_TRIES):
        if any(knock.accepted for knock in listener.reader.knocks(since=before)):
            return True
        time.sleep(0.1)
    return False
