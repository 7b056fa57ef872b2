"""When the certificate that nginx serves begins and ends, whether or not anybody trusts it."""

import re
import socket
import ssl
from datetime import UTC, datetime

WAIT_SECONDS = 3
# The two times of a certificate (RFC 5280, 4.1.2.5) stand together in a sequence of their own.
TIME = rb"(\x17\x0d[0-9]{12}Z|\x18\x0f[0-9]{14}Z)"
VALIDITY = re.compile(rb"\x30[\x1e\x20\x22]" + TIME + TIME)


def validity(certificate: bytes) -> tuple[float, float]:
    """First and last second, since 1970, of a certificate in DER. Raises ValueError."""
    found = VALIDITY.search(certificate)
    if found is None:
        raise ValueError("this certificate has no times")
    return _seconds(found[1]), _seconds(found[2])


def _seconds(encoded: bytes) -> float:
    written = encoded[2:].decode()
    if len(written) == 13:  # UTCTime has two digits for the year, of 1950 to 2049
        written = ("19" if written >= "50" else "20") + written
    return datetime.strptime(written, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()


def served(host: str, name: str, port: int = 443) -> bytes:
    """What a visitor who asks for `name` is shown, in DER. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # an expired one is what we want to hear of
    with (
        socket.create_connection((host, port), WAIT_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=name) as tls,
    ):
        found = tls.getpeercert(binary_form=True)
    if not found:
        raise OSError("nginx shows no certificate")
    return found
