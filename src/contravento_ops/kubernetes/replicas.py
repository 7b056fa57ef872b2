"""How many pods there may be, by what PostgreSQL's connections allow: pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from contravento_ops.environment.consistency import (
    DEFAULT_POOL,
    KEPT_FOR_OTHERS,
    POOL_OVERFLOW,
    REPLICAS,
)
from contravento_ops.kit.paths import EnvironmentName

MAX_CONNECTIONS = 300  # in deploy/kubernetes/database; an external server needs as many
WORKER_CONNECTIONS = 12  # six of its queue, one for each job and its figures, and one to spare
SURGE = 1  # of each kind, while a release is replaced

WORKERS: Mapping[EnvironmentName, int] = {"staging": 1, "prod": 2}
MOST_WORKERS: Mapping[EnvironmentName, int] = {"staging": 2, "prod": 6}
MOST_WEB: Mapping[EnvironmentName, int] = {"staging": 2, "prod": 10}
INSTANCES: Mapping[EnvironmentName, int] = {"staging": 1, "prod": 3}


@dataclass(frozen=True, slots=True)
class Numbers:
    web: tuple[int, int]
    workers: tuple[int, int]
    instances: int


def numbers(environment: EnvironmentName, values: Mapping[str, str]) -> Numbers:
    """The least as in Compose; the most leaves every pod all connections it may ask for."""
    workers = MOST_WORKERS[environment]
    left = MAX_CONNECTIONS - KEPT_FOR_OTHERS - (workers + SURGE) * WORKER_CONNECTIONS
    most = left // connections_of_web(values) - SURGE
    return Numbers(
        web=(REPLICAS[environment], min(MOST_WEB[environment], most)),
        workers=(WORKERS[environment], workers),
        instances=INSTANCES[environment],
    )


def connections_of_web(values: Mapping[str, str]) -> int:
    """That one pod may ask for."""
    pool = int(values.get("DATABASE_POOL_SIZE", DEFAULT_POOL))
    return (pool + POOL_OVERFLOW) * int(values.get("WEB_CONCURRENCY", 1))
