"""The TLS certificate that visitors get, fetched over the network and parsed."""

import asyncio
import ssl
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID


class NoCertificate(ValueError):
    """The bytes are not a certificate (X.509, RFC 5280)."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """`refusal` says why a browser would not trust it, in OpenSSL's words; empty if it would."""

    issuer: str
    not_before: datetime
    not_after: datetime
    refusal: str = ""

    def days_left(self, at: datetime) -> float:
        return (self.not_after - at).total_seconds() / 86_400

    def lifetime_left(self, at: datetime) -> float:
        """The share of its lifetime that is still to come, 0 to 1."""
        whole = (self.not_after - self.not_before).total_seconds()
        return min(1.0, max(0.0, (self.not_after - at).total_seconds() / whole)) if whole else 0.0


async def fetch_certificate(
    name: str, port: int, *, address: str | None = None, context: ssl.SSLContext | None = None
) -> Certificate:
    """What `name` shows, at `address` where that is another. Raises OSError or NoCertificate."""
    strict = context or ssl.create_default_context()
    try:
        return read_certificate(await _fetch_encoded(name, port, address, strict))
    except ssl.SSLCertVerificationError as error:
        lax = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        lax.check_hostname = False
        lax.verify_mode = ssl.CERT_NONE  # to look at what is refused; nothing is sent
        encoded = await _fetch_encoded(name, port, address, lax)
        return read_certificate(encoded, refusal=error.verify_message)


async def _fetch_encoded(name: str, port: int, address: str | None, tls: ssl.SSLContext) -> bytes:
    _, writer = await asyncio.open_connection(address or name, port, ssl=tls, server_hostname=name)
    try:
        encoded = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    if not encoded:
        raise NoCertificate("no certificate was shown")
    return bytes(encoded)


def read_certificate(encoded: bytes, *, refusal: str = "") -> Certificate:
    """Issuer and validity of a certificate in DER. Raises NoCertificate."""
    try:
        certificate = x509.load_der_x509_certificate(encoded)
        return Certificate(
            issuer=_name_of(certificate.issuer),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            refusal=refusal,
        )
    except (ValueError, x509.InvalidVersion) as error:
        raise NoCertificate("the certificate cannot be read") from error


def _name_of(issuer: x509.Name) -> str:
    for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        if attributes := issuer.get_attributes_for_oid(oid):
            return str(attributes[-1].value)
    return ""
