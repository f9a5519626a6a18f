"""The way to a callback: name, address, proxy, TLS; each way to fail has its own reason."""

from __future__ import annotations

import base64
import http.client
import ipaddress
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

from wizard.facts.models import Step
from wizard.text.errors import WizardError
from wizard.text.localised import Value
from wizard.text.sanitise import clean

if TYPE_CHECKING:
    from cryptography import x509


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


class ProbeFailure(WizardError):
    """Why the handshake would fail. `reason` is a key of `webhook.reachable`.

    `unsure`: this machine's own way out may be to blame; Meta might see it otherwise.
    """

    def __init__(self, reason: str, /, *, unsure: bool = False, **values: Value) -> None:
        super().__init__(reason, **values)
        self.reason, self.unsure = reason, unsure


# X509_V_ERR_… of OpenSSL.
_REASONS = {
    9: "tls_early",  # not yet valid
    10: "tls_expired",
    18: "tls_self_signed",
    19: "tls_untrusted",  # a root of its own at the end of the chain
    62: "tls_name",
    64: "tls_name",  # an address in place of a name
}
# The issuer is not at hand: it was not sent, or nobody knows it.
_UNFINISHED = {2, 20, 21}


def context(trust: str = "", judge: bool = True) -> ssl.SSLContext:
    """Trusts the public authorities alone, or those in the file `trust`; or judges nothing."""
    if not judge:
        unjudged = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        unjudged.check_hostname, unjudged.verify_mode = False, ssl.CERT_NONE
        return unjudged
    import certifi

    judging = ssl.create_default_context(cafile=trust or certifi.where())
    judging.minimum_version = ssl.TLSVersion.TLSv1_2
    return judging


def named(
    error: ssl.SSLCertVerificationError, look: Callable[[], list[bytes]]
) -> tuple[str, Mapping[str, Value]]:
    """(reason, values) for a refused certificate; `look` fetches what the server sends."""
    try:
        chain = look()
    except (OSError, ProbeFailure):
        chain = []
    values: dict[str, Value] = dict(_about(chain[0])) if chain else {"names": "", "until": ""}
    if error.verify_code in _UNFINISHED:
        # Only its own certificate: those between it and a public authority were left out.
        return ("tls_chain" if len(chain) == 1 else "tls_untrusted"), values
    reason = _REASONS.get(error.verify_code, "tls_other")
    if reason == "tls_other":
        values["detail"] = clean(error.verify_message, 100)
    return reason, values


def summary(connection: ssl.SSLSocket) -> Mapping[str, Value]:
    """Of a certificate that was accepted: who issued it, until when it is valid."""
    about: dict[str, Any] = connection.getpeercert() or {}
    issuer = {key: value for part in about.get("issuer", ()) for key, value in part}
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(about["notAfter"]), UTC)
    return {
        "issuer": clean(issuer.get("organizationName") or issuer.get("commonName") or "", 60),
        "until": f"{until:%Y-%m-%d}",
    }


def sent(connection: ssl.SSLSocket) -> list[bytes]:
    """The certificates as they were sent, DER, the server's own first."""
    if hasattr(connection, "get_unverified_chain"):  # Python 3.13
        return list(connection.get_unverified_chain())
    inner: Any = getattr(connection, "_sslobj", None)
    if hasattr(inner, "get_unverified_chain"):
        import _ssl

        return [one.public_bytes(_ssl.ENCODING_DER) for one in inner.get_unverified_chain() or ()]
    own = connection.getpeercert(binary_form=True)
    return [own] if own else []


def _about(der: bytes) -> Mapping[str, Value]:
    from cryptography import x509

    try:
        certificate = x509.load_der_x509_certificate(der)
        return {
            "names": clean(", ".join(_names(certificate)), 120),
            "until": f"{certificate.not_valid_after_utc:%Y-%m-%d}",
        }
    except ValueError:
        return {"names": "", "until": ""}


def _names(certificate: x509.Certificate) -> list[str]:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return [str(name) for name in found.value.get_values_for_type(x509.DNSName)]
    except x509.ExtensionNotFound:
        common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return [str(one.value) for one in common]


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
        raise ProbeFailure("bad_url") from None
    odd = any(character.isspace() or not character.isprintable() for character in url)
    if odd or not host or "@" in parts.netloc or parts.fragment:
        raise ProbeFailure("bad_url")
    if parts.scheme != "https" and not (parts.scheme == "http" and outside.allow_local):
        raise ProbeFailure("not_https", scheme=parts.scheme)
    secure = parts.scheme == "https"
    return Target(parts, host, port or (443 if secure else 80), secure)


class Connection:
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
            raise ProbeFailure("timeout", seconds=round(self.outside.seconds))
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
                    raise ProbeFailure(
                        "local_address", host=self.target.host, address=str(address[0])
                    )
        self.steps.append(Step("resolved", {"address": str(found[0][1][0])}))
        return found

    def _through_proxy(self) -> socket.socket:
        """A tunnel made by the proxy: the name is resolved on its side."""
        proxy = urlsplit(self.proxy if "://" in self.proxy else f"http://{self.proxy}")
        if proxy.scheme != "http" or not proxy.hostname:
            raise ProbeFailure("proxy", unsure=True, cause=proxy.scheme)
        try:
            connection = socket.create_connection(
                (proxy.hostname, proxy.port or 80), timeout=self.left()
            )
        except OSError:
            raise ProbeFailure("proxy", unsure=True, cause="unreachable") from None
        try:
            connection.sendall(_connect(self.target, proxy))
            answer = http.client.HTTPResponse(connection, method="CONNECT")
            answer.begin()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise ProbeFailure("proxy", unsure=True, cause="broken") from None
        if answer.status != 200:
            connection.close()
            # 407: it wants a name and a password; 502, 503, 504: it found no way to the host.
            raise ProbeFailure("proxy", unsure=True, cause=str(answer.status))
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
            reason, values = named(error, lambda: Connection(self.target, self.outside).chain())
            # A proxy may have put its own certificate in between.
            unsure = bool(self.proxy)
            raise ProbeFailure(reason, unsure=unsure, **values, host=self.target.host) from None
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

    def _failed(self, error: Exception) -> ProbeFailure:
        if time.monotonic() >= self.end or isinstance(error, TimeoutError):
            return ProbeFailure("timeout", seconds=round(self.outside.seconds))
        if isinstance(error, ssl.SSLError):
            return ProbeFailure(
                "tls_other", detail=str(error.reason or "").lower().replace("_", " ")
            )
        if isinstance(error, ConnectionRefusedError):
            return ProbeFailure("refused", host=self.target.host, port=self.target.port)
        if isinstance(error, ConnectionResetError | BrokenPipeError):
            return ProbeFailure("reset", host=self.target.host)
        if isinstance(error, http.client.HTTPException):
            return ProbeFailure("not_http", host=self.target.host)
        return ProbeFailure("unreachable", unsure=True, host=self.target.host)


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
        raise ProbeFailure("dns", unsure=not sure, host=target.host)
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
