"""The packed file format of a recording and its significance.

A header, then one zlib stream: a JSON text with all that is not an array, and each array as
whole units, as differences from point to point, zigzagged to be positive, and with the first byte
of every number before the second of any, so that the many zero bytes lie together.
"""

import json
import struct
import zlib
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from contravento.tracks.recording import Recording, Remark, Waypoint

type Floats = NDArray[np.float64]
type Integers = NDArray[np.int64]

MAGIC, VERSION = b"CVTR", 1
HEADER = struct.Struct("<4sBII")  # magic, version, points, bytes of JSON
LEVEL = 4

POSITION_BYTES = 5  # a step across all longitudes, with its sign, takes 33 bits
DEGREE = 1e7
METRE = 1e2
SECOND = 1e3
ALWAYS = 0xFFFF_FFFF  # an infinite significance
LARGEST = (ALWAYS - 1) / METRE  # any other, in metres: more than once around the Earth


class UnknownPacking(ValueError):
    """These bytes were not made by this version of `pack`, or are damaged."""


def pack(recording: Recording, significance: NDArray[np.float32]) -> bytes:
    """Pack to 1e-7 degree, 1 cm of elevation, 1 ms, and 1 cm of significance, rounded down.

    Significance is LARGEST at most, or infinite."""
    rest = {
        "tracks": recording.tracks,
        "name": recording.name,
        "waypoints": [asdict(waypoint) for waypoint in recording.waypoints],
        "report": [asdict(remark) for remark in recording.report],
    }
    text = json.dumps(rest, separators=(",", ":")).encode()
    body = [
        text,
        _pack_column(np.rint(recording.lon * DEGREE).astype(np.int64), POSITION_BYTES),
        _pack_column(np.rint(recording.lat * DEGREE).astype(np.int64), POSITION_BYTES),
        _pack_gappy(recording.elevation, METRE, 4),
        _pack_gappy(recording.time, SECOND, 8),
        _pack_column(recording.segment.astype(np.int64), 4),
        _pack_significance(significance),
    ]
    header = HEADER.pack(MAGIC, VERSION, len(recording.lon), len(text))
    return header + zlib.compress(b"".join(body), LEVEL)


def unpack(blob: bytes) -> tuple[Recording, NDArray[np.float32]]:
    """The recording and its significance out of what `pack` made. Raises UnknownPacking."""
    try:
        magic, version, points, text_bytes = HEADER.unpack_from(blob)
        if (magic, version) != (MAGIC, VERSION):
            raise UnknownPacking
        body = zlib.decompress(memoryview(blob)[HEADER.size :])
        rest = json.loads(body[:text_bytes])
        columns = _Columns(body, text_bytes, points)
        recording = Recording(
            lon=columns.take(POSITION_BYTES) / DEGREE,
            lat=columns.take(POSITION_BYTES) / DEGREE,
            elevation=columns.take_gappy(METRE, 4),
            time=columns.take_gappy(SECOND, 8),
            segment=columns.take(4).astype(np.int32),
            tracks=rest["tracks"],
            waypoints=tuple(Waypoint(**waypoint) for waypoint in rest["waypoints"]),
            report=tuple(Remark(**remark) for remark in rest["report"]),
            name=rest["name"],
        )
        return recording, columns.take_significance()
    except (struct.error, zlib.error, ValueError, KeyError, TypeError) as error:
        raise UnknownPacking from error


def _pack_column(values: Integers, width: int) -> bytes:
    differences = np.diff(values, prepend=0)
    return _sort_bytes((differences << 1) ^ (differences >> 63), width)


def _pack_gappy(values: Floats, parts: float, width: int) -> bytes:
    """One bit a value for whether it is there, then the values, each gap filled from before it."""
    is_present = ~np.isnan(values)
    latest = np.maximum.accumulate(np.where(is_present, np.arange(len(values)), 0))
    units = np.rint(np.nan_to_num(values)[latest] * parts).astype(np.int64)
    return np.packbits(is_present).tobytes() + _pack_column(units, width)


def _pack_significance(significance: NDArray[np.float32]) -> bytes:
    metres = np.minimum(significance.astype(np.float64), LARGEST)
    centimetres = np.where(np.isinf(significance), ALWAYS, np.floor(metres * METRE + 1e-3))
    return _sort_bytes(centimetres.astype(np.int64), 4)


def _sort_bytes(values: Integers, width: int) -> bytes:
    places = values.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :width]
    return places.T.tobytes()


class _Columns:
    """Takes one array after the other out of the unpacked bytes."""

    def __init__(self, body: bytes, start: int, points: int) -> None:
        self._bytes = np.frombuffer(body, np.uint8)
        self._at = start
        self._points = points

    def take(self, width: int) -> Integers:
        zigzagged = self._take_numbers(width)
        return np.cumsum((zigzagged >> 1) ^ -(zigzagged & 1))

    def take_gappy(self, parts: float, width: int) -> Floats:
        bits = self._take_bytes((self._points + 7) // 8)
        is_present = np.unpackbits(bits, count=self._points).astype(np.bool_)
        return np.where(is_present, self.take(width) / parts, np.nan)

    def take_significance(self) -> NDArray[np.float32]:
        centimetres = self._take_numbers(4)
        return np.where(centimetres == ALWAYS, np.inf, centimetres / METRE).astype(np.float32)

    def _take_numbers(self, width: int) -> Integers:
        places = self._take_bytes(width * self._points).reshape(width, self._points)
        numbers = np.zeros((self._points, 8), np.uint8)
        numbers[:, :width] = places.T
        return numbers.view("<i8").ravel().astype(np.int64)

    def _take_bytes(self, count: int) -> NDArray[np.uint8]:
        self._at += count
        return self._bytes[self._at - count : self._at]
