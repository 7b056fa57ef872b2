"""How an environment is: services, certificate, release, and how to reach each part."""

import socket
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from contravento_ops.environment import urls
from contravento_ops.kit import certificate, state
from contravento_ops.kit.certificate import Certificate
from contravento_ops.kit.compose import Container, Project
from contravento_ops.kit.errors import CommandError
from contravento_ops.kit.services import ONE_OFF
from contravento_ops.kit.state import EnvironmentState, Release
from contravento_ops.operate import evidence
from contravento_ops.operate.evidence import StatusLine
from contravento_ops.release.facts import address_of_site

POSTGRES = 5432
PAGES = (("Grafana", 3000), ("Prometheus", 9090), ("Alertmanager", 9093))


@dataclass(frozen=True, slots=True)
class CertificateSummary:
    subject: str
    issuer: str
    not_before: str
    not_after: str
    days_left: int


@dataclass(frozen=True, slots=True)
class AccessPoint:
    name: str
    address: str
    how: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    environment: str
    services: tuple[Container, ...]
    missing: tuple[str, ...]
    certificate: CertificateSummary | None
    current: Release | None
    previous: Release | None
    access: tuple[AccessPoint, ...]
    folder: str
    evidence: tuple[StatusLine, ...]

    @property
    def is_well(self) -> bool:
        return not self.missing and all(service.is_well for service in self.services)

    def as_json(self) -> dict[str, Any]:
        return {"is_well": self.is_well, **asdict(self)}


def gather(
    project: Project, values: Mapping[str, str], verdict: Mapping[str, Any] | None
) -> Status:
    containers = project.containers()
    wanted = set(project.services()) - ONE_OFF
    remembered: EnvironmentState = state.read(project.paths.state)
    shown = _certificate(project, values)
    return Status(
        environment=project.paths.environment,
        services=tuple(one for one in containers if one.service not in ONE_OFF),
        missing=tuple(sorted(wanted - {container.service for container in containers})),
        certificate=summary(shown) if shown else None,
        current=remembered.current,
        previous=remembered.previous,
        access=tuple(access_points(values, containers, socket.gethostname())),
        folder=str(project.paths.root),
        evidence=evidence.gather(project, containers, shown, verdict),
    )


def access_points(
    values: Mapping[str, str], containers: list[Container], host: str
) -> Iterator[AccessPoint]:
    """As the manual lists them; what is only on the server comes with its tunnel."""
    site = values.get("PUBLIC_URL") or f"https://{values.get('DOMAIN', 'localhost')}"
    published = {target: port for container in containers for _, port, target in container.ports}
    yield AccessPoint("Application", site)
    is_shown = values.get("DEBUG") == "true"
    yield AccessPoint(
        "API documentation", f"{site}/docs", "" if is_shown else "only with DEBUG=true"
    )
    for name, port in PAGES:
        if port in published:
            tunnel = f"ssh -L {port}:localhost:{published[port]} {host}"
            yield AccessPoint(name, f"http://localhost:{port}", tunnel)
    database = values.get("POSTGRES_DB", "contravento")
    if POSTGRES in published:
        yield AccessPoint(
            "Database",
            f"localhost:{published[POSTGRES]}, {database}",
            f"ssh -L {POSTGRES}:localhost:{published[POSTGRES]} {host}",
        )
    elif urls.is_elsewhere(values):
        parts = urls.take_apart(values["DATABASE_URL"])
        yield AccessPoint("Database", f"{parts.host}, {parts.path}", "a server elsewhere")
    else:
        shell = f"psql -U {values.get('POSTGRES_USER', 'contravento')} {database}"
        yield AccessPoint("Database", "inside only", f"./deploy.sh … exec postgres {shell}")


def _certificate(project: Project, values: Mapping[str, str]) -> Certificate | None:
    try:
        address = address_of_site(project, values.get("DOMAIN", "localhost"))
    except CommandError:
        return None
    return certificate.served(address) if address.is_https else None


def summary(shown: Certificate, now: datetime | None = None) -> CertificateSummary:
    return CertificateSummary(
        subject=shown.subject,
        issuer=shown.issuer,
        not_before=certificate.moment(shown.not_before),
        not_after=certificate.moment(shown.not_after),
        days_left=shown.days_left(now),
    )
