"""A TLS handshake with each database server at start-up, to see that it is the right one."""

import socket
import ssl
import struct
from collections.abc import Iterator

from contravento.kit.database_url import Address, Server, WrongAddress

ASK_FOR_TLS = struct.pack("!ii", 8, 80877103)
AGREED = b"S"
NOT_YET_VALID, EXPIRED = 9, 10
OTHER_NAME, OTHER_ADDRESS = 62, 64


def find_mistakes(address: Address) -> list[str]:
    """How a sentence about the URL goes on, for each server that cannot be believed. One that does
    not answer may be away for a while: that is no mistake."""
    if not address.verifies:
        return []
    try:
        context = address.context()
    except WrongAddress as mistake:
        return [str(mistake)] * len(address.servers)
    return list(_mistakes(address, context))


def _mistakes(address: Address, context: ssl.SSLContext) -> Iterator[str]:
    for server in address.servers:
        if server.is_socket:
            continue
        try:
            _fetch_encoded(server, context, address.connect_seconds)
        except ssl.SSLCertVerificationError as error:
            yield _explain(error, server, address.options["sslrootcert"])
        except (OSError, EOFError):
            continue
        except WrongAddress as mistake:
            yield str(mistake)


def _fetch_encoded(server: Server, context: ssl.SSLContext, seconds: float) -> None:
    with socket.create_connection((server.host, server.port), seconds) as plain:
        plain.sendall(ASK_FOR_TLS)
        answer = plain.recv(1)
        if not answer:
            raise EOFError
        if answer != AGREED:
            wrong = f"names {server}, which does not offer TLS"
            raise WrongAddress(f"{wrong}; turn ssl on there")
        with context.wrap_socket(plain, server_hostname=server.host):
            return


def _explain(error: ssl.SSLCertVerificationError, server: Server, root: str) -> str:
    code = error.verify_code
    if code in (OTHER_NAME, OTHER_ADDRESS):
        mend = "write the name that the certificate is for, or have one made for this name"
        return f"names {server}, which shows a certificate for another name; {mend}"
    if code == EXPIRED:
        return f"names {server}, whose certificate has expired; renew it there"
    if code == NOT_YET_VALID:
        mend = "look at the clocks of both machines"
        return f"names {server}, whose certificate is not valid yet; {mend}"
    mend = "let sslrootcert name the certificate of the authority that signed it"
    by = "the system's authorities" if root == "system" else f"an authority in {root}"
    return f"names {server}, whose certificate was not signed by {by}; {mend}"
