"""The way to a URL: its name, its address, a proxy, TLS; each way to fail with its own reason."""

from __future__ import annotations

import base64
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

from wizard.probe.nouns import Failure, Outside, Step
from wizard.probe.tls import context, named, sent, summary


@dataclass(frozen=True)
class Target:
    """A callback URL, taken apart."""

    parts: SplitResult
    host: str  # as it goes on the wire: ASCII
    port: int
    secure: bool

    @property
    def ask(self) -> str:
        """What stands before the query of the request line."""
        return self.parts.path or "/"

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def aim(url: str, outside: Outside) -> Target:
    """The URL as a target; Failure bad_url, not_https."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        raise Failure("bad_url") from None
    odd = any(character.isspace() or not character.isprintable() for character in url)
    if odd or not host or "@" in parts.netloc or parts.fragment:
        raise Failure("bad_url")
    if parts.scheme != "https" and not (parts.scheme == "http" and outside.allow_local):
        raise Failure("not_https", scheme=parts.scheme)
    secure = parts.scheme == "https"
    return Target(parts, host, port or (443 if secure else 80), secure)


class Way:
    """An open connection to a target, until the deadline."""

    def __init__(self, target: Target, outside: Outside) -> None:
        self.target, self.outside = target, outside
        self.end = time.monotonic() + outside.seconds
        self.steps: list[Step] = []
        self.proxy = _proxy(target, outside)

    @contextmanager
    def open(self) -> Iterator[socket.socket]:
        """The connection, with TLS where the URL wants it. Failure.

        A timer closes it at the deadline: a server that sends a byte now and then would get
        around every timeout of a single read.
        """
        plain = self._through_proxy() if self.proxy else self._straight()
        self._connection = plain
        timer = threading.Timer(self.left(), self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield self._secured(plain) if self.target.secure else plain
        except (TimeoutError, ssl.SSLError, OSError, http.client.HTTPException) as error:
            raise self._failed(error) from error
        finally:
            timer.cancel()
            self._connection.close()

    def _cut(self) -> None:
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def left(self) -> float:
        """Seconds until the deadline; Failure when there are none."""
        seconds = self.end - time.monotonic()
        if seconds <= 0:
            raise Failure("timeout", seconds=round(self.outside.seconds))
        return seconds

    def _straight(self) -> socket.socket:
        addresses = self._addresses()
        error: OSError | None = None
        for family, address in addresses:
            connection = socket.socket(family, socket.SOCK_STREAM)
            try:
                connection.settimeout(self.left())
                connection.connect(address)
            except OSError as problem:
                connection.close()
                error = problem
                continue
            self.steps.append(Step("connected", {"address": str(address[0])}))
            return connection
        assert error is not None
        raise self._failed(error)

    def _addresses(self) -> list[tuple[int, Any]]:
        found = _resolve(self.target, self.outside, self.left())
        if not self.outside.allow_local:
            for _, address in found:
                # What is not reachable from the internet cannot be reached by Meta either.
                if not ipaddress.ip_address(str(address[0]).split("%")[0]).is_global:
                    raise Failure("local_address", host=self.target.host, address=str(address[0]))
        self.steps.append(Step("resolved", {"address": str(found[0][1][0])}))
        return found

    def _through_proxy(self) -> socket.socket:
        """A tunnel made by the proxy: the name is resolved on its side."""
        proxy = urlsplit(self.proxy if "://" in self.proxy else f"http://{self.proxy}")
        if proxy.scheme != "http" or not proxy.hostname:
            raise Failure("proxy", unsure=True, cause=proxy.scheme)
        try:
            connection = socket.create_connection(
                (proxy.hostname, proxy.port or 80), timeout=self.left()
            )
        except OSError:
            raise Failure("proxy", unsure=True, cause="unreachable") from None
        try:
            connection.sendall(_connect(self.target, proxy))
            answer = http.client.HTTPResponse(connection, method="CONNECT")
            answer.begin()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise Failure("proxy", unsure=True, cause="broken") from None
        if answer.status != 200:
            connection.close()
            # 407: it wants a name and a password; 502, 503, 504: it found no way to the host.
            raise Failure("proxy", unsure=True, cause=str(answer.status))
        self.steps.append(Step("proxied", {"proxy": proxy.hostname}))
        return connection

    def _secured(self, plain: socket.socket) -> ssl.SSLSocket:
        secured = context(self.outside.trust).wrap_socket(
            plain, server_hostname=self.target.host, do_handshake_on_connect=False
        )
        self._connection = secured  # the plain one is empty now
        secured.settimeout(self.left())
        try:
            secured.do_handshake()
        except ssl.SSLCertVerificationError as error:
            secured.close()
            reason, values = named(error, lambda: Way(self.target, self.outside).chain())
            # A proxy may have put its own certificate in between.
            unsure = bool(self.proxy)
            raise Failure(reason, unsure=unsure, **values, host=self.target.host) from None
        except OSError:
            secured.close()
            raise
        self.steps.append(Step("certificate", summary(secured)))
        return secured

    def chain(self) -> list[bytes]:
        """The certificates as the server sends them, judged by nobody; nothing is asked."""
        plain = self._through_proxy() if self.proxy else self._straight()
        plain.settimeout(self.left())
        with (
            plain,
            context(judge=False).wrap_socket(plain, server_hostname=self.target.host) as connection,
        ):
            return sent(connection)

    def _failed(self, error: Exception) -> Failure:
        if time.monotonic() >= self.end or isinstance(error, TimeoutError):
            return Failure("timeout", seconds=round(self.outside.seconds))
        if isinstance(error, ssl.SSLError):
            return Failure("tls_other", detail=str(error.reason or "").lower().replace("_", " "))
        if isinstance(error, ConnectionRefusedError):
            return Failure("refused", host=self.target.host, port=self.target.port)
        if isinstance(error, ConnectionResetError | BrokenPipeError):
            return Failure("reset", host=self.target.host)
        if isinstance(error, http.client.HTTPException):
            return Failure("not_http", host=self.target.host)
        return Failure("unreachable", unsure=True, host=self.target.host)


def _resolve(target: Target, outside: Outside, seconds: float) -> list[tuple[int, Any]]:
    # getaddrinfo knows no deadline: it is left behind on a thread of its own.
    found: list[tuple[int, Any]] = []
    wrong: list[OSError] = []

    def look() -> None:
        try:
            answers = outside.resolve(target.host, target.port, type=socket.SOCK_STREAM)
        except OSError as error:
            wrong.append(error)
        else:
            found.extend((answer[0], answer[4]) for answer in answers)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        # EAI_NONAME: the name does not exist. Anything else may be this machine's resolver.
        sure = bool(wrong) and wrong[0].errno == socket.EAI_NONAME
        raise Failure("dns", unsure=not sure, host=target.host)
    return found


def _proxy(target: Target, outside: Outside) -> str:
    """The proxy that the environment names for this URL; "" for none."""
    if not target.secure:
        return ""
    with_lower = {name.lower(): value for name, value in outside.environ.items()}
    proxies = {
        name.removesuffix("_proxy"): value
        for name, value in with_lower.items()
        if name.endswith("_proxy") and value
    }
    if proxy_bypass_environment(target.host, proxies):
        return ""
    return proxies.get("https") or proxies.get("all") or ""


def _connect(target: Target, proxy: SplitResult) -> bytes:
    host = f"[{target.host}]" if ":" in target.host else target.host
    lines = [f"CONNECT {host}:{target.port} HTTP/1.1", f"Host: {host}:{target.port}"]
    if proxy.username:
        who = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(who.encode()).decode()}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
