"""A recording as few bytes, for keeping, so that whoever reads it need never hold all of it.

A header with a table of contents; the line in levels, coarse to fine (`geometry`); blocks of
points; a JSON text with all that is not an array. Each of them is a zlib stream of its own. In a
block each array stands as whole units, as differences from point to point, zigzagged to be
positive, and with the first byte of every number before the second of any, so that the many zero
bytes lie together.
"""

import json
import struct
import zlib
from dataclasses import asdict, dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from contravento.tracks import geometry
from contravento.tracks.columns import (
    PARTS_OF_METRE,
    Columns,
    pack_column,
    pack_gappy,
    pack_significance,
)
from contravento.tracks.recording import Recording, Remark, Waypoint

MAGIC, VERSION, WHOLE_VERSION = b"CVTR", 2, 1
HEADER = struct.Struct("<4sBIIHI")  # magic, version, points, bytes of JSON, levels, blocks
WHOLE_HEADER = struct.Struct("<4sBII")  # magic, version, points, bytes of JSON
LEVEL = struct.Struct("<II")  # points, bytes
BLOCK = struct.Struct("<I")  # bytes
COMPRESSION = 2
PACKED_ENDING = ".v2"  # of the keys of files in the present version
POINTS_PER_BLOCK = 8_192  # a few milliseconds for whoever reads one

POSITION_BYTES = 5  # a step across all longitudes, with its sign, takes 33 bits
DEGREE = 1e7
SECOND = 1e3

type Span = tuple[int, int]  # first byte, and the one behind the last


class UnknownPacking(ValueError):
    """These bytes were not made by this version of `pack`, or are damaged."""


class WholePacking(UnknownPacking):
    """These were made by an earlier version, as one stream that can only be read whole."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Where what stands in a packed file. `level_points` and `levels` go from coarse to fine."""

    points: int
    level_points: tuple[int, ...]
    levels: tuple[Span, ...]
    blocks: tuple[Span, ...]
    text: Span


def pack(recording: Recording, significance: NDArray[np.float32]) -> bytes:
    """Pack to 1e-7 degree, 1 cm of elevation, 1 ms, and 1 cm of significance, rounded down.

    Significance is `columns.LARGEST` at most, or infinite."""
    rest = {
        "tracks": recording.tracks,
        "track_starts": recording.track_starts,
        "name": recording.name,
        "waypoints": [asdict(waypoint) for waypoint in recording.waypoints],
        "report": [asdict(remark) for remark in recording.report],
    }
    text = isal_zlib.compress(json.dumps(rest, separators=(",", ":")).encode(), COMPRESSION)
    levels = geometry.pack_levels(recording, significance)
    blocks = [
        _pack_block(recording, significance, slice(first, first + POINTS_PER_BLOCK))
        for first in range(0, len(recording), POINTS_PER_BLOCK)
    ]
    header = [
        HEADER.pack(MAGIC, VERSION, len(recording), len(text), len(levels), len(blocks)),
        *(LEVEL.pack(level.points, len(level.packed)) for level in levels),
        *(BLOCK.pack(len(block)) for block in blocks),
    ]
    return b"".join([*header, *(level.packed for level in levels), *blocks, text])


def header_bytes(head: bytes) -> int:
    """How many bytes the table of contents takes, by the first `HEADER.size` of a file. Raises
    WholePacking and UnknownPacking."""
    try:
        magic, version = struct.unpack_from("<4sB", head)
        if (magic, version) == (MAGIC, WHOLE_VERSION):
            raise WholePacking
        if (magic, version) != (MAGIC, VERSION):
            raise UnknownPacking
        *_, levels, blocks = HEADER.unpack_from(head)
    except struct.error as error:
        raise UnknownPacking from error
    return HEADER.size + int(levels) * LEVEL.size + int(blocks) * BLOCK.size


def read_contents(head: bytes) -> Contents:
    """From the first `header_bytes` of a file. Raises WholePacking and UnknownPacking."""
    end = header_bytes(head)
    if len(head) < end:
        raise UnknownPacking
    _, _, points, text_bytes, level_count, block_count = HEADER.unpack_from(head)
    blocks_at = HEADER.size + level_count * LEVEL.size
    levels = list(LEVEL.iter_unpack(head[HEADER.size : blocks_at]))
    sizes = [size for _, size in levels]
    sizes += [size for (size,) in BLOCK.iter_unpack(head[blocks_at:end])] + [text_bytes]
    spans = list(pairwise(accumulate(sizes, initial=end)))
    return Contents(
        points=points,
        level_points=tuple(count for count, _ in levels),
        levels=tuple(spans[:level_count]),
        blocks=tuple(spans[level_count : level_count + block_count]),
        text=spans[-1],
    )


def read_track_starts(text: bytes) -> tuple[int, ...]:
    """`Recording.track_starts` out of the text of a file. Raises UnknownPacking."""
    try:
        return tuple(json.loads(zlib.decompress(text)).get("track_starts", ()))
    except (zlib.error, ValueError) as error:
        raise UnknownPacking from error


def unpack_block(block: bytes) -> tuple[Recording, NDArray[np.float32]]:
    """A stretch of a recording, numbered by the segments of the whole, and its significance.
    Raises UnknownPacking."""
    try:
        body = zlib.decompress(block)
        (points,) = BLOCK.unpack_from(body)
        columns, weights = _take(Columns(body, BLOCK.size, points))
    except (struct.error, zlib.error, ValueError) as error:
        raise UnknownPacking from error
    return Recording(**columns, tracks=1), weights


def unpack(packed: bytes) -> tuple[Recording, NDArray[np.float32]]:
    """The recording and its significance out of what `pack` made, or an earlier version of it.
    Raises UnknownPacking."""
    try:
        return _unpack(packed)
    except WholePacking:
        return _unpack_whole(packed)


def repack(packed: bytes) -> bytes:
    """The same in the present version. Raises UnknownPacking."""
    return pack(*unpack(packed))


def _unpack(packed: bytes) -> tuple[Recording, NDArray[np.float32]]:
    contents = read_contents(packed)
    stretches = [unpack_block(packed[slice(*span)]) for span in contents.blocks]
    columns = {
        name: np.concatenate([getattr(stretch, name) for stretch, _ in stretches])
        for name in ("lon", "lat", "elevation", "time", "segment")
    }
    try:
        text = zlib.decompress(packed[slice(*contents.text)])
        recording = _with_words(columns, text)
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise UnknownPacking from error
    return recording, np.concatenate([weights for _, weights in stretches])


def _unpack_whole(packed: bytes) -> tuple[Recording, NDArray[np.float32]]:
    """The earlier version: the text and then each column of all points, in one stream."""
    try:
        _, _, points, text_bytes = WHOLE_HEADER.unpack_from(packed)
        body = zlib.decompress(memoryview(packed)[WHOLE_HEADER.size :])
        columns, weights = _take(Columns(body, text_bytes, points))
        return _with_words(columns, body[:text_bytes]), weights
    except (struct.error, zlib.error, ValueError, KeyError, TypeError) as error:
        raise UnknownPacking from error


def _with_words(columns: dict[str, Any], text: bytes) -> Recording:
    words = json.loads(text)
    return Recording(
        **columns,
        tracks=words["tracks"],
        waypoints=tuple(Waypoint(**waypoint) for waypoint in words["waypoints"]),
        report=tuple(Remark(**remark) for remark in words["report"]),
        name=words["name"],
        track_starts=tuple(words.get("track_starts", ())),
    )


def _pack_block(recording: Recording, significance: NDArray[np.float32], which: slice) -> bytes:
    lon, lat = recording.lon[which], recording.lat[which]
    columns = [
        BLOCK.pack(len(lon)),
        pack_column(np.rint(lon * DEGREE).astype(np.int64), POSITION_BYTES),
        pack_column(np.rint(lat * DEGREE).astype(np.int64), POSITION_BYTES),
        pack_gappy(recording.elevation[which], PARTS_OF_METRE, 4),
        pack_gappy(recording.time[which], SECOND, 8),
        pack_column(recording.segment[which].astype(np.int64), 4),
        pack_significance(significance[which]),
    ]
    return isal_zlib.compress(b"".join(columns), COMPRESSION)


def _take(columns: Columns) -> tuple[dict[str, Any], NDArray[np.float32]]:
    """Positions, elevation, time and segment, and the significance of each point."""
    taken = {
        "lon": columns.take(POSITION_BYTES) / DEGREE,
        "lat": columns.take(POSITION_BYTES) / DEGREE,
        "elevation": columns.take_gappy(PARTS_OF_METRE, 4),
        "time": columns.take_gappy(SECOND, 8),
        "segment": columns.take(4).astype(np.int32),
    }
    return taken, columns.take_significance()
