"""Where the riders of a load go, and what the environment is like that they meet."""

import json
from collections.abc import Mapping

from contravento_ops.environment.consistency import DEFAULT_POOL, MAX_CONNECTIONS, MOST_CLIENTS
from contravento_ops.kit import compose, prometheus
from contravento_ops.kit.compose import Project, docker
from contravento_ops.kit.prometheus import Unreachable
from contravento_ops.load.k6 import Target
from contravento_ops.load.sizing import Now
from contravento_ops.release import facts
from contravento_ops.release.probe_rider import Probe


def target(project: Project, values: Mapping[str, str], probe: Probe) -> Target:
    """The site by its name, at the address where nginx is published on this host."""
    name = values.get("DOMAIN", "localhost")
    address = facts.address_of_site(project, name)
    scheme, usual = ("https", 443) if address.is_https else ("http", 80)
    port = "" if address.port == usual or address.is_https else f":{address.port}"
    bundle = values.get("ACME_CA_BUNDLE", "")
    return Target(
        url=f"{scheme}://{name}{port}",
        resolve=f"{name}={address.host}:{address.port}",
        ca_bundle=str((project.paths.root / bundle).resolve()) if bundle else "",
        login=probe.username,
        password=probe.password,
        token=probe.token,
        metrics_url=_metrics_url(project),
    )


def now(project: Project, values: Mapping[str, str]) -> Now:
    """As Docker, PostgreSQL and the environment file say."""
    host = json.loads(compose.run_well(docker("info", "--format", "{{json .}}")))
    limit = _most_connections(project, values)
    return Now(
        processors=int(host["NCPU"]),
        memory_bytes=int(host["MemTotal"]),
        replicas=max(1, len(facts.gather(project).backends)),
        processes=int(values.get("WEB_CONCURRENCY") or 1),
        pool=int(values.get("DATABASE_POOL_SIZE") or DEFAULT_POOL),
        max_connections=limit,
    )


def _most_connections(project: Project, values: Mapping[str, str]) -> int:
    """That backends may open: PgBouncer's, where it stands between."""
    if values.get("DATABASE_POOLER") == "on":
        return MOST_CLIENTS
    said = compose.run(facts.psql(project, "SHOW max_connections"))
    return int(said.out) if said.ok else MAX_CONNECTIONS


def _metrics_url(project: Project) -> str:
    """None where nobody watches: then the figures stand in the report alone."""
    try:
        return f"{prometheus.of(project).url}/api/v1/write"
    except Unreachable:
        return ""
