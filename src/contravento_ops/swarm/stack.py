"""The whole stack: what `docker stack deploy` takes, and the secrets that go before it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from contravento_ops.environment import urls
from contravento_ops.swarm.placement import LEFT_OUT, OF_REDIS, OF_THE_DATABASE, PHASES
from contravento_ops.swarm.service import Around, Service, translate
from contravento_ops.swarm.versioned_files import VersionedFile

VERSION = "3.13"
OWNER = "contravento_owner"
PLAN = ("contravento", "migrate", "--plan", "--json")


@dataclass(frozen=True, slots=True)
class Stack:
    name: str
    document: Mapping[str, Any]
    kept: Mapping[str, VersionedFile]

    @property
    def services(self) -> frozenset[str]:
        return frozenset(self.document["services"])

    def part(self, names: tuple[str, ...]) -> dict[str, Any]:
        """These services, with what they need and nothing else; secrets are there already."""
        services = {name: self.document["services"][name] for name in names}
        wanted = {
            kind: {each["source"] for service in services.values() for each in service[kind]}
            for kind in ("configs", "secrets")
        }
        networks = {network for service in services.values() for network in service["networks"]}
        volumes = {
            volume["source"]
            for service in services.values()
            for volume in service["volumes"]
            if volume["type"] == "volume"
        }
        return {
            "version": VERSION,
            "services": services,
            "networks": _only(self.document["networks"], networks),
            "volumes": _only(self.document["volumes"], volumes),
            "configs": {
                config: {"name": config, "file": f"./configs/{config}"}
                for config in sorted(wanted["configs"])
            },
            "secrets": {
                secret: {"name": secret, "external": True} for secret in sorted(wanted["secrets"])
            },
        }


def make(config: Mapping[str, Any], around: Around) -> Stack:
    """Of what `docker compose config` says."""
    services = wanted_services(config["services"], around.values)
    translated = {name: translate(name, each, around) for name, each in sorted(services.items())}
    used = {network for service in translated.values() for network in service.document["networks"]}
    document = {
        "services": {name: each.document for name, each in translated.items()},
        "networks": {each: _network(each, config) for each in sorted(used)},
        "volumes": {name: {"name": each["name"]} for name, each in config["volumes"].items()},
    }
    kept = {each.name: each for service in translated.values() for each in service.kept}
    return Stack(around.stack, document, kept)


def wanted_services(
    services: Mapping[str, Service], values: Mapping[str, str]
) -> dict[str, Service]:
    """Without what a Swarm cannot do, and what runs elsewhere; with a look before migrating."""
    left_out = {*LEFT_OUT}
    if not has_own_database(values):
        left_out |= OF_THE_DATABASE
    if not has_own_redis(values):
        left_out |= OF_REDIS
    found = {name: each for name, each in services.items() if name not in left_out}
    migrate = dict(found["migrate"])
    if not has_own_database(values):
        migrate["environment"] = {**migrate["environment"], "DATABASE_URL": _owners_url(values)}
    return {**found, "migrate": migrate, "preflight": {**migrate, "command": list(PLAN)}}


def rest_of(services: frozenset[str]) -> tuple[str, ...]:
    """What is in no phase: backups and monitoring."""
    phased = {each for phase in PHASES for each in phase} | {"preflight"}
    return tuple(sorted(services - phased))


def has_own_database(values: Mapping[str, str]) -> bool:
    url = values.get("DATABASE_URL")
    return not url or urls.take_apart(url).host == "postgres"


def has_own_redis(values: Mapping[str, str]) -> bool:
    url = values.get("REDIS_URL")
    return not url or urls.take_apart(url).host == "redis"


def subnet_of(config: Mapping[str, Any]) -> str:
    """Of the network on which nginx asks backends."""
    return str(config["networks"]["application"]["ipam"]["config"][0]["subnet"])


def write(stack: Stack, folder: Path) -> None:
    """Configs as files, for `docker stack deploy`, and no others; no secret is written."""
    configs = folder / "configs"
    configs.mkdir(parents=True, exist_ok=True)
    wanted = {each.name: each for each in stack.kept.values() if not each.is_secret}
    for file in configs.iterdir():
        if file.name not in wanted:
            file.unlink()
    for each in wanted.values():
        (configs / each.name).write_bytes(each.content)


def as_json(part: Mapping[str, Any]) -> str:
    """YAML, too."""
    return json.dumps(part, indent=2) + "\n"


def _owners_url(values: Mapping[str, str]) -> str:
    """The server elsewhere, as the owner of the tables; what else the URL says stands."""
    there = values["DATABASE_URL"].rpartition("@")[2]
    password = quote(values["POSTGRES_OWNER_PASSWORD"], safe="")
    return f"postgresql+asyncpg://{OWNER}:{password}@{there}"


def _network(name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    said = config["networks"][name] or {}
    found: dict[str, Any] = {"driver": "overlay"}
    if said.get("internal"):
        found["internal"] = True
    if name == "application":
        found["ipam"] = {"config": [{"subnet": subnet_of(config)}]}
    return found


def _only(found: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: found[name] for name in sorted(names)}
