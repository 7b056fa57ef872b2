"""What runs at this moment, read from Docker: what plans are made of."""

from collections.abc import Mapping
from typing import Any

from contravento_ops.kit import compose, services
from contravento_ops.kit.compose import Call, Container, Project
from contravento_ops.kit.errors import CommandError, Exit
from contravento_ops.kit.services import Role
from contravento_ops.kit.site import Address
from contravento_ops.release import mounted_files, wait
from contravento_ops.release.plan import BESIDE, UPSTREAM, Facts

HTTPS, HTTP = 443, 80
RUNNING = ("running", "restarting")
NOT_BESIDE = services.of(Role.APPLICATION, Role.ONE_OFF, Role.BY_HAND)


def gather(project: Project) -> Facts:
    config = project.config()
    containers = project.containers()
    running = [container for container in containers if container.state in RUNNING]
    well = [container for container in running if wait.is_well(container)]
    configured: dict[str, Any] = config["services"]
    ended = [container for container in containers if container not in running]
    ill = [container for container in containers if container not in well]
    named = project.services()
    serving = tuple(name for name in named if name not in services.DISPENSABLE)
    beside = tuple(name for name in serving if name not in NOT_BESIDE)
    stale = mounted_files.stale(project, config, containers)
    return Facts(
        project=project,
        name=config["name"],
        backends=_names(well, "backend"),
        workers=_names(running, "worker"),
        replicas=_replicas(configured["backend"]),
        worker_replicas=_replicas(configured["worker"]),
        beside=beside or BESIDE,
        serving=serving,
        watching=tuple(name for name in named if name in services.DISPENSABLE),
        leftovers=(*_names(ill, "backend"), *_names(ended, "worker")),
        stale=stale,
        trials=tuple(
            mounted_files.trial(config, service)
            for service in stale
            if service in mounted_files.TRIALS
        ),
        has_database=not project.paths.has_own_database
        or any(each.service == "postgres" and each.is_well for each in running),
    )


def asked_by_nginx(project: Project) -> tuple[str, ...]:
    """The backends that nginx asks by name; none where it asks the service, or does not run."""
    done = compose.run(project.call("exec", "-T", "nginx", UPSTREAM, "show"))
    names = tuple(done.out.split()) if done.ok else ()
    return () if names == ("backend",) else names


def _names(containers: list[Container], service: str) -> tuple[str, ...]:
    """By their numbers, oldest first."""
    names = [container.name for container in containers if container.service == service]
    return tuple(sorted(names, key=lambda name: int(name.rpartition("-")[2])))


def _replicas(service: Mapping[str, Any]) -> int:
    return int(service.get("deploy", {}).get("replicas") or service.get("scale") or 1)


def address_of_site(project: Project, domain: str) -> Address:
    """Where nginx is published on this host. Raises CommandError where it is not."""
    for container in project.containers("nginx"):
        published = {target: (url, port) for url, port, target in container.ports}
        for target in (HTTPS, HTTP):
            if target in published:
                url, port = published[target]
                host = "127.0.0.1" if url in ("", "0.0.0.0", "::") else url  # noqa: S104
                return Address(host, port, domain, is_https=target == HTTPS)
    raise CommandError("nginx publishes no port on this host; is it running?", status=Exit.DOCKER)


def migration_of(project: Project) -> str | None:
    """What the database is at."""
    query = "SELECT version_num FROM alembic_version"
    done = compose.run(psql(project, query))
    return done.out.strip() or None if done.ok else None


def psql(project: Project, query: str) -> Call:
    """As the administrator, inside postgres' own container; elsewhere as the tables' owner."""
    if not project.paths.has_own_database:
        return project.call("run", "--rm", "--no-deps", "-T", "database", "-XAt", "-c", query)
    shell = 'psql -XAt -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "$0"'
    return project.call("exec", "-T", "postgres", "sh", "-c", shell, query)


def ip_of(container: str, network: str) -> str:
    """The container's address on the network whose name ends so."""
    networks = compose.inspect(container)["NetworkSettings"]["Networks"]
    return next(
        (str(each["IPAddress"]) for name, each in networks.items() if name.endswith(network)), ""
    )
