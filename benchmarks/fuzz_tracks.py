"""Tries the reader with files that no device has written.

`python -m benchmarks.fuzz_tracks --minutes 10` changes real and made-up files at random. It ends
with 1, and keeps the file, where the reader raises anything but a refusal, takes too long or too
much memory, or tells something that cannot be.
"""

import math
import random
import re
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from benchmarks.files import make_gpx
from benchmarks.track_files import as_fit, as_tcx, with_extensions
from contravento.tracks.errors import UnreadableTrack
from contravento.tracks.pipeline import Digest, digest

SEEDS = Path(__file__).parents[1] / "tests" / "tracks"
LARGEST_SEED_BYTES = 300_000
SECONDS_A_FILE = 10
MEGABYTE = 1024 * 1024
ALLOWANCE_BYTES = 160 * MEGABYTE  # the atlas, and arrays of few points
TIMES_THE_FILE = 8
FASTEST_METRES_PER_SECOND = 42.0
KILOBYTE = 1024
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
ODD_NUMBERS = (
    *(b"0", b"-1", b"90", b"180.0001", b"1e308", b"-1e-308", b"nan", b"inf", b"1_0", b"0x1"),
    *(b"999999999999999999999", b"", b"1970-01-01T00:00:00Z", b"\xd9\xa1", b"<", b"&amp;", b"&"),
)


class TookTooLong(Exception):
    pass


class CannotBe(Exception):
    """Something that the reader tells of a file is not so."""


def main(
    minutes: Annotated[float, typer.Option(help="How long to try.")] = 10,
    seed: Annotated[int, typer.Option(help="The same files for the same number.")] = 0,
    keep: Annotated[Path, typer.Option(help="Where a file that breaks the reader goes.")] = Path(
        "test-results/fuzz"
    ),
) -> None:
    tried = fuzz(minutes * 60, seed, keep)
    typer.echo(f"{tried} files in {minutes:g} minutes: no crash, no hang, nothing that cannot be")


def fuzz(seconds: float, seed: int, keep: Path) -> int:
    """How many files were tried; ends the program where one breaks the reader."""
    chance = random.Random(seed)
    seeds = load_seeds()
    signal.signal(signal.SIGALRM, _end)
    until, tried = time.monotonic() + seconds, 0
    digest(seeds[0], "")  # what is loaded once is not counted against a file
    while time.monotonic() < until:
        content = change(chance, seeds)
        try:
            check(content)
        except UnreadableTrack:
            pass
        except Exception as error:  # noqa: BLE001 any is a finding
            keep.mkdir(parents=True, exist_ok=True)
            file = keep / f"seed-{seed}-{tried}"
            file.write_bytes(content)
            typer.echo(f"{file}: {type(error).__name__}: {error}", err=True)
            sys.exit(1)
        tried += 1
    return tried


def load_seeds() -> list[bytes]:
    """Small real files, the cases, and one of each format."""
    files = [path for folder in ("files", "cases") for path in sorted((SEEDS / folder).iterdir())]
    contents = [path.read_bytes() for path in files if path.suffix != ".md"]
    gpx = make_gpx(300)
    made = [gpx, with_extensions(gpx), as_tcx(gpx), as_fit(gpx)]
    return made + [each for each in contents if len(each) <= LARGEST_SEED_BYTES]


def change(chance: random.Random, seeds: list[bytes]) -> bytes:
    """One of the files with some of it changed."""
    content = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(content) + 1)
        match chance.randrange(7):
            case 0:
                content[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del content[at : at + chance.randrange(1, 200)]
            case 2:
                content[at:at] = content[at : at + chance.randrange(1, 2_000)]
            case 3:
                del content[at:]
            case 4:
                other = chance.choice(seeds)
                start = chance.randrange(len(other))
                content[at:at] = other[start : start + chance.randrange(1, 2_000)]
            case 5:
                content[at : at + 4] = chance.randbytes(4)
            case _:
                _change_number(chance, content, at)
    return bytes(content)


def _change_number(chance: random.Random, content: bytearray, at: int) -> None:
    if found := NUMBER.search(content, at):
        content[found.start() : found.end()] = chance.choice(ODD_NUMBERS)


def check(content: bytes) -> None:
    """Raises UnreadableTrack as the reader does, and anything else where it is at fault."""
    before = _most_bytes()
    signal.alarm(SECONDS_A_FILE)
    try:
        read = digest(content, "odd")
    finally:
        signal.alarm(0)
    more = _most_bytes() - before
    if more > ALLOWANCE_BYTES + TIMES_THE_FILE * len(content):
        raise CannotBe(f"took {more / MEGABYTE:.0f} MB")
    for fault in faults_of(read):
        raise CannotBe(fault)


def faults_of(read: Digest) -> Iterator[str]:
    """What cannot be in the figures of a ride."""
    of = read.measures
    if not math.isfinite(of.distance_metres) or of.distance_metres < 0:
        yield f"a distance of {of.distance_metres}"
    if of.moving_seconds is not None and of.moving_seconds > (of.elapsed_seconds or 0):
        yield f"moved {of.moving_seconds} s of {of.elapsed_seconds} s"
    if of.top_speed is not None and of.top_speed > FASTEST_METRES_PER_SECOND:
        yield f"a top speed of {3.6 * of.top_speed:.0f} km/h"
    for climb in of.climbs:
        if not 0 < climb.gain_metres < climb.length_metres * 100:
            yield f"a climb of {climb.gain_metres} m on {climb.length_metres} m"


def _most_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KILOBYTE


def _end(number: int, frame: FrameType | None) -> None:
    raise TookTooLong(f"more than {SECONDS_A_FILE} s")


if __name__ == "__main__":
    typer.run(main)
