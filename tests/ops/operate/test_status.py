"""Access points and certificates, as the status shows them."""

import ssl
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from contravento_ops.kit import certificate
from contravento_ops.kit.certificate import Certificate
from contravento_ops.kit.compose import Container
from contravento_ops.operate import status

VALUES = {"DOMAIN": "staging.velo.test", "POSTGRES_DB": "diary", "POSTGRES_USER": "owner"}


def container(service: str, *ports: int) -> Container:
    published = tuple(("127.0.0.1", port, port) for port in ports)
    return Container("id", f"x-{service}-1", service, "running", "healthy", "i", ports=published)


def points(*containers: Container, **values: str) -> dict[str, tuple[str, str]]:
    found = status.access_points({**VALUES, **values}, list(containers), "server")
    return {each.name: (each.address, each.how) for each in found}


def test_the_site_and_its_documentation_are_named() -> None:
    found = points()

    assert found["Application"] == ("https://staging.velo.test", "")
    assert found["API documentation"] == ("https://staging.velo.test/docs", "only with DEBUG=true")
    assert points(DEBUG="true")["API documentation"][1] == ""


def test_what_is_only_on_the_server_comes_with_its_tunnel() -> None:
    watching = (container("grafana", 3000), container("alertmanager", 9093))
    found = points(*watching, container("tools", 5432))

    assert found["Grafana"] == ("http://localhost:3000", "ssh -L 3000:localhost:3000 server")
    assert found["Database"] == ("localhost:5432, diary", "ssh -L 5432:localhost:5432 server")
    assert found["Alertmanager"][1] == "ssh -L 9093:localhost:9093 server"
    assert "Prometheus" not in found


def test_without_the_tools_the_database_is_reached_inside() -> None:
    assert points()["Database"] == (
        "inside only",
        "./deploy.sh … exec postgres psql -U owner diary",
    )


def test_a_database_elsewhere_is_named_by_its_server() -> None:
    url = "postgresql://contravento_app:secret-1@db.velo.test:5432/diary?sslmode=verify-full"
    assert points(DATABASE_URL=url)["Database"] == ("db.velo.test, diary", "a server elsewhere")


def test_a_certificate_is_shown_with_its_days_left() -> None:
    names = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "staging.velo.test")]), "velo.test")
    shown = status.summary(made(*names), datetime(2026, 11, 23, tzinfo=UTC))

    assert shown.subject == "CN=staging.velo.test"
    assert shown.issuer == "O=Velo, CN=Intermediate 3a7b"
    assert (shown.not_before, shown.not_after) == (
        "Nov  2 06:00:00 2026 GMT",
        "Feb 18 06:00:00 2027 GMT",
    )
    assert shown.days_left == 87


def test_a_certificate_without_a_subject_is_shown_by_its_names() -> None:
    assert made(x509.Name([]), "velo.test", "www.velo.test").subject == "velo.test, www.velo.test"


def test_of_a_chain_the_first_certificate_is_read() -> None:
    first, second = (made(x509.Name([]), name) for name in ("velo.test", "other.test"))
    chain = ssl.DER_cert_to_PEM_cert(first.der) + ssl.DER_cert_to_PEM_cert(second.der)

    assert certificate.read_pem(chain) == first


def made(subject: x509.Name, *names: str) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Velo"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Intermediate 3a7b"),
        ]
    )
    built = (
        x509.CertificateBuilder(issuer, subject, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 11, 2, 6, tzinfo=UTC))
        .not_valid_after(datetime(2027, 2, 18, 6, tzinfo=UTC))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=True
        )
        .sign(key, hashes.SHA256())
    )
    return certificate.read(built.public_bytes(Encoding.DER))
