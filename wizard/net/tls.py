"""TLS: whom we trust, and what the certificates of a server say."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from wizard.text.localised import Value
from wizard.text.sanitise import clean

if TYPE_CHECKING:
    from cryptography import x509


def own_trust(bundle: str = "") -> ssl.SSLContext:
    """For our own calls: the authorities of a file or folder, else certifi's and this system's.

    The system's too, since antivirus programs and companies that look into TLS install theirs
    there. OSError when the bundle cannot be read.
    """
    context = _verifying()
    place = bundle or _public()
    context.load_verify_locations(**{"capath" if os.path.isdir(place) else "cafile": place})
    if not bundle:
        with suppress(ssl.SSLError):  # one bad certificate in the system's store
            context.load_default_certs()
    return context


def public_trust(bundle: str = "") -> ssl.SSLContext:
    """For a server that Meta has to accept: the public authorities alone (or a file's)."""
    context = _verifying()
    context.load_verify_locations(cafile=bundle or _public())
    return context


def no_trust() -> ssl.SSLContext:
    """Accepts every certificate: to look at what a server sends, never to ask it anything."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _public() -> str:
    import certifi

    return certifi.where()


def _verifying() -> ssl.SSLContext:
    # Not by ssl.create_default_context: from Python 3.13 on, its contexts refuse certificates for
    # what neither Meta nor any browser minds (VERIFY_X509_STRICT).
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def summary(connection: ssl.SSLSocket) -> Mapping[str, Value]:
    """Of a certificate that was accepted: who issued it, until when it is valid."""
    about: dict[str, Any] = connection.getpeercert() or {}
    issuer = {key: value for part in about.get("issuer", ()) for key, value in part}
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(about["notAfter"]), UTC)
    return {
        "issuer": clean(issuer.get("organizationName") or issuer.get("commonName") or "", 60),
        "until": f"{until:%Y-%m-%d}",
    }


def sent_chain(connection: ssl.SSLSocket) -> list[bytes]:
    """The certificates as they were sent, DER, the server's own first."""
    if hasattr(connection, "get_unverified_chain"):  # Python 3.13
        return list(connection.get_unverified_chain())
    inner: Any = getattr(connection, "_sslobj", None)
    if hasattr(inner, "get_unverified_chain"):
        import _ssl

        return [one.public_bytes(_ssl.ENCODING_DER) for one in inner.get_unverified_chain() or ()]
    own = connection.getpeercert(binary_form=True)
    return [own] if own else []


def described(der: bytes) -> Mapping[str, Value]:
    """The names a certificate is for, and the day it ends; "" where it cannot be read."""
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
