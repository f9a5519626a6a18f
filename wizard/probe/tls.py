"""TLS as the public sees it, and in a word what is wrong with a certificate."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from wizard.probe.nouns import Failure
from wizard.text.localised import Value
from wizard.text.sanitise import clean

if TYPE_CHECKING:
    from cryptography import x509

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
    except (OSError, Failure):
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
