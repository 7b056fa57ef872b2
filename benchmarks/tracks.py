"""Reading track files: CPU against other libraries in the same process, and memory.

`python -m benchmarks.tracks` prints these figures alone.
"""

import gc
import multiprocessing
import re
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from statistics import median

import fitdecode
import gpxpy
import psutil
from rich.console import Console
from rich.table import Table
from tcxreader.tcxreader import TCXReader

from benchmarks.files import make_gpx
from benchmarks.track_files import as_fit, as_tcx, with_extensions
from contravento.tracks.pipeline import digest
from contravento.tracks.reading.read import read_recording

POINTS = 100_000
ROUNDS = 3
KILOBYTE = 1024

type Reader = Callable[[bytes], object]


def print_tables(console: Console, points: int = POINTS) -> None:
    gpx = make_gpx(points)
    rows: list[tuple[str, bytes, str, Reader, tuple[str, str]]] = [
        ("GPX", gpx, "gpxpy", _gpxpy, ("30", "20")),
        ("GPX with extensions", with_extensions(gpx), "gpxpy", _gpxpy, ("20", "")),
        ("TCX", as_tcx(gpx), "tcxreader", _tcxreader, ("8", "")),
        ("FIT", as_fit(gpx), "fitdecode", _fitdecode, ("25", "")),
    ]
    table = Table(
        *(f"{points:,} points", "MB", "read and cleaned s", "whole s", "other", "other s"),
        *("read: times", "goal", "whole: times", "goal", "memory: times the file"),
        title="Track files: CPU against others in the same process, memory in one of its own",
        title_justify="left",
    )
    for name, content, other, parse, goals in rows:
        read, whole, theirs = _take_turns(content, parse)
        table.add_row(
            *(name, f"{len(content) / 1e6:.1f}", f"{read:.3f}", f"{whole:.3f}"),
            *(other, f"{theirs:.2f}"),
            *(f"{theirs / read:.1f}", goals[0], f"{theirs / whole:.1f}", goals[1]),
            f"{peak_bytes(content) / len(content):.1f}",
        )
    console.print(table)
    console.print("medians of CPU seconds, contenders by turns; goals are how many times faster\n")


def _take_turns(content: bytes, parse: Reader) -> tuple[float, float, float]:
    rounds = [
        (
            _cpu(lambda: read_recording(content)),
            _cpu(lambda: digest(content, "")),
            _cpu(lambda: parse(content)),
        )
        for _ in range(ROUNDS)
    ]
    read, whole, theirs = zip(*rounds, strict=True)
    return median(read), median(whole), median(theirs)


def _cpu(work: Callable[[], object]) -> float:
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started


def peak_bytes(content: bytes) -> int:
    """What a fresh process takes for a file besides what it has before; the file counts."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return pool.apply(_grow, (file.name,))


def _grow(name: str) -> int:
    before = psutil.Process().memory_info().rss
    Path("/proc/self/clear_refs").write_text("5")  # forgets the greatest so far
    digest(Path(name).read_bytes(), "")
    (greatest,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(greatest) * KILOBYTE - before


def _gpxpy(content: bytes) -> object:
    return gpxpy.parse(content.decode())


def _tcxreader(content: bytes) -> object:
    return TCXReader().read(BytesIO(content), only_gps=False)


def _fitdecode(content: bytes) -> object:
    with fitdecode.FitReader(BytesIO(content)) as reader:
        return [frame for frame in reader if isinstance(frame, fitdecode.FitDataMessage)]


if __name__ == "__main__":
    print_tables(Console(width=160))
