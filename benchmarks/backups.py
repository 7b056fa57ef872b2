"""What a backup costs riders, and how large and slow it is: staging in containers, taking turns.

python -m benchmarks.backups [TRIPS [POINTS [PAIRS]]]
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from tests.stack.backups import answer, figures, proven
from tests.stack.deployment import Deployment, deployed, wait_until
from tests.stack.docker import ROOT, docker

from benchmarks.files import make_gpx
from benchmarks.product import RIDERS, TRIPS
from contravento.tracks.pipeline import digest

DEFAULTS = 10_000, 10_000, 3  # trips, points, pairs
VISITORS, PAUSE_SECONDS = 4, 0.05
LEAST_SECONDS, FIRST_SET_SECONDS = 5.0, 180
PATHS = ("/api/v1/feed", "/", "/health")
UNWATCHED = "tests/stack/unwatched.test.yml"
# A track for each trip, with a file of points that differs from every other by its last bytes.
TRACKS = """
    INSERT INTO tracks (trip_id, file_name, file_bytes, file_key, state, points_key)
    SELECT id, 'day.gpx', 1, 'tracks/00/' || lpad(to_hex(row_number() OVER (ORDER BY id)), 30, '0'),
        'ready', 'tracks/00/' || lpad(to_hex(row_number() OVER (ORDER BY id)), 30, '0') FROM trips
"""
WRITE = """
import pathlib, sys
folder, content = pathlib.Path("/var/lib/contravento/storage/tracks/00"), sys.stdin.buffer.read()
folder.mkdir(parents=True, exist_ok=True)
for number in range(1, {trips} + 1):
    (folder / f"{{number:030x}}").write_bytes(content + number.to_bytes(8, "big"))
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """95th percentiles in milliseconds, one after the other."""

    quiet: float
    busy: float


def main() -> None:
    given = [int(argument) for argument in sys.argv[1:]]
    trips, points, pairs = (*given, *DEFAULTS[len(given) :])
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
    with tempfile.TemporaryDirectory() as name, _staging(Path(name)) as staging:
        wait_until(lambda: proven(staging), FIRST_SET_SECONDS, "the service proves its first set")
        size = _store_measures(staging, trips, points)
        print(
            f"{trips} trips, {points} points each, {size / 1e3:.0f} kB packed; load average"
            f" {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        )
        _measure_sets(staging)
        _measure_riders(staging, pairs)


@contextmanager
def _staging(folder: Path) -> Iterator[Deployment]:
    with deployed("staging", folder, "bench", overlays=(UNWATCHED,)) as found:
        yield found


def _store_measures(staging: Deployment, trips: int, points: int) -> int:
    packed = digest(make_gpx(points), "day.gpx").packed
    no_covers = "UPDATE trips SET cover = NULL"  # they would show photos that are not there
    for statement in (RIDERS, TRIPS % (1, trips), no_covers, TRACKS, "VACUUM ANALYZE"):
        staging.psql(statement)
    script = WRITE.format(trips=trips)
    line = ("docker", *staging.compose_line, "exec", "-T", "backend", "python3", "-c", script)
    subprocess.run(line, input=packed, check=True, capture_output=True)
    return len(packed)


def _measure_sets(staging: Deployment) -> None:
    """The first copies every file; the next only what is new."""
    for words in ("the first set", "the next set"):
        begun = time.monotonic()
        found = answer(staging, "now", "--no-drill")
        print(
            f"{words}: taken in {time.monotonic() - begun:.1f} s,"
            f" {found['rows']} rows, {found['files']['count']} files,"
            f" {found['files']['bytes'] / 1e6:.0f} MB"
        )
    found = answer(staging, "drill")
    said = figures(staging)
    parts = {
        name: said[f'backup_set_bytes{{part="{name}"}}'] for name in ("database", "files", "wal")
    }
    print(
        f"{found['state']} in {found['drill_seconds']} s; "
        + ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in parts.items())
    )


# --- riders


def _measure_riders(staging: Deployment, count: int) -> None:
    """A backup with its drill, and as long a time without one; each is first as often as second."""
    pairs = [_pair(staging, is_busy_first=bool(number % 2)) for number in range(count)]
    for pair in pairs:
        print(f"p95 {pair.quiet:.0f} ms without, {pair.busy:.0f} ms with a backup")
    rise = median(pair.busy / pair.quiet for pair in pairs) - 1
    print(
        f"a backup raises p95 by {rise:.0%} (median of {count} pairs); goal: at most 20%;"
        f" load average {os.getloadavg()[0]:.1f}"
    )


def _pair(staging: Deployment, *, is_busy_first: bool) -> Pair:
    seconds = LEAST_SECONDS
    if is_busy_first:
        busy, seconds = _while_backing_up(staging)
        return Pair(_p95(staging, threading.Event(), seconds), busy)
    quiet = _p95(staging, threading.Event(), 4 * seconds)
    return Pair(quiet, _while_backing_up(staging)[0])


def _while_backing_up(staging: Deployment) -> tuple[float, float]:
    over, begun = threading.Event(), time.monotonic()

    def back_up() -> None:
        answer(staging, "now")
        over.set()

    work = threading.Thread(target=back_up)
    work.start()
    found = _p95(staging, over, 600)
    work.join()
    return found, time.monotonic() - begun


def _p95(staging: Deployment, over: threading.Event, seconds: float) -> float:
    """Of a few visitors, each of whom waits for an answer and a moment before asking again."""
    until, times = time.monotonic() + seconds, list[float]()

    def visit(number: int) -> None:
        with staging.client(certified=False, timeout=30) as client:
            while not over.is_set() and time.monotonic() < until:
                begun = time.monotonic()
                client.get(PATHS[number % len(PATHS)]).raise_for_status()
                times.append((time.monotonic() - begun) * 1000)
                over.wait(PAUSE_SECONDS)

    visitors = [threading.Thread(target=visit, args=(number,)) for number in range(VISITORS)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    return quantiles(times, n=20)[-1]


if __name__ == "__main__":
    main()
