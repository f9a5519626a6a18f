"""Which addresses a secret may be sent to."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from wizard.text.errors import Exit, WizardError

META_URL = "https://graph.facebook.com"


class InvalidAddress(WizardError):
    """A Graph address or version that is refused; `part` is "url" or "version".

    The value itself stays out: a pasted address can hold a password.
    """

    exit_code = Exit.USAGE

    def __init__(self, part: str) -> None:
        super().__init__(f"cli.bad_{part}")
        self.part = part


def checked_url(url: str) -> str:
    """The address without a slash at its end; InvalidAddress unless it is https or loopback.

    Plain http would show the token to everybody on the way. A user name, a query or a fragment
    has no meaning in a Graph address and may be a password.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidAddress("url") from None
    extra = parts.username or parts.password or parts.query or parts.fragment
    if not host or extra or not (parts.scheme == "https" or _plain_is_fine(parts.scheme, host)):
        raise InvalidAddress("url")
    name = f"[{host}]" if ":" in host else host
    where = name if port is None else f"{name}:{port}"
    return f"{parts.scheme}://{where}{parts.path}".rstrip("/")


def checked_version(version: str) -> str:
    """`v26.0`, or InvalidAddress."""
    if not re.fullmatch(r"v[0-9]{1,3}\.[0-9]{1,2}", version):
        raise InvalidAddress("version")
    return version


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _plain_is_fine(scheme: str, host: str) -> bool:
    return scheme == "http" and is_loopback(host)
