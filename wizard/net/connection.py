"""A connection to a server, through whatever proxy the environment names; each failure by name."""

from __future__ import annotations

import base64
import http.client
import ipaddress
import os
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

from wizard.net import tls
from wizard.net.deadline import Deadline, Resolve, addresses
from wizard.net.failures import NetworkFailure, cause
from wizard.text.localised import Value
from wizard.text.sanitise import clean


def https_proxy(host: str, environ: Mapping[str, str]) -> str:
    """The proxy that `environ` names for https to this host; "" for none."""
    by_name = {name.lower(): value for name, value in environ.items()}
    proxies = {
        name.removesuffix("_proxy"): value
        for name, value in by_name.items()
        if name.endswith("_proxy") and value
    }
    if proxy_bypass_environment(host, proxies):
        return ""
    return proxies.get("https") or proxies.get("all") or ""


def tunnel(proxy: str, host: str, port: int, seconds: float) -> tuple[socket.socket, str]:
    """(connection, name of the proxy): a tunnel that the proxy made; it resolves the name.

    NetworkFailure proxy, proxy_auth or proxy_bad (its URL cannot be read), always `unsure`: it says
    nothing about the host. Its `cause` value is a scheme that is not supported, unreachable,
    broken, or the HTTP status (502, 503, 504: it found no way to the host).
    """
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        at = (parts.hostname or "", parts.port or 80)
    except ValueError:  # a port or a bracket, or a slash in the password
        raise NetworkFailure("proxy_bad", unsure=True) from None
    if parts.scheme != "http" or not at[0]:
        raise _failure(parts.scheme)
    try:
        connection = socket.create_connection(at, timeout=seconds)
    except OSError:
        raise _failure("unreachable") from None
    name = f"[{host}]" if ":" in host else host
    lines = [f"CONNECT {name}:{port} HTTP/1.1", f"Host: {name}:{port}"]
    if parts.username:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(login.encode()).decode()}")
    try:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = http.client.HTTPResponse(connection, method="CONNECT")
        answer.begin()
    except (OSError, http.client.HTTPException):
        connection.close()
        raise _failure("broken") from None
    if answer.status != 200:
        connection.close()
        raise _failure(str(answer.status))
    return connection, at[0]


def _failure(what: str) -> NetworkFailure:
    return NetworkFailure("proxy_auth" if what == "407" else "proxy", unsure=True, cause=what)


#: Meta gives up on a handshake after about six seconds (curl_errno 28 in its refusal).
SECONDS = 6.0
# The issuer is not at hand: it was not sent, or no one knows it.
_NO_ISSUER = frozenset({2, 20, 21})


@dataclass(frozen=True)
class Outside:
    """How a connection gets out.

    `allow_local`: plain http and addresses of this machine are fine (the sandbox). `trust`: a
    file of authorities in place of the public ones (tests).
    """

    allow_local: bool = False
    trust: str = ""
    seconds: float = SECONDS
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    resolve: Resolve = socket.getaddrinfo


@dataclass(frozen=True)
class Target:
    """A URL, taken apart."""

    parts: SplitResult
    host: str  # as it is sent: ASCII
    port: int
    secure: bool

    @property
    def path(self) -> str:
        """What stands before the query of the request line."""
        return self.parts.path or "/"

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def parse_target(url: str, *, allow_http: bool) -> Target:
    """The URL as a target; NetworkFailure bad_url, not_https."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        raise NetworkFailure("bad_url") from None
    odd = any(character.isspace() or not character.isprintable() for character in url)
    if odd or not host or "@" in parts.netloc or parts.fragment:
        raise NetworkFailure("bad_url")
    if parts.scheme != "https" and not (parts.scheme == "http" and allow_http):
        raise NetworkFailure("not_https", scheme=parts.scheme)
    secure = parts.scheme == "https"
    return Target(parts, host, port or (443 if secure else 80), secure)


#: IPv4 addresses within IPv6: of translators (NAT64).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_local(address: str) -> bool:
    """Whether an address, or a name that needs no resolver, is not on the internet."""
    if address == "localhost" or address.endswith(".localhost"):
        return True
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        try:  # 127.1, 0x7f000001, 2130706433
            found = ipaddress.IPv4Address(socket.inet_aton(address))
        except OSError:
            return False
    inside: ipaddress.IPv4Address | None = None
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return not (inside or found).is_global


class Connection:
    """An open connection to a target, until the deadline; every failure is a NetworkFailure.

    `steps` says how far it came: (name, values) of what went well.
    """

    def __init__(self, target: Target, outside: Outside) -> None:
        self.target, self.outside = target, outside
        self.end = time.monotonic() + outside.seconds
        self.steps: list[tuple[str, Mapping[str, Value]]] = []
        self.proxy = https_proxy(target.host, outside.environ) if target.secure else ""

    @contextmanager
    def open(self) -> Iterator[socket.socket]:
        """The connection, with TLS where the URL wants it."""
        connection = self._plain()
        with Deadline(self.left()) as deadline:
            deadline.watch(connection)
            try:
                if self.target.secure:
                    connection = self._secured(connection, deadline)
                yield connection
            except NetworkFailure:
                raise
            except (OSError, http.client.HTTPException) as error:
                raise self._failure(error) from error
            finally:
                connection.close()

    def left(self) -> float:
        """Seconds until the deadline; NetworkFailure when there are none."""
        seconds = self.end - time.monotonic()
        if seconds <= 0:
            raise NetworkFailure("timeout", seconds=round(self.outside.seconds))
        return seconds

    def _plain(self) -> socket.socket:
        if not self.proxy:
            return self._straight()
        self._refuse_local(self.target.host)
        connection, name = tunnel(self.proxy, self.target.host, self.target.port, self.left())
        self.steps.append(("proxied", {"proxy": name}))
        return connection

    def _straight(self) -> socket.socket:
        error: OSError = TimeoutError()
        for family, address in self._addresses():
            connection = socket.socket(family, socket.SOCK_STREAM)
            try:
                connection.settimeout(self.left())
                connection.connect(address)
            except OSError as problem:
                connection.close()
                error = problem
                continue
            self.steps.append(("connected", {"address": str(address[0])}))
            return connection
        raise self._failure(error)

    def _addresses(self) -> list[tuple[int, Any]]:
        host = self.target.host
        try:
            found = addresses(host, self.target.port, self.left(), self.outside.resolve)
        except OSError as error:
            # EAI_NONAME: the name does not exist. Anything else may be this machine's resolver.
            unsure = error.errno != socket.EAI_NONAME
            raise NetworkFailure("dns", unsure=unsure, host=host) from None
        for _, address in found:
            self._refuse_local(str(address[0]))
        self.steps.append(("resolved", {"address": str(found[0][1][0])}))
        return found

    def _refuse_local(self, address: str) -> None:
        """What is not reachable from the internet cannot be reached by Meta either."""
        if not self.outside.allow_local and is_local(address):
            raise NetworkFailure("local_address", host=self.target.host, address=address)

    def _secured(self, plain: socket.socket, deadline: Deadline) -> ssl.SSLSocket:
        secured = tls.public_trust(self.outside.trust).wrap_socket(
            plain, server_hostname=self.target.host, do_handshake_on_connect=False
        )
        deadline.watch(secured)  # the plain one is empty now
        try:
            secured.settimeout(self.left())
            secured.do_handshake()
        except BaseException as error:
            secured.close()
            if isinstance(error, ssl.SSLCertVerificationError):
                raise self._refused_certificate(error) from None
            raise
        self.steps.append(("certificate", tls.summary(secured)))
        return secured

    def _refused_certificate(self, error: ssl.SSLCertVerificationError) -> NetworkFailure:
        """Which fault it has, by what the server sends: a second connection fetches it."""
        name = cause(error)
        chain: list[bytes] = []
        with suppress(OSError, NetworkFailure):
            chain = Connection(self.target, self.outside).chain()
        values: dict[str, Value] = (
            dict(tls.described(chain[0])) if chain else {"names": "", "until": ""}
        )
        if error.verify_code in _NO_ISSUER and len(chain) == 1:
            name = "tls_chain"  # those between it and a public authority were left out
        if name == "tls_other":
            values["detail"] = clean(error.verify_message, 100)
        # A proxy may have put its own certificate in between.
        return NetworkFailure(name, unsure=bool(self.proxy), **values, host=self.target.host)

    def chain(self) -> list[bytes]:
        """The certificates as the server sends them, judged by no one; nothing is asked."""
        plain = self._plain()
        plain.settimeout(self.left())
        with (
            plain,
            tls.no_trust().wrap_socket(plain, server_hostname=self.target.host) as connection,
        ):
            return tls.sent_chain(connection)

    def _failure(self, error: Exception) -> NetworkFailure:
        host = self.target.host
        match "timeout" if time.monotonic() >= self.end else cause(error):
            case "timeout":
                return NetworkFailure("timeout", seconds=round(self.outside.seconds))
            case "tls_other":
                detail = str(getattr(error, "reason", None) or "").lower().replace("_", " ")
                return NetworkFailure("tls_other", detail=detail)
            case "refused":
                here = isinstance(error, PermissionError)  # this machine's own firewall
                return NetworkFailure("refused", unsure=here, host=host, port=self.target.port)
            case "reset" | "not_http" as name:
                return NetworkFailure(name, host=host)
        return NetworkFailure("unreachable", unsure=True, host=host)
