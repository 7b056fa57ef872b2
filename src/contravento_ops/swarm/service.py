"""One service of Compose as a Swarm understands it: pure, but for reading the files it is given."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contravento_ops.environment.variables.table import VARIABLES
from contravento_ops.swarm import prometheus, versioned_files
from contravento_ops.swarm.nodes import DATABASE, EDGE, ZONE
from contravento_ops.swarm.placement import (
    AT_THE_EDGE,
    EVERYWHERE,
    FILES_OF_RIDERS,
    JOBS,
    ROLLING,
    STAYING_VOLUMES,
)
from contravento_ops.swarm.unsupported import CERTIFICATE
from contravento_ops.swarm.versioned_files import VersionedFile

type Service = Mapping[str, Any]

OURS = "/opt/contravento"
WITH_SECRETS, LINGERING, HEALTHY = (
    f"{OURS}/with-secrets",
    f"{OURS}/lingering",
    f"{OURS}/healthy.py",
)
LINGER_SECONDS = 5
ONE_AT_A_TIME = ("flock", "--no-fork", "/var/lib/postgresql/one-at-a-time")
# A lost node closes no connection: else its backends would keep theirs, and locks, for hours.
LOST_CLIENTS = (
    "-ctcp_keepalives_idle=5",
    "-ctcp_keepalives_interval=3",
    "-ctcp_keepalives_count=3",
    "-ctcp_user_timeout=15s",
)
TOLD_BY_CHANCE = 12  # characters; a shorter secret may be part of a word
KEPT_AS_IT_IS = frozenset(
    {
        *("cap_add", "cap_drop", "healthcheck", "image", "init", "logging", "read_only"),
        *("stop_grace_period", "stop_signal", "sysctls", "user"),
    }
)
UNITS = {"k": 1024, "m": 1024**2, "g": 1024**3}


@dataclass(frozen=True, slots=True)
class Start:
    """What an image runs by itself."""

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Around:
    """What is the same for all services of a stack."""

    stack: str
    root: Path
    values: Mapping[str, str]
    subnet: str
    start_of: Callable[[str], Start]  # an image
    images: Mapping[str, str]
    watched_seconds: int

    @property
    def hidden(self) -> frozenset[str]:
        """What must be read nowhere."""
        return frozenset(
            value
            for name, value in self.values.items()
            if len(value) >= TOLD_BY_CHANCE and name in VARIABLES and VARIABLES[name].is_sensitive
        )


@dataclass(frozen=True, slots=True)
class Translated:
    document: dict[str, Any]
    kept: tuple[VersionedFile, ...]


def translate(name: str, service: Service, around: Around) -> Translated:
    """Raises Refusal where it has to be known what an image runs, and the image is nowhere."""
    said = _settings(name, service, around)
    secrets = [
        versioned_files.secret(around.stack, each, value.encode())
        for each, value in said.items()
        if _is_secret(each, value, around)
    ]
    hidden = {secret.target.rpartition("/")[2] for secret in secrets}
    mounts, files = _mounts(name, service, around)
    files += _own_files(name, around, has_secrets=bool(secrets))
    document = {each: service[each] for each in KEPT_AS_IT_IS if service.get(each) is not None}
    document |= {
        "image": around.images.get(service["image"], service["image"]),
        "environment": {each: value for each, value in said.items() if each not in hidden},
        "networks": _networks(name, service),
        "volumes": [*mounts, *_memory(service)],
        "deploy": _deploy(name, service, mounts, around),
        **_words(name, service, around, has_secrets=bool(secrets)),
        **_ports(service),
    }
    if health := _health(name, service, has_secrets=bool(secrets)):
        document["healthcheck"] = health
    both = (*secrets, *files)
    document["secrets"] = [each.reference for each in both if each.is_secret]
    document["configs"] = [each.reference for each in both if not each.is_secret]
    return Translated(document, both)


def _settings(name: str, service: Service, around: Around) -> dict[str, str]:
    found = {each: value or "" for each, value in (service.get("environment") or {}).items()}
    if "TRUSTED_PROXIES" in found:
        found["TRUSTED_PROXIES"] = around.subnet  # tasks have no address of their own choice
    if name == "nginx":
        found["UPSTREAM_KEEPALIVE"] = "off"  # a lost node would swallow what is sent on one
    return found


def _is_secret(name: str, value: str, around: Around) -> bool:
    is_named = name in VARIABLES and VARIABLES[name].is_sensitive
    return bool(value) and (is_named or any(each in value for each in around.hidden))


def _own_files(name: str, around: Around, *, has_secrets: bool) -> list[VersionedFile]:
    """What a container needs here and not with Compose."""
    wanted = [WITH_SECRETS] if has_secrets else []
    wanted += [LINGERING, HEALTHY] if name == "backend" else []
    folder = around.root / "deploy" / "swarm"
    files = [_file(folder / Path(each).name, each, around) for each in wanted]
    return files + (list(_certificate(around)) if name == "nginx" else [])


def _certificate(around: Around) -> Iterator[VersionedFile]:
    folder = around.values.get("CERTIFICATE_FOLDER")
    for name in CERTIFICATE if folder else ():
        target = f"/etc/letsencrypt/live/{around.values['DOMAIN']}/{name}"
        yield versioned_files.secret(
            around.stack, name, (Path(str(folder)) / name).read_bytes(), target
        )


# --- what runs ------------------------------------------------------------------------------------


def _words(name: str, service: Service, around: Around, *, has_secrets: bool) -> dict[str, Any]:
    before: tuple[str, ...] = (WITH_SECRETS,) if has_secrets else ()
    if name == "backend":
        before += (LINGERING, str(LINGER_SECONDS))
    if name == "postgres":
        before += ONE_AT_A_TIME
    if not before:
        return {each: service[each] for each in ("entrypoint", "command") if service.get(each)}
    after = LOST_CLIENTS if name == "postgres" else ()
    words = (*before, *_own_words(service, around), *after)
    return {"entrypoint": [words[0]], "command": list(words[1:])}


def _own_words(service: Service, around: Around) -> tuple[str, ...]:
    """As Docker puts them together: an entrypoint of the service's own hides both of the image."""
    entrypoint, command = service.get("entrypoint"), service.get("command")
    if entrypoint:
        return (*entrypoint, *(command or ()))
    image = around.start_of(service["image"])
    return (*image.entrypoint, *(command or image.command))


def _health(name: str, service: Service, *, has_secrets: bool) -> dict[str, Any] | None:
    found = dict(service.get("healthcheck") or {})
    test = found.get("test")
    if name == "backend":
        found["test"] = ["CMD", "python3", HEALTHY]
    elif test and has_secrets:
        words = test[1:] if test[0] == "CMD" else ["/bin/sh", "-c", *test[1:]]
        found["test"] = ["CMD", WITH_SECRETS, *words]
    return found or None


# --- where, how many, and how they are replaced ---------------------------------------------------


def _deploy(
    name: str, service: Service, mounts: list[dict[str, Any]], around: Around
) -> dict[str, Any]:
    said = service.get("deploy") or {}
    limits = dict(said.get("resources", {}).get("limits", {}))
    if "cpus" in limits:
        limits["cpus"] = str(limits["cpus"])
    found: dict[str, Any] = {"endpoint_mode": "dnsrr", "resources": {"limits": limits}}
    found["placement"] = _placement(name, mounts)
    is_global = name in (*AT_THE_EDGE, *EVERYWHERE)
    if name in JOBS:
        found["mode"] = "global-job" if is_global else "replicated-job"
        found["restart_policy"] = {"condition": "none"}
        return found
    if is_global:
        found["mode"] = "global"
    else:
        found["replicas"] = int(said.get("replicas") or 1)
    found["restart_policy"] = {"condition": "any", "delay": "2s"}
    found |= _replacing(name, around.watched_seconds)
    return found


def _placement(name: str, mounts: list[dict[str, Any]]) -> dict[str, Any]:
    if name in AT_THE_EDGE:
        return {"constraints": [f"node.labels.{EDGE}==true"]}
    own = {each["source"] for each in mounts if each["type"] == "volume"} - STAYING_VOLUMES
    if own or (name not in EVERYWHERE and any(mount["type"] == "bind" for mount in mounts)):
        return {"constraints": [f"node.labels.{DATABASE}==true"]}
    return {"preferences": [{"spread": f"node.labels.{ZONE}"}]}


def _replacing(name: str, watched_seconds: int) -> dict[str, Any]:
    """Whoever has a volume or a port of the node can never stand beside the next."""
    order = "start-first" if name in ROLLING else "stop-first"
    going_back = name in (*ROLLING, "nginx")
    common = {"parallelism": 1, "order": order, "monitor": f"{watched_seconds}s"}
    return {
        "update_config": {
            **common,
            "failure_action": "rollback" if going_back else "pause",
            "max_failure_ratio": 0,
        },
        "rollback_config": {**common, "failure_action": "pause", "max_failure_ratio": 0},
    }


def _networks(name: str, service: Service) -> dict[str, Any]:
    """Without addresses. Who sees no network with Compose gets one that leads nowhere."""
    if service.get("network_mode"):
        return {"data": {}}
    named = service.get("networks") or {}
    return {
        each: {"aliases": said["aliases"]} if said and said.get("aliases") else {}
        for each, said in named.items()
    }


def _ports(service: Service) -> dict[str, Any]:
    """A port of the node itself. A Swarm would open to all what Compose opens to the host."""
    ports = [
        {
            "mode": "host",
            "target": port["target"],
            "published": int(port["published"]),
            "protocol": port["protocol"],
        }
        for port in service.get("ports") or ()
        if not port.get("host_ip")
    ]
    return {"ports": ports} if ports else {}


# --- what it sees ---------------------------------------------------------------------------------


def _mounts(
    name: str, service: Service, around: Around
) -> tuple[list[dict[str, Any]], list[VersionedFile]]:
    mounts: list[dict[str, Any]] = []
    files: list[VersionedFile] = []
    for volume in service.get("volumes") or ():
        if volume["type"] == "bind" and (found := _files(volume, around)) is not None:
            files += found
        elif not _is_dropped(name, volume, around):
            mounts.append(_mount(volume))
    return mounts, files


def _mount(mount: Mapping[str, Any]) -> dict[str, Any]:
    """What `prepare` has handed over an image would take back while it is empty."""
    if mount["type"] == "bind":
        return {**mount, "bind": {}}
    if mount["source"] in STAYING_VOLUMES:
        return {**mount, "volume": {"nocopy": True}}
    return dict(mount)


def _is_dropped(name: str, mount: Mapping[str, Any], around: Around) -> bool:
    if name in ROLLING and mount["source"] == FILES_OF_RIDERS:
        return True  # they are in S3
    has_certificate = name == "nginx" and "CERTIFICATE_FOLDER" in around.values
    return has_certificate and mount["source"] == "ssl_certificates"


def _files(mount: Mapping[str, Any], around: Around) -> list[VersionedFile] | None:
    """Of this folder, or the one file that is named; None for what is the node's own."""
    source = Path(mount["source"])
    if source == Path("/dev/null"):
        return []
    if source.is_file():
        return [_file(source, mount["target"], around)]
    if not source.is_relative_to(around.root):
        return None
    inside = [path for path in sorted(source.rglob("*")) if path.is_file()]
    return [
        _file(each, f"{mount['target']}/{each.relative_to(source).as_posix()}", around)
        for each in inside
        if "__pycache__" not in each.parts
    ]


def _file(source: Path, target: str, around: Around) -> VersionedFile:
    """A secret where one is written in it, as in the environment file, wherever that lies."""
    content = source.read_bytes()
    if any(each.encode() in content for each in around.hidden):
        return versioned_files.secret(around.stack, source.name, content, target)
    if source.name in prometheus.CHANGED:
        content = prometheus.CHANGED[source.name](content.decode()).encode()
    return versioned_files.config(around.stack, source, target, content)


def _memory(service: Service) -> Iterator[dict[str, Any]]:
    """Owners and modes cannot be said here; anybody in the container may write there."""
    for tmpfs in service.get("tmpfs") or ():
        target, _, options = tmpfs.partition(":")
        said = dict(option.partition("=")[::2] for option in options.split(","))
        yield {"type": "tmpfs", "target": target, "tmpfs": {"size": _bytes(said["size"])}}
    if "shm_size" in service:
        size = int(service["shm_size"])
        yield {"type": "tmpfs", "target": "/dev/shm", "tmpfs": {"size": size}}  # noqa: S108


def _bytes(written: str) -> int:
    return int(written[:-1]) * UNITS[written[-1].lower()] if written[-1].isalpha() else int(written)
