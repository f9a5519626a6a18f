"""Proxies: which one the environment names for an address, and the way through it."""

from __future__ import annotations

import base64
import http.client
import socket
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

from wizard.net.failures import NetworkFailure


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

    NetworkFailure proxy or proxy_auth, always `unsure`: it says nothing about the host. Its
    `cause` value is a scheme that is not supported, unreachable, broken, or the HTTP status (502,
    503, 504: it found no way to the host).
    """
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if parts.scheme != "http" or not parts.hostname:
        raise _failure(parts.scheme)
    try:
        connection = socket.create_connection((parts.hostname, parts.port or 80), timeout=seconds)
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
    return connection, parts.hostname


def _failure(what: str) -> NetworkFailure:
    return NetworkFailure("proxy_auth" if what == "407" else "proxy", unsure=True, cause=what)
