"""What of an environment file becomes a ConfigMap, and what Secrets."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from contravento_ops.environment import urls
from contravento_ops.environment.variables.application import FILES, LOGS, MAIL, SECRETS, SITE
from contravento_ops.environment.variables.table import VARIABLES
from contravento_ops.kit.paths import EnvironmentName

type Values = Mapping[str, str]

# What Compose gives backend and worker; a test compares.
APPLICATION = (
    *(
        variable.name
        for section in (SITE, SECRETS, FILES, MAIL, LOGS)
        for variable in section.variables
    ),
    *(
        "DATABASE_URL",
        "DATABASE_DIRECT_URL",
        "DATABASE_WAIT_SECONDS",
        "DATABASE_POOL_SIZE",
        "DATABASE_REPLICA_URL",
        "DATABASE_REPLICA_MAX_LAG_SECONDS",
        "REDIS_URL",
        "SENTRY_DSN",
        "SENTRY_ENVIRONMENT",
    ),
)
NAMESPACES: Mapping[EnvironmentName, str] = {
    "staging": "contravento-staging",
    "prod": "contravento",
}
PRIMARY = "postgres-rw"  # what CloudNativePG calls the one that takes writes
DATABASE = "contravento"
POSTGRES_PORT = "5432"
OWNER, MONITOR = "contravento_owner", "contravento_monitor"
# Pods have such addresses, riders on the internet have none: these are believed about who asks.
INSIDE = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7"


def has_own_server(values: Values) -> bool:
    """Whether PostgreSQL runs in the cluster, as it does beside Compose's backend."""
    return not urls.is_elsewhere(values)


def configuration(environment: EnvironmentName, values: Values, tag: str) -> dict[str, str]:
    """Everything that anybody may read."""
    open_ones = {
        name: values[name]
        for name in APPLICATION
        if name in values and not VARIABLES[name].is_sensitive
    }
    own = {"GIT_COMMIT": tag, "TRUSTED_PROXIES": INSIDE}
    hidden = {"X_ROBOTS_TAG": "noindex, nofollow"} if environment == "staging" else {}
    return {**open_ones, **own, **hidden}


def secrets(environment: EnvironmentName, values: Values) -> dict[str, Any]:
    """A list that `kubectl apply` takes."""
    kept = {
        name: values[name]
        for name in APPLICATION
        if name in values and VARIABLES[name].is_sensitive
    }
    app = _url(values, urls.APPLICATION_ROLE, values["POSTGRES_APP_PASSWORD"])
    found = {
        "contravento": {"REDIS_URL": urls.redis_url(values), **kept, "DATABASE_URL": app},
        "migrate": {
            "DATABASE_URL": values.get("DATABASE_OWNER_URL")
            or _url(values, OWNER, values["POSTGRES_OWNER_PASSWORD"]),
            "DATABASE_DIRECT_URL": "",  # the owner's own is direct already
        },
        "redis": {"REDIS_PASSWORD": values["REDIS_PASSWORD"]},
        "postgres-exporter": {
            "DATA_SOURCE_URI": f"{_place(values)}?{_checked(values)}",
            "DATA_SOURCE_USER": MONITOR,
            "DATA_SOURCE_PASS": values["POSTGRES_MONITOR_PASSWORD"],
        },
    }
    items = [_secret(environment, name, content) for name, content in found.items()]
    if has_own_server(values):
        items += _of_the_database(environment, values)
    return {"apiVersion": "v1", "kind": "List", "items": items}


def _of_the_database(environment: EnvironmentName, values: Values) -> list[dict[str, Any]]:
    roles = {
        "postgres-owner": (OWNER, values["POSTGRES_OWNER_PASSWORD"]),
        "postgres-app": (urls.APPLICATION_ROLE, values["POSTGRES_APP_PASSWORD"]),
        "postgres-monitor": (MONITOR, values["POSTGRES_MONITOR_PASSWORD"]),
    }
    signed = [
        _secret(
            environment,
            name,
            {"username": role, "password": password},
            kind="kubernetes.io/basic-auth",
            labels={"cnpg.io/reload": "true"},
        )
        for name, (role, password) in roles.items()
    ]
    keys = {
        "ACCESS_KEY_ID": values["BACKUP_S3_ACCESS_KEY"],
        "SECRET_ACCESS_KEY": values["BACKUP_S3_SECRET_KEY"],
        **({"REGION": values["BACKUP_S3_REGION"]} if "BACKUP_S3_REGION" in values else {}),
    }
    return [*signed, _secret(environment, "postgres-backups", keys)]


def _secret(
    environment: EnvironmentName,
    name: str,
    content: Mapping[str, str],
    kind: str = "Opaque",
    labels: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    own = {"app.kubernetes.io/part-of": "contravento", **(labels or {})}
    metadata = {"name": name, "namespace": NAMESPACES[environment], "labels": own}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": kind,
        "stringData": dict(content),
    }


def _url(values: Values, role: str, password: str) -> str:
    """What the file says of a server elsewhere stands, but for who signs in as the owner."""
    url = values.get("DATABASE_URL", "")
    if not has_own_server(values) and role != OWNER:
        return url
    options = _direct(values).partition("?")[2]
    address = f"postgresql+asyncpg://{role}:{quote(password, safe='')}@{_place(values)}"
    return f"{address}?{options}" if options else address


def _direct(values: Values) -> str:
    """Past a pooler, where there is one."""
    return values.get("DATABASE_DIRECT_URL") or values.get("DATABASE_URL", "")


def _checked(values: Values) -> str:
    """How the exporter sees who the server is; it believes the system's authorities by itself."""
    options = urls.take_apart(_direct(values)).options
    if has_own_server(values) or "sslmode" not in options:
        return "sslmode=prefer"
    root = options.get("sslrootcert", "system")
    return f"sslmode={options['sslmode']}" + (f"&sslrootcert={root}" if root != "system" else "")


def _place(values: Values) -> str:
    """Host, port and name of the database."""
    if has_own_server(values):
        return f"{PRIMARY}:{POSTGRES_PORT}/{DATABASE}"
    there = urls.take_apart(_direct(values))
    return f"{there.host}:{there.port or POSTGRES_PORT}/{there.path}"
