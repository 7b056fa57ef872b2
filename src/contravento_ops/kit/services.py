"""Which Compose service plays which part: the one table that every command asks."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    APPLICATION = "a release replaces it, a new one beside the old one"
    DATA = "keeps what riders wrote"
    EDGE = "stands between riders and the application, or sends their mail"
    ONE_OFF = "does its work at each start and ends"
    BACKUP = "takes and proves backups; riders do without"
    MONITORING = "watches; riders do without"
    CLIENTS = "lets clients of this host in; riders do without"
    BY_HAND = "runs only when it is asked for"


ROLES: Mapping[str, Role] = {
    "backend": Role.APPLICATION,
    "worker": Role.APPLICATION,
    "postgres": Role.DATA,
    "redis": Role.DATA,
    "nginx": Role.EDGE,
    "certbot": Role.EDGE,
    "pooler": Role.EDGE,
    "mail": Role.EDGE,
    "prepare": Role.ONE_OFF,
    "backup-prepare": Role.ONE_OFF,
    "static": Role.ONE_OFF,
    "roles": Role.ONE_OFF,
    "pooler-role": Role.ONE_OFF,
    "migrate": Role.ONE_OFF,
    "backup": Role.BACKUP,
    "drill": Role.BACKUP,
    "prometheus": Role.MONITORING,
    "alertmanager": Role.MONITORING,
    "grafana": Role.MONITORING,
    "blackbox": Role.MONITORING,
    "containers": Role.MONITORING,
    "node-exporter": Role.MONITORING,
    "postgres-exporter": Role.MONITORING,
    "redis-exporter": Role.MONITORING,
    "nginx-exporter": Role.MONITORING,
    "tools": Role.CLIENTS,
    "restore": Role.BY_HAND,
    "restore-files": Role.BY_HAND,
    "restore-look": Role.BY_HAND,
    "files": Role.BY_HAND,
    "database": Role.BY_HAND,
}


def of(*roles: Role) -> frozenset[str]:
    return frozenset(name for name, role in ROLES.items() if role in roles)


APPLICATION = of(Role.APPLICATION)
ONE_OFF = of(Role.ONE_OFF)
MONITORING = of(Role.MONITORING)
DISPENSABLE = of(
    Role.MONITORING, Role.BACKUP, Role.CLIENTS
)  # no release is taken back for their sake
RESTORE = ("restore", "restore-files", "restore-look")
EXPORTER_OF_CONTAINERS, KEEPER_OF_THE_FILE = "containers", "backup-prepare"
NEVER_REPLACED = frozenset({"postgres", "nginx"})  # on one host, nobody could do that unnoticed
