"""A track's line in levels, each finer than the one before, and what is drawn of several tracks.

A level holds the points that a line needs at its tolerance and did not need at the one before it.
They are made once, when a file is read; whoever draws reads as many as it asks for, and never more
than MOST_POINTS_DRAWN points, whatever was uploaded.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import orjson
from isal import isal_zlib
from numpy.typing import NDArray

from contravento.tracks.analysis.measures import longest_segments
from contravento.tracks.columns import Columns, pack_column
from contravento.tracks.recording import Recording

MOST_POINTS_DRAWN = 50_000  # about a megabyte of JSON; no screen shows more
MOST_SEGMENTS_DRAWN = MOST_POINTS_DRAWN // 2  # each has two ends
DECIMALS = 6  # a tenth of a metre
DEGREE = 10**DECIMALS
POSITION_BYTES = 5
INDEX_BYTES = 4
COMPRESSION = 2

# Metres, from coarse to fine. The first level has the ends of segments besides.
_STEPS = (10.0, 7.0, 5.0, 3.0, 2.0, 1.5)
_UNITS = (10_000.0, 1_000.0, 100.0, 10.0, 1.0, 0.1)
LADDER = (*(round(step * unit, 2) for unit in _UNITS for step in _STEPS), 0.0)


@dataclass(frozen=True, slots=True)
class Level:
    """`points` of this level alone."""

    points: int
    packed: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Points of some levels in the order they were ridden; parallel arrays."""

    index: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    segment: NDArray[np.int64]


def pack_levels(recording: Recording, significance: NDArray[np.float32]) -> list[Level]:
    """As many levels as have MOST_POINTS_DRAWN points together, the coarsest in any case.

    Of more than MOST_SEGMENTS_DRAWN segments the longest are in the line, the others are not.
    """
    drawn = longest_segments(recording, MOST_SEGMENTS_DRAWN)
    weights = np.where(drawn[recording.segment], significance, -1.0)
    levels, total, above = list[Level](), 0, np.inf
    for tolerance in LADDER:
        is_first = not levels
        chosen = np.flatnonzero((weights >= tolerance) & (is_first | (weights < above)))
        total, above = total + len(chosen), tolerance
        if levels and total > MOST_POINTS_DRAWN:
            break
        levels.append(Level(len(chosen), _pack(recording, chosen[:MOST_POINTS_DRAWN])))
    return levels


def step_of(tolerance_metres: float) -> float:
    """The coarsest step of the ladder that is as fine as this; tolerances are not negative."""
    return next(step for step in LADDER if step <= tolerance_metres)


def affordable_levels(level_points: Sequence[Sequence[int]], tolerance_metres: float) -> int:
    """How many levels to draw of tracks with so many points at each: down to the first that is as
    fine as the tolerance, or as many as have few enough points together; one in any case."""
    wanted = 1 + LADDER.index(step_of(tolerance_metres))
    finest = min(wanted, *(len(points) for points in level_points))
    for count in range(finest, 1, -1):
        if sum(sum(points[:count]) for points in level_points) <= MOST_POINTS_DRAWN:
            return count
    return 1


def read_levels(levels: Sequence[bytes]) -> Line:
    """The line that these levels of one track make together. Raises ValueError and zlib.error."""
    columns = [_unpack(level) for level in levels]
    index, lon, lat, segment = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.argsort(index, kind="stable")
    return Line(index[order], lon[order] / DEGREE, lat[order] / DEGREE, segment[order])


def draw_lines(lines: Sequence[Line], tolerance_metres: float) -> bytes:
    """A GeoJSON Feature with one MultiLineString, one line of [lon, lat] for each segment of each
    track. A segment of one point is that point twice, since a line has at least two."""
    coordinates = [part for line in lines for part in _parts(line, MOST_POINTS_DRAWN)]
    if sum(map(len, coordinates)) > MOST_POINTS_DRAWN:
        share = MOST_POINTS_DRAWN // len(lines)
        coordinates = [part for line in lines for part in _parts(line, share)]
    feature = {
        "type": "Feature",
        "properties": {
            "tolerance_metres": tolerance_metres,
            "points": sum(len(part) for part in coordinates),
        },
        "geometry": {"type": "MultiLineString", "coordinates": coordinates},
    }
    return orjson.dumps(feature, option=orjson.OPT_SERIALIZE_NUMPY)


def _parts(line: Line, most_points: int) -> Iterator[NDArray[np.float64]]:
    """A part for each segment, as long as there is room for the whole of it."""
    places = np.stack((line.lon, line.lat), axis=1)
    cuts = np.flatnonzero(np.diff(line.segment)) + 1
    room = most_points
    for part in np.split(places, cuts):
        drawn = part if len(part) > 1 else np.repeat(part, 2, axis=0)
        room -= len(drawn)
        if room < 0:
            return
        yield drawn


def _pack(recording: Recording, chosen: NDArray[np.intp]) -> bytes:
    columns = (
        (chosen.astype(np.int64), INDEX_BYTES),
        (np.rint(recording.lon[chosen] * DEGREE).astype(np.int64), POSITION_BYTES),
        (np.rint(recording.lat[chosen] * DEGREE).astype(np.int64), POSITION_BYTES),
        (recording.segment[chosen].astype(np.int64), INDEX_BYTES),
    )
    return isal_zlib.compress(b"".join(pack_column(*column) for column in columns), COMPRESSION)


def _unpack(level: bytes) -> tuple[NDArray[np.int64], ...]:
    body = zlib.decompress(level)
    widths = (INDEX_BYTES, POSITION_BYTES, POSITION_BYTES, INDEX_BYTES)
    columns = Columns(body, 0, len(body) // sum(widths))
    return tuple(columns.take(width) for width in widths)
