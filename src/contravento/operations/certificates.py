"""The certificate that visitors get: asked for over the network, and read."""

import asyncio
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

COMMON_NAME = bytes.fromhex("550403")  # object identifiers of names, as they are encoded
ORGANISATION = bytes.fromhex("55040a")

_SEQUENCE, _VERSION = 0x30, 0xA0
_UTC_TIME = 0x17


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


async def look_at_certificate(
    name: str, port: int, *, address: str | None = None, context: ssl.SSLContext | None = None
) -> Certificate:
    """What `name` shows, at `address` where that is another. Raises OSError or NoCertificate."""
    strict = context or ssl.create_default_context()
    try:
        return read_certificate(await _shake_hands(name, port, address, strict))
    except ssl.SSLCertVerificationError as error:
        lax = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        lax.check_hostname = False
        lax.verify_mode = ssl.CERT_NONE  # to look at what is refused; nothing is sent
        encoded = await _shake_hands(name, port, address, lax)
        return read_certificate(encoded, refusal=error.verify_message)


async def _shake_hands(name: str, port: int, address: str | None, tls: ssl.SSLContext) -> bytes:
    _, writer = await asyncio.open_connection(address or name, port, ssl=tls, server_hostname=name)
    try:
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    if not shown:
        raise NoCertificate("no certificate was shown")
    return bytes(shown)


def read_certificate(encoded: bytes, *, refusal: str = "") -> Certificate:
    """Issuer and validity of a certificate in DER. Raises NoCertificate."""
    try:
        certificate = _inside(encoded, _SEQUENCE)
        fields = _inside(certificate, _SEQUENCE)
        parts = [(kind, content) for kind, content in _elements(fields) if kind != _VERSION]
        _serial, _algorithm, (_, issuer), (_, validity), *_ = parts
        begins, ends = (_moment(kind, content) for kind, content in _elements(validity))
        names = dict(_names(issuer))
    except (IndexError, ValueError) as error:
        raise NoCertificate("the certificate cannot be read") from error
    by = names.get(ORGANISATION) or names.get(COMMON_NAME) or ""
    return Certificate(issuer=by, not_before=begins, not_after=ends, refusal=refusal)


def _names(issuer: bytes) -> Iterator[tuple[bytes, str]]:
    for _, group in _elements(issuer):
        for _, pair in _elements(group):
            (_, name), (_, value) = _elements(pair)
            yield name, value.decode("utf-8", "replace")


def _moment(kind: int, content: bytes) -> datetime:
    pattern = "%y%m%d%H%M%SZ" if kind == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return datetime.strptime(content.decode("ascii"), pattern).replace(tzinfo=UTC)


def _inside(encoded: bytes, kind: int) -> bytes:
    found, content = next(_elements(encoded), (None, b""))
    if found != kind:
        raise ValueError
    return content


def _elements(encoded: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags and contents one after the other (DER, X.690)."""
    at = 0
    while at < len(encoded):
        kind, length = encoded[at], encoded[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(encoded[at : at + size])
            at += size
        if at + length > len(encoded):
            raise ValueError
        yield kind, encoded[at : at + length]
        at += length
