"""Names for what goes wrong between this machine and a server: Graph, a callback, a proxy.

Every package that uses the network takes its names from here:

dns, refused, reset, timeout, proxy, proxy_auth, tls_expired, tls_early (not valid yet), tls_name,
tls_self_signed, tls_untrusted, tls_other, not_http, and other for what has no name.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from functools import cache

from wizard.text.errors import WizardError
from wizard.text.localised import Value

# X509_V_ERR_… of OpenSSL.
_CERTIFICATE = {
    **dict.fromkeys((9, 13), "tls_early"),
    **dict.fromkeys((10, 14), "tls_expired"),
    18: "tls_self_signed",
    # No issuer found, a root of its own, chain too long or broken, invalid or untrusted authority.
    **dict.fromkeys((2, 19, 20, 21, 22, 24, 25, 26, 27, 28), "tls_untrusted"),
    **dict.fromkeys((62, 63, 64), "tls_name"),  # 64: an address in place of a name
}


class NetworkFailure(WizardError):
    """No answer came. `cause` is one of the names above, or of the package that raises it.

    `unsure`: this machine's own network may be to blame; someone else might get an answer.
    """

    def __init__(self, cause: str, /, *, unsure: bool = False, **values: Value) -> None:
        super().__init__(cause, **values)
        self.cause, self.unsure = cause, unsure


def cause(error: BaseException) -> str:
    """The name for what ended a request without an answer."""
    chain = list(_linked(error))
    kinds = _kinds()
    # By the module's name: PySocks stays unimported where no such proxy is used.
    if _any(chain, kinds["proxy"]) or any(type(link).__module__ == "socks" for link in chain):
        return "proxy_auth" if any(_wants_password(link) for link in chain) else "proxy"
    for link in chain:
        if isinstance(link, ssl.SSLCertVerificationError):
            return _CERTIFICATE.get(link.verify_code, "tls_other")
    return next((name for name, classes in kinds.items() if _any(chain, classes)), "other")


@cache
def _kinds() -> dict[str, tuple[type[BaseException], ...]]:
    """The exceptions of each name, the first that fits first.

    The libraries are imported here since `status`, which uses no network, imports this module.
    """
    import requests.exceptions
    from urllib3 import exceptions as urllib3

    return {
        "proxy": (
            requests.exceptions.ProxyError,
            # A proxy's address that cannot be read: our own is checked before.
            requests.exceptions.InvalidURL,
            urllib3.LocationParseError,
            requests.exceptions.InvalidSchema,  # a socks:// proxy without PySocks
            urllib3.ProxyError,
        ),
        "dns": (socket.gaierror, urllib3.NameResolutionError, UnicodeError),
        # A filter on the way ends a handshake like a server that hangs up: without a word.
        "reset": (
            ConnectionResetError,
            ConnectionAbortedError,
            BrokenPipeError,
            http.client.RemoteDisconnected,
            ssl.SSLEOFError,
            ssl.SSLZeroReturnError,
        ),
        # A local firewall says "not permitted" where a remote one says "refused".
        "refused": (ConnectionRefusedError, PermissionError),
        # Not urllib3's own TimeoutError: every refused connection is one of these, too.
        "timeout": (TimeoutError, urllib3.ReadTimeoutError, requests.exceptions.Timeout),
        "tls_other": (ssl.SSLError, urllib3.SSLError, requests.exceptions.SSLError),
        "not_http": (http.client.HTTPException,),
    }


def _any(chain: list[BaseException], classes: tuple[type[BaseException], ...]) -> bool:
    return any(isinstance(link, classes) for link in chain)


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
