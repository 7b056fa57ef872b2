"""What a certificate says: whom it is for, who made it, and when it begins and ends."""

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509

from contravento_ops.kit.site import Address


@dataclass(frozen=True, slots=True)
class Certificate:
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    der: bytes
    is_self_signed: bool = False

    def days_left(self, now: datetime | None = None) -> int:
        return (self.not_after - (now or datetime.now(UTC))).days


def read(der: bytes) -> Certificate:
    """Newer ones have no subject, only the names that they are for."""
    parsed = x509.load_der_x509_certificate(der)
    return Certificate(
        subject=_written(parsed.subject) or ", ".join(_names(parsed)),
        issuer=_written(parsed.issuer),
        not_before=parsed.not_valid_before_utc,
        not_after=parsed.not_valid_after_utc,
        der=der,
        is_self_signed=parsed.issuer == parsed.subject,
    )


def read_pem(chain: str) -> Certificate:
    """The first of a chain."""
    first, end, _ = chain.partition("-----END CERTIFICATE-----\n")
    return read(ssl.PEM_cert_to_DER_cert(first + end))


def served(address: Address) -> Certificate | None:
    """The one that visitors get now, whoever made it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # an expired one is shown, too
    try:
        with (
            socket.create_connection((address.host, address.port), 5) as plain,
            context.wrap_socket(plain, server_hostname=address.name) as tls,
        ):
            der = tls.getpeercert(binary_form=True)
    except OSError:
        return None
    return read(der) if der else None


def moment(time: datetime) -> str:
    """As OpenSSL writes it: `Feb 18 06:00:00 2027 GMT`."""
    return f"{time:%b} {time.day:2d} {time:%H:%M:%S %Y} GMT"


def _written(name: x509.Name) -> str:
    return ", ".join(part.rfc4514_string() for part in name.rdns)


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return extension.value.get_values_for_type(x509.DNSName)
