"""Names why no answer came: the causes of ErrorKind.UNREACHABLE that a person can act on."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator

import requests
import urllib3.exceptions as urllib3

# OpenSSL's X509_V_ERR_*: not yet valid, expired; the date fields of either unreadable.
_DATES = frozenset({9, 10, 13, 14})
_NAMES = frozenset({62, 63, 64})
# No issuer found, self-signed, chain too long or broken, invalid or untrusted authority.
_ISSUERS = frozenset({2, 18, 19, 20, 21, 22, 24, 25, 26, 27, 28})

_PROXY = (
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.InvalidSchema,  # a socks:// proxy without PySocks
    urllib3.ProxyError,
)
# Not urllib3's own TimeoutError: every refused connection is one of these, too.
_TIMEOUT = (TimeoutError, urllib3.ReadTimeoutError, requests.exceptions.Timeout)
# A filter on the way ends a handshake like a server that hangs up: without a word.
_HANGING_UP = (
    ConnectionResetError,
    ConnectionAbortedError,
    BrokenPipeError,
    http.client.RemoteDisconnected,
    ssl.SSLEOFError,
    ssl.SSLZeroReturnError,
)


def cause(error: BaseException) -> str:
    """The cause of a request that ended without an answer."""
    chain = list(_linked(error))
    if any(_is_proxy(link) for link in chain):
        return "proxy_auth" if any(_wants_password(link) for link in chain) else "proxy"
    for link in chain:
        if isinstance(link, ssl.SSLCertVerificationError):
            return _certificate(link.verify_code)
    return next((name for name, kinds in _KINDS if _any(chain, kinds)), "other")


_KINDS: tuple[tuple[str, tuple[type[BaseException], ...]], ...] = (
    ("dns", (socket.gaierror, urllib3.NameResolutionError, UnicodeError)),
    ("reset", _HANGING_UP),
    # A local firewall says "not permitted" where a remote one says "refused".
    ("refused", (ConnectionRefusedError, PermissionError)),
    ("timeout", _TIMEOUT),
    ("tls_other", (ssl.SSLError, urllib3.SSLError, requests.exceptions.SSLError)),
    # What answered does not speak HTTP.
    ("not_json", (http.client.HTTPException,)),
)


def _any(chain: list[BaseException], kinds: tuple[type[BaseException], ...]) -> bool:
    return any(isinstance(link, kinds) for link in chain)


def _certificate(verify_code: int) -> str:
    for name, codes in (("expired", _DATES), ("name", _NAMES), ("untrusted", _ISSUERS)):
        if verify_code in codes:
            return f"tls_{name}"
    return "tls_other"


def _is_proxy(link: BaseException) -> bool:
    # By the module's name: PySocks stays unimported where no such proxy is used.
    return isinstance(link, _PROXY) or type(link).__module__ == "socks"


def _wants_password(link: BaseException) -> bool:
    return "Tunnel connection failed: 407" in str(link) or type(link).__name__ == "SOCKS5AuthError"


def _linked(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it wraps: requests and urllib3 pack errors into arguments."""
    waiting, seen = [error], set[int]()
    while waiting:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner = (*link.args, getattr(link, "reason", None), link.__cause__, link.__context__)
        waiting.extend(other for other in inner if isinstance(other, BaseException))
