"""One `requests` session that sends what it is given, where it is sent, and nothing else.

Not from ~/.netrc (requests would replace our token by what stands there), not along a redirect,
not with cookies, not without TLS verification; and never longer than the deadline.
"""

from __future__ import annotations

import logging
import os
import re
import ssl
import threading
import time
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy

from wizard.net import deadline
from wizard.net.address import is_loopback
from wizard.net.tls import own_trust

#: As many connections are kept as reads leave at the same time.
POOL = 10
#: Meta, and every router on the way, forgets connections that rest. Longer than any exchange.
IDLE_SECONDS = 45.0
_LOGGERS = (
    "requests",
    "urllib3",
    "urllib3.connection",
    "urllib3.connectionpool",
    "urllib3.poolmanager",
    "urllib3.response",
    "urllib3.util.retry",
)
_QUERY = re.compile(r"\?[^\s'\")]+")


def session_for(url: str) -> requests.Session:
    """The one session of this process for such an address, so that connections are kept.

    It holds no secret: those come with each request. An OSError when the bundle of authorities
    that the environment names cannot be read.
    """
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or ""
    return _session(url.startswith("https:"), bundle)


@cache
def _session(secure: bool, bundle: str) -> requests.Session:
    return GraphSession(own_trust(bundle) if secure else None)


class GraphSession(requests.Session):
    """A session without the conveniences that give secrets away. Thread-safe."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        super().__init__()
        _silence_queries()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = _Adapter(context)
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        self._lock = threading.Lock()
        self._last_used = time.monotonic()

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Like requests, but not over a connection that rested for long.

        A change sent over a connection that died meanwhile may or may not have arrived.
        """
        with self._lock:
            now = time.monotonic()
            if now - self._last_used > IDLE_SECONDS:
                self.close()
            self._last_used = now
        return super().send(request, **options)

    def merge_environment_settings(  # type: ignore[override]
        self, url: str, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> dict[str, Any]:
        """Of the environment only the proxies: trust_env would bring .netrc along."""
        return {"proxies": proxies_for(url), "stream": True, "verify": True, "cert": None}

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: else requests reads the whole body of a redirect, however long."""


def proxies_for(url: str) -> dict[str, str]:
    """The proxies of this process and system, by scheme; none for this machine itself."""
    if is_loopback(urlsplit(url).hostname or ""):
        return {}
    return dict(get_environ_proxies(url))


def proxy_name(url: str) -> str:
    """Host and port of the proxy on the way, without its password; "" when there is none."""
    proxy = select_proxy(url, proxies_for(url)) or ""
    address = proxy.rpartition("@")[2] if "@" in proxy else proxy.rpartition("//")[2]
    return address.rstrip("/")


class _Adapter(HTTPAdapter):
    """One TLS context for every connection, and connections that a Deadline can end."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        super().__init__(pool_connections=4, pool_maxsize=POOL, max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, ssl_context=self._context)
        _make_visible(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        if proxy not in self.proxy_manager:
            options["ssl_context"] = self._context
            if not proxy.lower().startswith("socks"):
                options["proxy_ssl_context"] = self._context
            _make_visible(super().proxy_manager_for(proxy, **options))
        return self.proxy_manager[proxy]

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        # Ours are in the context already; requests would load certifi's for each connection.
        conn.cert_reqs = "CERT_REQUIRED"


def _make_visible(manager: Any) -> None:
    """Lets every connection of this pool manager tell its socket to the Deadline of its thread."""
    manager.pool_classes_by_scheme = {
        scheme: type(pool.__name__, (pool,), {"ConnectionCls": _visible(pool.ConnectionCls)})
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }


def _visible(connection_class: Any) -> Any:
    def getresponse(self: Any) -> Any:
        deadline.watch(self.sock)
        return connection_class.getresponse(self)

    return type(connection_class.__name__, (connection_class,), {"getresponse": getresponse})


def _silence_queries() -> None:
    """Whatever level someone sets, no query of ours is logged: debug_token's holds a token."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_without_query)


def _without_query(record: logging.LogRecord) -> bool:
    record.msg, record.args = _QUERY.sub("?…", record.getMessage()), ()
    return True
