"""Certificates made for a test, and a door with TLS to a PostgreSQL that has none itself, as the
embedded one."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from contravento.kit.database.tls_check import ASK_FOR_TLS
from contravento.kit.database_url import Server

DAY = datetime.timedelta(days=1)
HOST = "127.0.0.1"
PIECE = 65536


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates; its own is in `file`."""

    folder: Path
    name: str
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.pem"

    def issue(self, *names: str, days: tuple[int, int] = (-1, 1)) -> tuple[Path, Path]:
        """Certificate and key for these names or addresses, good between these days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = (
            _builder(names[0], self.name, days)
            .public_key(key.public_key())
            .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), False)
            .sign(self.key, hashes.SHA256())
        )
        stem = f"{self.name}-{names[0]}-{days[1]}"
        certificate, private = self.folder / f"{stem}.pem", self.folder / f"{stem}.key"
        certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        private.write_bytes(_written(key))
        return certificate, private


def make_authority(folder: Path, name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        _builder(name, name, (-1, 30))
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return Authority(folder, name, key, made)


def _builder(subject: str, issuer: str, days: tuple[int, int]) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
    )


def _name(written: str) -> x509.GeneralName:
    with suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(written))
    return x509.DNSName(written)


def _written(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@contextmanager
def front(server: Server, certificate: tuple[Path, Path] | None, port: int = 0) -> Iterator[int]:
    """The port of a door to `server` that speaks TLS with this certificate, or declines to."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    listening = socket.create_server((HOST, port))
    door = threading.Thread(target=_take, args=(listening, server, context), daemon=True)
    door.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        door.join()


def _take(listening: socket.socket, server: Server, context: ssl.SSLContext | None) -> None:
    while True:
        try:
            taken, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(taken, server, context), daemon=True).start()


def _serve(plain: socket.socket, server: Server, context: ssl.SSLContext | None) -> None:
    with closing(plain), suppress(OSError):
        asked = plain.recv(len(ASK_FOR_TLS))
        if asked == ASK_FOR_TLS and context is None:
            plain.sendall(b"N")
            asked = b""
        if asked != ASK_FOR_TLS:
            _join(plain, server, asked)
            return
        plain.sendall(b"S")
        assert context
        with context.wrap_socket(plain, server_side=True) as inside:
            _join(inside, server, b"")


def _join(client: socket.socket, server: Server, first: bytes) -> None:
    """Carry bytes both ways until either has had enough."""
    behind = socket.socket(socket.AF_UNIX if server.is_socket else socket.AF_INET)
    where = f"{server.host}/.s.PGSQL.{server.port}" if server.is_socket else None
    with closing(behind):
        behind.connect(where or (server.host, server.port))
        behind.sendall(first)
        back = threading.Thread(target=_carry, args=(behind, client), daemon=True)
        back.start()
        _carry(client, behind)
        back.join()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
