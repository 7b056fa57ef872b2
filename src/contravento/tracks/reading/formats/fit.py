"""FIT, the binary format of bicycle computers: positions, elevations and times of a ride.

The protocol is at https://developer.garmin.com/fit/protocol/. Only the few fields below are
unpacked and all else is stepped over: 13,471 records take 0.04 s, fitdecode takes 1 s.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from math import isnan
from typing import Any

import numpy as np
from fastcrc import crc16
from numpy.typing import NDArray

from contravento.tracks import rules
from contravento.tracks.analysis import geodesy
from contravento.tracks.errors import (
    BrokenBeforeFirstPoint,
    NoPoints,
    NotAnActivity,
    TooManyMessages,
)
from contravento.tracks.reading import warnings
from contravento.tracks.reading.formats import fit_runs
from contravento.tracks.reading.numbers import NAN, short_text
from contravento.tracks.reading.parsed_file import Findings, ParsedPoints, check_room
from contravento.tracks.recording import Remark

HEADER = struct.Struct("<BBHI4s")
CHECKSUM_BYTES = 2

FILE_ID, RECORD, EVENT, COURSE = 0, 20, 21, 31  # global message numbers
TIMESTAMP = 253
LAT, LON, ALTITUDE, ENHANCED_ALTITUDE = 0, 1, 2, 78  # of RECORD
EVENT_KIND, EVENT_TYPE, TIMER, START = 0, 1, 0, 0
FILE_TYPE, ACTIVITY_FILE, COURSE_FILE = 0, 4, 6
COURSE_NAME = 5
WANTED = {
    FILE_ID: {FILE_TYPE},
    RECORD: {TIMESTAMP, LAT, LON, ALTITUDE, ENHANCED_ALTITUDE},
    EVENT: {TIMESTAMP, EVENT_KIND, EVENT_TYPE},
    COURSE: {COURSE_NAME},
}

DEGREES = 180 / 2**31  # a semicircle
ALTITUDE_SCALE, ALTITUDE_OFFSET = 5.0, 500.0
EPOCH_SECONDS = 631_065_600  # 31 December 1989 in seconds since 1970
FIRST_ABSOLUTE_TIME = 0x1000_0000  # below, it counts from the device's start
UNSIGNED = {1: "B", 2: "H", 4: "I"}
INVALID = {0xFFFF, 0xFFFF_FFFF}
INVALID_POSITION = 0x7FFF_FFFF

type Values = dict[int, Any]  # by field number; what struct has unpacked


class _Damaged(Exception):
    """What follows cannot be told apart any more."""


def read(content: bytes) -> Findings:
    """Read a FIT file, or several in one, up to where they break off.

    Raises NotAnActivity, NoPoints, BrokenBeforeFirstPoint, TooManyPoints, TooManySegments,
    TooManyMessages.
    """
    fit = _Fit(content)
    remarks = fit.read_all()
    if not len(fit.line):
        if any(remark.code == warnings.BROKEN_OFF.code for remark in remarks):
            raise BrokenBeforeFirstPoint
        if fit.file_types and not fit.file_types & {ACTIVITY_FILE, COURSE_FILE}:
            raise NotAnActivity
        raise NoPoints
    if COURSE_FILE in fit.file_types:
        remarks.append(warnings.ROUTE())
    return Findings(fit.line, [], remarks, fit.name or None, lacks_positions=True)


@dataclass(slots=True)
class _Layout:
    """What a definition message says of the data remarks that follow it."""

    hear: "Callable[[Values], None] | None"
    fields: struct.Struct
    numbers: list[int]
    records: "np.dtype[np.void] | None" = None  # where many can be read at once


@dataclass(slots=True)
class _Fit:
    """Steps through the remarks and hears those that matter here."""

    content: bytes
    line: ParsedPoints = field(default_factory=ParsedPoints)
    name: str = ""
    file_types: set[int] = field(default_factory=set)
    _layouts: dict[int, _Layout] = field(default_factory=dict)
    _time: int = 0
    _is_resumed: bool = False
    _messages: int = 0
    _definitions: int = 0

    def read_all(self) -> list[Remark]:
        at, checksums_match = 0, True
        while at < len(self.content):
            if self.content[at + 8 : at + 12] != b".FIT":
                return [warnings.TRAILING_BYTES(count=len(self.content) - at)]
            header_bytes, _, _, data_bytes, _ = HEADER.unpack_from(self.content, at)
            start = at + max(header_bytes, HEADER.size)
            end = start + data_bytes
            if not data_bytes and end + CHECKSUM_BYTES < len(self.content):
                end = len(self.content) + 1  # the device died before it wrote how much there is
            self.line.start_track()
            try:
                self._read_messages(start, min(end, len(self.content)))
            except (_Damaged, struct.error, IndexError):
                return [warnings.BROKEN_OFF()]
            if end + CHECKSUM_BYTES > len(self.content):
                return [warnings.BROKEN_OFF()]
            checksums_match &= crc16.arc(self.content[at : end + CHECKSUM_BYTES]) == 0
            at = end + CHECKSUM_BYTES
        return [] if checksums_match else [warnings.BAD_CHECKSUM()]

    def _read_messages(self, at: int, end: int) -> None:
        content, layouts = self.content, self._layouts
        layouts.clear()
        room = rules.MOST_MESSAGES - self._messages
        while at < end:
            room -= 1
            if room < 0:
                raise TooManyMessages(limit=rules.MOST_MESSAGES)
            header = content[at]
            at += 1
            if header & 0x80:  # a data message with the time in its header
                local = header >> 5 & 0x03
                self._time += ((header & 0x1F) - self._time) & 0x1F
            elif header & 0x40:
                at = self._define(header, at, end)
                continue
            else:
                local = header & 0x0F
                if count := self._hear_run(layouts.get(local), at - 1, end):
                    at += count * (layouts[local].fields.size + 1) - 1
                    room -= count - 1
                    continue
            layout = layouts.get(local)
            if layout is None or at + layout.fields.size > end:
                raise _Damaged
            if layout.hear:
                values = layout.fields.unpack_from(content, at)
                layout.hear(dict(zip(layout.numbers, values, strict=True)))
            at += layout.fields.size
        self._messages = rules.MOST_MESSAGES - room

    def _hear_run(self, layout: _Layout | None, at: int, end: int) -> int:
        """How many records from here on were heard at once; what is odd about one ends them."""
        if layout is None or layout.records is None or self._is_resumed:
            return 0
        rows = fit_runs.find_run(self.content, at, end, layout.records)
        if rows is None:
            return 0
        time, lat, lon = (rows[f"{number}"] for number in (TIMESTAMP, LAT, LON))
        odd = (lat == INVALID_POSITION) | (lon == INVALID_POSITION) | np.isin(time, [*INVALID])
        count = int(odd.argmax()) if odd.any() else len(rows)
        if count:
            check_room(self.line, count)
            fit_runs.extend(self.line.lon, lon[:count] * DEGREES)
            fit_runs.extend(self.line.lat, lat[:count] * DEGREES)
            fit_runs.extend(self.line.elevation, _elevations(rows[:count]))
            seconds = time[:count].astype(np.float64)
            absolute = seconds >= FIRST_ABSOLUTE_TIME
            fit_runs.extend(self.line.seconds, np.where(absolute, seconds + EPOCH_SECONDS, np.nan))
            self._time = int(time[count - 1])
        return count

    def _define(self, header: int, at: int, end: int) -> int:
        """Take in a definition message and return where the next message begins."""
        self._definitions += 1
        if self._definitions > rules.MOST_DEFINITIONS:
            raise TooManyMessages(limit=rules.MOST_DEFINITIONS)
        order = ">" if self.content[at + 1] else "<"
        message = int.from_bytes(self.content[at + 2 : at + 4], "big" if order == ">" else "little")
        fields_end = at + 5 + 3 * self.content[at + 4]
        definition_end = fields_end
        if header & 0x20:  # fields that an app on the device has added
            definition_end += 1 + 3 * self.content[fields_end]
        if definition_end > end:
            raise _Damaged
        fields = self.content[at + 5 : fields_end]
        codes, numbers = [order], []
        for number, width in zip(fields[::3], fields[1::3], strict=True):
            code = _code(message, number, width)
            codes.append(code or f"{width}x")
            if code:
                numbers.append(number)
        codes += [f"{width}x" for width in self.content[fields_end + 2 : definition_end : 3]]
        layout = struct.Struct("".join(codes))
        records = _records(message, order, fields, layout.size + 1)
        self._layouts[header & 0x0F] = _Layout(self._hearing(message), layout, numbers, records)
        return definition_end

    def _hearing(self, message: int) -> Callable[[Values], None] | None:
        return {
            FILE_ID: self._hear_file_id,
            RECORD: self._hear_record,
            EVENT: self._hear_event,
            COURSE: self._hear_course,
        }.get(message)

    def _hear_file_id(self, values: Values) -> None:
        if FILE_TYPE in values:
            self.file_types.add(values[FILE_TYPE])

    def _hear_course(self, values: Values) -> None:
        name = values.get(COURSE_NAME, b"").partition(b"\0")[0]
        self.name = self.name or short_text(name.decode("utf-8", "replace"))

    def _hear_event(self, values: Values) -> None:
        self._hear_time(values)
        if values.get(EVENT_KIND) == TIMER and values.get(EVENT_TYPE) == START:
            self._is_resumed = True

    def _hear_time(self, values: Values) -> None:
        time = values.get(TIMESTAMP)
        if time is not None:
            self._time = 0 if time in INVALID else time

    def _hear_record(self, values: Values) -> None:
        self._hear_time(values)
        line = self.line
        lon, lat = _position(values.get(LON)), _position(values.get(LAT))
        if isnan(lon) and self._completes_last(_elevation(values)):
            return
        if self._is_resumed and not (isnan(lon) or isnan(lat)):
            self._is_resumed = False
            if self._is_elsewhere(lon, lat):
                line.start_segment()
        line.lon.append(lon)
        line.lat.append(lat)
        line.elevation.append(_elevation(values))
        absolute = self._time >= FIRST_ABSOLUTE_TIME
        line.seconds.append(self._time + EPOCH_SECONDS if absolute else NAN)
        check_room(line)

    def _completes_last(self, elevation: float) -> bool:
        """Whether this is the altitude of the record before, which some devices write apart."""
        line, second = self.line, float(self._time + EPOCH_SECONDS)
        if isnan(elevation) or not len(line) or line.seconds[-1] != second:
            return False
        if isnan(line.elevation[-1]) and not isnan(line.lon[-1]):
            line.elevation[-1] = elevation
            return True
        return False

    def _is_elsewhere(self, lon: float, lat: float) -> bool:
        """Whether the rider has gone on somewhere else than where the device was paused."""
        line = self.line
        paused_at = next((i for i in range(len(line) - 1, -1, -1) if not isnan(line.lon[i])), None)
        if paused_at is None:
            return False
        way = geodesy.distance(
            *(np.array(degrees) for degrees in (line.lon[paused_at], line.lat[paused_at], lon, lat))
        )
        return bool(way > rules.PAUSED_ELSEWHERE_METRES)


def _code(message: int, number: int, width: int) -> str:
    """How struct unpacks this field; empty if it is none that is read, or of an odd width."""
    if number not in WANTED.get(message, ()):
        return ""
    if message == COURSE:
        return f"{width}s"
    if message == RECORD and number in (LAT, LON):
        return "i" if width == 4 else ""
    return UNSIGNED.get(width, "")


def _position(semicircles: int | None) -> float:
    if semicircles is None or semicircles == INVALID_POSITION:
        return NAN
    return semicircles * DEGREES


def _elevations(rows: fit_runs.Rows) -> NDArray[np.float64]:
    """The same as `_elevation` for each row."""
    elevation = np.full(len(rows), np.nan)
    for number in (ALTITUDE, ENHANCED_ALTITUDE):
        if f"{number}" in (rows.dtype.names or ()):
            fifths = rows[f"{number}"]
            metres = fifths / ALTITUDE_SCALE - ALTITUDE_OFFSET
            elevation = np.where(np.isin(fifths, [*INVALID]), elevation, metres)
    return elevation


def _records(message: int, order: str, fields: bytes, stride: int) -> "np.dtype[np.void] | None":
    """A layout of records that can be read at once: with a time and a position, each once."""
    if message != RECORD:
        return None
    starts = np.cumsum([1, *fields[1::3]]).tolist()
    codes = [
        (number, _code(message, number, width), at)
        for number, width, at in zip(fields[::3], fields[1::3], starts, strict=False)
    ]
    known = {number: code for number, code, _ in codes if code}
    is_usual = [known.get(number) for number in (TIMESTAMP, LAT, LON)] == ["I", "i", "i"]
    if not is_usual or len(known) < sum(bool(code) for _, code, _ in codes):
        return None
    return fit_runs.layout_of(order, [each for each in codes if each[1]], stride)


def _elevation(values: Values) -> float:
    for number in (ENHANCED_ALTITUDE, ALTITUDE):
        fifths = values.get(number)
        if fifths is not None and fifths not in INVALID:
            return float(fifths / ALTITUDE_SCALE - ALTITUDE_OFFSET)
    return NAN
