"""Prints the figures. Everything runs on this machine, bounded in time, and stops by itself."""

import os
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from statistics import median
from urllib.request import urlopen

import gpxpy
import psutil
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks import baseline, pages, product, tracks, watching
from benchmarks.files import make_gpx, make_photo
from benchmarks.load import ROUNDS, Load, load, middle, take_turns
from benchmarks.uploads import Upload, make_token, upload
from contravento.photos.rules import LONG_EDGE_PIXELS

POINTS = 100_000
BUSY_SHARE = 0.5  # of the cores, by what ran before
FEED = "/api/v1/feed"

console = Console(width=110)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        load_before = os.getloadavg()[0]
        with product.database(folder) as url:
            _measure(folder, url)
        (folder / "demo").mkdir()
        with product.database(folder / "demo") as url:
            console.print(pages.table_of(pages.compare(folder / "demo", url)))
        tracks.print_tables(console)
        console.print(tell_load(load_before, os.getloadavg()[0], os.cpu_count() or 1))


def tell_load(before: float, after: float, cores: int) -> str:
    """Figures of a machine that did other things, too, say less; they are shown all the same."""
    told = f"load average {before:.1f} before and {after:.1f} after, on {cores} cores"
    if before < BUSY_SHARE * cores:
        return told
    return f"{told}: other programs were busy, so expect better figures on a quiet machine"


def _measure(folder: Path, url: str) -> None:
    port = product.free_port()
    with product.web(folder, url, port) as web:
        product.fill(url, 1, 1_000)
        at_1_000 = _repeat(lambda: load(port, FEED))
        watched = watching.measure(folder, url)
        product.fill(url, 1_001, 10_000)
        _compare(folder, url, port)
        _measure_uploads(folder, url, port)
        memory = psutil.Process(web.pid).memory_info().rss / 1e6
        product.fill(url, 10_001, 100_000)
        at_100_000 = _repeat(lambda: load(port, FEED))
    table = Table(
        "what", "figure", "goal", title="Memory, watching and growth", title_justify="left"
    )
    table.add_row("memory of the web process after all that", f"{memory:.0f} MB", "under 200 MB")
    growth = at_1_000.per_second / at_100_000.per_second
    for kind, share in (("throughput", watched.of_throughput), ("CPU", watched.of_cpu)):
        table.add_row(f"metrics and request lines: {kind} of the feed", f"{share:.1%}", "under 5%")
    table.add_row("time of the feed at 100,000 trips : at 1,000", f"{growth:.2f}", "at most 1.2")
    console.print(table)


def _compare(folder: Path, url: str, port: int) -> None:
    """The feed against a bare route that returns the same bytes, taking turns."""
    bare = product.free_port()
    with urlopen(f"http://127.0.0.1:{port}{FEED}") as answer:
        baseline.keep(url, "feed", answer.read())
    with product.baseline(folder, url, bare):
        ours, theirs = take_turns(port, FEED, bare, "/bare/feed")
    table = Table(
        *("10,000 trips, 10 connections", "requests/s", "p95 ms", "bytes"),
        *("bare requests/s", "bare p95 ms", "ratio"),
        title="The feed against a bare route with one query and the same bytes",
        title_justify="left",
    )
    table.add_row(
        *("feed, JSON", f"{ours.per_second:.0f}", f"{ours.p95:.1f}", f"{ours.length}"),
        *(f"{theirs.per_second:.0f}", f"{theirs.p95:.1f}"),
        f"{ours.per_second / theirs.per_second:.2f}",
    )
    console.print(table)


def _repeat(measure: Callable[[], Load]) -> Load:
    return middle([measure() for _ in range(ROUNDS)])


def _measure_uploads(folder: Path, url: str, port: int) -> None:
    gpx, photo = make_gpx(POINTS), make_photo()
    token = make_token(url)
    with product.worker(folder, url) as worker:
        product.wait_for(port, "/health/ready")

        def ride() -> Upload:
            return upload(port, worker.pid, token, noun="tracks", file_name="b.gpx", content=gpx)

        def picture() -> Upload:
            return upload(port, worker.pid, token, noun="photos", file_name="b.jpg", content=photo)

        rides = [ride() for _ in range(ROUNDS)]
        pictures = [picture() for _ in range(ROUNDS)]
    table = Table(
        *("upload", "ready after s", "goal", "worker CPU s", "goal", "slowest /health ms", "goal"),
        *("baseline s",),
        title="From the upload's end until it is ready, and another rider meanwhile",
        title_justify="left",
    )
    for name, found, goals, against in (
        (f"GPX, {POINTS:,} points, {len(gpx) / 1e6:.1f} MB", rides, ("1.5", "1.0"), _gpxpy(gpx)),
        (f"photo, {len(photo) / 1e6:.1f} MB", pictures, ("1.0", ""), _plain_pillow(photo)),
    ):
        seconds = median(each.seconds for each in found)
        cpu = median(each.cpu_seconds for each in found)
        slowest = max(each.slowest_health for each in found)
        table.add_row(
            *(name, f"{seconds:.2f}", goals[0], f"{cpu:.2f}", goals[1]),
            *(f"{slowest:.0f}", "50", f"{against:.2f}"),
        )
    console.print(table)
    console.print("baselines: gpxpy parsing the same file; Pillow making four plain sizes of it\n")


def _gpxpy(content: bytes) -> float:
    started = time.perf_counter()
    gpxpy.parse(content.decode())
    return time.perf_counter() - started


def _plain_pillow(content: bytes) -> float:
    started = time.perf_counter()
    for edge in LONG_EDGE_PIXELS.values():
        picture = Image.open(BytesIO(content))
        picture.thumbnail((edge, edge))
        picture.save(BytesIO(), "JPEG", quality=80)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
