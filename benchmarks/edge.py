"""What nginx' keeping of signed-out answers brings: dev in containers, with and without, in turns.

python -m benchmarks.edge [TRIPS]

Both go through the same nginx to the same backend; a request with an Origin is never answered from
what was kept. The goal is five times the throughput of the feed.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.stack.deployment import Deployment, deployed
from tests.stack.docker import ROOT, docker

from benchmarks.load import Load, load, middle
from benchmarks.product import RIDERS, TRIPS

DEFAULT_TRIPS = 10_000
ROUNDS, SECONDS = 3, 4.0
GOAL = 5.0
ASKS_THE_APPLICATION = "Origin: http://127.0.0.1"
PATHS = {"feed of 20, JSON": "/api/v1/feed", "front page": "/", "riders": "/riders"}

console = Console(width=110)


def main() -> None:
    trips = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_TRIPS
    docker(
        "build",
        "--quiet",
        "--tag",
        "contravento:bench",
        "--file",
        "deploy/images/contravento.Dockerfile",
        str(ROOT),
        timeout=900,
    )
    with tempfile.TemporaryDirectory() as name, _dev(Path(name)) as dev:
        for statement in (RIDERS, TRIPS % (1, trips), "VACUUM ANALYZE"):
            dev.psql(statement)
        console.print(_measure(dev, trips))
        console.print(
            f"goal: {GOAL:.0f} times; load average {os.getloadavg()[0]:.1f}"
            f" on {os.cpu_count()} cores, shared with who asks"
        )


@contextmanager
def _dev(folder: Path) -> Iterator[Deployment]:
    with deployed("dev", folder, "bench", settings={"EDGE_CACHE": "on"}) as found:
        yield found


def _measure(dev: Deployment, trips: int) -> Table:
    port = dev.port("HTTP")
    table = Table(
        *(f"{trips:,} trips, 10 connections", "the application: requests/s", "p95 ms"),
        *("kept by nginx: requests/s", "p95 ms", "ratio"),
        title="Readers who have not signed in, through nginx",
        title_justify="left",
    )
    for name, path in PATHS.items():
        pairs = [_pair(port, path) for _ in range(ROUNDS)]
        asked, kept = (middle([pair[side] for pair in pairs]) for side in (0, 1))
        table.add_row(
            *(name, f"{asked.per_second:.0f}", f"{asked.p95:.1f}"),
            *(f"{kept.per_second:.0f}", f"{kept.p95:.1f}"),
            f"{kept.per_second / asked.per_second:.1f}",
        )
    return table


def _pair(port: int, path: str) -> tuple[Load, Load]:
    asked = load(port, path, seconds=SECONDS, header=ASKS_THE_APPLICATION)
    return asked, load(port, path, seconds=SECONDS)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(error.stderr)
