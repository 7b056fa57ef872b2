"""How many processes, connections and replicas this host carries: arithmetic. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

POOL_OVERFLOW = 10  # that each process may open besides its pool
KEPT_FOR_OTHERS = 10  # backups, exporters, somebody with psql
MOST_POOL, LEAST_POOL = 20, 5
BYTES_FOR_A_PROCESS = 250_000_000
SHARE_FOR_THE_WEB = 0.4  # of memory; database, worker and monitoring have the rest


@dataclass(frozen=True, slots=True)
class Now:
    """How the environment is set, and what there is for it."""

    processors: int
    memory_bytes: int
    replicas: int
    processes: int
    pool: int
    max_connections: int

    @property
    def usable(self) -> int:
        return self.max_connections - KEPT_FOR_OTHERS

    @property
    def needed(self) -> int:
        """At most, while one backend is being replaced."""
        return needed(self.replicas, self.processes, self.pool)


@dataclass(frozen=True, slots=True)
class Advice:
    replicas: int
    processes: int
    pool: int


def needed(replicas: int, processes: int, pool: int) -> int:
    return (replicas + 1) * processes * (pool + POOL_OVERFLOW)


def _in_all(now: Now) -> int:
    by_memory = int(now.memory_bytes * SHARE_FOR_THE_WEB // BYTES_FOR_A_PROCESS)
    return max(1, min(now.processors, by_memory))


def advise(now: Now) -> Advice:
    """One web process for each processor, as far as memory goes, spread over the replicas there
    are; and as many connections as then fit."""
    processes = max(1, _in_all(now) // now.replicas)
    while True:
        pool = now.usable // ((now.replicas + 1) * processes) - POOL_OVERFLOW
        if pool >= LEAST_POOL or processes == 1:
            return Advice(now.replicas, processes, max(1, min(MOST_POOL, pool)))
        processes -= 1


def asks_for_pooler(now: Now) -> bool:
    """Whether a process for each processor would leave some process fewer than the least pool."""
    wanted = max(1, _in_all(now) // now.replicas)
    return needed(now.replicas, wanted, LEAST_POOL) > now.usable


def sentences(now: Now) -> Iterator[str]:
    of = "fits" if now.needed <= now.usable else "does not fit"
    yield (
        f"Connections: ({now.replicas} replicas + 1 being replaced) × {now.processes} processes ×"
        f" ({now.pool} + {POOL_OVERFLOW}) = {now.needed}; {now.usable} can be used: that {of}."
    )
    advice = advise(now)
    gigabytes = now.memory_bytes / 1e9
    yield (
        f"For {now.processors} processors and {gigabytes:.0f} GB:"
        f" WEB_CONCURRENCY={advice.processes}, DATABASE_POOL_SIZE={advice.pool},"
        f" replicas {advice.replicas}."
    )
    if asks_for_pooler(now):
        wanted = max(1, _in_all(now) // now.replicas)
        yield (
            f"PgBouncer is asked for: {wanted} processes in each replica would need"
            f" {needed(now.replicas, wanted, LEAST_POOL)} connections even with"
            f" DATABASE_POOL_SIZE={LEAST_POOL}. DATABASE_POOLER=on lets them share."
        )
    if advice == Advice(now.replicas, now.processes, now.pool):
        yield "That is how it is set."
