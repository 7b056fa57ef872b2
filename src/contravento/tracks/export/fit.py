"""A FIT course: https://developer.garmin.com/fit/file-types/course/.

One file is one course, of however many tracks. Its header says how long it is, so the number of
points has to be known before the first is written.
"""

import struct
from collections.abc import Sequence

import numpy as np
from fastcrc import crc16
from numpy.typing import NDArray

from contravento.tracks.export.course import BEGINS_SECONDS, METRES_PER_SECOND, Pace, seconds_at
from contravento.tracks.recording import Recording

HEADER = struct.Struct("<BBHI4s")  # length, protocol, profile, bytes of data, mark; then a checksum
PROTOCOL_VERSION, PROFILE_VERSION = 0x10, 2132
EPOCH_SECONDS = 631_065_600  # 31 December 1989 in seconds since 1970
SEMICIRCLES = 2**31 / 180  # in a degree
NO_POSITION, NO_ALTITUDE = 0x7FFF_FFFF, 0xFFFF
LONGEST_NAME_BYTES = 64

# Global numbers of messages, and what stands for a field: its number, width and type.
FILE_ID, LAP, RECORD, EVENT, COURSE = 0, 19, 20, 21, 31
ENUM, STRING, SIGNED_4, UNSIGNED_2, UNSIGNED_4 = 0x00, 0x07, 0x85, 0x84, 0x86
COURSE_FILE, DEVELOPMENT, CYCLING = 6, 255, 2
TIMER, START, STOP_ALL = 0, 0, 4
RECORDS = np.dtype(
    [
        ("header", "u1"),
        ("time", "<u4"),
        ("lat", "<i4"),
        ("lon", "<i4"),
        ("altitude", "<u2"),
        ("distance", "<u4"),
    ]
)

type Field = tuple[int, int, int]
type Ends = tuple[tuple[float, float], tuple[float, float]]  # longitude and latitude in degrees

FILE_ID_FIELDS: Sequence[Field] = (
    (0, 1, ENUM),
    (1, 2, UNSIGNED_2),
    (2, 2, UNSIGNED_2),
    (4, 4, UNSIGNED_4),
)
TIME: Field = (253, 4, UNSIGNED_4)
# Beginning, elapsed time, timer, distance; latitude and longitude of beginning and end.
LAP_FIELDS: Sequence[Field] = (
    TIME,
    *((number, 4, UNSIGNED_4) for number in (2, 7, 8, 9)),
    *((number, 4, SIGNED_4) for number in (3, 4, 5, 6)),
)
EVENT_FIELDS: Sequence[Field] = (TIME, (0, 1, ENUM), (1, 1, ENUM))
# Latitude, longitude, altitude, distance.
RECORD_FIELDS: Sequence[Field] = (
    TIME,
    (0, 4, SIGNED_4),
    (1, 4, SIGNED_4),
    (2, 2, UNSIGNED_2),
    (5, 4, UNSIGNED_4),
)


class FitWriter:
    """One course with a record for each point of all tracks; `name` is the course's."""

    parts_tracks = False

    def __init__(
        self, name: str, points: int, length_metres: float, ends: Ends | None = None
    ) -> None:
        self._name, self._points, self._length = name, points, length_metres
        self._ends = ends
        self._pace = Pace()
        self._checksum = 0

    def open(self) -> bytes:
        before = self._beginning()
        data_bytes = len(before) + self._points * RECORDS.itemsize + len(self._end())
        header = HEADER.pack(14, PROTOCOL_VERSION, PROFILE_VERSION, data_bytes, b".FIT")
        header += struct.pack("<H", crc16.arc(header))
        return self._summed(header + before)

    def open_track(self, name: str) -> bytes:
        self._pace.leave()
        return b""

    def write(self, stretch: Recording) -> bytes:
        metres = self._pace.advance(stretch)
        altitude = np.rint((stretch.elevation + 500) * 5)
        records = np.zeros(len(stretch), RECORDS)
        records["time"] = seconds_at(metres) - EPOCH_SECONDS
        records["lat"] = _semicircles(stretch.lat)
        records["lon"] = _semicircles(stretch.lon)
        records["altitude"] = np.where(np.isnan(altitude), NO_ALTITUDE, np.nan_to_num(altitude))
        records["distance"] = np.rint(metres * 100)
        return self._summed(records.tobytes())

    def close_track(self) -> bytes:
        return b""

    def close(self) -> bytes:
        end = self._summed(self._end())
        return end + struct.pack("<H", self._checksum)

    def _summed(self, content: bytes) -> bytes:
        self._checksum = crc16.arc(content, self._checksum)
        return content

    def _beginning(self) -> bytes:
        name = self._name.encode()[:LONGEST_NAME_BYTES].decode(errors="ignore").encode() + b"\0"
        begins = int(BEGINS_SECONDS) - EPOCH_SECONDS
        lasts = round(self._length / METRES_PER_SECOND * 1000)
        length = round(self._length * 100)
        lap = (begins + lasts // 1000, begins, lasts, lasts, length)
        messages = [
            _define(FILE_ID, FILE_ID_FIELDS),
            b"\0" + struct.pack("<BHHI", COURSE_FILE, DEVELOPMENT, 0, begins),
            _define(COURSE, ((4, 1, ENUM), (5, len(name), STRING))),
            b"\0" + struct.pack("<B", CYCLING) + name,
            _define(LAP, LAP_FIELDS),
            b"\0" + struct.pack("<5I4i", *lap, *self._lap_positions()),
            _event(begins, START),
            _define(RECORD, RECORD_FIELDS),
        ]
        return b"".join(messages)

    def _lap_positions(self) -> list[int]:
        if self._ends is None:
            return [NO_POSITION] * 4
        return [
            int(_semicircles(np.float64(degrees)))
            for lon, lat in self._ends
            for degrees in (lat, lon)
        ]

    def _end(self) -> bytes:
        ends = int(BEGINS_SECONDS) - EPOCH_SECONDS + int(self._pace.metres / METRES_PER_SECOND)
        return _event(ends, STOP_ALL)


def _define(message: int, fields: Sequence[Field]) -> bytes:
    """A definition of local message 0, little-endian."""
    head = struct.pack("<BBBHB", 0x40, 0, 0, message, len(fields))
    return head + b"".join(bytes(field) for field in fields)


def _event(seconds: int, kind: int) -> bytes:
    return _define(EVENT, EVENT_FIELDS) + b"\0" + struct.pack("<IBB", seconds, TIMER, kind)


def _semicircles(degrees: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    """±180° is both ends of the circle; the positive one does not fit."""
    return np.asarray(np.minimum(np.rint(degrees * SEMICIRCLES), NO_POSITION - 1), np.float64)
