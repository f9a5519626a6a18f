"""Asks a callback URL as Meta would, before Meta is told about it.

The request goes out through the URL's public name. A proxy of the environment (`https_proxy`,
`no_proxy`) is used when there is one, since then there may be no other way out; what such a proxy
itself does to the certificate cannot be told from what the server does, and is said as `unsure`.
Certificates are judged by Mozilla's list of public authorities alone, not by this machine's: a
company's own authority, trusted here, means nothing to Meta.
"""

from __future__ import annotations

from wizard.probe.asking import probe
from wizard.probe.nouns import Failure, Handshake, Outside, Step
from wizard.probe.way import aim

__all__ = ["Failure", "Handshake", "Outside", "Step", "aim", "probe"]
