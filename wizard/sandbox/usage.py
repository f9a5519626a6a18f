"""Counts calls against Meta's hourly budgets and says so in headers."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import defaultdict, deque

from wizard.sandbox.call import Call
from wizard.sandbox.world import HOUR, World

#: Calls per hour, app and WABA: without a registered number, and with one.
FRESH, ACTIVE = 200, 5000


class Usage:
    """The calls of the last hour, by WABA."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._guard = threading.Lock()
        self._calls: dict[str, deque[float]] = defaultdict(deque)

    def headers(self, call: Call) -> dict[str, str]:
        """x-app-usage always; x-business-use-case-usage for calls about a WABA."""
        answer = {
            "x-app-usage": json.dumps({"call_count": 0, "total_cputime": 0, "total_time": 0}),
            "x-fb-request-id": secrets.token_hex(8),
            "x-fb-rev": "1030000001",
        }
        if call.touched:
            uses = {account: [self._use(account)] for account in set(call.touched)}
            answer["x-business-use-case-usage"] = json.dumps(uses)
        return answer

    def _use(self, account: str) -> dict[str, str | int]:
        now = time.monotonic()
        with self._guard:
            calls = self._calls[account]
            calls.append(now)
            while calls[0] < now - HOUR:
                calls.popleft()
            made = len(calls)
        return {
            "type": "whatsapp_business_management",
            "call_count": min(100, 100 * made // self._budget(account)),
            "total_cputime": 1,
            "total_time": 1,
            "estimated_time_to_regain_access": 0,
        }

    def _budget(self, account: str) -> int:
        registered = any(
            number["account"] == account and number.get("status") == "CONNECTED"
            for number in self._world["numbers"].values()
        )
        return ACTIVE if registered else FRESH
