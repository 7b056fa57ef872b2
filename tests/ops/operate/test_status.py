"""Access points and certificates, as the status shows them."""

from datetime import UTC, datetime

from contravento_ops.kit.compose import Container
from contravento_ops.operate import status

VALUES = {"DOMAIN": "staging.velo.test", "POSTGRES_DB": "diary", "POSTGRES_USER": "owner"}
SAID = """subject=CN = staging.velo.test
issuer=CN = Pebble Intermediate CA 3a7b
notBefore=Nov 20 06:00:00 2026 GMT
notAfter=Feb 18 06:00:00 2027 GMT
"""


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


def test_a_certificate_is_read_with_its_days_left() -> None:
    held = status.parse_certificate(SAID, datetime(2026, 11, 23, tzinfo=UTC))

    assert held.subject == "CN = staging.velo.test"
    assert held.days_left == 87


def test_a_certificate_without_a_subject_is_shown_by_its_names() -> None:
    said = (
        "subject=\nissuer=CN=Pebble\nnotBefore=Nov 23 10:00:00 2026 GMT\n"
        "notAfter=Feb 21 10:00:00 2027 GMT\n"
        "X509v3 Subject Alternative Name: critical\n    DNS:velo.test, DNS:www.velo.test\n"
    )

    assert status.parse_certificate(said).subject == "velo.test, www.velo.test"
