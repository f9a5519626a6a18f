"""What a probe is given, and what it found."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wizard.text.localised import Value

#: Meta gives up on a handshake after about six seconds (curl_errno 28 in its refusal).
SECONDS = 6.0


@dataclass(frozen=True)
class Outside:
    """How a probe gets out.

    `allow_local`: plain http and addresses of this machine are fine (the sandbox). `trust`: a
    file of authorities in place of the public ones (tests).
    """

    allow_local: bool = False
    trust: str = ""
    seconds: float = SECONDS
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    resolve: Callable[..., Any] = socket.getaddrinfo


class Failure(Exception):
    """Why the handshake would fail. `reason` is a key of `webhook.reachable`.

    `unsure`: this machine's own way out may be to blame; Meta might see it otherwise.
    """

    def __init__(self, reason: str, /, *, unsure: bool = False, **values: Value) -> None:
        super().__init__(reason, values)
        self.reason, self.unsure, self.values = reason, unsure, values


@dataclass(frozen=True)
class Step:
    """One thing that was seen to be right: resolved, connected, certificate, answered, …"""

    name: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Handshake:
    """What was found. `reason` is "" when all is right.

    `steps` are the things that were right before the first that was not. `challenges` are those
    that this probe sent, so that a receiver can tell its own probe from Meta.
    """

    url: str
    reason: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    unsure: bool = False
    steps: tuple[Step, ...] = ()
    challenges: frozenset[str] = frozenset()
    milliseconds: int = 0

    @property
    def ok(self) -> bool:
        """Whether Meta's handshake would succeed, as far as it can be seen from here."""
        return not self.reason
